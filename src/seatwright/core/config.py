"""Settings, all from the environment, each declared once in `SETTINGS` (docs/settings.md is tested against it)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.mail import Mailbox, MailServer, parse_mailbox, parse_server

PREFIX = "SEATWRIGHT_"
MIN_SECRET = 32
"""Minimum length of the server's secret, in characters, in the environment or in a file."""
MIN_METRICS_TOKEN = 16
TRACES_LIBRARY = "opentelemetry"
"""The module of the extra `otel`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: environment variable, default (as text), meaning, bounds for whole numbers, and which part of its
    value is never printed.
    """

    name: str
    default: str
    meaning: str
    bounds: tuple[int, int] | None = None
    hides: Literal["nothing", "password", "all"] = "nothing"


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "SEATWRIGHT_DATA",
        "var/data",
        "Data directory: the embedded database, the server's secret, and demo.json.",
    ),
    Setting(
        "SEATWRIGHT_DATABASE_URL",
        "",
        "postgresql://user:password@host:port/name for PostgreSQL. Empty: SQLite in the data directory.",
        hides="password",
    ),
    Setting(
        "SEATWRIGHT_SECRET",
        "",
        "Secret of at least 32 characters from which token signatures and key hashes are derived. Empty: one is "
        "made and kept in the data directory. Several machines on one database must share it.",
        hides="all",
    ),
    Setting(
        "SEATWRIGHT_TOKEN_SECONDS",
        "86400",
        "Lifetime of a bearer token, in seconds.",
        bounds=(60, 31_536_000),
    ),
    Setting(
        "SEATWRIGHT_SESSION_IDLE_SECONDS",
        "43200",
        "How long somebody stays signed in to the desk without using it, in seconds, exact to a minute.",
        bounds=(300, 31_536_000),
    ),
    Setting(
        "SEATWRIGHT_SESSION_SECONDS",
        "604800",
        "How long somebody stays signed in to the desk at most, in seconds, however often it is used.",
        bounds=(300, 31_536_000),
    ),
    Setting(
        "SEATWRIGHT_HOLD_SECONDS",
        "1800",
        "How long a cart holds its seats, in seconds; adding to an item starts it again.",
        bounds=(5, 86_400),
    ),
    Setting(
        "SEATWRIGHT_HOLD_MAX_SECONDS",
        "3600",
        "How long a cart may hold an item's seats in all, in seconds from the first one, however often it is added to; "
        "never less than SEATWRIGHT_HOLD_SECONDS.",
        bounds=(5, 604_800),
    ),
    Setting(
        "SEATWRIGHT_RESELLER_HOLD_PERCENT",
        "50",
        "Percent of a departure's seats that one reseller's open carts may hold at a time, where its terms don't say "
        "otherwise (docs/resellers.md); 100: no limit.",
        bounds=(1, 100),
    ),
    Setting(
        "SEATWRIGHT_HOLDS_PER_USER",
        "1000",
        "Holds (a cart's seats on one departure) that one user's tokens may have at a time; 0: no limit.",
        bounds=(0, 10_000_000),
    ),
    Setting(
        "SEATWRIGHT_HOLDS_PER_ADDRESS",
        "2000",
        "Holds that may come from one network address at a time; 0: no limit.",
        bounds=(0, 10_000_000),
    ),
    Setting(
        "SEATWRIGHT_REQUESTS_PER_SECOND",
        "200",
        "Requests that one user's tokens may make per second in each worker process, on average; bursts of five "
        "seconds' worth are fine, and each 4 KiB of a body count as one more. Refusals, and answers that want no "
        "token, are given to one caller at the same rate. 0: no limit.",
        bounds=(0, 1_000_000),
    ),
    Setting(
        "SEATWRIGHT_REQUEST_WAIT_SECONDS",
        "3",
        "How long a request beyond that rate waits for its turn at most, in seconds, before it is refused with 429; "
        "less than clients wait for an answer. 0: it is refused at once.",
        bounds=(0, 20),
    ),
    Setting(
        "SEATWRIGHT_TRUSTED_PROXIES",
        "",
        "Comma-separated addresses or networks of the proxies in front of `seatwright serve`, such as `127.0.0.1`: "
        "what they say in X-Forwarded-For is where a request came from. Empty: none, and the header is ignored.",
    ),
    Setting(
        "SEATWRIGHT_CORS_ORIGINS",
        "*",
        "Comma-separated origins whose pages may call the API (`null` is a page opened from a file). `*`: any; "
        "empty: none.",
    ),
    Setting(
        "SEATWRIGHT_MAX_BODY_BYTES",
        "1048576",
        "Largest request body, in bytes.",
        bounds=(10_000, 104_857_600),
    ),
    Setting("SEATWRIGHT_POOL_SIZE", "10", "PostgreSQL connections of each worker process.", bounds=(2, 200)),
    Setting(
        "SEATWRIGHT_IDEMPOTENCY_SECONDS",
        "86400",
        "How long the answer to an Idempotency-Key is kept, in seconds.",
        bounds=(60, 31_536_000),
    ),
    Setting(
        "SEATWRIGHT_CART_DAYS",
        "30",
        "Days after which a cart that never became an order is forgotten.",
        bounds=(1, 3_650),
    ),
    Setting(
        "SEATWRIGHT_FEE_AFTER_MOVE",
        "0",
        "1: cancelling costs the fee of the policy also where the supplier has moved the departure since it was sold. "
        "0: it then costs nothing.",
        bounds=(0, 1),
    ),
    Setting(
        "SEATWRIGHT_READ_ONLY",
        "0",
        "1: a server beside others that only reads, on a streaming replica of their PostgreSQL: it migrates nothing, "
        "sweeps nothing, and answers writes with 503.",
        bounds=(0, 1),
    ),
    Setting(
        "SEATWRIGHT_PUBLIC_URL",
        "",
        "Address under which customers reach this server, for links in mails, such as `https://book.canyon.example`; "
        "without one, mails have no links.",
    ),
    Setting(
        "SEATWRIGHT_SMTP_URL",
        "",
        "Mail server: `smtp://user:password@host:587` (STARTTLS is demanded), `smtps://user:password@host:465` (TLS), "
        "or `smtp+plain://localhost:25` (no TLS and no password: a relay on the same host). Empty: the sandbox, which "
        "sends nothing and shows what would have been sent.",
        hides="password",
    ),
    Setting(
        "SEATWRIGHT_MAIL_FROM",
        "",
        "Sender of all mails, `address` or `Name <address>`; the account's name stands in front of it. Needed with "
        "SEATWRIGHT_SMTP_URL.",
    ),
    Setting(
        "SEATWRIGHT_TEMPLATES",
        "",
        "Directory with mail templates that replace the built-in ones (docs/notifications.md). Empty: none do.",
    ),
    Setting(
        "SEATWRIGHT_MESSAGE_DAYS",
        "90",
        "Days after which mails and webhook calls that were sent or given up are forgotten.",
        bounds=(1, 3_650),
    ),
    Setting(
        "SEATWRIGHT_WEBHOOK_INTERNAL",
        "0",
        "1: webhooks may have addresses of the server's own network, and http://. For receivers beside the server, "
        "where everybody who may change webhooks is trusted with that network (docs/webhooks.md).",
        bounds=(0, 1),
    ),
    Setting(
        "SEATWRIGHT_METRICS_TOKEN",
        "",
        "Token of at least 16 characters with which Prometheus reads `/metrics` (docs/monitoring.md). Empty: there is "
        "no such page, and nothing is counted.",
        hides="all",
    ),
    Setting(
        "SEATWRIGHT_TRACES_URL",
        "",
        "Address of an OpenTelemetry collector (OTLP over HTTP), such as `http://127.0.0.1:4318`, for traces of "
        "requests; needs the package's extra `otel` (docs/monitoring.md). Empty: none.",
        hides="password",
    ),
    Setting(
        "SEATWRIGHT_LOG",
        "auto",
        "Log lines as `json`, one object each, or `console`, for people. `auto`: for people on a terminal, else JSON.",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, read and checked. Durations are in seconds unless named otherwise."""

    data: Path
    database_url: str
    secret: str
    token_seconds: int
    session_idle_seconds: int
    session_seconds: int
    hold_seconds: int
    hold_max_seconds: int
    reseller_hold_percent: int
    requests_per_second: int
    request_wait_seconds: int
    holds_per_user: int
    holds_per_address: int
    trusted_proxies: tuple[str, ...]
    cors_origins: tuple[str, ...]
    max_body_bytes: int
    pool_size: int
    idempotency_seconds: int
    cart_days: int
    fee_after_move: bool
    read_only: bool
    public_url: str
    smtp: MailServer | None
    mail_from: Mailbox | None
    templates: Path | None
    message_days: int
    webhook_internal: bool
    metrics_token: str
    traces_url: str
    log: str


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read all settings from `environ` (default: the process's).

    Raises `Invalid`, naming the variable, for a value that can't be used.
    """
    source = os.environ if environ is None else environ
    text = {setting.name: source.get(setting.name, setting.default) for setting in SETTINGS}
    number = {setting.name: _whole(setting, text[setting.name]) for setting in SETTINGS if setting.bounds is not None}
    url = text["SEATWRIGHT_DATABASE_URL"]
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise _bad("SEATWRIGHT_DATABASE_URL", "must start with postgresql://, or be empty for SQLite.")
    secret = text["SEATWRIGHT_SECRET"]
    if secret and len(secret) < MIN_SECRET:
        raise _bad("SEATWRIGHT_SECRET", f"must have at least {MIN_SECRET} characters.")
    if 0 < len(text["SEATWRIGHT_METRICS_TOKEN"]) < MIN_METRICS_TOKEN:
        raise _bad("SEATWRIGHT_METRICS_TOKEN", f"must have at least {MIN_METRICS_TOKEN} characters, or be empty.")
    if text["SEATWRIGHT_LOG"] not in ("auto", "json", "console"):
        raise _bad("SEATWRIGHT_LOG", "must be auto, json or console.")
    return Settings(
        data=Path(text["SEATWRIGHT_DATA"]),
        database_url=url,
        secret=secret,
        token_seconds=number["SEATWRIGHT_TOKEN_SECONDS"],
        session_idle_seconds=number["SEATWRIGHT_SESSION_IDLE_SECONDS"],
        session_seconds=number["SEATWRIGHT_SESSION_SECONDS"],
        hold_seconds=number["SEATWRIGHT_HOLD_SECONDS"],
        hold_max_seconds=max(number["SEATWRIGHT_HOLD_MAX_SECONDS"], number["SEATWRIGHT_HOLD_SECONDS"]),
        reseller_hold_percent=number["SEATWRIGHT_RESELLER_HOLD_PERCENT"],
        requests_per_second=number["SEATWRIGHT_REQUESTS_PER_SECOND"],
        request_wait_seconds=number["SEATWRIGHT_REQUEST_WAIT_SECONDS"],
        holds_per_user=number["SEATWRIGHT_HOLDS_PER_USER"],
        holds_per_address=number["SEATWRIGHT_HOLDS_PER_ADDRESS"],
        trusted_proxies=tuple(_network(part) for part in _parts(text["SEATWRIGHT_TRUSTED_PROXIES"])),
        cors_origins=tuple(_parts(text["SEATWRIGHT_CORS_ORIGINS"])),
        max_body_bytes=number["SEATWRIGHT_MAX_BODY_BYTES"],
        pool_size=number["SEATWRIGHT_POOL_SIZE"],
        idempotency_seconds=number["SEATWRIGHT_IDEMPOTENCY_SECONDS"],
        cart_days=number["SEATWRIGHT_CART_DAYS"],
        fee_after_move=bool(number["SEATWRIGHT_FEE_AFTER_MOVE"]),
        read_only=bool(number["SEATWRIGHT_READ_ONLY"]),
        public_url=_address("SEATWRIGHT_PUBLIC_URL", text["SEATWRIGHT_PUBLIC_URL"]),
        smtp=_mail_server(text["SEATWRIGHT_SMTP_URL"], text["SEATWRIGHT_MAIL_FROM"]),
        mail_from=_sender(text["SEATWRIGHT_MAIL_FROM"]),
        templates=_directory("SEATWRIGHT_TEMPLATES", text["SEATWRIGHT_TEMPLATES"]),
        message_days=number["SEATWRIGHT_MESSAGE_DAYS"],
        webhook_internal=bool(number["SEATWRIGHT_WEBHOOK_INTERNAL"]),
        metrics_token=text["SEATWRIGHT_METRICS_TOKEN"],
        traces_url=_traces(text["SEATWRIGHT_TRACES_URL"]),
        log=text["SEATWRIGHT_LOG"],
    )


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like a setting and is none, with the name nearest to it."""
    names = [setting.name for setting in SETTINGS]
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in names)
    return [f"{name} is no setting{_nearest(name, names)}." for name in unknown]


def _nearest(name: str, names: list[str]) -> str:
    ends = {each.removeprefix(PREFIX): each for each in names}
    found = get_close_matches(name.removeprefix(PREFIX), ends, n=1)
    return f", and was ignored; the nearest is {ends[found[0]]}" if found else ", and was ignored (docs/settings.md)"


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _address(name: str, text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise _bad(name, "must start with https:// or http://.")
    return text.rstrip("/")


def _traces(text: str) -> str:
    if text and find_spec(TRACES_LIBRARY) is None:
        raise _bad("SEATWRIGHT_TRACES_URL", "needs the extra `otel`: pip install 'seatwright[otel]'.")
    return _address("SEATWRIGHT_TRACES_URL", text)


def _mail_server(url: str, sender: str) -> MailServer | None:
    if not url:
        return None
    try:
        server = parse_server(url)
    except ValueError as error:
        raise _bad("SEATWRIGHT_SMTP_URL", str(error)) from None
    if not sender:
        raise _bad("SEATWRIGHT_MAIL_FROM", "must be set where SEATWRIGHT_SMTP_URL is.")
    return server


def _sender(text: str) -> Mailbox | None:
    found = parse_mailbox(text) if text else None
    if text and found is None:
        raise _bad("SEATWRIGHT_MAIL_FROM", f"{text!r} is not an address, or Name <address>.")
    return found


def _directory(name: str, text: str) -> Path | None:
    if text and not Path(text).is_dir():
        raise _bad(name, f"{text!r} is not a directory.")
    return Path(text) if text else None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise _bad(
            "SEATWRIGHT_TRUSTED_PROXIES", f"{text!r} is not an address or a network, such as 10.0.0.0/8."
        ) from None


def _whole(setting: Setting, text: str) -> int:
    assert setting.bounds is not None
    low, high = setting.bounds
    try:
        value = int(text)
    except ValueError:
        raise _bad(setting.name, f"{text!r} is not a whole number.") from None
    if not low <= value <= high:
        raise _bad(setting.name, f"must be from {low} to {high}, not {value}.")
    return value


def _bad(name: str, sentence: str) -> Invalid:
    return bad_field(name, sentence, code="invalid_setting")
