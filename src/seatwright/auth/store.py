"""SQL for accounts and users."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from seatwright.auth.business import Business
from seatwright.auth.model import Account, User
from seatwright.auth.roles import parse_permissions, read_words, write_words
from seatwright.storage.engine import ReadTx, Row, Tx

MAX_CANDIDATES = 20
"""Users that may share a name (in different accounts) and still all be tried at authentication."""

_ACCOUNT = """
SELECT id, code, name, email, currency, time_zone, policy_code, key_generation, created_at, language, business
FROM account
"""
_USER = "SELECT account_id, id, email, alternative_id, name, role, permissions, active, created_at FROM app_user"


CALLER_NAMES = (
    "caller_name",
    "caller_email",
    "caller_permissions",
    "caller_active",
    "caller_generation",
    "caller_key_generation",
    "caller_key_name",
    "caller_key_permissions",
)


def select_caller(account: int, user: int, key: int | None = None) -> str:
    """Return the query for what a request needs to know about its user and account, and about the integration's key
    with which it signed in, given the numbers of its parameters. The last two columns are NULL without a valid key.
    """
    columns = "CAST(NULL AS TEXT) AS caller_key_name, CAST(NULL AS TEXT) AS caller_key_permissions"
    join = ""
    if key is not None:
        columns = "k.name AS caller_key_name, k.permissions AS caller_key_permissions"
        join = f"LEFT JOIN api_key k ON k.account_id = u.account_id AND k.id = ${key} AND k.revoked_at IS NULL"
    return f"""
        SELECT u.name AS caller_name, u.email AS caller_email, COALESCE(u.role, u.permissions) AS caller_permissions,
            u.active AS caller_active, u.generation AS caller_generation, a.key_generation AS caller_key_generation,
            {columns}
        FROM app_user u JOIN account a ON a.id = u.account_id {join}
        WHERE u.account_id = ${account} AND u.id = ${user}
    """  # noqa: S608 - constants and numbers


_SELECT_CALLER, _SELECT_CALLER_WITH_KEY = select_caller(1, 2), select_caller(1, 2, 3)


async def caller_row(tx: ReadTx, account_id: str, user_id: str, key_id: str | None) -> Row | None:
    """Return what a request needs to know about its caller, `CALLER_NAMES`, in one query."""
    if key_id is None:
        return await tx.row(_SELECT_CALLER, account_id, user_id)
    return await tx.row(_SELECT_CALLER_WITH_KEY, account_id, user_id, key_id)


async def candidates(tx: ReadTx, username: str, key_id: str = "") -> Sequence[Row]:
    """Return the active users, of any account, that `username` (e-mail in lower case, or alternative id) may mean, each
    with its account's key, and with the key `key_id` of that account's, if there is one that isn't revoked."""
    return await tx.rows(
        """
        SELECT u.account_id, u.id, COALESCE(u.role, u.permissions) AS permissions, u.password_hash, u.generation,
            a.key_hash, a.key_generation, f.confirmed_at AS second_step_since,
            k.key_hash AS own_key_hash, k.expires_at AS own_key_expires_at
        FROM app_user u JOIN account a ON a.id = u.account_id
        LEFT JOIN api_key k ON k.account_id = u.account_id AND k.id = $4 AND k.revoked_at IS NULL
        LEFT JOIN second_factor f ON f.account_id = u.account_id AND f.user_id = u.id
        WHERE (u.email = $1 OR u.alternative_id = $2) AND u.active ORDER BY u.created_at, u.account_id LIMIT $3
        """,
        username.lower(),
        username,
        MAX_CANDIDATES,
        key_id,
    )


async def account(tx: ReadTx, account_id: str) -> Account | None:
    """Return an account by id."""
    row = await tx.row(f"{_ACCOUNT} WHERE id = $1", account_id)
    return _account(row) if row else None


async def account_by_code(tx: ReadTx, code: str) -> Account | None:
    """Return an account by its code."""
    row = await tx.row(f"{_ACCOUNT} WHERE code = $1", code)
    return _account(row) if row else None


async def accounts(tx: ReadTx) -> list[Account]:
    """Return all accounts of the server, by code. For the operator of the server; a request sees only its own."""
    return [_account(row) for row in await tx.rows(f'{_ACCOUNT} ORDER BY code COLLATE "C"')]


async def first_codes(tx: ReadTx, limit: int) -> list[str]:
    """Return the codes of up to `limit` accounts of the server, the oldest first."""
    rows = await tx.rows('SELECT code FROM account ORDER BY created_at, code COLLATE "C" LIMIT $1', limit)
    return [row["code"] for row in rows]


async def accounts_with_ids(tx: ReadTx, ids: Sequence[str]) -> list[Account]:
    """Return accounts by their ids, which come from things that the caller may see."""
    return [_account(row) for row in await tx.rows(f"{_ACCOUNT} WHERE id = ANY($1)", list(ids))]


async def lock_account(tx: Tx, account_id: str) -> Account | None:
    """Return an account by id, its row locked, so that changes of users and keys come one after the other."""
    row = await tx.row(f"{_ACCOUNT} WHERE id = $1 FOR UPDATE", account_id)
    return _account(row) if row else None


