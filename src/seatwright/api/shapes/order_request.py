"""What every request to order a cart can say beside the cart, by whichever door it comes."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec

from seatwright.api.shapes.behalf import behalf_of
from seatwright.core.errors import Invalid
from seatwright.core.names import text_or_none
from seatwright.http.wire import Text, Wire
from seatwright.orders.billing import check_billing
from seatwright.orders.model import NotificationFlags
from seatwright.orders.placement import OrderDetails

MAX_REFERENCE = 500
"""Longest `referenceId`, in characters: an index of PostgreSQL takes no more than about 2,700 bytes."""

Reference: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_REFERENCE)] | int | float


class OrderRequest(Wire, kw_only=True):
    """A cart to be ordered. Explicit nulls are as good as leaving a field out."""

    order_id: Annotated[
        Text | None, msgspec.Meta(description="Adds the cart to this order (ID or confirmation number).")
    ] = None
    billing: Annotated[
        dict[str, Any] | None,
        msgspec.Meta(description="A payment memo.", examples=[{"memo": "payment received"}]),
    ] = None
    reference_id: Annotated[
        Reference | None,
        msgspec.Meta(description="Order ID in a third-party system.", examples=["OTA-7781"]),
    ] = None
    reseller_entity_id: Annotated[
        Text | None, msgspec.Meta(description="As a supplier, order in the name of this reseller's account.")
    ] = None
    reseller_id: Annotated[Text | None, msgspec.Meta(description="The same, under our own name.")] = None
    agent_id: Annotated[
        Text | None, msgspec.Meta(description="The reseller's agent: a user's id, e-mail or alternative id.")
    ] = None
    disable_notification: bool | None = None
    disable_pending_order_notification: bool | None = None
    disable_pending_order_notification_response: bool | None = None
    disable_confirmation_email: bool | None = None

    def details(self, cart_id: str) -> OrderDetails:
        """Return the request to order the cart `cart_id`. Raises `Invalid`, naming the field."""
        return OrderDetails(
            cart_id=cart_id,
            order_id=text_or_none(self.order_id),
            reference_id=_reference(self.reference_id),
            billing=check_billing(self.billing),
            flags=self._flags(),
            behalf=behalf_of(self.reseller_entity_id, self.reseller_id, self.agent_id),
        )

    def _flags(self) -> dict[str, bool]:
        """Return the flags that are sent, by their names."""
        sent = {name: getattr(self, name) for name in NotificationFlags.__struct_fields__}
        return {name: value for name, value in sent.items() if value is not None}


def _reference(value: str | int | float | None) -> str | None:
    """Return the reference as text. A number may be written with any number of digits, so its bound is checked here."""
    reference = text_or_none(value)
    if reference is not None and len(reference) > MAX_REFERENCE:
        raise Invalid(
            f"referenceId: has more than {MAX_REFERENCE} characters.", code="invalid_field", field="referenceId"
        )
    return reference
