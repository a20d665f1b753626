"""Mails of the account: sent, due, failed, or only shown in the sandbox."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, day, get, path, write
from seatwright_client.webhooks import DeliveryAttempt

_MESSAGES = f"{MANAGE}/messages"


class Message(Shape, frozen=True, kw_only=True):
    """A mail. It is `due` until it is `sent`, or `dead` when it has failed for good; in the `sandbox` it is only
    shown.
    """

    id: str
    kind: str
    status: str
    to: str
    subject: str
    language: str
    order_id: str | None = None
    created_date: dt.datetime
    next_attempt_date: dt.datetime | None = None
    attempts: tuple[DeliveryAttempt, ...] = ()


class WholeMessage(Message, frozen=True, kw_only=True):
    """A mail with its full content. `calendar` is the attached file; `qr` is the content of the QR code in the HTML
    part.
    """

    from_name: str
    reply_to: str
    to_name: str
    text: str
    html: str
    calendar: str | None = None
    qr: str | None = None

    def __repr__(self) -> str:
        """Return it without its content, which contains a customer's link."""
        return f"WholeMessage(id={self.id!r}, kind={self.kind!r}, to={self.to!r}, subject={self.subject!r})"


class Untold(Shape, frozen=True, kw_only=True):
    """Something that happened to an order and was not told, or not to all. `next_attempt_date` is None if it was given
    up.
    """

    id: str
    type: str
    order_id: str
    date: dt.datetime
    attempts: int
    next_attempt_date: dt.datetime | None = None
    error: str = ""


_Messages: TypeAlias = list[Message]
_Untold: TypeAlias = list[Untold]


class Messages(Resource[Mode]):
    """`client.messages`."""

    @operation
    def list(
        self,
        *,
        status: Literal["due", "sent", "dead", "sandbox"] | None = None,
        order_id: str | None = None,
        from_: dt.date | str | None = None,
        to: dt.date | str | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Messages]:
        """Return a page of the account's mails, newest first, with the result of every attempt to send them. Days are
        the account's own; without `to` it is one day.
        """
        days = {"from": day(from_), "to": day(to)}
        query = {"status": status, "order_id": order_id, **days, "limit": limit, "page": page}
        return get(_MESSAGES, enveloped(_Messages), query)

    iterate = pages(list)

    @operation
    def read(self, message_id: str) -> Request[WholeMessage]:
        """Return a mail with all that it says."""
        return get(path(_MESSAGES, message_id), enveloped(WholeMessage))

    @operation
    def untold(self, *, limit: int = 200) -> Request[_Untold]:
        """Return what happened to orders and could not be told, or not to all."""
        return get(f"{_MESSAGES}/untold", enveloped(_Untold), {"limit": limit})

    @operation
    def resend(self, message_id: str, *, idempotency_key: str | None = None) -> Request[Message]:
        """Send a mail once more that was sent; return the new mail."""
        return write("POST", path(_MESSAGES, message_id, "resend"), enveloped(Message), key=idempotency_key)

    @operation
    def retry(self, message_id: str, *, idempotency_key: str | None = None) -> Request[Message]:
        """Make a failed mail due again."""
        return write("POST", path(_MESSAGES, message_id, "retry"), enveloped(Message), key=idempotency_key)
