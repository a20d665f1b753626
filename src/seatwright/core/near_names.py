"""Which known name was probably meant by one that isn't known."""

from __future__ import annotations

from collections.abc import Iterable


def letters(name: str) -> str:
    """Return a name without case and punctuation: `confirmation_ids` is `confirmationIds`."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def nearest(given: str, names: Iterable[str]) -> str | None:
    """Return the name that `given` is a spelling of, in other case or punctuation or with a slip; None without one."""
    wanted = letters(given)
    ranked = [(_distance(wanted, letters(name)), name) for name in names if is_misspelt(wanted, letters(name))]
    return min(ranked)[1] if ranked else None


def is_misspelt(given: str, wanted: str) -> bool:
    """Tell whether names, as `letters` returns them, are the same but for slips.

    One or two letters may be wrong, missing, too many or exchanged; in short names one, and not the first.
    """
    if given == wanted:
        return True
    short = min(len(given), len(wanted))
    most = 0 if short < 2 or len(wanted) < 3 else 1 if short <= 5 else 2
    if most == 0 or abs(len(given) - len(wanted)) > most or (short < 5 and given[0] != wanted[0]):
        return False
    return _distance(given, wanted) <= most


def _distance(one: str, other: str) -> int:
    """Return how many letters have to be changed, added, removed, or exchanged with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, target in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
