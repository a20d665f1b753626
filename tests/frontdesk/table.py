"""Every page and form of the desk: who may use it, and whose things its address names.

A route that is added to the program and not here fails `test_matrix.py`, and so does one that is here only.
"""

from __future__ import annotations

from typing import NamedTuple

OPEN: tuple[str, ...] = ("open",)
"""`needs` of a page for people who aren't signed in."""


class Page(NamedTuple):
    """A route under `/desk`, with the permissions that it needs, as in `tests.security.table`.

    `ids` are the things that the `{…}` of its path name; another account's is not found. `form` is what is sent, with
    `<thing>` for a thing's id.
    """

    method: str
    path: str
    needs: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    form: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


DAYS, READ, WRITE = ("departures.read",), ("orders.read",), ("orders.write",)
DEPARTURES = ("departures.write",)
CHECKIN, USERS = ("checkin.write",), ("users.write",)
CANCEL_ALL, START = ("orders.cancel", "cancellation_fee.edit"), (("proof", "x"), ("once", "x"), ("do", "start"))
MONEY = (("amount", "1"), ("method", "cash"))

TABLE = [
    Page("GET", "/desk/static/{version}/{name}", OPEN, ("version", "style")),
    Page("GET", "/desk/sign-in", OPEN),
    Page("POST", "/desk/sign-in", OPEN),
    Page("POST", "/desk/sign-in/account", OPEN),
    Page("POST", "/desk/sign-in/code", OPEN),
    Page("GET", "/desk/invitation/{handle}", OPEN, ("invitation",)),
    Page("POST", "/desk/invitation/{handle}", OPEN, ("invitation",)),
    Page("GET", "/desk/reset", OPEN),
    Page("POST", "/desk/reset", OPEN),
    Page("GET", "/desk/reset/{handle}", OPEN, ("reset",)),
    Page("POST", "/desk/reset/{handle}", OPEN, ("reset",)),
    Page("GET", "/desk/profile"),
    Page("POST", "/desk/profile/name", (), (), (("name", "Bo"),)),
    Page("POST", "/desk/profile/password", (), (), (("current", "x"),)),
    Page("POST", "/desk/profile/sessions"),
    Page("POST", "/desk/profile/second-step", (), (), (("do", "confirm"),)),
    Page("GET", "/desk/users", USERS),
    Page("POST", "/desk/users/invite", USERS, (), (("email", "<fresh>"), ("role", "captain"))),
    Page("POST", "/desk/users/invitations/{invitation_id}", USERS, ("invitation_id",)),
    Page("GET", "/desk/users/{user_id}", USERS, ("user",)),
    Page("POST", "/desk/users/{user_id}", USERS, ("user",), (("do", "ended"),)),
    Page("GET", "/desk/audit", ("audit.read",)),
    Page("POST", "/desk/sign-out", OPEN),
    Page("GET", "/", OPEN),
    Page("GET", "/desk", OPEN),
    Page("GET", "/desk/more"),
    Page("GET", "/desk/changes"),
    Page("GET", "/desk/today", DAYS),
    Page("GET", "/desk/day/{day}", DAYS, ("day",)),
    Page("GET", "/desk/calendar", DAYS),
    Page("GET", "/desk/pickups", ("manifests.read",)),
    Page("GET", "/desk/departures/{departure_id}", ("manifests.read",), ("departure",)),
    Page("GET", "/desk/departures/{departure_id}/manifest", ("manifests.read",), ("departure",)),
    Page("POST", "/desk/departures/{departure_id}/check-in", CHECKIN, ("departure",), (("order", "<order>"),)),
    Page(
        "POST",
        "/desk/departures/{departure_id}/scan",
        ("manifests.read", "checkin.write"),
        ("departure",),
        (("code", "<order>"),),
    ),
    Page("POST", "/desk/check-ins", CHECKIN, (), (("kept", "[]"),)),
    Page("POST", "/desk/departures/{departure_id}/sales", ("departures.write",), ("departure",), (("close", "1"),)),
    Page("GET", "/desk/departures/{departure_id}/cancel", CANCEL_ALL, ("departure",)),
    Page("POST", "/desk/departures/{departure_id}/cancel", CANCEL_ALL, ("departure",), START),
    Page("GET", "/desk/departures/{departure_id}/move", WRITE, ("departure",)),
    Page("POST", "/desk/departures/{departure_id}/move", WRITE, ("departure",), (("to", "<off>"), *START)),
    Page("GET", "/desk/departures/{departure_id}/message", WRITE, ("departure",)),
    Page("POST", "/desk/departures/{departure_id}/message", WRITE, ("departure",), (("text", "Hi"), *START)),
    Page("GET", "/desk/departures/{departure_id}/jobs/{job_id}", READ, ("off", "job")),
    Page("GET", "/desk/departures/{departure_id}/edit", DEPARTURES, ("departure",)),
    Page(
        "POST",
        "/desk/departures/{departure_id}/edit",
        DEPARTURES,
        ("departure",),
        (("capacity", "9"), ("sales", "open"), ("version", "1")),
    ),
    Page("POST", "/desk/departures/{departure_id}/notes", WRITE, ("departure",), (("text", "Wheelchair"),)),
    Page("POST", "/desk/departures/{departure_id}/tags", WRITE, ("departure",), (("add", "VIP"),)),
    Page(
        "POST",
        "/desk/departures/{departure_id}/assignments",
        DEPARTURES,
        ("departure",),
        (("resource", "<resource>"), ("anyway", "1")),
    ),
    Page("GET", "/desk/crew", DAYS),
    Page("POST", "/desk/crew", DEPARTURES, (), (("kind", "boat"), ("name", "<fresh>"))),
    Page("GET", "/desk/crew/{resource_id}", DEPARTURES, ("resource",)),
    Page("POST", "/desk/crew/{resource_id}", DEPARTURES, ("resource",), (("do", "retired"),)),
    Page("GET", "/desk/new", WRITE),
    Page("POST", "/desk/new", WRITE, (), (("departure", "<departure>"), ("count.Adult", "1"))),
    Page("GET", "/desk/new/{cart_id}", WRITE, ("cart",)),
    Page("POST", "/desk/new/{cart_id}", WRITE, ("cart",), (("do", "extend"),)),
    Page("GET", "/desk/find/customers", ("customers.read",)),
    Page("GET", "/desk/orders", READ),
    Page("GET", "/desk/orders/export", READ),
    Page("GET", "/desk/find/orders", READ),
    Page("GET", "/desk/drawer", ("transactions.read",)),
    Page("GET", "/desk/orders/{reference}", READ, ("order",)),
    Page("GET", "/desk/orders/{reference}/edit", WRITE, ("order",)),
    Page("POST", "/desk/orders/{reference}/edit", WRITE, ("order",), (("version", "1"), ("memo", "invoice"))),
    Page("POST", "/desk/orders/{reference}/notes", WRITE, ("order",), (("text", "Wheelchair"),)),
    Page("POST", "/desk/orders/{reference}/tags", WRITE, ("order",), (("add", "VIP"),)),
    Page("POST", "/desk/orders/{reference}/confirmation", WRITE, ("order",), (("once", "1"),)),
    Page("POST", "/desk/orders/{reference}/answer", WRITE, ("order",), (("accept", "1"),)),
    Page("GET", "/desk/orders/{reference}/ledger", ("transactions.read",), ("order",)),
    Page("GET", "/desk/reports", ("transactions.read",)),
    Page("GET", "/desk/reports/sales", ("reports.read",)),
    Page("GET", "/desk/reports/accrual", ("reports.read",)),
    Page("GET", "/desk/reports/transactions", ("transactions.read",)),
    Page("GET", "/desk/reports/payables", ("reports.read",)),
    Page("GET", "/desk/reports/receivables", ("reports.read",)),
    Page("GET", "/desk/reports/mailing-list", ("mailing.write",)),
    Page("GET", "/desk/messages", ("messages.read",)),
    Page("GET", "/desk/messages/{message_id}", ("messages.read",), ("message_id",)),
    Page("POST", "/desk/messages/{message_id}", ("messages.write",), ("message_id",), (("once", "<fresh>"),)),
    Page("GET", "/desk/customers", ("customers.read",)),
    Page("GET", "/desk/customers/{customer_id}", READ, ("customer_id",)),
    Page("POST", "/desk/customers/{customer_id}/notes", WRITE, ("customer_id",), (("text", "Wheelchair"),)),
    Page("POST", "/desk/customers/{customer_id}/tags", WRITE, ("customer_id",), (("add", "VIP"),)),
    Page("GET", "/desk/webhooks", ("webhooks.write",)),
    Page(
        "POST", "/desk/webhooks", ("webhooks.write",), (), (("url", "https://x.example/"), ("event", "order.changed"))
    ),
    Page("GET", "/desk/webhooks/{webhook_id}", ("webhooks.write",), ("webhook_id",)),
    Page("POST", "/desk/webhooks/{webhook_id}", ("webhooks.write",), ("webhook_id",), (("do", "test"),)),
    Page("GET", "/desk/jobs", READ),
    Page("GET", "/desk/pending", READ),
    Page("POST", "/desk/pending/{reference}", WRITE, ("order",), (("accept", "1"),)),
    Page("POST", "/desk/orders/{reference}/check-in", CHECKIN, ("order",)),
    Page("POST", "/desk/orders/{reference}/payments", ("payments.write",), ("order",), (*MONEY, ("more", "1"))),
    Page("POST", "/desk/orders/{reference}/refunds", ("payments.refund",), ("order",), (*MONEY, ("more", "1"))),
    Page(
        "POST",
        "/desk/orders/{reference}/payments/{payment_id}/void",
        ("payments.refund",),
        ("order", "payment"),
        (("reason", "Typed wrong"),),
    ),
    Page("GET", "/desk/orders/{reference}/cancel", ("orders.cancel",), ("order",)),
    Page(
        "POST",
        "/desk/orders/{reference}/cancel",
        ("orders.cancel",),
        ("order",),
        (("guest", "<guest>"), ("proof", "x"), ("do", "cancel")),
    ),
    Page("GET", "/desk/orders/{reference}/move", WRITE, ("order",)),
    Page(
        "POST",
        "/desk/orders/{reference}/move",
        WRITE,
        ("order",),
        (("guest", "<guest>"), ("to", "<departure>"), ("proof", "x"), ("do", "move")),
    ),
]
