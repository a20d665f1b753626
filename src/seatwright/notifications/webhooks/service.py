"""Use cases of webhooks: an account's own webhooks, their delivery log, test calls and retries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from seatwright.core.clock import HOUR_MS, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.ids import new_hex24, new_hex24_at
from seatwright.core.sealing import seal
from seatwright.core.times import iso_utc
from seatwright.notifications import deliveries
from seatwright.notifications import service as outgoing
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.notifications.webhooks import signing, store
from seatwright.notifications.webhooks.model import MAX_WEBHOOKS, TEST_KIND, EventKind, Webhook, check_events, check_url
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx

SYSTEM = "system"
"""The actor in the audit log for changes without a user."""
MAX_RETRIED = 500
"""Maximum number of deliveries that one request makes due again."""
DELETED = "the webhook was deleted"
SWITCHED_OFF = "the webhook is switched off"


class Editor(NamedTuple):
    """The user who changes webhooks, the clock and the rules: `key` seals secrets (`Keyring.webhook_key`), `internal`
    is the setting SEATWRIGHT_WEBHOOK_INTERNAL.
    """

    account_id: str
    actor: str
    now: Instant
    key: bytes
    internal: bool


class WebhookWithSecret(NamedTuple):
    """A webhook and its new secret, which can't be read again."""

    webhook: Webhook
    secret: str


async def page(tx: ReadTx, account_id: str) -> list[Webhook]:
    """Return an account's webhooks, oldest first; there are at most `MAX_WEBHOOKS`."""
    return await store.all_of(tx, account_id)


async def get(tx: ReadTx, account_id: str, webhook_id: str, *, lock: bool = False) -> Webhook:
    """Return a webhook; with `lock`, locked until the transaction ends. Raises `NotFound`."""
    found = await store.find(tx, account_id, webhook_id, lock=lock)
    if found is None:
        raise NotFound("There is no such webhook.", code="webhook_not_found")
    return found


async def create(tx: Tx, editor: Editor, url: str, events: Sequence[EventKind]) -> WebhookWithSecret:
    """Make a webhook. Raises `Invalid` for the URL or the events, `Conflict` if there are `MAX_WEBHOOKS`."""
    checked, chosen = check_url(url, internal=editor.internal), check_events(events)
    await store.lock_account(tx, editor.account_id)
    if len(await store.all_of(tx, editor.account_id)) >= MAX_WEBHOOKS:
        raise Conflict(f"There are {MAX_WEBHOOKS} webhooks, and that is as many as there may be.", code="webhook_limit")
    webhook_id, secret = new_hex24(), signing.new_secret()
    webhook = Webhook(
        account_id=editor.account_id,
        id=webhook_id,
        url=checked,
        events=chosen,
        secret=seal(editor.key, secret, signing.bound_to(editor.account_id, webhook_id)),
        created_at=editor.now,
    )
    await store.insert(tx, webhook)
    await _record(tx, editor, "webhook.created", webhook_id, {"events": chosen})
    return WebhookWithSecret(webhook, secret)


async def change(
    tx: Tx,
    editor: Editor,
    webhook_id: str,
    *,
    url: str | None = None,
    events: Sequence[EventKind] | None = None,
    active: bool | None = None,
) -> Webhook:
    """Change the values that aren't None. Switching a webhook off makes its due calls fail; later attempts go to a new
    URL.

    Raises `NotFound`, and `Invalid` for the URL or the events.
    """
    before = await get(tx, editor.account_id, webhook_id, lock=True)
    after = msgspec.structs.replace(
        before,
        url=before.url if url is None else check_url(url, internal=editor.internal),
        events=before.events if events is None else check_events(events),
        active=before.active if active is None else active,
    )
    changed = [name for name in ("url", "events", "active") if getattr(before, name) != getattr(after, name)]
    if changed:
        await store.update(tx, after)
        detail = {"changed": changed, "events": after.events, "active": after.active}
        await _record(tx, editor, "webhook.changed", webhook_id, detail)
    if before.active and not after.active:
        await store.give_up(tx, editor.account_id, webhook_id, editor.now, SWITCHED_OFF)
    return after


async def rotate(tx: Tx, editor: Editor, webhook_id: str, grace_hours: int) -> WebhookWithSecret:
    """Give a webhook a new secret; the previous one is also used to sign for `grace_hours`, older ones no longer.

    Raises `NotFound`.
    """
    before = await get(tx, editor.account_id, webhook_id, lock=True)
    secret = signing.new_secret()
    after = msgspec.structs.replace(
        before,
        secret=seal(editor.key, secret, signing.bound_to(editor.account_id, webhook_id)),
        old_secret=before.secret if grace_hours else None,
        old_secret_until=editor.now + grace_hours * HOUR_MS if grace_hours else None,
    )
    await store.update(tx, after)
    await _record(tx, editor, "webhook.secret_rotated", webhook_id, {"graceHours": grace_hours})
    return WebhookWithSecret(after, secret)


