"""What `serve` says of itself when it begins to listen, for people. On standard error: standard output is the log."""

from __future__ import annotations

import ipaddress

from seatwright.core.config import Settings
from seatwright.core.mail import MailServer
from seatwright.storage.open import database_name

DESK = "/desk"
"""The path of the desk. It is `web.desk.visit.PATH`, which this process doesn't import: its workers do."""
_SECURITY = {"starttls": "STARTTLS", "tls": "TLS", "none": "without TLS"}


def banner(settings: Settings, *, version: str, host: str, port: int, workers: int) -> str:
    """Return the lines: version and address, database, workers, public address, mail, the desk.

    They hold no password, and no address of a person.
    """
    address = web_address(host, port)
    engine = "PostgreSQL" if settings.database_url else "SQLite"
    lines = {
        "database": f"{engine}, {database_name(settings)}",
        "workers": str(workers),
        "public": settings.public_url or "none, so mails have no links: set SEATWRIGHT_PUBLIC_URL",
        "mail": _mail(settings.smtp, read_only=settings.read_only),
        "desk": f"{settings.public_url or address}{DESK}",
    }
    if settings.read_only:
        lines["read-only"] = "on a replica: it migrates nothing, and answers writes with 503"
    if not _is_this_machine(host) and not settings.trusted_proxies:
        lines["warning"] = (
            "this is plain HTTP, and other machines reach it: passwords can be read on their way. "
            "Put a proxy with TLS in front (docs/operations.md) and name it in SEATWRIGHT_TRUSTED_PROXIES."
        )
    return "\n".join(
        [f"Seatwright {version} listens on {address}", *(f"  {name:<10}{text}" for name, text in lines.items())]
    )


def web_address(host: str, port: int) -> str:
    """Return the address for a browser on this machine, such as `http://127.0.0.1:8080`."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _mail(server: MailServer | None, *, read_only: bool) -> str:
    if read_only:
        return "off: another server sends it"
    if server is None:
        return "sandbox, which shows what it would send: set SEATWRIGHT_SMTP_URL to send"
    return f"server {server.host}:{server.port}, {_SECURITY[server.security]}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
