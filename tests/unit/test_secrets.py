"""The server's secret and what is derived from it; passwords."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from seatwright.auth import passwords
from seatwright.auth.secrets import SECRET_FILE, Keyring, make_secret
from seatwright.core.errors import Invalid, Unavailable


def _made(data: Path) -> Keyring:
    make_secret(data)
    return Keyring.open("", data)


def _token_key(data: str) -> bytes:
    return _made(Path(data)).token_key


def test_a_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    with pytest.raises(Unavailable, match="There is no secret"):
        Keyring.open("", data)
    assert not data.exists()
    assert make_secret(data)
    first = Keyring.open("", data)
    assert not make_secret(data)
    assert Keyring.open("", data) == first
    assert stat.S_IMODE((data / SECRET_FILE).stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == [SECRET_FILE]
    assert _made(tmp_path) != first


def test_workers_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(6) as pool:
        keys = pool.map(_token_key, [str(tmp_path)] * 24, chunksize=1)
    assert len(set(keys)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_a_given_secret_counts_and_is_not_written(tmp_path: Path) -> None:
    assert Keyring.open("s" * 32, tmp_path) == Keyring.from_secret("s" * 32)
    assert list(tmp_path.iterdir()) == []


def test_keys_differ_from_each_other_and_are_not_shown() -> None:
    keyring = Keyring.from_secret("s" * 32)
    assert keyring.token_key != keyring.api_key_key
    assert keyring.token_key.hex() not in repr(keyring)
    assert "token_key" not in repr(keyring)


def test_api_keys_are_hashed_without_regard_to_case_and_spaces() -> None:
    keyring = Keyring.from_secret("s" * 32)
    hashed = keyring.hash_api_key("7D1A5B0E-3f3c-4a57-9a30-6d8f5c1e2b44")
    assert keyring.hash_api_key(" 7d1a5b0e-3f3c-4a57-9a30-6d8f5c1e2b44\n") == hashed
    assert Keyring.from_secret("t" * 32).hash_api_key("7d1a5b0e-3f3c-4a57-9a30-6d8f5c1e2b44") != hashed


async def test_a_password_is_verified_by_its_hash_alone() -> None:
    hashed = await passwords.hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify_password(hashed, "correct horse")
    assert not await passwords.verify_password(hashed, "Correct horse")
    assert not await passwords.verify_password(None, "nobody has this password")
    assert not await passwords.verify_password("not a hash", "x")


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_passwords_have_bounds(password: str) -> None:
    with pytest.raises(Invalid):
        passwords.check_password(password)
