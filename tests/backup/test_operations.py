"""docs/operations.md names commands, options and settings that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from seatwright.cli.main import app
from seatwright.core.config import SETTINGS

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = re.compile(r"(?:(?:^|[` ])sw|bin/seatwright) ([a-z][^`\n&]*)", re.MULTILINE)


def test_every_command_and_option_in_the_operations_guide_exists() -> None:
    seen = set()
    for line in COMMANDS.findall(PAGE):
        words = line.split()
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands") and words:
            if command.name == "backup" and words[0] not in command.commands:
                words.insert(0, "write")
            assert words[0] in command.commands, line
            command = command.commands[words.pop(0)]
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
        seen.add(command.name)
    assert {"write", "verify", "restore", "doctor", "migrate", "serve", "create", "reset"} <= seen


def test_every_setting_in_the_operations_guide_exists() -> None:
    named = set(re.findall(r"SEATWRIGHT_[A-Z_]+", PAGE))
    assert named <= {setting.name for setting in SETTINGS}, named
