"""Draw the house: `python -m tests.docs.house` writes docs/house.svg.

It has the floors of pyproject.toml and the imports of the sources.

The rooms stand on stairs, from the top floor down. A dot right of a room is an import: straight below the dot, on the
stairs, is the room that it imports. So every dot is above the stairs as long as imports go downwards only.
`tests/docs/test_house.py` fails if the picture isn't the one that this would draw.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import grimp

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "house.svg"
PACKAGE = "seatwright"
CONTRACT = "Imports go downwards"

CELL, ROW, FONT = 22, 30, 21
MARGIN, LETTER = 18, 0.64 * FONT
LEGEND = (
    "Rooms stand on stairs,",
    "the top floor first.",
    "A dot is an import: below it,",
    "on the stairs, is the room",
    "that is imported.",
)

STYLE = """
  .paper { fill: #fbfaf7; stroke: #dcd8cf }
  .floor { fill: #efece4 }
  .grid { fill: none; stroke: #d9d4c8 }
  .name { font: 600 21px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #23303a; text-anchor: end }
  .said { font: 17px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #5c6770 }
  .step { fill: #2b6777 }
  .dot { fill: #c8553d }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14191d; stroke: #2c343a }
    .floor { fill: #1c2328 }
    .grid { stroke: #2f383f }
    .name { fill: #e4e9ec }
    .said { fill: #9fabb3 }
    .step { fill: #58a3b5 }
    .dot { fill: #f08a6c }
  }
"""


class House(NamedTuple):
    """The floors from the top down, each with its rooms, and who imports whom, by the rooms' names."""

    floors: list[list[str]]
    imports: set[tuple[str, str]]

    @property
    def rooms(self) -> list[str]:
        """All rooms from the top floor down."""
        return [room for floor in self.floors for room in floor]


def read_floors() -> list[list[str]]:
    """Return the floors that pyproject.toml's contract has, without the package's own name."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == CONTRACT)
    names = [re.findall(r"[\w.]+", layer) for layer in layers]
    return [[name.removeprefix(f"{PACKAGE}.") for name in floor] for floor in names]


def read_house() -> House:
    """Return the house as the sources have it."""
    floors = read_floors()
    rooms = sorted((room for floor in floors for room in floor), key=len, reverse=True)

    def room_of(module: str) -> str | None:
        inside = module.removeprefix(f"{PACKAGE}.")
        return next((room for room in rooms if inside == room or inside.startswith(f"{room}.")), None)

    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    pairs = (
        (room_of(importer), room_of(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
    return House(floors, {(above, below) for above, below in pairs if above and below and above != below})


def draw(house: House) -> str:
    """Return the picture as SVG. It is the same for the same house, to the byte."""
    rooms = house.rooms
    left = MARGIN + max(len(room) * LETTER - number * CELL for number, room in enumerate(rooms))
    width, height = round(left + len(rooms) * CELL + MARGIN), MARGIN * 2 + len(rooms) * ROW
    column = {room: round(left) + number * CELL for number, room in enumerate(rooms)}
    line = {room: MARGIN + number * ROW for number, room in enumerate(rooms)}
    parts = [f'<rect class="paper" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="10"/>']
    for number, floor in enumerate(house.floors):
        if number % 2 == 0:
            start = min(round(column[room] - len(room) * LETTER) - 12 for room in floor)
            size = f'width="{width - 6 - start}" height="{len(floor) * ROW}"'
            parts.append(f'<rect class="floor" x="{start}" y="{line[floor[0]]}" {size} rx="5"/>')
    edge = round(left) + len(rooms) * CELL
    for room in rooms:
        across, down = column[room] + CELL // 2, line[room] + ROW // 2
        parts.append(f'<path class="grid" d="M{across} {MARGIN}V{down}H{edge}"/>')
    for room in rooms:
        parts.append(f'<rect class="step" x="{column[room] + 3}" y="{line[room] + 6}" width="16" height="18" rx="4"/>')
        parts.append(f'<text class="name" x="{column[room] - 4}" y="{line[room] + 22}">{room}</text>')
    order = {room: number for number, room in enumerate(rooms)}
    for above, below in sorted(house.imports, key=lambda pair: (order[pair[0]], order[pair[1]])):
        at = f'cx="{column[below] + CELL // 2}" cy="{line[above] + ROW // 2}"'
        parts.append(f'<circle class="dot" {at} r="6"><title>{above} imports {below}</title></circle>')
    bottom = height - MARGIN - 12 - (len(LEGEND) - 1) * 22
    parts += [
        f'<text class="said" x="20" y="{bottom + number * 22}">{text}</text>' for number, text in enumerate(LEGEND)
    ]
    title = "The rooms of Seatwright from the top floor down, and which room imports which"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{title}">'
    )
    return "\n".join([head, f"<title>{title}</title>", f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(draw(read_house()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
