"""The container: its files hold together, as far as this can be seen without a container's runtime."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from seatwright.core.config import SETTINGS

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: Any = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN = ("seatwright-sqlite", "seatwright")


@pytest.mark.parametrize(
    "command",
    [("hadolint", "Dockerfile"), ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")],
    ids=["hadolint", "compose-spec"],
)
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    program, *arguments = command
    ran = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_copied_exists_and_is_let_through() -> None:
    let_through = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in let_through
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in let_through, source


def test_the_image_runs_as_nobody_special_and_says_how_it_is() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    uid = re.search(r"^USER (\d+):(\d+)$", final, re.MULTILINE)
    assert uid is not None
    assert int(uid[1]) > 0
    assert f"--uid {uid[1]} " in final
    assert "HEALTHCHECK " in final
    assert "/readyz" in final
    assert "pip uninstall" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_no_root_no_new_rights_and_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["profiles"], "so that one database is chosen, and not both"
    if name in OWN:  # user and check are the image's
        assert service["build"] == "."
        assert service["read_only"] is True
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), "plain HTTP is for this machine only"
    else:
        assert service["user"] not in ("root", "0")
        assert service["healthcheck"]["test"]


def test_settings_in_the_files_exist_and_no_password_is_written_down() -> None:
    known = {setting.name for setting in SETTINGS}
    for text in (DOCKERFILE, (ROOT / "compose.yaml").read_text()):
        assert set(re.findall(r"\bSEATWRIGHT_[A-Z_]+", text)) <= known
    assert "${POSTGRES_PASSWORD:-}" in SERVICES["seatwright"]["environment"]["SEATWRIGHT_DATABASE_URL"]
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:-}"


def test_backups_are_made_by_programs_as_new_as_the_database() -> None:
    client = re.search(r"postgresql-client-(\d+)", DOCKERFILE)
    assert client is not None
    server = re.match(r"postgres:(\d+)", SERVICES["postgres"]["image"])
    assert server is not None
    assert int(client[1]) >= int(server[1])


def test_an_image_stops_later_than_its_server() -> None:
    assert all(SERVICES[name]["stop_grace_period"] == "45s" for name in OWN)
