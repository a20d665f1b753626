"""The framework, without a part that is not used here."""

from __future__ import annotations

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class Application(Litestar):
    """Litestar without what it does for pydantic, which it would import only because the CLI's library brings it along:
    a tenth of a second of every start, and 10 MB of every process that has made its description (`http.openapi`)."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
