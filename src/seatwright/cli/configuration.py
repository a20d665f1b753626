"""`seatwright config`."""

from __future__ import annotations

import os

from seatwright.cli.running import Data, settings
from seatwright.cli.tables import AsJson, Row, print_list
from seatwright.core.config import SETTINGS, Setting
from seatwright.storage.open import without_password

HIDDEN = "(hidden)"


def config(as_json: AsJson = False, data: Data = None) -> None:
    """List each setting with its value and where it comes from. Secrets and passwords are hidden."""
    settings(data)
    titles = {"name": "setting", "value": "value", "from": "from"}
    print_list([_row(setting, by_option=data is not None) for setting in SETTINGS], titles, as_json=as_json, empty="")


def _row(setting: Setting, *, by_option: bool) -> Row:
    given = os.environ.get(setting.name)
    source = "default" if given is None else "environment"
    if by_option and setting.name == "SEATWRIGHT_DATA":
        source = "--data"
    value = setting.default if given is None else given
    return {"name": setting.name, "value": _shown(setting, value), "from": source, "meaning": setting.meaning}


def _shown(setting: Setting, value: str) -> str:
    if not value or setting.hides == "nothing":
        return value
    if setting.hides == "all":
        return HIDDEN
    address, password = without_password(value)
    return address.replace("@", f":{HIDDEN}@", 1) if password else address
