"""The composition root: it puts the parts of one server process together. ASGI servers take `seatwright.app:create`."""

from seatwright.app.process import create

__all__ = ["create"]
