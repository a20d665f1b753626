"""Hooks before a commit use tools that are there; forms for issues are what GitHub can show."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
FIELDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def read(path: Path) -> Any:
    """Return what a YAML file says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_hook_is_local_and_runs_a_tool_of_the_environment() -> None:
    config = read(ROOT / ".pre-commit-config.yaml")
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        program, *arguments = shlex.split(hook["entry"])
        assert hook["language"] == "system"
        assert program == "git" or (Path(sys.executable).parent / Path(program).name).exists(), program
        for path in (argument for argument in arguments if argument.startswith("tests/")):
            assert (ROOT / path).exists(), path


def test_hooks_before_a_commit_and_before_a_push_are_what_lint_runs() -> None:
    lint = re.findall(r"^\t\$\(BIN\)/([\w-]+)", (ROOT / "Makefile").read_text().partition("\nlint:")[2], re.MULTILINE)[
        :4
    ]
    entries = " ".join(hook["entry"] for hook in read(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"])
    assert {f".venv/bin/{tool}" for tool in lint} <= set(entries.split())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_every_form_for_an_issue_has_what_github_wants(form: Path) -> None:
    said = read(form)
    assert said["name"]
    assert said["description"]
    fields = [field for field in said["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in said["body"]} <= FIELDS
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields) > 2
