"""The customer's consent to mail on the page of their order, and how it is withdrawn."""

from __future__ import annotations

from seatwright.catalog.store import CatalogCache
from seatwright.customers import refusal_store, refusals
from seatwright.customers.consent import address_of, consent_of
from seatwright.orders.model import Order
from seatwright.selfservice.service import CUSTOMER, Visit, look
from seatwright.storage.engine import ReadTx, Tx


async def wanted(tx: ReadTx, order: Order) -> bool:
    """Tell whether the customer consented with this order to the seller's mail, and hasn't refused since."""
    address = address_of(order.body.customer)
    if not address or not consent_of(order.body.customer):
        return False
    refusal_id = refusals.id_of(address)
    return (await refusal_store.since(tx, order.owner_id, [refusal_id])).get(refusal_id, -1) < order.created_at


async def refuse(tx: Tx, catalogs: CatalogCache, visit: Visit) -> None:
    """Withdraw the consent, also with a link that may not cancel; repeating it changes nothing. Raises `NotFound`."""
    order = (await look(tx, catalogs, visit.link)).order
    if await wanted(tx, order):
        await refusals.refuse(tx, order.owner_id, address_of(order.body.customer), visit.now, CUSTOMER)