async def insert_account(tx: Tx, new: Account, key_hash: str) -> None:
    """Write a new account. Raises `ConstraintViolation` if its code is taken."""
    await tx.execute(
        """
        INSERT INTO account
            (id, code, name, email, currency, time_zone, policy_code, key_hash, key_generation, created_at, language,
            business)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        new.id,
        new.code,
        new.name,
        new.email,
        new.currency,
        new.time_zone,
        new.policy_code,
        key_hash,
        new.key_generation,
        new.created_at,
        new.language,
        _encode(new.business),
    )
    await tx.execute("INSERT INTO account_counter (account_id) VALUES ($1)", new.id)


async def update_account(tx: Tx, changed: Account) -> None:
    """Write the changeable fields of an account. The catalog contains some of them, so every process reads it again."""
    await tx.execute(
        """
        UPDATE account SET name = $2, email = $3, currency = $4, time_zone = $5, policy_code = $6,
            language = $7, business = $8, catalog_version = catalog_version + $9 WHERE id = $1
        """,
        changed.id,
        changed.name,
        changed.email,
        changed.currency,
        changed.time_zone,
        changed.policy_code,
        changed.language,
        _encode(changed.business),
        1 + secrets.randbelow(2**31),  # never the same step twice: see `catalog.store.touch`
    )


async def has_sales(tx: ReadTx, account_id: str) -> bool:
    """Tell whether there is an order or an open cart that this account sells in."""
    row = await tx.row(
        """
        SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM order_view WHERE account_id = $1)
            OR EXISTS (SELECT 1 FROM orders WHERE account_id = $1)
            OR EXISTS (SELECT 1 FROM cart WHERE account_id = $1)
        """,
        account_id,
    )
    return row is not None


async def has_catalog(tx: ReadTx, account_id: str) -> bool:
    """Tell whether the account has anything in its catalog."""
    return await tx.row("SELECT 1 AS found FROM catalog_entry WHERE account_id = $1 LIMIT 1", account_id) is not None


async def replace_key(tx: Tx, account_id: str, key_hash: str) -> bool:
    """Put a new key's hash in place of the old one's, and begin a new generation of its tokens."""
    return bool(
        await tx.execute(
            "UPDATE account SET key_hash = $2, key_generation = key_generation + 1 WHERE id = $1", account_id, key_hash
        )
    )


async def users(tx: ReadTx, account_id: str, *, limit: int, offset: int) -> list[User]:
    """Return users of an account, oldest first."""
    found = await tx.rows(
        f"{_USER} WHERE account_id = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3", account_id, limit, offset
    )
    return [_user(row) for row in found]


async def user(tx: ReadTx, account_id: str, user_id: str) -> User | None:
    """Return a user of an account."""
    row = await tx.row(f"{_USER} WHERE account_id = $1 AND id = $2", account_id, user_id)
    return _user(row) if row else None


async def users_with_ids(tx: ReadTx, account_id: str, ids: Sequence[str]) -> list[User]:
    """Return the users of an account that have one of these ids."""
    found = await tx.rows(f"{_USER} WHERE account_id = $1 AND id = ANY($2)", account_id, list(ids))
    return [_user(row) for row in found]


async def other_owners(tx: ReadTx, account_id: str, user_id: str) -> bool:
    """Tell whether another active user may do all that an owner may do with users."""
    found = await tx.rows(
        """
        SELECT COALESCE(role, permissions) AS permissions FROM app_user
        WHERE account_id = $1 AND id <> $2 AND active
        """,
        account_id,
        user_id,
    )
    return any("owners.write" in parse_permissions(row["permissions"]) for row in found)


async def email_taken(tx: ReadTx, account_id: str, email: str) -> bool:
    """Tell whether a user of the account has this e-mail."""
    row = await tx.row("SELECT 1 AS found FROM app_user WHERE account_id = $1 AND email = $2", account_id, email)
    return row is not None


async def insert_user(tx: Tx, new: User, password_hash: str | None) -> None:
    """Write a new user. Raises `ConstraintViolation` if the e-mail or alternative id is taken in the account."""
    await tx.execute(
        """
        INSERT INTO app_user
            (account_id, id, email, alternative_id, name, password_hash, role, permissions, active, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        new.account_id,
        new.id,
        new.email,
        new.alternative_id,
        new.name,
        password_hash,
        new.role,
        write_words(new.permissions),
        new.active,
        new.created_at,
    )


async def update_user(tx: Tx, changed: User, password_hash: str | None, *, ends_tokens: bool) -> None:
    """Write a changed user; without a `password_hash` the password stays. Raises `ConstraintViolation`."""
    await tx.execute(
        """
        UPDATE app_user SET email = $3, alternative_id = $4, name = $5, role = $6, permissions = $7, active = $8,
            password_hash = COALESCE($9, password_hash), generation = generation + $10
        WHERE account_id = $1 AND id = $2
        """,
        changed.account_id,
        changed.id,
        changed.email,
        changed.alternative_id,
        changed.name,
        changed.role,
        write_words(changed.permissions),
        changed.active,
        password_hash,
        int(ends_tokens),
    )


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        code=row["code"],
        name=row["name"],
        email=row["email"],
        currency=row["currency"],
        time_zone=row["time_zone"],
        policy_code=row["policy_code"],
        key_generation=row["key_generation"],
        created_at=row["created_at"],
        language=row["language"],
        business=msgspec.json.decode(row["business"], type=Business),
    )


def _encode(business: Business) -> str:
    return msgspec.json.encode(business).decode()


def _user(row: Row) -> User:
    return User(
        account_id=row["account_id"],
        id=row["id"],
        email=row["email"],
        alternative_id=row["alternative_id"],
        name=row["name"],
        role=row["role"],
        permissions=read_words(row["permissions"]),
        active=bool(row["active"]),
        created_at=row["created_at"],
    )
