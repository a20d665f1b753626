"""Every command of the program, with arguments that are good for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from seatwright.cli.main import app

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "serve": ("--port", "1"),
    "migrate": (),
    "import": ("{catalog}", "--account", "canyon"),
    "config": (),
    "backup write": ("{new_backup}",),
    "backup verify": ("{backup}",),
    "restore": ("{backup}", "--force"),
    "move": ("--to", "sqlite"),
    "doctor": (),
    "account create": ("--code", "canyon", "--name", "Canyon", "--email", "dana@canyon.example"),
    "account list": (),
    "users list": ("--account", "canyon"),
    "users add": ("--account", "canyon", "--email", "sam@canyon.example", "--name", "Sam", "--role", "owner"),
    "users password": ("dana@canyon.example", "--account", "canyon"),
    "users permissions": ("dana@canyon.example", "--account", "canyon", "--role", "owner"),
    "users lock": ("sam@canyon.example", "--account", "canyon"),
    "users unlock": ("sam@canyon.example", "--account", "canyon"),
    "users no-second-step": ("dana@canyon.example", "--account", "canyon"),
    "connections list": ("--account", "canyon"),
    "connections open": ("--account", "canyon", "--reseller", "desk"),
    "connections close": ("--account", "canyon", "--reseller", "desk"),
    "keys reset": ("--account", "canyon"),
    "keys create": ("--account", "canyon", "--name", "Accounting", "--permission", "orders.read"),
    "keys list": ("--account", "canyon"),
    "keys revoke": ("0" * 24, "--account", "canyon"),
    "orders pending": ("--account", "canyon"),
    "orders accept": ("RES-1", "--account", "canyon"),
    "orders decline": ("RES-1", "--account", "canyon"),
    "messages list": (),
    "messages show": ("0" * 24, "--account", "canyon"),
    "messages failed": (),
    "messages retry": ("--all",),
    "messages test": ("--to", "dana@canyon.example"),
}
"""By name, with `{catalog}`, `{new_backup}` and `{backup}` for paths of such files."""

CATALOG = """
products:
  - {code: walk, name: Canyon walk, number: 4110, durationMin: 60, tiers: {All: {price: 25}}}
schedules:
  - {product: walk, from: 2027-05-01, to: 2027-05-31, times: ["09:00"], capacity: 12}
"""


def names() -> list[str]:
    """Return the name of each command that the program has."""
    return list(_names(typer.main.get_command(app), ()))


def _names(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield " ".join(path)
        return
    for name, inner in command.commands.items():
        yield from _names(inner, (*path, name))


def line(name: str, **files: object) -> list[str]:
    """Return the words of a command with its arguments, `files` being what stands in for its paths."""
    return [*name.split(), *(word.format(**files) for word in ARGUMENTS[name])]
