"""Watches every commit from inside the database: triggers write down what must never have been committed.

A trigger's row is part of the transaction that it is about, so the log holds exactly what was committed. On
PostgreSQL the triggers are deferred and look at the state as it is committed. SQLite has no such triggers: there
they look right after the statement that makes allocations grow, which is late enough for a sum to be complete.

    taken     `departure.taken` is above the capacity
    seats     seats held and sold, counted from their rows, are above the capacity
    pool      a rental pool has more units out at a start than there are
    expired   a hold was turned into sold seats after its time, and not taken again before that in the transaction
    drift     `departure.taken` is not what is held and sold (PostgreSQL: at every commit)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from seatwright.storage.engine import Database, ReadTx, Tx
from seatwright.storage.sqlite import SqliteDatabase

CHECKS = {"departure_not_oversold": "departure", "pool_not_oversold": "pool_start"}
"""The schema's own constraints on seats, and their tables."""

_ALLOCATED = """(SELECT COALESCE(SUM(h.seats), 0) FROM hold h
        WHERE h.account_id = {row}.account_id AND h.departure_id = {row}.{id})
    + (SELECT COALESCE(SUM(l.seats), 0) FROM order_line l
        WHERE l.account_id = {row}.account_id AND l.departure_id = {row}.{id} AND l.status = 'confirmed')"""

_SQLITE = f"""
CREATE TABLE harm_log (kind TEXT NOT NULL, subject TEXT NOT NULL);
CREATE TRIGGER harm_taken AFTER UPDATE OF taken ON departure WHEN NEW.taken > NEW.capacity
BEGIN INSERT INTO harm_log VALUES ('taken', NEW.id); END;
CREATE TRIGGER harm_pool AFTER UPDATE OF taken ON pool_start WHEN NEW.taken > NEW.capacity
BEGIN INSERT INTO harm_log VALUES ('pool', NEW.start_at); END;
CREATE TRIGGER harm_held AFTER INSERT ON hold
WHEN {_ALLOCATED.format(row="NEW", id="departure_id")} > (SELECT capacity FROM departure d
    WHERE d.account_id = NEW.account_id AND d.id = NEW.departure_id)
BEGIN INSERT INTO harm_log VALUES ('seats', NEW.departure_id); END;
CREATE TRIGGER harm_held_more AFTER UPDATE OF seats ON hold
WHEN {_ALLOCATED.format(row="NEW", id="departure_id")} > (SELECT capacity FROM departure d
    WHERE d.account_id = NEW.account_id AND d.id = NEW.departure_id)
BEGIN INSERT INTO harm_log VALUES ('seats', NEW.departure_id); END;
CREATE TRIGGER harm_sold AFTER INSERT ON order_line
WHEN {_ALLOCATED.format(row="NEW", id="departure_id")} > (SELECT capacity FROM departure d
    WHERE d.account_id = NEW.account_id AND d.id = NEW.departure_id)
BEGIN INSERT INTO harm_log VALUES ('seats', NEW.departure_id); END;
CREATE TRIGGER harm_expired AFTER DELETE ON hold
WHEN OLD.expires_at <= (SELECT c.modified_at FROM cart c
    WHERE c.account_id = OLD.account_id AND c.id = OLD.cart_id AND c.status = 'ordered')
BEGIN INSERT INTO harm_log VALUES ('expired', OLD.cart_id); END;
"""

_POSTGRES = f"""
CREATE TABLE harm_log (kind TEXT NOT NULL, subject TEXT NOT NULL);

CREATE FUNCTION harm_departure(p_account TEXT, p_departure TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE d departure; allocated BIGINT;
BEGIN
    SELECT * INTO d FROM departure WHERE account_id = p_account AND id = p_departure;
    SELECT {_ALLOCATED.format(row="d", id="id")} INTO allocated;
    IF d.taken > d.capacity THEN INSERT INTO harm_log VALUES ('taken', d.id); END IF;
    IF allocated > d.capacity THEN INSERT INTO harm_log VALUES ('seats', d.id); END IF;
END $$;

CREATE FUNCTION harm_on_departure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE agrees BOOLEAN;
BEGIN
    PERFORM harm_departure(NEW.account_id, NEW.id);
    SELECT d.taken = {_ALLOCATED.format(row="d", id="id")} INTO agrees
        FROM departure d WHERE d.account_id = NEW.account_id AND d.id = NEW.id;
    IF NOT agrees THEN INSERT INTO harm_log VALUES ('drift', NEW.id); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER harm_departure AFTER UPDATE ON departure
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION harm_on_departure();

CREATE FUNCTION harm_on_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM harm_departure(NEW.account_id, NEW.departure_id); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER harm_line AFTER INSERT ON order_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION harm_on_line();

CREATE FUNCTION harm_on_pool() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM pool_start p WHERE p.account_id = NEW.account_id AND p.pool_id = NEW.pool_id
        AND p.start_at = NEW.start_at AND p.taken > p.capacity)
    THEN INSERT INTO harm_log VALUES ('pool', NEW.start_at::text); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER harm_pool AFTER UPDATE ON pool_start
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION harm_on_pool();

CREATE TABLE hold_made (transaction BIGINT NOT NULL, cart_id TEXT NOT NULL, departure_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL);
CREATE FUNCTION note_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hold_made VALUES (txid_current(), NEW.cart_id, NEW.departure_id, NEW.expires_at);
    RETURN NULL;
END $$;
CREATE TRIGGER hold_made AFTER INSERT ON hold FOR EACH ROW EXECUTE FUNCTION note_hold();

CREATE FUNCTION harm_on_sold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM cart c WHERE c.account_id = OLD.account_id AND c.id = OLD.cart_id
        AND c.status = 'ordered' AND OLD.expires_at <= c.modified_at
        AND NOT EXISTS (SELECT 1 FROM hold_made m WHERE m.transaction = txid_current() AND m.cart_id = c.id
            AND m.departure_id = OLD.departure_id AND m.expires_at > c.modified_at))
    THEN INSERT INTO harm_log VALUES ('expired', OLD.cart_id); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER harm_sold AFTER DELETE ON hold
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION harm_on_sold();
"""


async def install(database: Database, *, drop: Collection[str] = ()) -> None:
    """Create the log and the triggers, and drop some of the schema's own CHECKs (see `CHECKS`)."""
    if isinstance(database, SqliteDatabase):
        _install_sqlite(database, drop)
        return

    async def run(tx: Tx) -> None:
        for name in drop:
            await tx.execute(f"ALTER TABLE {CHECKS[name]} DROP CONSTRAINT {name}")
        await tx.execute(_POSTGRES)

    await database.write(run)


def _install_sqlite(database: SqliteDatabase, drop: Collection[str]) -> None:
    connection = sqlite3.connect(database.path)
    connection.executescript(_SQLITE)
    connection.execute("PRAGMA writable_schema = ON")
    for name in drop:
        change = "UPDATE sqlite_schema SET sql = replace(sql, 'taken <= capacity', 'TRUE') WHERE name = ?"
        connection.execute(change, (CHECKS[name],))
    connection.commit()
    connection.close()


async def harms(database: Database) -> dict[str, int]:
    """Return how often each kind of harm was committed."""

    async def run(tx: ReadTx) -> dict[str, int]:
        rows = await tx.rows("SELECT kind, COUNT(*) AS times FROM harm_log GROUP BY kind")
        return {row["kind"]: row["times"] for row in rows}

    return await database.read(run)
