"""What is read: the wire's fields, each of them, as values that can be reckoned with."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest

import seatwright_client as client
from seatwright.api.manage import (
    account_wire,
    assignment_wire,
    cancellation_wire,
    cart_routes,
    connection_wire,
    departure_wire,
    link_routes,
    message_wire,
    payment_wire,
    refusal_routes,
    webhook_wire,
)
from seatwright.api.resmark import cart_wire, product_wire
from seatwright.api.shapes import item_wire, order_wire, product_parts
from seatwright_client.answers import enveloped
from seatwright_client.products import Product

PAIRS: list[tuple[type[msgspec.Struct], type[msgspec.Struct]]] = [
    (product_wire.ProductOut, client.Product),
    (product_wire.AgesOut, client.Ages),
    (product_wire.LocationOut, client.Location),
    (product_wire.ImageOut, client.Image),
    (product_wire.VideoOut, client.Video),
    (product_wire.DateSettingsOut, client.DateSettings),
    (product_wire.NamedOut, client.Named),
    (product_wire.TimeOut, client.BookableTime),
    (product_wire.DayOut, client.Day),
    (product_parts.PickupServiceOut, client.Pickup),
    (cart_wire.CartOut, client.Cart),
    (cart_routes.CartDepositOut, client.CartDeposit),
    (item_wire.CartItemOut, client.CartItem),
    (item_wire.ItemOut, client.Item),
    (item_wire.DateOut, client.ItemDate),
    (item_wire.PickupOut, client.ItemPickup),
    (item_wire.LineOut, client.Line),
    (item_wire.ChargeOut, client.Charge),
    (order_wire.OrderOut, client.Order),
    (order_wire.CancelledOrderOut, client.CancelledOrder),
    (order_wire.CancellationOut, client.Cancellation),
    (order_wire.LineFeeOut, client.LineFee),
    (cancellation_wire.CancellationQuoteOut, client.CancellationQuote),
    (cancellation_wire.LineCostOut, client.LineCost),
    (order_wire.PaymentOut, client.Payment),
    (payment_wire.PaymentsOut, client.OrderPayments),
    (payment_wire.RecordedPaymentOut, client.RecordedPayment),
    (payment_wire.MethodSumOut, client.MethodSum),
    (payment_wire.RecorderOut, client.Recorder),
    (payment_wire.VoidingOut, client.Voiding),
    (order_wire.AnswerOut, client.Answer),
    (link_routes.CustomerLinkOut, client.CustomerLink),
    (refusal_routes.RefusalOut, client.Refusal),
    (account_wire.AccountOut, client.Account),
    (account_wire.UserOut, client.User),
    (account_wire.EventOut, client.AuditEvent),
    (connection_wire.ConnectionOut, client.Connection),
    (departure_wire.DepartureOut, client.Departure),
    (departure_wire.MadeOut, client.Made),
    (departure_wire.ImportOut, client.ImportReport),
    (departure_wire.CountsOut, client.ImportCounts),
    (assignment_wire.ResourceOut, client.Resource),
    (assignment_wire.AssignedOut, client.AssignedResource),
    (assignment_wire.ConflictOut, client.AssignmentConflict),
    (assignment_wire.RosterOut, client.Roster),
    (departure_wire.NoteOut, client.ImportNote),
    (departure_wire.SubjectOut, client.NoteSubject),
    (message_wire.MessageOut, client.Message),
    (message_wire.WholeMessageOut, client.WholeMessage),
    (webhook_wire.WebhookOut, client.Webhook),
    (webhook_wire.WebhookSecretOut, client.WebhookWithSecret),
    (webhook_wire.DeliveryOut, client.Delivery),
    (webhook_wire.AttemptOut, client.DeliveryAttempt),
    (webhook_wire.RetriedOut, client.Retried),
]


@pytest.mark.parametrize(("sent", "read"), PAIRS, ids=lambda shape: shape.__name__)
def test_every_field_that_the_server_sends_is_read(sent: type[msgspec.Struct], read: type[msgspec.Struct]) -> None:
    assert set(sent.__struct_encode_fields__) == set(read.__struct_encode_fields__)
    assert read.__struct_config__.frozen


def test_money_is_exact_and_new_fields_are_ignored() -> None:
    body = b"""{"errorMessage": null, "somethingNew": 1, "data": {"name": "Tax", "type": "tax", "new": [],
        "amount": 12345678901234567.10}}"""
    charge = enveloped(client.Charge)(body)
    assert charge == client.Charge(name="Tax", type="tax", amount=Decimal("12345678901234567.10"))
    assert str(charge.amount).endswith(".10")
    anything: Any = enveloped(dict[str, Any])(b'{"errorMessage": null, "data": {"price": 0.1, "count": 2}}')
    assert (anything, type(anything["count"])) == ({"price": Decimal("0.1"), "count": 2}, int)
    with pytest.raises(AttributeError):
        charge.amount = Decimal(0)  # type: ignore[misc]


def test_a_departure_is_on_the_wall_clock_of_its_place() -> None:
    date = client.ItemDate(
        start_time="2026-07-14T09:00:00.000Z", end_time="2026-07-14T13:00:00.000Z", time_zone="America/Denver"
    )
    assert date.local_start == dt.datetime(2026, 7, 14, 9)  # noqa: DTZ001 - has no zone
    assert date.start == dt.datetime(2026, 7, 14, 15, tzinfo=dt.UTC)
    assert date.end is not None
    assert date.end.isoformat() == "2026-07-14T13:00:00-06:00"
    nothing = client.ItemDate(start_time=None, end_time=None, time_zone="America/Denver")
    assert (nothing.local_start, nothing.local_end, nothing.start, nothing.end) == (None, None, None, None)


def test_a_product_of_an_older_server_can_be_read() -> None:
    body = b"""{"errorMessage": null, "data": {"id": "p1", "productCode": "raft", "name": "Raft", "productNumber": 4101,
        "price": "99.00", "quantityLabel": "Guest", "quantityType": "participant", "dateless": false, "class": "x"}}"""
    product = enveloped(Product)(body)
    assert (product.class_, product.location, product.date_settings.start_time) == ("x", (), "")
