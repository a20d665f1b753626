"""The mailing list: customers of the account's own orders who consent to mail.

A customer consents with the field `marketingConsent` of an order. The newest order of an address counts, so a customer
whose newest order doesn't consent is not on the list; nor is a customer who has refused since that order was made
(`customers.refusals`). Customers of orders that a reseller made for the account are the reseller's, not the account's;
customers of orders that the account made as a reseller are its own.

Orders are read from the newest on, some thousand at a time: no long query, no sort of everything, and a short list of
the latest customers is as fast with a million orders as with a hundred.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.languages import language_of
from seatwright.customers import refusal_store, refusals
from seatwright.customers.consent import address_of, consent_of
from seatwright.customers.fields import CONSENT
from seatwright.storage.engine import Database, ReadTx, Row

CHUNK = 2_000
FIRST_CHUNK = 200
"""Orders that are read at once; twice as many each time, until there are 2,000."""
MAX_ADDRESSES = 2_000_000
"""Maximum number of different addresses that are remembered while reading (about 100 bytes each)."""


class Recipient(NamedTuple):
    """A person on the mailing list. `language` is the one that they chose, if it is one of ours."""

    email: str
    first_name: str
    last_name: str
    language: str | None
    last_order_at: Instant


class MailingList(NamedTuple):
    """One page, newest customers first, and whether there are more."""

    recipients: list[Recipient]
    more: bool


class _Customer(msgspec.Struct, rename="camel"):
    email: Any = None
    first_name: Any = None
    last_name: Any = None
    language: Any = None
    marketing_consent: Any = None


class _Found(NamedTuple):
    """A customer whose newest order consents, and the id that their refusal would have."""

    refusal_id: str
    recipient: Recipient


_decoder = msgspec.json.Decoder(_Customer)


async def mailing_list(
    database: Database, account_id: str, *, since: Instant | None, limit: int, page: int
) -> MailingList:
    """Return one page of the customers who consent, by their last orders; `since` leaves out those whose last order was
    before it.

    Raises `Invalid` if there are more different addresses than `MAX_ADDRESSES`.
    """
    seen: set[int] = set()
    found: list[Recipient] = []
    skip = limit * page
    before = await database.read(lambda tx: _newest(tx, account_id)) + 1
    many = FIRST_CHUNK
    while before > 1 and len(found) <= limit:
        chunk, many = _Chunk(account_id, before, max(1, before - many), since), min(CHUNK, 2 * many)
        rows = await database.read(chunk.rows, patient=True)
        consenting = await asyncio.to_thread(_consenting, rows, seen)
        for recipient in await _not_refusing(database, account_id, consenting):
            skip -= 1
            if skip < 0:
                found.append(recipient)
        if len(seen) > MAX_ADDRESSES:
            raise Invalid(
                f"from: there are more than {MAX_ADDRESSES} addresses; ask for those who ordered since a day.",
                code="too_many_addresses",
                field="from",
            )
        if since is not None and len(rows) < before - chunk.first:
            older = await database.read(chunk.older)
            if older:
                break
        before = chunk.first
    return MailingList(found[:limit], len(found) > limit)


class _Chunk(NamedTuple):
    """The orders from number `first` up to `before` (exclusive) in an account's list."""

    account_id: str
    before: int
    first: int
    since: Instant | None

    async def rows(self, tx: ReadTx) -> Sequence[Row]:
        """Return customers and dates of the account's own orders, newest first."""
        # PostgreSQL's `json` (not `jsonb`) reads no further than it must.
        body = "o.body::json" if tx.engine == "postgres" else "o.body"
        return await tx.rows(
            f"""
            SELECT v.created_at, ({body} ->> 'customer') AS customer
            FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
            WHERE v.account_id = $1 AND v.seq >= $2 AND v.seq < $3 AND v.created_at >= $4 AND o.owner_id = $1
            ORDER BY v.seq DESC
            """,  # noqa: S608 - a constant
            self.account_id,
            self.first,
            self.before,
            self.since or 0,
        )

    async def older(self, tx: ReadTx) -> bool:
        """Tell whether the first of these orders was made before `since`."""
        row = await tx.row(
            "SELECT created_at FROM order_view WHERE account_id = $1 AND seq = $2", self.account_id, self.first
        )
        return row is not None and self.since is not None and row["created_at"] < self.since


async def _newest(tx: ReadTx, account_id: str) -> int:
    row = await tx.row("SELECT orders FROM account_counter WHERE account_id = $1", account_id)
    return int(row["orders"]) if row else 0


async def _not_refusing(database: Database, account_id: str, found: Sequence[_Found]) -> list[Recipient]:
    """Leave out customers who have refused since their order was made, or with it."""
    ids = [each.refusal_id for each in found]
    refused = await database.read(lambda tx: refusal_store.since(tx, account_id, ids), patient=True) if ids else {}
    return [each.recipient for each in found if refused.get(each.refusal_id, -1) < each.recipient.last_order_at]


def _consenting(rows: Sequence[Row], seen: set[int]) -> list[_Found]:
    """Return the customers who consent and whose address is not in `seen` yet, and add all addresses to `seen`."""
    found = []
    for row in rows:
        if row["customer"] is None:
            continue
        customer = _decoder.decode(row["customer"])
        address = address_of({"email": customer.email})
        if not address:
            continue
        number = _number(address)
        if number in seen:
            continue
        seen.add(number)
        if consent_of({CONSENT: customer.marketing_consent}):
            recipient = Recipient(
                email=_text(customer.email),
                first_name=_text(customer.first_name),
                last_name=_text(customer.last_name),
                language=language_of(customer.language),
                last_order_at=row["created_at"],
            )
            found.append(_Found(refusals.id_of(address), recipient))
    return found


def _number(address: str) -> int:
    """Return a number for an address: eight bytes instead of the whole text."""
    return int.from_bytes(hashlib.blake2b(address.encode(), digest_size=8).digest(), "big")


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str) else ""
