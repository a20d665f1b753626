"""Settings: each one checked, each one documented."""

import re
from pathlib import Path

import pytest

from seatwright.core.config import SETTINGS, load_settings, unknown_settings
from seatwright.core.errors import Invalid

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_every_setting_has_a_default_that_works() -> None:
    settings = load_settings({})
    assert settings.database_url == ""
    assert settings.token_seconds == 86_400
    assert (settings.hold_seconds, settings.hold_max_seconds) == (1_800, 3_600)
    assert settings.reseller_hold_percent == 50
    assert settings.cors_origins == ("*",)


@pytest.mark.parametrize(
    ("hold", "longest", "counts"), [("1800", "3600", 3_600), ("7200", "3600", 7_200), ("60", "60", 60)]
)
def test_the_longest_time_of_a_hold_is_never_less_than_its_usual_one(hold: str, longest: str, counts: int) -> None:
    """So an installation with long holds from before keeps them."""
    settings = load_settings({"SEATWRIGHT_HOLD_SECONDS": hold, "SEATWRIGHT_HOLD_MAX_SECONDS": longest})
    assert (settings.hold_seconds, settings.hold_max_seconds) == (int(hold), counts)


@pytest.mark.parametrize(
    "setting", [setting for setting in SETTINGS if setting.bounds], ids=lambda setting: setting.name
)
def test_numbers_are_bounded(setting: object) -> None:
    assert hasattr(setting, "bounds")
    assert hasattr(setting, "name")
    low, high = setting.bounds
    for good in (low, high):
        load_settings({setting.name: str(good)})
    for bad in (str(low - 1), str(high + 1), "x", "", "1.5"):
        with pytest.raises(Invalid, match=setting.name):
            load_settings({setting.name: bad})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEATWRIGHT_DATABASE_URL", "mysql://x"),
        ("SEATWRIGHT_SECRET", "short"),
        ("SEATWRIGHT_SMTP_URL", "http://mail.example"),
        ("SEATWRIGHT_SMTP_URL", "smtp+plain://user:password@mail.example"),
        ("SEATWRIGHT_MAIL_FROM", "nobody"),
        ("SEATWRIGHT_TEMPLATES", "/no/such/directory"),
        ("SEATWRIGHT_LOG", "xml"),
    ],
)
def test_a_bad_value_is_refused_and_named(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name) as refused:
        load_settings({name: value})
    assert refused.value.field == name


def test_a_mail_server_needs_a_sender() -> None:
    with pytest.raises(Invalid, match="SEATWRIGHT_MAIL_FROM"):
        load_settings({"SEATWRIGHT_SMTP_URL": "smtp://mail.example"})


def test_origins_are_a_list() -> None:
    text = " https://a.example ,null,, http://127.0.0.1:3000"
    origins = load_settings({"SEATWRIGHT_CORS_ORIGINS": text}).cors_origins
    assert origins == ("https://a.example", "null", "http://127.0.0.1:3000")
    assert load_settings({"SEATWRIGHT_CORS_ORIGINS": ""}).cors_origins == ()


def test_every_setting_is_documented_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `(SEATWRIGHT_\w+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {
        setting.name: f"{f'`{setting.default}`' if setting.default else 'empty'} | {setting.meaning}"
        for setting in SETTINGS
    }, "docs/settings.md and core/config.py differ"


def test_no_setting_is_read_elsewhere() -> None:
    names = {setting.name for setting in SETTINGS}
    source = Path(__file__).parents[2] / "src" / "seatwright"
    for path in source.rglob("*.py"):
        used = set(re.findall(r"SEATWRIGHT_[A-Z_]+", path.read_text(encoding="utf-8")))
        assert used <= names, path


@pytest.mark.parametrize(
    ("mistyped", "sentence"),
    [
        ("SEATWRIGHT_DATABSE_URL", ", and was ignored; the nearest is SEATWRIGHT_DATABASE_URL."),
        ("SEATWRIGHT_SMTP", ", and was ignored; the nearest is SEATWRIGHT_SMTP_URL."),
        ("SEATWRIGHT_hold_seconds", ", and was ignored (docs/settings.md)."),
        ("SEATWRIGHT_", ", and was ignored (docs/settings.md)."),
    ],
)
def test_a_variable_that_is_no_setting_is_told_with_the_nearest_one(mistyped: str, sentence: str) -> None:
    assert unknown_settings({mistyped: "x", "SEATWRIGHT_DATA": "x", "PATH": "x"}) == [
        f"{mistyped} is no setting{sentence}"
    ]


def test_no_setting_is_taken_for_another() -> None:
    """Each name with two letters changed places is told with the setting it was."""
    for setting in SETTINGS:
        name = setting.name
        mistyped = f"{name[:-3]}{name[-2]}{name[-3]}{name[-1]}"
        if mistyped not in {each.name for each in SETTINGS}:
            assert unknown_settings({mistyped: ""}) == [
                f"{mistyped} is no setting, and was ignored; the nearest is {name}."
            ]
