"""Rules between the entries of a catalog: references must exist; codes, numbers and labels must be unique.

They are checked on the catalog as it would be after a change, for the entries that change, in one pass. If two new
entries have the same number, the error is about the later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from seatwright.catalog.model import AnyEntry, Catalog, Discount, Product, Question
from seatwright.core import names
from seatwright.core.errors import Conflict
from seatwright.core.field_errors import at, bad_field
from seatwright.customers.fields import CUSTOMER_FIELDS
from seatwright.setup.document import MAX_LIST, PLURALS

Entries = Mapping[str, Mapping[str, AnyEntry]]
"""Entries by kind and code."""

_REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "zone": (("locations", "location"),),
    "pickup": (("locations", "location"), ("zones", "zone")),
    "charge": (("products", "product"),),
    "question": (("products", "product"),),
    "discount": (("products", "product"),),
    "product": (
        ("locations", "location"),
        ("tags", "tag"),
        ("pickups", "pickup"),
        ("policy", "policy"),
        ("pool", "pool"),
    ),
}
"""The fields of each kind that refer to other entries, and the kind of these."""

RESERVED_LABELS = frozenset(names.key(name) for name in CUSTOMER_FIELDS)
"""Customer fields of the wire reference: a question under one of these names could not be told from them."""


class Reference(NamedTuple):
    """One mention of another entry: the field's path inside the entry, and what it means."""

    field: str
    kind: str
    code: str


class EntryAtPath(NamedTuple):
    """An entry that is new or changed, and where its form stands in what was sent ("" for the whole of it)."""

    kind: str
    entry: AnyEntry
    path: str


def entries_of(catalog: Catalog) -> dict[str, dict[str, AnyEntry]]:
    """Return a catalog's entries by kind and code, as copies of its mappings that may be changed."""
    return {kind: dict(getattr(catalog, plural)) for kind, plural in PLURALS.items()}


def references(kind: str, entry: AnyEntry) -> Iterator[Reference]:
    """Yield every mention of another entry in `entry`."""
    for field, target in _REFERENCES.get(kind, ()):
        value = getattr(entry, field)
        if isinstance(value, str):
            yield Reference(field, target, value)
        elif value is not None:
            for index, code in enumerate(value):
                yield Reference(f"{field}[{index}]", target, code)


def check(entries: Entries, changed: Sequence[EntryAtPath]) -> None:
    """Raise `Invalid`, naming the field, if one of `changed` doesn't fit into `entries`, which contain it already."""
    for kind, of_kind in entries.items():
        if len(of_kind) > MAX_LIST:
            raise bad_field(PLURALS[kind], f"there are more than {MAX_LIST}; a catalog takes no more of one kind.")
    held = _held(entries, changed)
    for kind, entry, path in changed:
        for reference in references(kind, entry):
            if reference.code not in entries[reference.kind]:
                raise bad_field(
                    at(path, reference.field),
                    f"there is no {reference.kind} with the code {reference.code[:80]!r}.",
                    code=f"unknown_{reference.kind}",
                )
        for claim in _claims(kind, entry):
            other = held.setdefault(claim[:2], entry.code)
            if other != entry.code:
                raise bad_field(at(path, claim.field), f"the {kind} {other} has the same already.", code="not_unique")
        if isinstance(entry, Question) and names.key(entry.name) in RESERVED_LABELS:
            raise bad_field(at(path, "name"), f"{entry.name!r} is a field that every customer has; ask otherwise.")


class _Claim(NamedTuple):
    """A value that only one entry of a kind may have, and the field that it is in."""

    kind: str
    value: object
    field: str


def _claims(kind: str, entry: AnyEntry) -> Iterator[_Claim]:
    if isinstance(entry, Product):
        yield _Claim(kind, entry.number, "number")
    elif isinstance(entry, Question):
        yield _Claim(kind, names.key(entry.name), "name")
    elif isinstance(entry, Discount):
        yield _Claim(kind, names.key(entry.code), "code")


def _held(entries: Entries, changed: Sequence[EntryAtPath]) -> dict[tuple[str, object], str]:
    """Return the entries by their unique values, without the entries that change."""
    changing = {(kind, entry.code) for kind, entry, _ in changed}
    return {
        claim[:2]: entry.code
        for kind in ("product", "question", "discount")
        for entry in entries[kind].values()
        if (kind, entry.code) not in changing
        for claim in _claims(kind, entry)
    }


def check_unused(entries: Entries, kind: str, code: str, account_policy: str | None) -> None:
    """Raise `Conflict`, naming the other entry, if anything refers to an entry."""
    users = [
        f"{other_kind} {entry.code}"
        for other_kind, of_kind in entries.items()
        for entry in of_kind.values()
        if any((reference.kind, reference.code) == (kind, code) for reference in references(other_kind, entry))
    ]
    if kind == "policy" and account_policy == code:
        users.insert(0, "the account, whose policy it is")
    if users:
        more = f" and {len(users) - 5} more" if len(users) > 5 else ""
        raise Conflict(
            f"The {kind} {code} is in use by {', '.join(users[:5])}{more}; take it out of there first.",
            code="in_use",
        )


def is_same(old: AnyEntry, new: AnyEntry) -> bool:
    """Tell whether two entries are equal; the time of a product's last modification doesn't count."""
    if isinstance(old, Product) and isinstance(new, Product):
        return _undated(old) == _undated(new)
    return old == new


def _undated(product: Product) -> Product:
    return replace(product, modified_at=0)
