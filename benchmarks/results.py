"""What is measured, what it is measured beside, and the one table that a run ends with."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

from rich.console import Console
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)

Kind = Literal["at least", "at most", "info"]


@dataclass
class Figure:
    """One row: what was measured, the figure beside it, their ratio, and what it should be.

    `ours` and `beside` are medians over rounds; `ratio` is the median of the rounds' ratios.
    """

    area: str
    engine: str
    what: str
    ours: float
    unit: str
    beside: float | None = None
    beside_what: str = ""
    ratio: float | None = None
    aim: float | None = None
    kind: Kind = "info"
    rounds: list[tuple[float, float]] = field(default_factory=list)

    @property
    def met(self) -> bool | None:
        """Whether the aim holds; None where there is none."""
        value = self.ratio if self.ratio is not None else self.ours
        if self.aim is None or self.kind == "info":
            return None
        return value >= self.aim if self.kind == "at least" else value <= self.aim


class Results:
    """Collects figures and notes; prints and writes them."""

    def __init__(self, *, full: bool) -> None:
        self.full = full
        self.figures: list[Figure] = []
        self.details: dict[str, object] = {}
        self.notes: list[str] = []

    def compare(
        self,
        area: str,
        engine: str,
        what: str,
        rounds: Sequence[tuple[float, float]],
        unit: str,
        beside_what: str,
        *,
        aim: float | None = None,
        kind: Kind = "at least",
    ) -> None:
        """Add a ratio: `rounds` holds (ours, beside) of each round, measured one after the other."""
        kept = [(ours, beside) for ours, beside in rounds if beside]
        if not kept:
            return
        self.figures.append(
            Figure(
                area=area,
                engine=engine,
                what=what,
                ours=median(ours for ours, _ in kept),
                unit=unit,
                beside=median(beside for _, beside in kept),
                beside_what=beside_what,
                ratio=median(ours / beside for ours, beside in kept),
                aim=aim,
                kind=kind if aim is not None else "info",
                rounds=list(kept),
            )
        )

    def figure(
        self,
        area: str,
        engine: str,
        what: str,
        ours: float,
        unit: str,
        *,
        aim: float | None = None,
        kind: Kind = "info",
    ) -> None:
        """Add a figure that stands by itself."""
        self.figures.append(Figure(area, engine, what, ours, unit, aim=aim, kind=kind))

    def note(self, text: str) -> None:
        """Add a line under the table, and print it now."""
        self.notes.append(text)
        console.print(f"  {text}", markup=False)

    def table(self) -> Table:
        """Return the one table of the run."""
        table = Table(title="Seatwright, measured", title_justify="left", expand=False)
        for name in ("area", "engine", "what", "measured", "beside", "ratio", "aim", ""):
            table.add_column(name, justify="right" if name in ("measured", "ratio", "aim") else "left")
        area = ""
        for figure in self.figures:
            if area and figure.area != area:
                table.add_section()
            area = figure.area
            beside = "" if figure.beside is None else f"{_text(figure.beside)} {figure.unit} {figure.beside_what}"
            table.add_row(
                figure.area,
                figure.engine,
                figure.what,
                f"{_text(figure.ours)} {figure.unit}",
                beside,
                "" if figure.ratio is None else f"{_text(figure.ratio)}x",
                _aim(figure),
                {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met],
            )
        return table

    def markdown(self) -> str:
        """Return the table for docs/performance.md."""
        lines = ["| area | engine | what | measured | beside | ratio | aim | |", "| - | - | - | -: | - | -: | -: | - |"]
        for figure in self.figures:
            beside = "" if figure.beside is None else f"{_text(figure.beside)} {figure.unit} {figure.beside_what}"
            ratio = "" if figure.ratio is None else _text(figure.ratio)
            met = {True: "met", False: "missed", None: ""}[figure.met]
            measured = f"{_text(figure.ours)} {figure.unit}"
            cells = (figure.area, figure.engine, figure.what, measured, beside, ratio, _aim(figure), met)
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"

    def finish(self, folder: Path) -> Path:
        """Print the table and write everything as JSON, and the table as Markdown beside it; return where."""
        console.print()
        Console(highlight=False, width=max(console.width, 140)).print(self.table())
        for note in self.notes:
            console.print(f"* {note}", markup=False)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
        content = {
            "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
            "full": self.full,
            "load_average": os.getloadavg(),
            "figures": [{**asdict(figure), "met": figure.met} for figure in self.figures],
            "details": self.details,
            "notes": self.notes,
        }
        path.write_text(json.dumps(content, indent=1, default=str))
        path.with_suffix(".md").write_text(self.markdown())
        return path


def _text(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _aim(figure: Figure) -> str:
    if figure.aim is None or figure.kind == "info":
        return ""
    unit = "x" if figure.ratio is not None else f" {figure.unit}"
    return f"{'≥' if figure.kind == 'at least' else '≤'} {_text(figure.aim)}{unit}"
