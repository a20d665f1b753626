"""The composition root: what one server process is made of. ASGI servers take `seatwright.app:create`."""

from seatwright.app.process import create

__all__ = ["create"]
