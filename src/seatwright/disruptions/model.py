"""A job on a departure: what is to be done with its orders, and how far it has come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.field_errors import bad_field
from seatwright.orders.model import Explanation
from seatwright.orders.move_plan import MoveRequest

JobKind: TypeAlias = Literal["cancel", "move", "message"]
MAX_REASON = 500
"""Characters of the reason at most."""
MAX_SUBJECT = 200
"""Characters of a message's subject at most."""
MAX_TEXT = 5_000
"""Characters of a message at most."""


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be done with all orders of a departure, and why: the reason is for the customers, and so is `text`, in
    their own words of whoever does it. A message is `text`, with a `subject` if it is to have its own.

    To move them, `to` is the other departure. `tiers` and `without_pickup` are as in `MoveRequest`; the price is kept.
    """

    kind: JobKind
    departure_id: str
    reason: str = ""
    text: str = ""
    subject: str = ""
    to: str = ""
    tiers: Mapping[str, str] = {}
    without_pickup: bool = False

    def move_of(self, order_id: str) -> MoveRequest:
        """Return the move of one order."""
        return MoveRequest(
            order=order_id,
            to=self.to,
            item_id=self.departure_id,
            tiers=self.tiers,
            without_pickup=self.without_pickup,
            asked_by="supplier",
            explanation=self.explanation,
        )

    @property
    def explanation(self) -> Explanation:
        """What the customers read of it."""
        return Explanation(self.reason, self.text)


class OrderOutcome(NamedTuple):
    """What became of an order, or would: `guests` are those concerned.

    `amount` is what is to be given back because of a cancellation, or by how much a move changes the total, in minor
    units. A `reason` says why the order can't be cancelled or moved, and `code` the same as a word; then nothing of it
    changes.
    """

    order_id: str
    confirmation: int
    guests: int = 0
    amount: int = 0
    reason: str = ""
    code: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was read. `orders` is how many orders had seats on the departure when it began."""

    account_id: str
    id: str
    request: JobRequest
    status: Literal["running", "done"]
    actor: str
    orders: int
    created_at: Instant
    finished_at: Instant | None


class Progress(NamedTuple):
    """How far a job has come, or what it would do (`job` is None): orders, guests and amounts together, and what became
    of each order.

    `orders` is how many there were when it began; as many as `outcomes` once it is done.
    """

    job: Job | None
    request: JobRequest
    currency: str
    orders: int
    done: int
    guests: int
    amount: int
    outcomes: list[OrderOutcome]

    @property
    def failures(self) -> list[OrderOutcome]:
        """The orders that stay as they are."""
        return [outcome for outcome in self.outcomes if outcome.reason]

    @property
    def proof(self) -> str:
        """A text that changes with what is to be done, or with anything that it comes to; not with what is written."""
        wanted = msgspec.structs.replace(self.request, reason="", text="", subject="")
        said = encode(wanted), self.outcomes
        return hashlib.blake2b(msgspec.json.encode(said), digest_size=16).hexdigest()


def progress_of(
    job: Job | None, request: JobRequest, currency: str, orders: int, outcomes: list[OrderOutcome]
) -> Progress:
    """Add up what became of orders."""
    done = [outcome for outcome in outcomes if not outcome.reason]
    return Progress(
        job=job,
        request=request,
        currency=currency,
        orders=orders,
        done=len(done),
        guests=sum(outcome.guests for outcome in done),
        amount=sum(outcome.amount for outcome in done),
        outcomes=outcomes,
    )


def check_words(request: JobRequest) -> None:
    """Raise `Invalid` for a message without a text, and for words that are too long."""
    if request.kind == "message" and not request.text:
        raise bad_field("text", "write what the guests are to read.", code="missing_field")
    for field, most in (("reason", MAX_REASON), ("subject", MAX_SUBJECT), ("text", MAX_TEXT)):
        if len(getattr(request, field)) > most:
            raise bad_field(field, f"at most {most} characters fit.", code="invalid_field")


def encode(request: JobRequest) -> str:
    """Return a request as it is stored."""
    return msgspec.json.encode(request).decode()


def decode(text: Any) -> JobRequest:
    """Read a stored request."""
    return msgspec.json.decode(text, type=JobRequest)
