"""Reports at the desk: the tables and files are the API's, the chart is drawn to scale, and who may see which."""

from __future__ import annotations

import csv
import html
import io
import random
import re

import httpx
import pytest

from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.http.context import Services
from seatwright.web.desk.chart import HEIGHT, WIDTH, columns
from tests.desk import Desk
from tests.frontdesk.test_ledger import busy_order
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller

SAME = {
    "sales": "/api/v1/reports/sales",
    "sales?by=channel": "/api/v1/reports/sales?by=channel",
    "sales?by=day": "/api/v1/reports/sales?by=day",
    "sales?by=day&from=2026-06-30&to=2026-07-02": "/api/v1/reports/sales?by=day&from=2026-06-30&to=2026-07-02",
    "accrual": "/report/accrual/transactionDate",
    "accrual?from=2026-06-01&to=2026-06-02": "/report/accrual/transactionDate?from=2026-06-01&to=2026-06-02",
    "transactions": "/api/v1/reports/transactions?from=2026-07-01",
    "transactions?order=100001": "/api/v1/reports/transactions?confirmationIds=100001",
    "payables": "/api/v1/reports/payables",
    "receivables": "/api/v1/reports/receivables",
    "mailing-list": "/api/v1/reports/mailing-list",
}
"""Reports of the desk, and what the API answers to the same question."""
LEFT_OUT = {"Order", "Account id"}
"""Columns that are for programs only."""


@pytest.fixture
async def business(
    desk: Desk, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services, clock: ManualClock
) -> None:
    """Orders of the account's own and of a reseller, paid, given back, cancelled and consenting to mail."""
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, rate={"percent": 10})
    await busy_order(desk, rafting)
    clock.advance(HOUR_MS)
    cart = await desk.cart((kayak, {"All": 2}))
    customer = {"firstName": "Ann", "lastName": "=Lee", "email": "ann@lee.example", "marketingConsent": True}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    await desk.data("POST", "/order", json={"id": cart, "referenceId": "a,b"})
    resold = await reseller.cart((rafting, {"Adult": 2}), supplier=desk.shop.account_id)
    await reseller.data("POST", "/order", json={"id": resold})


