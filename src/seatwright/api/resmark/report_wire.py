"""The accrual report on the wire (wire reference, "Reports"; field names as they are there)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from seatwright.core.money import to_wire
from seatwright.reports.accrual import Accrual, LineItem, Sums


class SumsOut(msgspec.Struct, kw_only=True):
    """What sales, payments and fees added (`positive`), and what cancellations and lower fees took back (`negative`);
    what lowers the others, such as a discount, is the other way round."""

    positive: Decimal
    negative: Decimal


class NamedSumsOut(SumsOut, kw_only=True):
    """The same by payment type; null where there is one for all."""

    id: str | None = msgspec.field(name="_id")


class LineItemOut(SumsOut, kw_only=True):
    """Everything of one name and type on one product. `type_id` is the product's id, or that of the tax, fee or pickup
    which has the name in the catalog now."""

    name: str
    type: Literal["product", "discount", "pickup", "fee", "service_fee", "tax", "cancellation_fee", "commission"]
    type_id: str | None
    item_product_id: str
    item_product_number: int
    item_product_name: str


class AccrualOut(msgspec.Struct, kw_only=True, rename="camel"):
    """What was sold, paid and owed in some days. `totalDebit` and `totalCredit` are the same: cash, accounts receivable
    and what resellers owe, and deposits, line items and what is owed to resellers. `noAccountList` is empty, as every
    line item has an account."""

    advance_deposits_credit: NamedSumsOut
    cash_list: list[NamedSumsOut]
    accounts_receivable_debit: SumsOut
    no_account_list: list[LineItemOut]
    account_list: list[LineItemOut]
    resellers_receivable_debit: SumsOut
    resellers_payable_credit: SumsOut
    total_debit: Decimal
    total_credit: Decimal
    currency: str
    time_zone: str


def accrual_out(report: Accrual, currency: str, zone: str) -> AccrualOut:
    """Show the report in a currency."""

    def said(sums: Sums) -> dict[str, Decimal]:
        return {"positive": to_wire(sums.positive, currency), "negative": to_wire(sums.negative, currency)}

    return AccrualOut(
        advance_deposits_credit=NamedSumsOut(id=None, **said(report.deposits)),
        cash_list=[NamedSumsOut(id=name, **said(sums)) for name, sums in report.cash.items()],
        accounts_receivable_debit=SumsOut(**said(report.receivable)),
        no_account_list=[],
        account_list=[_line_item_out(item, said(item.sums)) for item in report.items],
        resellers_receivable_debit=SumsOut(**said(report.from_resellers)),
        resellers_payable_credit=SumsOut(**said(report.to_resellers)),
        total_debit=to_wire(report.debit, currency),
        total_credit=to_wire(report.credit, currency),
        currency=currency,
        time_zone=zone,
    )


def _line_item_out(item: LineItem, sums: dict[str, Decimal]) -> LineItemOut:
    return LineItemOut(
        name=item.name,
        type=item.type,
        type_id=item.type_id,
        item_product_id=item.product.id,
        item_product_number=item.product.number,
        item_product_name=item.product.name,
        **sums,
    )
