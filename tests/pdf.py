"""Reads PDF files with another program than the ones that write them."""

from __future__ import annotations

import ctypes

import pypdfium2


def text_of(content: bytes) -> list[str]:
    """Return what each page of a file says."""
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_bounded() for page in document]


def colours_of(content: bytes) -> set[tuple[int, ...]]:
    """Return the colours of everything that is drawn in a file."""
    found: set[tuple[int, ...]] = set()
    raw = pypdfium2.raw
    for page in pypdfium2.PdfDocument(content):
        for each in page.get_objects():
            for get in (raw.FPDFPageObj_GetFillColor, raw.FPDFPageObj_GetStrokeColor):
                parts = [ctypes.c_uint() for _ in range(4)]
                if get(each.raw, *map(ctypes.byref, parts)):
                    found.add(tuple(part.value for part in parts[:3]))
    return found