def joined(path: str, more: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{more}"


def table(page: httpx.Response) -> list[list[str]]:
    """Return the titles and rows of a page's table, as texts."""
    found = re.search(r'<table class="table report">(.*?)</table>', page.text, re.DOTALL)
    if found is None:
        return []
    head, _, body = found[1].partition("<tbody>")
    rows = re.findall(r"<tr>(.*?)</tr>", body.partition("</tbody>")[0], re.DOTALL)

    def cells(text: str, tag: str) -> list[str]:
        return [
            html.unescape(re.sub(r"<[^>]*>", "", cell))
            for cell in re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        ]

    return [cells(head, "th"), *(cells(row, "td") for row in rows)]


def plain(text: str) -> str:
    """Return a number as a file has it, and anything else as it is."""
    number = text.replace(",", "").replace("−", "-")
    return number if re.fullmatch(r"-?\d+(\.\d+)?", number) else text


async def test_the_tables_and_files_are_those_of_the_api(desk: Desk, dana: Visitor, business: None) -> None:
    for ours, theirs in SAME.items():
        file = await desk.call("GET", joined(theirs, "format=csv"))
        assert (await dana.get(joined(f"/reports/{ours}", "format=csv"))).content == file.content, ours
        titles, *rows = list(csv.reader(io.StringIO(file.content.decode())))
        kept = [place for place, title in enumerate(titles) if title not in LEFT_OUT]
        page = await dana.get(f"/reports/{ours}")
        assert page.status_code == 200, ours
        shown = table(page)
        if not rows:
            assert "Nothing in these days" in text_of(page), ours
            continue
        assert shown[0] == [titles[place] for place in kept], ours
        assert len(shown) == len(rows) + 1, ours
        for row, cells in zip(rows, shown[1:], strict=True):
            for place, cell in zip(kept, cells, strict=True):
                if re.fullmatch(r"-?\d+(\.\d+)?", row[place]):
                    assert plain(cell) == row[place], (ours, titles[place])
                elif not re.match(r"\d{4}-\d\d-\d\d", row[place]):
                    assert cell == row[place].removeprefix("'"), (ours, titles[place])
        xlsx = await dana.get(joined(f"/reports/{ours}", "format=xlsx"))
        assert xlsx.content[:2] == b"PK", ours
        assert "attachment" in xlsx.headers["content-disposition"]


async def test_the_chart_says_what_the_report_says(desk: Desk, dana: Visitor, business: None) -> None:
    report = await desk.data("GET", "/api/v1/reports/sales?by=day")
    page = (await dana.get("/reports/sales?by=day")).text
    assert 'role="img" aria-labelledby="chart-title chart-text"' in page
    assert f"${report['total']['total']:,.2f} in {len(report['rows'])} days" in page
    assert page.count("<rect") == len(report["rows"])
    assert "style=" not in page
    shares = (await dana.get("/reports/sales")).text
    for row in (await desk.data("GET", "/api/v1/reports/sales"))["rows"]:
        assert f"${row['total']:,.2f}</span>" in shares


async def test_wrong_filters_say_so_and_stay(dana: Visitor) -> None:
    for wrong in (
        "sales?from=2026-07-15&to=2026-07-14",
        "sales?from=tomorrow",
        "sales?by=moon",
        "accrual?to=2026-07-14",
        "accrual?from=2020-01-01&to=2026-01-01",
        "transactions?order=x",
        "mailing-list?from=1",
    ):
        page = await dana.get(f"/reports/{wrong}")
        assert (page.status_code, 'role="alert"' in page.text) == (400, True), wrong
        value = wrong.partition("=")[2].partition("&")[0]
        assert f'value="{value}"' in page.text or value == "moon", wrong
        assert (await dana.get(f"/reports/{wrong}&format=csv")).status_code == 400, wrong


async def test_transactions_lead_to_ledgers_page_by_page(
    desk: Desk, business: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = ROLE_PERMISSIONS["accountant"]
    accountant = await visitor(desk.client, desk.services, desk.shop.account_id, rights)
    whole = table(await accountant.get("/reports/transactions"))[1:]
    monkeypatch.setattr("seatwright.web.desk.report_routes.PAGE_SIZE", 3)
    seen: list[list[str]] = []
    path = "/reports/transactions"
    while path:
        page = await accountant.get(path)
        seen += table(page)[1:]
        for ledger in re.findall(r'href="/desk(/orders/\d+/ledger)"', page.text):
            assert (await accountant.get(ledger)).status_code == 200
        following = re.search(r'href="/desk(/reports/[^"]*page=\d+)">Next page', page.text)
        path = html.unescape(following[1]) if following else ""
    assert seen == whole


async def test_each_role_sees_the_reports_that_it_may_read(desk: Desk) -> None:
    seen = {}
    for role, rights in ROLE_PERMISSIONS.items():
        who = await visitor(desk.client, desk.services, desk.shop.account_id, rights)
        page = await who.get("/reports")
        links = set(re.findall(r'href="/desk/reports/([a-z-]+)"', page.text)) if page.status_code == 200 else set()
        every = {path.partition("?")[0] for path in SAME}
        for report in every:
            answer = await who.get(f"/reports/{report}")
            assert answer.status_code == (200 if report in links else 403), (role, report)
        seen[role] = links
    money = {"sales", "accrual", "transactions", "payables", "receivables"}
    assert seen["owner"] == seen["manager"] == money | {"mailing-list"}
    assert (seen["accountant"], seen["front_desk"], seen["guide"]) == (money, {"transactions"}, set())


def test_columns_are_drawn_to_scale() -> None:
    """Whatever the amounts: within the drawing, on the line of nothing, as high as they are, beside each other."""
    seed = random.Random(14)
    for _ in range(300):
        many = seed.choice((1, 2, 7, 31, 366))
        reach = seed.choice((1, 9, 1_000, 123_456_789))
        amounts = [seed.randint(-reach if seed.random() < 0.3 else 0, reach) for _ in range(many)]
        chart = columns([(str(number), amount, "") for number, amount in enumerate(amounts)])
        if not any(amounts):
            assert chart is None
            continue
        assert chart is not None
        assert 2 <= len(chart.lines) <= 8
        assert chart.zero in [line.y for line in chart.lines if line.amount == 0]
        low, high = chart.lines[0].amount, chart.lines[-1].amount
        for amount, bar, after in zip(amounts, chart.bars, [*chart.bars[1:], None], strict=True):
            assert abs(bar.height - HEIGHT * abs(amount) / (high - low)) < 0.02
            assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT + 0.02
            assert abs((bar.y if amount < 0 else bar.y + bar.height) - chart.zero) < 0.02
            assert 0 <= bar.x < bar.x + bar.width <= (WIDTH if after is None else after.x) + 0.02
            assert bar.below == (amount < 0)
    assert columns([("a", 0, ""), ("b", 0, "")]) is None
