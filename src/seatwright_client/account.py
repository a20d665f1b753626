"""The caller's account: itself, its users and keys, who resells for it, and what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, get, given, path, query_text, several, write

_ACCOUNT, _USERS, _CONNECTIONS = f"{MANAGE}/account", f"{MANAGE}/users", f"{MANAGE}/connections"
_KEYS, _INVITATIONS = f"{MANAGE}/keys", f"{MANAGE}/invitations"


class Phone(Shape, frozen=True, kw_only=True):
    """A phone number, and what kind it is, such as "office"."""

    number: str
    type: str = ""


class Business(Shape, frozen=True, kw_only=True):
    """How a business can be reached; an empty text is not known."""

    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    website: str = ""
    email: str = ""
    phones: tuple[Phone, ...] = ()


class Account(Shape, frozen=True, kw_only=True):
    """An account as its users see it."""

    id: str
    code: str
    name: str
    email: str
    currency: str
    time_zone: str
    policy_code: str | None = None
    language: str = "en"
    business: Business = Business()
    created_date: dt.datetime


class User(Shape, frozen=True, kw_only=True):
    """A user of the account. `permissions` are those of the role, or the single ones that were given."""

    id: str
    email: str
    alternative_id: str | None = None
    name: str
    role: str | None = None
    permissions: tuple[str, ...]
    active: bool
    created_date: dt.datetime


class Session(Shape, frozen=True, kw_only=True):
    """A browser that a user has signed in to the desk with. `last_seen_date` is exact to a minute."""

    id: str
    browser: str
    created_date: dt.datetime
    last_seen_date: dt.datetime


class Invitation(Shape, frozen=True, kw_only=True):
    """An invitation to become a user. `status` is waiting, accepted, revoked or expired."""

    id: str
    email: str
    role: str | None = None
    permissions: tuple[str, ...]
    language: str
    status: str
    invited_by: str
    created_date: dt.datetime
    expires_date: dt.datetime


class ApiKey(Shape, frozen=True, kw_only=True):
    """A key of an integration's own, which is never shown again. `last_used_date` is exact to an hour."""

    id: str
    name: str
    permissions: tuple[str, ...]
    created_date: dt.datetime
    expires_date: dt.datetime | None = None
    revoked_date: dt.datetime | None = None
    last_used_date: dt.datetime | None = None


class NewApiKey(ApiKey, frozen=True, kw_only=True):
    """A new key with the key itself, which is shown only this once."""

    apikey: str

    def __repr__(self) -> str:
        """Return it without the key itself."""
        return f"NewApiKey(id={self.id!r}, name={self.name!r})"


class Connection(Shape, frozen=True, kw_only=True):
    """A supplier that lets a reseller sell. `terms` has the wire's names; the server's documentation describes it."""

    supplier_id: str
    supplier_name: str
    reseller_id: str
    reseller_name: str
    active: bool
    supplier_orders: bool = False
    created_date: dt.datetime
    terms: dict[str, Any] = msgspec.field(default_factory=dict)


class AuditEvent(Shape, frozen=True, kw_only=True):
    """An entry of the audit log. `actor` is a user's id, the id of a key that a program signed in with, or `system`."""

    id: str
    date: dt.datetime
    actor: str
    action: str
    subject_id: str
    detail: Any = None


class _Key(Shape, frozen=True, kw_only=True):
    apikey: str


class _Removed(Shape, frozen=True, kw_only=True):
    removed: bool


class _Ended(Shape, frozen=True, kw_only=True):
    ended: int


class Changes(Shape, frozen=True, kw_only=True):
    """A number that grows whenever something of the account changes."""

    sequence: int


_account, _user, _connection = enveloped(Account), enveloped(User), enveloped(Connection)
_api_key, _new_key = enveloped(ApiKey), enveloped(NewApiKey)
_invitation, _session = enveloped(Invitation), enveloped(Session)
_Users: TypeAlias = list[User]
_Sessions: TypeAlias = list[Session]
_Invitations: TypeAlias = list[Invitation]
_Keys: TypeAlias = list[ApiKey]
_Connections: TypeAlias = list[Connection]
_Events: TypeAlias = list[AuditEvent]