async def delete(tx: Tx, editor: Editor, webhook_id: str) -> Webhook:
    """Remove a webhook and return it as it was; its due calls fail. Raises `NotFound`."""
    found = await get(tx, editor.account_id, webhook_id, lock=True)
    await store.delete(tx, editor.account_id, webhook_id)
    await store.give_up(tx, editor.account_id, webhook_id, editor.now, DELETED)
    await _record(tx, editor, "webhook.deleted", webhook_id)
    return found


async def test(tx: Tx, editor: Editor, webhook_id: str) -> Delivery:
    """Make a test call due. Raises `NotFound`, `Conflict` if it is switched off."""
    webhook = await _active(tx, editor, webhook_id)
    content = {
        "type": TEST_KIND,
        "timestamp": iso_utc(editor.now),
        "data": {"entityId": webhook.account_id, "webhookId": webhook.id},
    }
    delivery = new_delivery(webhook, TEST_KIND, None, msgspec.json.encode(content).decode(), editor.now)
    await deliveries.insert(tx, [delivery])
    return delivery


async def log(
    tx: ReadTx, account_id: str, webhook_id: str, *, limit: int, page: int, status: Status | None
) -> list[Delivery]:
    """Return a page of a webhook's sent and due deliveries, newest first. Raises `NotFound`."""
    await get(tx, account_id, webhook_id)
    return await deliveries.page(
        tx, account_id, limit=limit, page=page, channel="webhook", status=status, target=webhook_id
    )


async def retry(tx: Tx, editor: Editor, webhook_id: str, delivery_id: str) -> Delivery:
    """Make a failed delivery due again, with the whole schedule of attempts.

    Raises `NotFound`, and `Conflict` if it has not failed or the webhook is switched off.
    """
    await _active(tx, editor, webhook_id)
    if await _delivery(tx, editor.account_id, webhook_id, delivery_id) is None:
        raise NotFound("There is no such delivery to this webhook.", code="delivery_not_found")
    if not await deliveries.retry(tx, editor.account_id, delivery_id, editor.now):
        raise Conflict("The delivery was not given up: it was made, or is due anyway.", code="delivery_not_dead")
    await _record(tx, editor, "webhook.retried", webhook_id, {"delivery": delivery_id})
    again = await _delivery(tx, editor.account_id, webhook_id, delivery_id)
    assert again is not None, "it has just been changed"
    return again


async def retry_all(tx: Tx, editor: Editor, webhook_id: str) -> int:
    """Make a webhook's failed deliveries due again, up to `MAX_RETRIED` of them; return how many.

    Raises `NotFound`, and `Conflict` if the webhook is switched off.
    """
    await _active(tx, editor, webhook_id)
    return await outgoing.retry_all(
        tx,
        editor.now,
        editor.actor,
        "webhook",
        account_id=editor.account_id,
        target=webhook_id,
        until=editor.now,
        limit=MAX_RETRIED,
    )


async def gone(tx: Tx, webhook: Webhook, delivery_id: str, now: Instant) -> None:
    """Switch off a webhook whose receiver answered `delivery_id` with 410 (gone), unless it has another URL by now."""
    found = await store.find(tx, webhook.account_id, webhook.id, lock=True)
    if found is None or not found.active or found.url != webhook.url:
        return
    await store.update(tx, msgspec.structs.replace(found, active=False))
    await store.give_up(tx, found.account_id, found.id, now, SWITCHED_OFF, but=delivery_id)
    await audit.record(tx, found.account_id, now, SYSTEM, "webhook.gone", found.id)


def new_delivery(webhook: Webhook, kind: str, order_id: str | None, content: str, now: Instant) -> Delivery:
    """Return a call of a webhook that is due now."""
    return Delivery(
        account_id=webhook.account_id,
        id=new_hex24_at(now),
        channel="webhook",
        kind=kind,
        target=webhook.id,
        order_id=order_id,
        content=content,
        due_at=now,
        created_at=now,
    )


async def _active(tx: Tx, editor: Editor, webhook_id: str) -> Webhook:
    webhook = await get(tx, editor.account_id, webhook_id, lock=True)
    if not webhook.active:
        raise Conflict("The webhook is switched off; switch it on first.", code="webhook_inactive")
    return webhook


async def _delivery(tx: ReadTx, account_id: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    found = await deliveries.find(tx, account_id, delivery_id)
    return found if found is not None and (found.channel, found.target) == ("webhook", webhook_id) else None


async def _record(tx: Tx, editor: Editor, action: str, webhook_id: str, detail: object = None) -> None:
    """Write an audit event. A URL may contain a password of the receiver, so the event has only the field's name."""
    await audit.record(tx, editor.account_id, editor.now, editor.actor, action, webhook_id, detail)
