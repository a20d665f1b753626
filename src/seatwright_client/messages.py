"""Mails of the account: sent, due, failed, or only shown in the sandbox."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, get, path, write
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


_Messages: TypeAlias = list[Message]


class Messages(Resource[Mode]):
    """`client.messages`."""

    @operation
    def list(
        self,
        *,
        status: Literal["due", "sent", "dead", "sandbox"] | None = None,
        order_id: str | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Messages]:
        """Return a page of the account's mails, newest first, with the result of every attempt to send them."""
        query = {"status": status, "order_id": order_id, "limit": limit, "page": page}
        return get(_MESSAGES, enveloped(_Messages), query)

    iterate = pages(list)

    @operation
    def read(self, message_id: str) -> Request[WholeMessage]:
        """Return a mail with all that it says."""
        return get(path(_MESSAGES, message_id), enveloped(WholeMessage))

    @operation
    def retry(self, message_id: str, *, idempotency_key: str | None = None) -> Request[Message]:
        """Make a failed mail due again."""
        return write("POST", path(_MESSAGES, message_id, "retry"), enveloped(Message), key=idempotency_key)
