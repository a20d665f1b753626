"""The framework's own limit: the bytes of four answers, each from a handler that does nothing else.

Run by uvicorn exactly as Seatwright is (`reads.py`); the environment variable BENCH_BYTES names the folder.
"""

from __future__ import annotations

import os
from pathlib import Path

from litestar import Litestar, Response, get

KINDS = ("id", "confirmation", "list", "month")


def create() -> Litestar:
    """Return the application."""
    folder = Path(os.environ["BENCH_BYTES"])
    content = {kind: (folder / kind).read_bytes() for kind in KINDS}

    @get("/public/api/order/{order_id:str}")
    async def one(order_id: str) -> Response[bytes]:
        return Response(content["confirmation" if order_id.isdigit() else "id"], media_type="application/json")

    @get("/public/api/order")
    async def several(limit: int = 50, page: int = 0) -> Response[bytes]:
        return Response(content["list"], media_type="application/json")

    @get("/public/api/product/{product:str}/item")
    async def month(product: str) -> Response[bytes]:
        return Response(content["month"], media_type="application/json")

    return Litestar([one, several, month], openapi_config=None, logging_config=None, debug=False)
