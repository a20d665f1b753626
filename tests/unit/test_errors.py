"""The tree of errors in `core/errors.py` is the one that there is."""

from __future__ import annotations

import re

from seatwright.core import errors
from seatwright.core.errors import SeatwrightError


def test_the_tree_in_the_docstring_has_every_error_with_its_parent_status_and_code() -> None:
    kinds = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    above, drawn = ["SeatwrightError"], {"SeatwrightError"}
    branch = r"^([│ ]*)[├└]── (\w+) +(\d{3}) (\w+): "
    for indent, name, status, code in re.findall(branch, errors.__doc__ or "", re.MULTILINE):
        above[len(indent) // 4 + 1 :] = [name]
        assert kinds[name].__base__ is kinds[above[-2]], name
        assert (kinds[name].status, kinds[name].code) == (int(status), code), name
        drawn.add(name)
    assert drawn == set(kinds)
    assert all(issubclass(kind, SeatwrightError) for kind in kinds.values())
