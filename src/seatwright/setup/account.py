"""The part of a catalog file about the account itself: its name, currency, zone, policy and business."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from seatwright.auth import service as auth
from seatwright.auth.business import BusinessChange, Phone, with_change
from seatwright.auth.model import Account
from seatwright.auth.service import AccountChange
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import at, bad_field
from seatwright.core.money import check_currency
from seatwright.setup.convert import zone
from seatwright.setup.document import Form, Line
from seatwright.storage.engine import Tx


class PhoneForm(Form, kw_only=True):
    """A phone number, and what kind it is, such as "office"."""

    number: Annotated[str, Meta(max_length=50, examples=["+1 435 555 0100"])]
    type: Annotated[str, Meta(max_length=50, examples=["office"])] = ""


class BusinessForm(Form, kw_only=True):
    """How the business can be reached, as its partners see it; what is left out stays, an empty text removes it."""

    address: Line | None = None
    city: Line | None = None
    state: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None
    website: Annotated[str, Meta(max_length=2_000, examples=["https://canyon.example"])] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    phones: Annotated[list[PhoneForm], Meta(max_length=10)] | None = None

    def change(self) -> BusinessChange:
        """Return the changes."""
        said = {name: getattr(self, name) for name in self.__struct_fields__ if name != "phones"}
        phones = None if self.phones is None else tuple(Phone(number=p.number, type=p.type) for p in self.phones)
        return BusinessChange(**said, phones=phones)


class AccountForm(Form, kw_only=True):
    """Settings of the account; what is left out stays. An empty `policy` removes the account's policy."""

    name: Line | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    currency: Annotated[str, Meta(max_length=3, examples=["USD"])] | None = None
    time_zone: Annotated[Line, Meta(examples=["America/Denver"])] | None = None
    policy: Annotated[str | None, Meta(description="Code of the policy of products that have none.")] = None
    business: BusinessForm | None = None


def account_change(account: Account, settings: AccountForm) -> AccountChange | None:
    """Return the changes of the account, or None. Raises `Invalid` naming the field."""
    if settings.currency not in (None, account.currency):
        try:
            check_currency(settings.currency)
        except Invalid as error:
            raise bad_field("account.currency", error.message.removeprefix("currency: ")) from None
    if settings.time_zone is not None:
        zone(settings.time_zone, "account.timeZone")
    change = AccountChange(
        name=_new(settings.name, account.name),
        email=_new(settings.email, account.email),
        currency=_new(settings.currency, account.currency),
        time_zone=_new(settings.time_zone, account.time_zone),
        policy_code=_new(settings.policy, account.policy_code or ""),
        business=_new_business(settings.business, account),
    )
    return None if change == AccountChange() else change


def _new(said: str | None, present: str) -> str | None:
    """Return the new value if it differs from the present one (spaces around it don't count)."""
    return None if said is None or said.strip() == present else said.strip()


def _new_business(form: BusinessForm | None, account: Account) -> BusinessChange | None:
    """Return the changes of the business in a form; None without changes. Raises `Invalid` naming the field."""
    if form is None:
        return None
    change = form.change()
    try:
        return None if with_change(account.business, change) == account.business else change
    except Invalid as error:
        raise _of_account(error) from None


def _of_account(error: Invalid) -> Invalid:
    """Return an error about the account with its field's path in the file."""
    return Invalid(f"account.{error.message}", code=error.code, field=at("account", error.field or ""))


async def change_account(tx: Tx, now: Instant, actor: str, account_id: str, change: AccountChange) -> None:
    """Change the account. Raises `Invalid`, with the field's path in the file."""
    try:
        await auth.change_account(tx, now, actor, account_id, change)
    except Invalid as error:
        raise _of_account(error) from None
