"""The consequences of a change of the catalog for departures and rental pools."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.catalog.model import Pool, Product
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict
from seatwright.inventory import pools
from seatwright.setup import store
from seatwright.setup.editor import Change
from seatwright.storage.engine import ConstraintViolation, Retry, Tx

_FIXED = {"dateless": "dateless", "quantity_type": "quantityType", "pool": "pool"}
"""The fields of a product that can't change once it has departures, because seats are counted by them, and their names
in forms.
"""


async def follow(tx: Tx, account_id: str, now: Instant, changes: Sequence[Change]) -> None:
    """Check changes against the existing departures, and update pools.

    Raises `Conflict` for a change that departures or units taken don't allow.
    """
    for _, old, new in changes:
        if isinstance(old, Product):
            await _follow_product(tx, account_id, old, new if isinstance(new, Product) else None)
        elif isinstance(old, Pool):
            if isinstance(new, Pool):
                await _resize(tx, account_id, now, old, new)
            else:
                await pools.drop(tx, account_id, old.id)


async def _follow_product(tx: Tx, account_id: str, old: Product, new: Product | None) -> None:
    changed = [form for name, form in _FIXED.items() if new is None or getattr(old, name) != getattr(new, name)]
    if not changed or not await store.has_departures(tx, account_id, old.id):
        return
    if new is None:
        raise Conflict(
            f"The product {old.code} has departures, which orders may refer to; set active to false instead.",
            code="product_has_departures",
        )
    raise Conflict(
        f"{changed[0]}: can't change, because the product {old.code} has departures; make another product.",
        code="product_has_departures",
        field=changed[0],
    )


async def _resize(tx: Tx, account_id: str, now: Instant, old: Pool, new: Pool) -> None:
    if old.units == new.units:
        return
    await pools.lock_departures(tx, account_id, old.id, now)
    taken = await pools.most_taken(tx, account_id, old.id, now)
    if taken > new.units:
        raise Conflict(
            f"units: the pool {old.code} can't have {new.units}, because {taken} are taken at the same time.",
            code="below_taken",
            field="units",
        )
    try:
        await pools.resize(tx, account_id, old.id, now, before=old.units, units=new.units)
    except ConstraintViolation:
        raise Retry from None  # units were taken meanwhile; look again
