"""`seatwright doctor` sees an account without an owner, and notes and tags on nothing."""

from __future__ import annotations

from typing import Any

from seatwright.annotations import service as annotations
from seatwright.annotations.model import Kind
from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.roles import ROLE_PERMISSIONS, expanded
from seatwright.invariants.checks import check
from tests.shop import Shop
from tests.store.test_search import ANN, order, shop

__all__ = ["shop"]


async def broken(shop: Shop) -> set[str]:
    return {each.check for each in await check(shop.database, 0)}


async def hire(shop: Shop, role: str) -> str:
    """Make a user, and return the id."""
    new, now = auth.NewUser(f"{role}@canyon.example", "Bo", role=role), shop.booking.clock.now()
    made = await shop.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, shop.account_id, new))
    return made.id


async def test_doctor_knows_who_owns_an_account(shop: Shop) -> None:
    """With each role and each single permission as all that there is: the same answer as `roles.expanded`."""
    await hire(shop, "guide")
    sql = "UPDATE app_user SET role = $1, permissions = $2"
    for word in (*ROLE_PERMISSIONS, *ALL_PERMISSIONS):
        role, single = (word, "") if word in ROLE_PERMISSIONS else (None, f"checkin.write {word}")
        await shop.database.write(lambda tx, role=role, single=single: tx.execute(sql, role, single))
        owned = "owners.write" in expanded((word,))
        assert await broken(shop) == (set() if owned else {"account_owner"}), word


async def test_doctor_sees_that_the_owners_are_inactive(shop: Shop) -> None:
    guide = await hire(shop, "guide")
    await hire(shop, "owner")
    assert await broken(shop) == set()
    await shop.database.write(lambda tx: tx.execute("UPDATE app_user SET active = FALSE WHERE id <> $1", guide))
    assert await broken(shop) == {"account_owner"}
    await shop.database.write(lambda tx: tx.execute("DELETE FROM app_user"))
    assert await broken(shop) == set(), "an account that has no users yet"


async def test_doctor_sees_notes_and_tags_on_nothing(shop: Shop) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    placed = await order(shop, departure, ANN)
    kinds: list[tuple[Kind, str]] = [("order", placed.id), ("departure", departure)]

    async def annotate(kind: Kind, subject: str) -> None:
        async def use_case(tx: Any) -> None:
            await annotations.add_note(tx, shop.booking.clock, shop.caller, kind, subject, "Wheelchair")
            await annotations.change_tags(tx, shop.booking.clock, shop.caller, kind, subject, add=["VIP"], remove=[])

        await shop.database.write(use_case)

    for kind, subject in kinds:
        await annotate(kind, subject)
    assert await broken(shop) == set()
    for table in ("note", "subject_tag"):
        for kind, subject in kinds:
            sql = f"UPDATE {table} SET subject_id = $3 WHERE kind = $1 AND subject_id = $2"
            await shop.database.write(lambda tx, sql=sql, of=(kind, subject, "0" * 24): tx.execute(sql, *of))
            assert await broken(shop) == {"annotation_subject"}, (table, kind)
            await shop.database.write(lambda tx, sql=sql, of=(kind, "0" * 24, subject): tx.execute(sql, *of))
    assert await broken(shop) == set()
