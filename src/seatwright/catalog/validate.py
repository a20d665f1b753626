"""What the entries of a catalog owe to each other: references that exist, codes, numbers and labels that are unique.

Checked on the catalog as it would be after a change, for the entries that change. Uniqueness is looked up in an
index that is built once, so a file of thousands of entries is checked in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from seatwright.catalog.convert import at, bad
from seatwright.catalog.document import MAX_LIST, PLURALS
from seatwright.catalog.model import AnyEntry, Catalog, Product, Question
from seatwright.core.errors import Conflict

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
"""The fields of each kind that refer to others, and to which kind."""

RESERVED_LABELS = frozenset(
    (
        "email",
        "firstname",
        "lastname",
        "phone",
        "title",
        "gender",
        "birthdate",
        "streetaddress",
        "city",
        "state",
        "postalcode",
        "country",
        "organization",
    )
)
"""Customer fields of the wire reference: a question under one of these names could not be told from them."""


class Reference(NamedTuple):
    """One mention of another entry: the field's path inside the entry, and what it means."""

    field: str
    kind: str
    code: str


class Changed(NamedTuple):
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


def check(entries: Entries, changed: Sequence[Changed]) -> None:
    """Raise `Invalid`, naming the field, if one of `changed` doesn't fit into `entries`, which contain it already."""
    for kind, of_kind in entries.items():
        if len(of_kind) > MAX_LIST:
            raise bad(PLURALS[kind], f"there are more than {MAX_LIST}; a catalog takes no more of one kind.")
    unique = _Unique(entries)
    for kind, entry, path in changed:
        for reference in references(kind, entry):
            if reference.code not in entries[reference.kind]:
                raise bad(
                    at(path, reference.field),
                    f"there is no {reference.kind} with the code {reference.code[:80]!r}.",
                    code=f"unknown_{reference.kind}",
                )
        if isinstance(entry, Product):
            unique.check(unique.numbers, entry.number, entry, at(path, "number"), "a product with this number")
        elif isinstance(entry, Question):
            label = entry.name.casefold()
            if label in RESERVED_LABELS:
                raise bad(at(path, "name"), f"{entry.name!r} is a field that every customer has; ask otherwise.")
            unique.check(unique.labels, label, entry, at(path, "name"), "a question with this name")
        elif kind == "discount":
            unique.check(unique.discounts, entry.code.casefold(), entry, at(path, "code"), "a discount code like it")


class _Unique:
    """Who has which product number, question label and discount code."""

    def __init__(self, entries: Entries) -> None:
        products = [entry for entry in entries["product"].values() if isinstance(entry, Product)]
        self.numbers = _holders([(product.number, product) for product in products])
        self.labels = _holders([(entry.name.casefold(), entry) for entry in entries["question"].values()])
        self.discounts = _holders([(entry.code.casefold(), entry) for entry in entries["discount"].values()])

    def check(
        self, holders: Mapping[object, Sequence[AnyEntry]], value: object, entry: AnyEntry, path: str, what: str
    ) -> None:
        other = next((holder for holder in holders[value] if holder.code != entry.code), None)
        if other is not None:
            raise bad(path, f"there is {what} already: {other.code}.", code="not_unique")


def _holders(pairs: Sequence[tuple[object, AnyEntry]]) -> dict[object, list[AnyEntry]]:
    holders: dict[object, list[AnyEntry]] = {}
    for value, entry in pairs:
        holders.setdefault(value, []).append(entry)
    return holders


def check_unused(entries: Entries, kind: str, code: str, account_policy: str | None) -> None:
    """Raise `Conflict`, naming who, if anything refers to an entry."""
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
    """Tell whether two entries say the same; when a product was modified last doesn't count."""
    if isinstance(old, Product) and isinstance(new, Product):
        return _undated(old) == _undated(new)
    return old == new


def _undated(product: Product) -> Product:
    return replace(product, modified_at=0)
