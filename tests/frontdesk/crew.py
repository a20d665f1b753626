"""Crew and boats with every sort of conflict, for pictures."""

from __future__ import annotations

import httpx


def hire(client: httpx.Client, desk: str, departures: tuple[str, str, str]) -> str:
    """Put a guide and two boats on the first departure, a guide on the two others, and a driver on the second one.

    Return the first guide. The two boats are too small, and one of them is retired afterwards. The driver's turnaround
    is longer than the time between the others.
    """
    made = {}
    for kind, name, more in (
        ("guide", "Maya Reyes", {"turnaroundMin": 30}),
        ("guide", "Tomás Vega", {}),
        ("driver", "Jess Tan", {"turnaroundMin": 120}),
        ("boat", "Big raft", {"places": 2}),
        ("boat", "Old raft", {"places": 3}),
        ("vehicle", "Van 1", {"places": 14}),
    ):
        body = {"kind": kind, "name": name, **more}
        made[name] = client.post(f"{desk}/resources", json=body).json()["data"]["id"]
    on = (("Maya Reyes", "Big raft", "Old raft"), ("Tomás Vega", "Jess Tan", "Van 1"), ("Tomás Vega",))
    for departure, names in zip(departures, on, strict=True):
        body = {"resourceIds": [made[name] for name in names], "anyway": True}
        assert client.post(f"{desk}/departures/{departure}/assignments", json=body).status_code == 200
    client.patch(f"{desk}/resources/{made['Old raft']}", json={"retired": True})
    return made["Maya Reyes"]
