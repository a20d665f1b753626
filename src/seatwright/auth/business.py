"""Contact data of a business, which an account shows to its partners."""

from __future__ import annotations

import msgspec

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.mail import is_address
from seatwright.core.web import is_web_address

MAX_TEXT = 200
MAX_WEBSITE = 2_000
MAX_PHONES = 10
MAX_NUMBER = 50


class Phone(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A phone number as people write it, and what kind it is, such as "office"."""

    number: str
    type: str = ""


class Business(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Address, website, e-mail and phones of a business; "" means unknown."""

    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    website: str = ""
    email: str = ""
    phones: tuple[Phone, ...] = ()


class BusinessChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a `Business`; None leaves a field as it is, "" and an empty list remove it."""

    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    website: str | None = None
    email: str | None = None
    phones: tuple[Phone, ...] | None = None


_WIRE_NAMES = {"postal_code": "postalCode"}


def with_change(old: Business, change: BusinessChange) -> Business:
    """Return the business after a change. Raises `Invalid`, naming the field as `business.website`."""
    changed = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not None}
    for name, value in changed.items():
        if isinstance(value, str):
            changed[name] = _text(value, _WIRE_NAMES.get(name, name), MAX_WEBSITE if name == "website" else MAX_TEXT)
    if changed.get("website") and not is_web_address(changed["website"]):
        raise _bad("website", f"{changed['website'][:80]!r} is not an http or https address.", "invalid_url")
    if changed.get("email") and not is_address(changed["email"]):
        raise _bad("email", f"{changed['email'][:80]!r} is not an e-mail address.", "invalid_email")
    if "phones" in changed:
        changed["phones"] = _phones(change.phones or ())
    return msgspec.structs.replace(old, **changed)


def _phones(phones: tuple[Phone, ...]) -> tuple[Phone, ...]:
    if len(phones) > MAX_PHONES:
        raise _bad("phones", f"at most {MAX_PHONES} numbers.")
    read = []
    for index, phone in enumerate(phones):
        number = _text(phone.number, f"phones[{index}].number", MAX_NUMBER)
        if not any(character.isdigit() for character in number):
            raise _bad(f"phones[{index}].number", f"{number!r} is not a phone number.")
        read.append(Phone(number=number, type=_text(phone.type, f"phones[{index}].type", MAX_NUMBER)))
    return tuple(read)


def _text(text: str, field: str, most: int) -> str:
    text = text.strip()
    if len(text) > most:
        raise _bad(field, f"must have at most {most} characters.")
    return text


def _bad(field: str, sentence: str, code: str = "invalid_field") -> Invalid:
    return bad_field(f"business.{field}", sentence, code=code)
