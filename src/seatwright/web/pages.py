"""What all pages for people share: their templates' environment, and the path under which a browser finds them."""

from __future__ import annotations

from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from seatwright.http.context import ApiRequest, services


def environment(package: str) -> Environment:
    """Return the environment of a package's templates. Everything is escaped; an unknown name is an error."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def base_path(request: ApiRequest) -> str:
    """Return the path under which a browser finds the server, without a slash at its end; "" at the root.

    A proxy may serve everything under a path of its own, which `SEATWRIGHT_PUBLIC_URL` then has.
    """
    return urlsplit(services(request).settings.public_url).path.rstrip("/")
