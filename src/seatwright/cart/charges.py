"""Computes taxes and fees on the lines that carry them. Pure.

The rules, ours where the reference is silent:

- Percentages are taken of a line's base: price less discount plus pickup. So fees aren't taxed and taxes aren't charged
  fees. A `compound` tax is the exception: on top of a price it is taken of the base and the taxes beside it.
- Percentages that a price contains are taken out of it together: net = gross / (1 + their sum). A compound tax is taken
  out first, because it is on the others too.
- A charge per order is computed on all lines that carry it, rounded once, and spread over them by their bases, so that
  cancelling one participant gives back that participant's part of it.
- A flat charge per order is taken once: where older lines carry it on other terms, the new ones carry what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import msgspec

from seatwright.cart.model import LineCharge
from seatwright.core.money import PPM, allocate, divide, included_share, share

Key: TypeAlias = tuple[int, int]
"""A line's place: item index, line index."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A line that carries charges, and the base of percentages, in minor units.

    `changed` says that its amounts have to be computed, `new` that the line was not there before.
    """

    charges: tuple[LineCharge, ...]
    base: int
    changed: bool = True
    new: bool = True


def charge(lines: Mapping[Key, Carrier]) -> dict[Key, tuple[LineCharge, ...]]:
    """Return the charges of each line with their amounts, in minor units.

    Charges per order are spread in the order of `lines`, which must not depend on when a line was added. Lines without
    a change keep their amounts, unless they share a charge per order with one that has changed. Pickups, and charges
    that were sold before rates were stored, are never computed.
    """
    amounts: dict[tuple[Key, int], int] = {}
    for key, line in lines.items():
        if line.changed:
            amounts.update(((key, place), amount) for place, amount in _of_line(line))
    for terms, members in _groups(lines):
        amounts.update(_of_order(lines, terms, members))
    return {
        key: tuple(
            _with_amount(each, amounts[key, place]) if (key, place) in amounts else each
            for place, each in enumerate(line.charges)
        )
        for key, line in lines.items()
    }


def _with_amount(charge: LineCharge, amount: int) -> LineCharge:
    return charge if charge.amount == amount else msgspec.structs.replace(charge, amount=amount)


def _percents(line: Carrier, *, included: bool, compound: bool, per_order: bool = False) -> list[tuple[int, int]]:
    """Return the places and rates of a line's percentages of one sort."""
    return [
        (place, each.rate)
        for place, each in enumerate(line.charges)
        if each.calc == "percent"
        and each.rate is not None
        and (each.included, each.compound, each.per_order) == (included, compound, per_order)
    ]


def _of_line(line: Carrier) -> Iterator[tuple[int, int]]:
    """Yield the place and amount of each charge that a line carries by itself."""
    base, on_top, others = line.base, 0, False
    for place, each in enumerate(line.charges):
        if each.rate is None or each.per_order:
            continue
        if each.calc == "flat":
            yield place, min(each.rate, base) if each.included else each.rate
        elif each.included or each.compound:
            others = True
        else:
            amount = share(base, each.rate)
            on_top += amount if each.kind == "tax" else 0
            yield place, amount
    if others:
        yield from _inside_or_compound(line, on_top)


def _inside_or_compound(line: Carrier, on_top: int) -> Iterator[tuple[int, int]]:
    """Yield the percentages that a line's price contains, and compound taxes on top of it and of taxes of `on_top`."""
    for place, rate in _percents(line, included=False, compound=True):
        amount = share(line.base + on_top, rate)
        on_top += amount
        yield place, amount
    compounds, inner = _compounds(line)
    yield from compounds
    together = _percents(line, included=True, compound=False)
    if together:
        rates = [rate for _, rate in together]
        whole = divide(inner * sum(rates), PPM + _rate_inside(line))
        yield from zip((place for place, _ in together), allocate(whole, rates), strict=True)


def _compounds(line: Carrier) -> tuple[list[tuple[int, int]], int]:
    """Return the compound taxes that a line's price contains, and the price without them."""
    inner, found = line.base, []
    for place, rate in reversed(_percents(line, included=True, compound=True)):
        amount = included_share(inner, rate)
        found.append((place, amount))
        inner -= amount
    return found, inner


def _rate_inside(line: Carrier) -> int:
    """Return the sum of the percentages that a line's price contains, without compound ones, in ppm."""
    return sum(
        rate
        for per_order in (False, True)
        for _, rate in _percents(line, included=True, compound=False, per_order=per_order)
    )


def _groups(lines: Mapping[Key, Carrier]) -> Iterator[tuple[LineCharge, Sequence[Key]]]:
    """Yield the charges per order that have to be computed, each with the lines that carry it."""
    carriers: dict[LineCharge, list[Key]] = {}
    for key, line in lines.items():
        for each in line.charges:
            if each.per_order and each.rate is not None:
                carriers.setdefault(_with_amount(each, 0), []).append(key)
    for terms, members in carriers.items():
        if any(lines[key].changed for key in members):
            yield terms, members


def _of_order(
    lines: Mapping[Key, Carrier], terms: LineCharge, members: Sequence[Key]
) -> Iterator[tuple[tuple[Key, int], int]]:
    """Yield the parts of a charge per order, by line and place."""
    rate, weights = terms.rate or 0, [lines[key].base for key in members]
    if terms.calc == "flat":
        amount = _flat(lines, members, terms)
        whole = min(amount, sum(weights)) if terms.included else amount
    elif not terms.included:
        whole = share(sum(weights), rate)
    else:
        inner = [(_compounds(lines[key])[1], PPM + _rate_inside(lines[key])) for key in members]
        exact = sum((Fraction(gross, parts) for gross, parts in inner), Fraction(0)) * rate
        whole = divide(exact.numerator, exact.denominator)
        common = lcm(*(parts for _, parts in inner))
        weights = [gross * (common // parts) for gross, parts in inner]
    for key, part in zip(members, allocate(whole, weights), strict=True):
        yield (key, _place(lines[key].charges, terms)), part


def _place(charges: Iterable[LineCharge], terms: LineCharge) -> int:
    return next(place for place, each in enumerate(charges) if _with_amount(each, 0) == terms)


def _flat(lines: Mapping[Key, Carrier], members: Collection[Key], terms: LineCharge) -> int:
    """Return the total of a flat charge per order on all lines that carry it on these terms.

    Without a new line it stays as it is: guests who cancelled may have taken a part of it away. A charge that prices
    contain adds nothing to them, and is limited only by the prices.
    """
    if not any(lines[key].new for key in members):
        if terms.included:
            return terms.rate or 0
        return sum(lines[key].charges[_place(lines[key].charges, terms)].amount for key in members)
    elsewhere = sum(
        each.amount
        for line in lines.values()
        for each in line.charges
        if each.per_order and each.code == terms.code and _with_amount(each, 0) != terms
    )
    return max(0, (terms.rate or 0) - elsewhere)
