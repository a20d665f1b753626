"""A manifest as a PDF file in black and white: guests by pickup with boxes to tick, and numbered pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from seatwright.reports.manifest_print import GuestLine, ManifestPrint, PartyLine, StopLine

PDF = "application/pdf"

_FONTS = Path(__file__).parent / "fonts"
_FACE, _BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
_MARGIN = 14 * mm
_FOOT = 9 * mm
_FRAME = 12.0
"""What the library leaves free at the left and the right of a page's text together, in points."""
_HAN, _KANA, _HANGUL = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
"""Fonts that a file names and doesn't contain; whoever opens it has their like. So Chinese, Japanese and Korean need no
font of twenty megabytes in this program."""
_ASIAN = (
    (_KANA, (0x3041, 0x30FF)),
    (_HANGUL, (0x1100, 0x11FF)),
    (_HANGUL, (0xAC00, 0xD7A3)),
    (_HAN, (0x2E80, 0x303F)),
    (_HAN, (0x3400, 0x9FFF)),
    (_HAN, (0xF900, 0xFAFF)),
    (_HAN, (0xFF00, 0xFFEF)),
)
_RIGHT_TO_LEFT = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))
UNKNOWN = "\u25af"
"""What stands for a letter that the file can't show."""
HINT = f"{UNKNOWN} stands for a letter that this file can’t show. The departure’s page at the desk prints it."
ASIAN_HINT = (
    "Chinese, Japanese and Korean letters are drawn by the program that opens this file. If they are missing, print "
    "the departure’s page at the desk."
)


def manifest_pdf(shown: ManifestPrint) -> bytes:
    """Return the file. Its bytes follow from what is shown alone."""
    _fonts()
    out = io.BytesIO()
    size = LETTER if shown.paper == "Letter" else A4
    document = SimpleDocTemplate(
        out,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + _FOOT,
        title=f"{shown.product}, {shown.when}",
        author=shown.account,
        invariant=1,
    )
    story = list(_story(shown, document.width - _FRAME))
    pages: list[int] = []

    class Numbered(Canvas):
        """Draws each page's foot in the end, when it is known how many pages there are."""

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            """Keep a page."""
            self._kept.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            """Draw all pages with their feet."""
            pages.append(len(self._kept))
            for number, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                _draw_foot(self, shown, number, pages[0], size[0])
                super().showPage()
            super().save()

    document.build(story, canvasmaker=Numbered)
    return out.getvalue()


def _draw_foot(canvas: Canvas, shown: ManifestPrint, number: int, pages: int, width: float) -> None:
    canvas.setFont(_FACE, 7.5)
    canvas.drawString(_MARGIN + _FRAME / 2, _MARGIN, _plain(f"{shown.account} · {shown.printed}")[:150])
    canvas.drawRightString(width - _MARGIN - _FRAME / 2, _MARGIN, f"{number} of {pages}")


def _story(shown: ManifestPrint, width: float) -> Iterator[Flowable]:
    yield _text(shown.product, 16, bold=True)
    yield _text(shown.when, 10.5)
    yield _text(shown.counts, 9.5)
    if shown.crew:
        yield _text(f"Crew and equipment: {', '.join(shown.crew)}", 9.5)
    for note in shown.notes:
        yield _text(f"Note: {note}", 9.5)
    yield Spacer(1, 4 * mm)
    for stop in shown.stops:
        yield _stop(stop, width)
        yield Spacer(1, 4 * mm)
    if not shown.stops:
        yield _text("Nobody is on this departure yet.", 10.5)
    if any(_has_unknown(text) for text in _texts(shown)):
        yield _text(HINT, 8)
    if any(_font(letter) for text in _texts(shown) for letter in text):
        yield _text(ASIAN_HINT, 8)


