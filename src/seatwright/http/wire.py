"""Shapes and types that all parts of the API share."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

T = TypeVar("T")

MAX_TEXT = 1_000
"""Longest ordinary text field, in characters."""

Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | int | float
"""Text as clients send it: sometimes as a number. `core.names.text_of` makes it a `str`."""

Word: TypeAlias = Annotated[str, msgspec.Meta(max_length=200)] | int | float
"""A short `Text`: a name, a code, an id."""

Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A whole number; `"2"` counts, because bodies are read leniently."""

Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=1_000, description="Results on a page.")]
Page: TypeAlias = Annotated[int, QueryParameter(ge=0, le=10_000_000, description="Number of the page, from 0.")]
DEFAULT_LIMIT = 50


class Wire(msgspec.Struct, rename="camel", kw_only=True):
    """Base of everything that is read from or written to the wire. Unknown fields are ignored.

    A subclass says `kw_only=True` itself, if optional fields of its come before required ones.
    """


class Envelope(Wire, Generic[T], kw_only=True):
    """A good answer."""

    error_message: None = None
    data: T


class ErrorEnvelope(Wire, kw_only=True):
    """Any answer with a 4xx or 5xx status."""

    error_message: Annotated[str, msgspec.Meta(description="A sentence for a person.")]
    error_code: Annotated[str, msgspec.Meta(description="A stable word for programs.", examples=["not_found"])]
    data: None = None
    details: Annotated[Any, msgspec.Meta(description="What a program needs to go on, if anything.")] = msgspec.UNSET


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """Return `value` as JSON. A `Decimal` becomes a number with its decimals as they are (99.00)."""
    return _encoder.encode(value)


def enveloped(data: Any) -> bytes:
    """Return a good answer's bytes."""
    return _encoder.encode(Envelope(data=data))