class AccountCalls(Resource[Mode]):
    """`client.account`."""

    @operation
    def changes(self) -> Request[Changes]:
        """Return a number that grows whenever departures, seats, orders, notes, tags or the catalog change."""
        return get(f"{MANAGE}/changes", enveloped(Changes))

    @operation
    def read(self) -> Request[Account]:
        """Return the caller's own account."""
        return get(_ACCOUNT, _account)

    @operation
    def change(
        self,
        *,
        name: str | None = None,
        email: str | None = None,
        currency: str | None = None,
        time_zone: str | None = None,
        policy_code: str | None = None,
        language: str | None = None,
        business: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Account]:
        """Change what is given. An empty `policy_code` removes the account's policy; `business` has the wire's names
        (`{"city": "Moab", "phones": [{"type": "office", "number": "…"}]}`), of which those left out stay."""
        body = given(
            name=name,
            email=email,
            currency=currency,
            time_zone=time_zone,
            policy_code=policy_code,
            language=language,
            business=business,
        )
        return write("PATCH", _ACCOUNT, _account, key=idempotency_key, body=body)

    @operation
    def reset_key(self) -> Request[str]:
        """Return a new API key, this once; the old one and all tokens for it end at once.

        It is not repeated if the server may have done it, because the server keeps no copy of the answer. After it,
        make a new client: one with the old key doesn't work any more.
        """
        return write("POST", f"{_ACCOUNT}/key", _apikey)