def _stop(stop: StopLine, width: float) -> Table:
    """Return a pickup's guests; its head is repeated on the next page."""
    rows: list[list[Any]] = [
        [_text(stop.name, 11.5, bold=True), "", _text(str(stop.guests), 11.5, bold=True, right=True)]
    ]
    style: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (2, 0), (2, -1), 0),
        ("SPAN", (0, 0), (1, 0)),
        ("LINEBELOW", (0, 0), (-1, 0), 1, black),
    ]
    for party in stop.parties:
        style += [("SPAN", (0, len(rows)), (-1, len(rows))), ("TOPPADDING", (0, len(rows)), (-1, len(rows)), 4)]
        if len(rows) > 1:
            style.append(("LINEABOVE", (0, len(rows)), (-1, len(rows)), 0.4, black))
        rows.append([_party(party), "", ""])
        rows += [_guest(guest) for guest in party.guests]
    return Table(rows, colWidths=[8 * mm, width - 40 * mm, 32 * mm], style=style, repeatRows=1, splitByRow=1)


def _party(party: PartyLine) -> Paragraph:
    return Paragraph(f"<b>{_markup(party.name, bold=True)}</b>&nbsp; {_markup(party.facts)}", _style(9.5))


def _guest(guest: GuestLine) -> list[Any]:
    name = (
        f"{_markup(guest.name)}&nbsp; <font size=8>{_markup(guest.tier)}</font>" if guest.tier else _markup(guest.name)
    )
    if guest.answers:
        name += f"<br/><font size=8>{_markup(guest.answers)}</font>"
    return [
        _text("\u2611" if guest.there else "\u2610", 13),
        Paragraph(name, _style(10)),
        _text(guest.noted, 9, right=True),
    ]


def _text(text: str, size: float, *, bold: bool = False, right: bool = False) -> Paragraph:
    return Paragraph(_markup(text, bold=bold), _style(size, bold, right))


@cache
def _style(size: float, bold: bool = False, right: bool = False) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size} {bold} {right}",
        fontName=_BOLD if bold else _FACE,
        fontSize=size,
        leading=size * 1.25,
        alignment=2 if right else 0,
        textColor=black,
        wordWrap="LTR",
        splitLongWords=1,
    )


@cache
def _fonts() -> tuple[TTFont, ...]:
    """Make the fonts known to the library; return those that a file contains."""
    fonts = tuple(TTFont(name, str(_FONTS / f"{name}.ttf")) for name in (_FACE, _BOLD))
    for font in fonts:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(_FACE, normal=_FACE, bold=_BOLD, italic=_FACE, boldItalic=_BOLD)
    for name in (_HAN, _KANA, _HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return fonts


def _markup(text: str, *, bold: bool = False) -> str:
    """Return a text as the library's markup: escaped, and with the font of each part that needs another one."""
    parts = ((font, "".join(letters)) for font, letters in groupby(_known(text), key=_font))
    return "".join(f'<font name="{font}">{escape(part)}</font>' if font else escape(part) for font, part in parts)


def _known(text: str) -> str:
    return "".join(letter if _font(letter) is not None else UNKNOWN for letter in text)


def _plain(text: str) -> str:
    """Return a text with the letters that the usual font has."""
    return "".join(letter if _font(letter) == "" else UNKNOWN for letter in text)


def _has_unknown(text: str) -> bool:
    return any(_font(letter) is None for letter in text)


@lru_cache(maxsize=4096)
def _font(letter: str) -> str | None:
    """Return the font that a letter needs: "" for the usual one, None if no font has it, or if it is written from right
    to left, which needs more than a font."""
    code = ord(letter)
    for font, (first, last) in _ASIAN:
        if first <= code <= last:
            return font
    if any(first <= code <= last for first, last in _RIGHT_TO_LEFT):
        return None
    return "" if all(code in font.face.charToGlyph for font in _fonts()) else None


def _texts(shown: ManifestPrint) -> Iterator[str]:
    yield from (shown.product, shown.account, *shown.crew, *shown.notes)
    for stop in shown.stops:
        yield stop.name
        for party in stop.parties:
            yield from (party.name, party.facts)
            yield from (text for guest in party.guests for text in (guest.name, guest.answers))
