"""Edits an order: its guests, its customer, its reference and memo. Seats stay; books and messages follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from seatwright.auth.model import Caller
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Arrangement
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Forbidden
from seatwright.customers.fields import NO_ANSWERS
from seatwright.inventory import store as inventory
from seatwright.inventory.offer import for_reseller
from seatwright.orders import consent, ledger, store
from seatwright.orders.edit_plan import EditPlan, Offer, OrderEdit, plan_edit
from seatwright.orders.model import Order, OrderBody
from seatwright.orders.outbox import Detail
from seatwright.orders.repricing import check_difference
from seatwright.orders.service import read
from seatwright.orders.view import is_limited
from seatwright.resellers.service import require_connection
from seatwright.storage.engine import ReadTx, Tx


class EditQuote(NamedTuple):
    """What an edit comes to: by how much the total grows, and the total and the balance after it, in minor units."""

    currency: str
    difference: int
    total: int
    balance: int


async def quote_edit(tx: ReadTx, booking: BookingContext, caller: Caller, edit: OrderEdit) -> EditQuote:
    """Return what an edit would come to now. Changes nothing; raises as `edit_order` does."""
    order = await read(tx, caller, edit.order)
    plan = await _planned(tx, booking, caller, order, edit)
    total = order.total + plan.difference
    return EditQuote(order.body.currency, plan.difference, total, total - order.paid)


async def edit_order(
    tx: Tx, booking: BookingContext, caller: Caller, edit: OrderEdit, *, difference: int | None = None
) -> Order:
    """Edit an order, as its supplier or seller; an edit that changes nothing leaves no trace.

    `difference` is by how much the total grows according to the quote that was shown, in minor units; None takes any.
    What the total grows by is owed, and what it falls by is to be given back. The customer gets a mail about changed
    guests and a changed customer, if the order's flags say so. Raises `NotFound`, `Forbidden` for what a supplier that
    doesn't see the customer's contact may not change, `Conflict` for another version or difference than was shown, and
    as `plan_edit` does.
    """
    order = await store.lock_order(tx, caller, edit.order)
    plan = await _planned(tx, booking, caller, order, edit)
    check_difference(order, difference, plan.difference, "edit")
    body = msgspec.structs.replace(
        order.body,
        customer=plan.customer,
        items=plan.items,
        reference_id=order.body.reference_id if edit.reference_id is UNSET else edit.reference_id,
        billing=order.body.billing if edit.billing is None else edit.billing,
    )
    if body == order.body:
        return order
    now = booking.clock.now()
    change = _change(order, body, plan, caller, now)
    changed = await store.update(tx, order, msgspec.structs.replace(order, body=body), change)
    if plan.customer != order.body.customer:
        await consent.heed(tx, changed, plan.customer, change.at, caller.user_id)
    if body.reference_id is not None and body.reference_id != order.body.reference_id:
        await store.refer(tx, changed, body.reference_id)
    return changed


async def _planned(tx: ReadTx, booking: BookingContext, caller: Caller, order: Order, edit: OrderEdit) -> EditPlan:
    if edit.version != order.version:
        raise Conflict(
            "version: somebody has changed this order since it was read; read it again, and make the changes in that.",
            code="changed_meanwhile",
            field="version",
        )
    if is_limited(order, caller.account_id):
        _check_limited(edit)
    return plan_edit(order, await _offer(tx, booking, order, edit), edit)


def _check_limited(edit: OrderEdit) -> None:
    described = any(
        guest.first_name is not UNSET or guest.last_name is not UNSET or guest.answers is not None
        for guest in edit.guests
    )
    if described or edit.customer is not None or edit.reference_id is not UNSET or edit.billing is not None:
        raise Forbidden(
            "The reseller doesn't show you this customer, so only the reseller edits the customer, the guests' names "
            "and answers, the reference and the memo; you may change tiers and pickups.",
            code="customer_is_the_resellers",
        )


async def _offer(tx: ReadTx, booking: BookingContext, order: Order, edit: OrderEdit) -> Offer:
    catalog = await booking.catalogs.load(tx, order.account_id)
    if not edit.reprices:
        return Offer(catalog, catalog, {}, None)
    offered, terms = catalog, None
    if order.body.resale is not None:
        terms = (await require_connection(tx, order.account_id, order.owner_id)).terms
        offered = for_reseller(catalog, terms)
    prices: dict[str, Mapping[str, int]] = {}
    for item in order.body.items:
        departure = await inventory.find(tx, order.account_id, item.id, booking.clock.now())
        if departure is not None:
            prices[item.id] = departure.prices
    return Offer(catalog, offered, prices, terms)


def _change(order: Order, body: OrderBody, plan: EditPlan, caller: Caller, now: Instant) -> store.Change:
    transactions = ledger.change_of_sale(plan.before, plan.after, body.resale.kind if body.resale else None)
    shown = bool(plan.edited) or plan.customer != order.body.customer
    return store.Change(
        at=max(now, order.modified_at),
        actor=caller.user_id,
        action="order.edited" if shown else "order.details_changed",
        detail=_detail(order, body, plan),
        transactions=[transaction for transaction in transactions if transaction],
        told=Detail(lines=plan.edited),
    )


def _detail(order: Order, body: OrderBody, plan: EditPlan) -> dict[str, Any]:
    """Return what the audit log keeps: what was and what is, but of personal data only which fields have changed."""
    was = {line.id: (item.arranged(line), line) for item in order.body.items for line in item.lines}
    guests = []
    for item in plan.items:
        for line in item.lines:
            if line.id not in plan.edited:
                continue
            arranged, old = was[line.id]
            one: dict[str, Any] = {"id": line.id}
            if old.tier != line.tier:
                one["tier"] = [old.tier, line.tier]
            if arranged != item.arranged(line):
                one["pickup"] = [_place_of(arranged), _place_of(item.arranged(line))]
            fields = [
                name for name in ("first_name", "last_name", "answers") if getattr(old, name) != getattr(line, name)
            ]
            guests.append(one | ({"fields": fields} if fields else {}))
    detail: dict[str, Any] = {"total": plan.difference, "currency": body.currency}
    if guests:
        detail["guests"] = guests
    customer = _changed_fields(order.body.customer, body.customer)
    if customer:
        detail["customer"] = customer
    if body.reference_id != order.body.reference_id:
        detail["reference"] = True
    if body.billing != order.body.billing:
        detail["billing"] = True
    return detail


def _changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return which of a customer's fields have changed; of answers not even the labels, which not everybody may see."""
    changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    return sorted({name if name in NO_ANSWERS else "answers" for name in changed})


def _place_of(arrangement: Arrangement) -> str | None:
    pickup = arrangement.pickup
    if pickup is None:
        return None
    return f"{pickup.location.name}, {pickup.detail.name}" if pickup.detail else pickup.location.name