class Users(Resource[Mode]):
    """`client.users`."""

    @operation
    def list(self, *, limit: int = 200, page: int = 0) -> Request[_Users]:
        """Return a page of the account's users, oldest first."""
        return get(_USERS, enveloped(_Users), {"limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def create(
        self,
        email: str,
        name: str,
        *,
        role: str | None = None,
        permissions: Iterable[str] | None = None,
        alternative_id: str | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[User]:
        """Make a user with a role (`owner`, `manager`, `front_desk`, `guide`, `accountant`) or with these permissions,
        and without a password unless one is given.
        """
        body = given(
            email=email,
            name=name,
            role=role,
            permissions=several(permissions),
            alternative_id=alternative_id,
            password=password,
        )
        return write("POST", _USERS, _user, key=idempotency_key, body=body)

    @operation
    def change(
        self,
        user_id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        role: str | None = None,
        permissions: Iterable[str] | None = None,
        alternative_id: str | None = None,
        active: bool | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[User]:
        """Change what is given. A new password, or `active` False, ends all tokens of the user."""
        body = given(
            email=email,
            name=name,
            role=role,
            permissions=several(permissions),
            alternative_id=alternative_id,
            active=active,
            password=password,
        )
        return write("PATCH", path(_USERS, user_id), _user, key=idempotency_key, body=body)

    @operation
    def sessions(self, user_id: str) -> Request[_Sessions]:
        """Return the browsers in which a user is signed in to the desk, newest first."""
        return get(path(_USERS, user_id, "sessions"), enveloped(_Sessions))

    @operation
    def end_session(self, user_id: str, session_id: str, *, idempotency_key: str | None = None) -> Request[Session]:
        """Sign a user out of one browser."""
        return write("DELETE", path(_USERS, user_id, "sessions", session_id), _session, key=idempotency_key)

    @operation
    def end_sessions(self, user_id: str, *, idempotency_key: str | None = None) -> Request[int]:
        """Sign a user out of all browsers; return of how many."""
        return write("DELETE", path(_USERS, user_id, "sessions"), _ended, key=idempotency_key)

    @operation
    def remove_second_factor(self, user_id: str, *, idempotency_key: str | None = None) -> Request[bool]:
        """Let a user who has lost the app sign in without a second step; return whether there was one."""
        return write("DELETE", path(_USERS, user_id, "second-factor"), _removed, key=idempotency_key)


class Invitations(Resource[Mode]):
    """`client.invitations`: people who are invited by mail to become users."""

    @operation
    def list(self, *, limit: int = 200, page: int = 0) -> Request[_Invitations]:
        """Return a page of the account's invitations, newest first, those that are over too."""
        return get(_INVITATIONS, enveloped(_Invitations), {"limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def create(
        self,
        email: str,
        *,
        role: str | None = None,
        permissions: Iterable[str] | None = None,
        language: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Invitation]:
        """Invite somebody by mail, with a role or permissions; the mail is in the account's language by default."""
        body = given(email=email, role=role, permissions=several(permissions), language=language)
        return write("POST", _INVITATIONS, _invitation, key=idempotency_key, body=body)

    @operation
    def revoke(self, invitation_id: str, *, idempotency_key: str | None = None) -> Request[Invitation]:
        """End an invitation, so that its link opens nothing."""
        return write("DELETE", path(_INVITATIONS, invitation_id), _invitation, key=idempotency_key)


class Keys(Resource[Mode]):
    """`client.keys`: keys of integrations, beside the account's own (`client.account.reset_key`)."""

    @operation
    def list(self, *, limit: int = 200, page: int = 0) -> Request[_Keys]:
        """Return a page of the account's keys, oldest first, those that were revoked too."""
        return get(_KEYS, enveloped(_Keys), {"limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def create(
        self, name: str, *, permissions: Iterable[str], expires_date: dt.date | str | None = None
    ) -> Request[NewApiKey]:
        """Make a key, which is shown this once. `expires_date` is its last day in the account's time zone, or a time.

        Never sent again once the server may have taken it: see `account.reset_key`.
        """
        body = given(name=name, permissions=several(permissions))
        if expires_date is not None:
            body["expiresDate"] = query_text(expires_date)
        return write("POST", _KEYS, _new_key, body=body)

    @operation
    def revoke(self, key_id: str, *, idempotency_key: str | None = None) -> Request[ApiKey]:
        """End a key, and all tokens that were given for it, at once."""
        return write("DELETE", path(_KEYS, key_id), _api_key, key=idempotency_key)


class Connections(Resource[Mode]):
    """`client.connections`: suppliers and resellers."""

    @operation
    def list(self, *, limit: int = 200, page: int = 0) -> Request[_Connections]:
        """Return a page of the connections in which the account is the supplier or the reseller, oldest first."""
        return get(_CONNECTIONS, enveloped(_Connections), {"limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def create(
        self, reseller_id: str, *, terms: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> Request[Connection]:
        """Let an account sell for the caller's, on terms such as `{"type": "commission", "rate": {"percent": 15}}`."""
        body = given(reseller_id=reseller_id, terms=terms)
        return write("POST", _CONNECTIONS, _connection, key=idempotency_key, body=body)

    @operation
    def change(
        self,
        reseller_id: str,
        *,
        active: bool | None = None,
        terms: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Connection]:
        """Open or close a connection, or give it other terms in place of those that were there."""
        body = given(active=active, terms=terms)
        return write("PATCH", path(_CONNECTIONS, reseller_id), _connection, key=idempotency_key, body=body)

    @operation
    def allow_supplier_orders(
        self, supplier_id: str, *, allowed: bool, idempotency_key: str | None = None
    ) -> Request[Connection]:
        """As the reseller, let a supplier order in the account's name, or not any more."""
        where = path(_CONNECTIONS, supplier_id, "supplier-orders")
        return write("PUT", where, _connection, key=idempotency_key, body={"allowed": allowed})


class Audit(Resource[Mode]):
    """`client.audit`."""

    @operation
    def list(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        from_: dt.date | str | None = None,
        to: dt.date | str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> Request[_Events]:
        """Return what was done in the account, newest first; `before` is the last event's id of the page before."""
        asked = {"actor": actor, "action": action, "from": from_, "to": to, "before": before, "limit": limit}
        return get(f"{MANAGE}/audit", enveloped(_Events), asked)

    @operation
    def history(self, subject_id: str) -> Request[_Events]:
        """Return what happened to an order, cart, user, key or connection: the newest 200 events, oldest first."""
        return get(path(f"{MANAGE}/audit", subject_id), enveloped(_Events))


def _ended(body: bytes) -> int:
    return enveloped(_Ended)(body).ended


def _removed(body: bytes) -> bool:
    return enveloped(_Removed)(body).removed


def _apikey(body: bytes) -> str:
    return enveloped(_Key)(body).apikey
