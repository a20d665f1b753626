"""Every route: who may use it, and whose things its address names. The matrix tests every line of this.

A route that is added to the program and not here fails `test_matrix.py`, and so does one that is here only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from seatwright.setup.document import FORMS, PLURALS

OPEN: tuple[str, ...] = ("open",)
"""`needs` of a route that wants no token."""
ANYONE: tuple[str, ...] = ()
"""`needs` of a route for any user of the account, whatever their permissions."""


class Route(NamedTuple):
    """A route.

    `needs` are the permissions that the user must have, all of them. `ids` are the things that the `{…}` of the
    address name, in order, as `world.Side` makes them; another account's is a 404, and so is an own one that belongs
    to something else. `body` is one that works; in it `<thing>` stands for a thing's id, of which the same is true.
    `query` is what has to be asked for besides.
    """

    method: str
    path: str
    needs: tuple[str, ...]
    ids: tuple[str, ...] = ()
    body: Any = None
    query: str = ""

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


READ, WRITE, CANCEL, REPORTS = ("orders.read",), ("orders.write",), ("orders.cancel",), ("reports.read",)
ACCOUNT, USERS, KEYS, AUDIT = ("account.write",), ("users.write",), ("keys.write",), ("audit.read",)
CATALOG, DEPARTURES, DEPARTURE_LISTS = ("catalog.write",), ("departures.write",), ("departures.read",)
CONNECTIONS, WEBHOOKS = ("connections.write",), ("webhooks.write",)
MESSAGES, MAILING = ("messages.read",), ("mailing.write",)
PAY, REFUND = ("payments.write",), ("payments.refund",)
ADD = {"itemId": "<departure>", "participants": {"Adult": 1}}
CUSTOMER = {"firstName": "Ann", "email": "ann@lee.example"}
NEW_DEPARTURE = {"start": "2026-08-01T09:00", "durationMin": 60, "capacity": 5}
DAILY = {"from": "2026-08-02", "to": "2026-08-03", "times": ["09:00"], "durationMin": 60, "capacity": 5}
MONEY = {"amount": 1, "method": "cash"}
CHECK_IN = {
    "id": "fresh-one",
    "at": "2026-07-01T16:00:00Z",
    "orderId": "1",
    "departureId": "no-departure",
    "guestId": "nobody",
}
NEW_USER = {"email": "<fresh>@x.example", "name": "Bo", "permissions": ["users.write"]}

FIXED = [
    Route("GET", "/healthz", OPEN),
    Route("GET", "/readyz", OPEN),
    Route("GET", "/openapi.json", OPEN),
    Route("GET", "/openapi.yaml", OPEN),
    Route("GET", "/docs", OPEN),
    Route("GET", "/docs/static/{version}/{name}", OPEN, ("reference_version", "reference_file")),
    Route("POST", "/public/api/authenticate", OPEN, (), {"username": "<username>", "apikey": "<apikey>"}),
    Route("GET", "/public/api/login", OPEN),
    Route("POST", "/public/api/login", OPEN, (), {"username": "<username>", "password": "<password>"}),
    Route("GET", "/my/style.css", OPEN),
    Route("GET", "/my/{token}", OPEN, ("link",)),
    Route("GET", "/my/{token}/calendar.ics", OPEN, ("link",)),
    Route("GET", "/my/{token}/cancel", OPEN, ("link",)),
    Route("POST", "/my/{token}/cancel", OPEN, ("link",)),
    Route("POST", "/my/{token}/unsubscribe", OPEN, ("link",)),
    Route("GET", "/public/api/product", ANYONE),
    Route("GET", "/public/api/product/{search_term}", ANYONE, ("product_id",)),
    Route("GET", "/public/api/product/{search_term}/item", ANYONE, ("product_id",)),
    Route("GET", "/public/api/product/{search_term}/pickup", ANYONE, ("product_id",)),
    Route("GET", "/public/api/cart", READ),
    Route("POST", "/public/api/cart", WRITE),
    Route("GET", "/public/api/cart/{cart_id}", READ, ("cart",)),
    Route("DELETE", "/public/api/cart/{cart_id}", WRITE, ("cart",)),
    Route("POST", "/public/api/cart/{cart_id}/item", WRITE, ("cart",), ADD),
    Route("DELETE", "/public/api/cart/{cart_id}/item/{item_id}", WRITE, ("cart", "departure")),
    Route("PUT", "/public/api/cart/{cart_id}/customer", WRITE, ("cart",), CUSTOMER),
    Route("POST", "/public/api/cart/{cart_id}/discount", WRITE, ("cart",), {"code": "<discount>"}),
    Route("DELETE", "/public/api/cart/{cart_id}/discount", WRITE, ("cart",)),
    Route("GET", "/public/api/order", READ),
    Route("POST", "/public/api/order", WRITE, (), {"id": "<cart>"}),
    Route("GET", "/public/api/order/{order_id}", READ, ("order",)),
    Route("DELETE", "/public/api/order/{order_id}", CANCEL, ("order",)),
    Route("DELETE", "/public/api/order/{order_id}/item/{item_id}", CANCEL, ("order", "departure")),
    Route(
        "DELETE",
        "/public/api/order/{order_id}/item/{item_id}/participant/{participant_id}",
        CANCEL,
        ("order", "departure", "participant"),
    ),
    Route("DELETE", "/public/api/order/{order_id}/item/{item_id}/unit/{unit_id}", CANCEL, ("order", "rental", "unit")),
    Route("GET", "/public/api/report/accrual/transactionDate", READ),
    Route("GET", "/public/api/report/order/transactionDate", READ, (), None, "?from=2026-07-01&to=2026-07-31"),
    Route("GET", "/public/api/tag", ANYONE),
    Route("GET", "/public/api/agency/{user_id}", READ, ("agent",)),
    Route("GET", "/public/api/agency/{agency_id}/agencyInfo", READ, ("reseller",)),
    Route("GET", "/api/v1/account", ANYONE),
    Route("PATCH", "/api/v1/account", ACCOUNT, (), {"name": "Renamed"}),
    Route("POST", "/api/v1/account/key", KEYS),
    Route("GET", "/api/v1/changes", ANYONE),
    Route("GET", "/api/v1/users", USERS),
    Route("POST", "/api/v1/users", USERS, (), NEW_USER),
    Route("PATCH", "/api/v1/users/{user_id}", USERS, ("clerk",), {"name": "Bo"}),
    Route("GET", "/api/v1/users/{user_id}/sessions", USERS, ("clerk",)),
    Route("DELETE", "/api/v1/users/{user_id}/sessions", USERS, ("clerk",)),
    Route("DELETE", "/api/v1/users/{user_id}/sessions/{session_id}", USERS, ("desk_clerk", "session")),
    Route("DELETE", "/api/v1/users/{user_id}/second-factor", USERS, ("clerk",)),
    Route("GET", "/api/v1/invitations", USERS),
    Route("POST", "/api/v1/invitations", USERS, (), {"email": "<fresh>@x.example", "permissions": ["users.write"]}),
    Route("DELETE", "/api/v1/invitations/{invitation_id}", USERS, ("invitation",)),
    Route("GET", "/api/v1/keys", KEYS),
    Route("POST", "/api/v1/keys", KEYS, (), {"name": "<fresh>", "permissions": ["orders.read"]}),
    Route("DELETE", "/api/v1/keys/{key_id}", KEYS, ("key",)),
    Route("GET", "/api/v1/webhooks", WEBHOOKS),
    Route("POST", "/api/v1/webhooks", WEBHOOKS, (), {"url": "https://<fresh>.example/"}),
    Route("GET", "/api/v1/webhooks/{webhook_id}", WEBHOOKS, ("webhook",)),
    Route("PATCH", "/api/v1/webhooks/{webhook_id}", WEBHOOKS, ("webhook",), {"events": ["order.created"]}),
    Route("DELETE", "/api/v1/webhooks/{webhook_id}", WEBHOOKS, ("old_webhook",)),
    Route("POST", "/api/v1/webhooks/{webhook_id}/secret", WEBHOOKS, ("webhook",), {"graceHours": 1}),
    Route("POST", "/api/v1/webhooks/{webhook_id}/test", WEBHOOKS, ("webhook",)),
    Route("GET", "/api/v1/webhooks/{webhook_id}/deliveries", WEBHOOKS, ("webhook",)),
    Route("POST", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry", WEBHOOKS, ("webhook", "call")),
    Route("POST", "/api/v1/webhooks/{webhook_id}/deliveries/retry", WEBHOOKS, ("webhook",)),
    Route("GET", "/api/v1/messages", MESSAGES),
    Route("GET", "/api/v1/messages/untold", MESSAGES),
    Route("GET", "/api/v1/messages/{message_id}", MESSAGES, ("message",)),
    Route("POST", "/api/v1/messages/{message_id}/resend", ("messages.write",), ("sent_message",)),
    Route("POST", "/api/v1/messages/{message_id}/retry", ("messages.write",), ("message",)),
    Route("GET", "/api/v1/mailing-refusals", MAILING),
    Route("POST", "/api/v1/mailing-refusals", WRITE, (), {"email": "<fresh>@x.example"}),
    Route("DELETE", "/api/v1/mailing-refusals/{refusal_id}", MAILING, ("refusal",)),
    Route("GET", "/api/v1/connections", ANYONE),
    Route("POST", "/api/v1/connections", CONNECTIONS, (), {"resellerId": "<stranger>"}),
    Route("PATCH", "/api/v1/connections/{reseller_id}", CONNECTIONS, ("reseller",), {"active": True}),
    Route("PUT", "/api/v1/connections/{supplier_id}/supplier-orders", CONNECTIONS, ("supplier",), {"allowed": True}),
    Route("GET", "/api/v1/audit", AUDIT),
    Route("GET", "/api/v1/audit/{subject_id}", AUDIT, ("order",)),
    Route(
        "POST",
        "/api/v1/import",
        ("catalog.write", "departures.write"),
        (),
        {"tags": [{"code": "<fresh>", "name": "T"}]},
    ),
    Route("GET", "/api/v1/products/{code}/departures", DEPARTURE_LISTS, ("product",)),
    Route("POST", "/api/v1/products/{code}/departures", DEPARTURES, ("product",), NEW_DEPARTURE),
    Route("POST", "/api/v1/products/{code}/departures/recurring", DEPARTURES, ("product",), DAILY),
    Route("GET", "/api/v1/departures", DEPARTURE_LISTS, (), None, "?from=2026-07-01"),
    Route("GET", "/api/v1/departures/{departure_id}", DEPARTURE_LISTS, ("departure",)),
    Route("PATCH", "/api/v1/departures/{departure_id}", DEPARTURES, ("departure",), {"capacity": 4_000}),
    Route("DELETE", "/api/v1/departures/{departure_id}", DEPARTURES, ("unsold",)),
    Route("GET", "/api/v1/departures/{departure_id}/manifest", ("manifests.read",), ("departure",)),
    Route("GET", "/api/v1/carts/{cart_id}/holds", READ, ("cart",)),
    Route("POST", "/api/v1/carts/{cart_id}/extend", WRITE, ("cart",)),
    Route("GET", "/api/v1/carts/{cart_id}/deposit", READ, ("cart",)),
    Route(
        "POST",
        "/api/v1/departures/{departure_id}/jobs",
        ("orders.write", "orders.cancel", "cancellation_fee.edit"),
        ("unsold",),
        {"kind": "cancel", "orders": 0},
    ),
    Route("GET", "/api/v1/departures/{departure_id}/jobs", READ, ("departure",)),
    Route("GET", "/api/v1/departure-jobs", READ),
    Route("GET", "/api/v1/departure-jobs/{job_id}", READ, ("job",)),
    Route("GET", "/api/v1/reports/sales", REPORTS),
    Route("GET", "/api/v1/reports/drawers", ("transactions.read",)),
    Route("GET", "/api/v1/reports/transactions", ("transactions.read",), (), None, "?from=2026-07-01&to=2026-07-31"),
    Route("GET", "/api/v1/reports/payables", REPORTS),
    Route("GET", "/api/v1/reports/receivables", REPORTS),
    Route("GET", "/api/v1/reports/mailing-list", MAILING),
    Route(
        "PUT",
        "/api/v1/orders/{order_id}/lines/{line_id}/cancellation-fee",
        ("orders.cancel", "cancellation_fee.edit"),
        ("order", "cancelled"),
        {"amount": 1},
    ),
    Route("GET", "/api/v1/orders/{order_id}/customer-link", READ, ("order",)),
    Route("DELETE", "/api/v1/orders/{order_id}/customer-link", WRITE, ("order",)),
    Route("GET", "/api/v1/orders", READ),
    Route("GET", "/api/v1/customers", READ),
    Route("GET", "/api/v1/customers/{customer_id}", READ, ("customer",)),
    *(
        route
        for path, thing, read in (
            ("/api/v1/orders/{order_id}", "order", READ),
            ("/api/v1/customers/{customer_id}", "customer", READ),
            ("/api/v1/departures/{departure_id}", "departure", ("departures.read",)),
        )
        for route in (
            Route("GET", f"{path}/notes", read, (thing,)),
            Route("POST", f"{path}/notes", WRITE, (thing,), {"text": "Calls back"}),
            Route("GET", f"{path}/tags", read, (thing,)),
            Route("POST", f"{path}/tags", WRITE, (thing,), {"add": ["<fresh>"]}),
        )
    ),
    Route("GET", "/api/v1/resources", DEPARTURE_LISTS),
    Route("POST", "/api/v1/resources", DEPARTURES, (), {"kind": "boat", "name": "<fresh>"}),
    Route("GET", "/api/v1/resources/{resource_id}", DEPARTURE_LISTS, ("resource",)),
    Route("PATCH", "/api/v1/resources/{resource_id}", DEPARTURES, ("resource",), {"turnaroundMin": 5}),
    Route("GET", "/api/v1/departures/{departure_id}/assignments", DEPARTURE_LISTS, ("departure",)),
    Route(
        "POST",
        "/api/v1/departures/{departure_id}/assignments",
        DEPARTURES,
        ("departure",),
        {"resourceIds": ["<resource>"], "anyway": True},
    ),
    Route(
        "DELETE",
        "/api/v1/departures/{departure_id}/assignments/{resource_id}",
        DEPARTURES,
        ("departure", "resource"),
    ),
    Route("PATCH", "/api/v1/notes/{note_id}", WRITE, ("note",), {"pinned": True}),
    Route("DELETE", "/api/v1/notes/{note_id}", WRITE, ("note",)),
    Route("GET", "/api/v1/tag-counts", READ),
    Route("GET", "/api/v1/orders/{order_id}", READ, ("order",)),
    Route("PATCH", "/api/v1/orders/{order_id}", WRITE, ("order",), {"version": 2, "billing": {"memo": "<fresh>"}}),
    Route("POST", "/api/v1/orders/{order_id}/edit-quote", READ, ("order",), {"version": 2}),
    Route("POST", "/api/v1/orders/{order_id}/confirmation", WRITE, ("order",)),
    Route("GET", "/api/v1/offers", ANYONE),
    Route("GET", "/api/v1/offers/{search_term}", ANYONE, ("product_id",)),
    Route("GET", "/api/v1/orders/changes", READ, (), None, "?modifiedSince=2026-01-01"),
    Route("GET", "/api/v1/orders/pending", READ),
    Route("POST", "/api/v1/orders", WRITE, (), {"cartId": "<cart>", "payments": [MONEY]}),
    Route("GET", "/api/v1/orders/{order_id}/payments", READ, ("order",)),
    Route("GET", "/api/v1/orders/{order_id}/ledger", ("transactions.read",), ("order",)),
    Route(
        "POST",
        "/api/v1/orders/{order_id}/payments",
        ("payments.write",),
        ("order",),
        MONEY | {"allowOverpayment": True},
    ),
    Route("POST", "/api/v1/orders/{order_id}/refunds", REFUND, ("order",), MONEY | {"allowBalance": True}),
    Route(
        "POST",
        "/api/v1/orders/{order_id}/payments/{payment_id}/void",
        REFUND,
        ("order", "payment"),
        {"reason": "Typed wrong"},
    ),
    Route("GET", "/api/v1/orders/{order_id}/cancellation-quote", READ, ("order",)),
    Route(
        "POST",
        "/api/v1/orders/{order_id}/cancel",
        CANCEL,
        ("order",),
        {"lineIds": ["<participant>"], "proof": "<proof>"},
    ),
    Route("POST", "/api/v1/orders/{order_id}/accept", WRITE, ("pending",)),
    Route("POST", "/api/v1/orders/{order_id}/decline", WRITE, ("pending",), {"reason": "The river is too high."}),
    Route("POST", "/api/v1/orders/{order_id}/check-in", WRITE, ("order",), {"ids": ["<participant>"]}),
    Route(
        "POST",
        "/api/v1/orders/{order_id}/move",
        WRITE,
        ("order",),
        {"departureId": "<unsold>", "ids": ["<participant>"], "difference": 0},
    ),
    Route("POST", "/api/v1/orders/{order_id}/no-show", WRITE, ("order",), {"ids": ["<participant>"]}),
    Route("POST", "/api/v1/check-ins", ("checkin.write",), (), {"checkIns": [CHECK_IN]}),
]

NEW_ENTRIES: dict[str, dict[str, Any]] = {
    "location": {},
    "zone": {},
    "pickup": {},
    "tag": {},
    "policy": {},
    "charge": {"kind": "tax", "percent": 5},
    "question": {},
    "discount": {"percent": 10},
    "pool": {"units": 3},
    "product": {"number": 9999, "tiers": {"All": {"price": 10}}, "active": False},
}
"""What a new entry of each kind of the catalog needs beside its code and name."""


def _catalog(kind: str) -> list[Route]:
    path, entry = f"/api/v1/{PLURALS[kind]}", NEW_ENTRIES[kind]
    spare = f"spare_{kind}"
    changed = entry | {"number": 9998} if kind == "product" else entry
    return [
        Route("GET", path, ANYONE),
        Route("POST", path, CATALOG, (), {"code": "<fresh>", "name": "<fresh>", **entry}),
        Route("GET", f"{path}/{{code}}", ANYONE, (kind,)),
        Route("PUT", f"{path}/{{code}}", CATALOG, (spare,), {"code": f"<{spare}>", "name": f"<{spare}>", **changed}),
        Route("DELETE", f"{path}/{{code}}", CATALOG, (spare,)),
    ]


TABLE = [*FIXED, *(route for kind in FORMS for route in _catalog(kind))]

EMPTY_FOR_STRANGERS = frozenset({"GET /api/v1/audit/{subject_id}", "GET /public/api/agency/{user_id}"})
"""Routes where another account's id is answered with an empty list: an unknown thing has no history, and a stranger no
business that the caller is connected to."""

OWNER, MANAGER, DESK, GUIDE, BOOKS = "owner", "manager", "front_desk", "guide", "accountant"
ROLES_WITH: dict[str, tuple[str, ...]] = {
    "orders.read": (OWNER, MANAGER, DESK),
    "orders.write": (OWNER, MANAGER, DESK),
    "orders.cancel": (OWNER, MANAGER, DESK),
    "cancellation_fee.edit": (OWNER, MANAGER),
    "reports.read": (OWNER, MANAGER, BOOKS),
    "api.integration": (OWNER,),
    "settings": (OWNER,),
    "customers.read": (OWNER, MANAGER, DESK),
    "departures.read": (OWNER, MANAGER, DESK, GUIDE),
    "manifests.read": (OWNER, MANAGER, DESK, GUIDE),
    "transactions.read": (OWNER, MANAGER, DESK, BOOKS),
    "checkin.write": (OWNER, MANAGER, DESK, GUIDE),
    "payments.write": (OWNER, MANAGER, DESK),
    "payments.refund": (OWNER, MANAGER),
    "catalog.write": (OWNER, MANAGER),
    "departures.write": (OWNER, MANAGER),
    "account.write": (OWNER, MANAGER),
    "users.write": (OWNER, MANAGER),
    "owners.write": (OWNER,),
    "keys.write": (OWNER,),
    "connections.write": (OWNER, MANAGER),
    "webhooks.write": (OWNER, MANAGER),
    "messages.read": (OWNER, MANAGER),
    "messages.write": (OWNER, MANAGER),
    "mailing.write": (OWNER, MANAGER),
    "audit.read": (OWNER, MANAGER),
}
"""Which roles have a permission; with `TABLE`, who may call each route."""


def may(role: str, route: Route) -> bool:
    """Tell whether somebody with a role may call a route."""
    return route.needs == OPEN or all(role in ROLES_WITH[name] for name in route.needs)
