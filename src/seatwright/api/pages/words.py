"""What the pages say. A language lacks no sentence, because each is a field that has to be given.

Words in braces are filled in; what is filled in is escaped by the template, together with the sentence.
"""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """All texts of the customer's pages in one language. People are addressed formally."""

    # The order
    title: str
    confirmation: str
    booked_by: str
    status: str
    confirmed: str
    pending: str
    cancelled: str
    checked_in: str
    pending_until: str
    pending_open: str
    declined: str
    expired: str
    said: str
    code_hint: str
    code_label: str
    your_dates: str
    date: str
    time: str
    no_date: str
    place: str
    pickup: str
    operated_by: str
    participants: str
    units: str
    line_fee: str

    # Money
    money: str
    price: str
    discount: str
    fees: str
    tax: str
    cancellation_fees: str
    total: str
    paid: str
    to_pay: str
    to_refund: str
    included: str

    # Policies
    policy: str
    policy_free: str
    policy_rules: str

    # What one can do
    calendar: str
    cancel: str
    not_online: str
    contact: str
    contact_hint: str
    done: str
    back: str

    # Cancelling
    choose_title: str
    choose: str
    whole: str
    next: str
    confirm_title: str
    confirm_nothing_yet: str
    column_what: str
    column_price: str
    column_fee: str
    column_why: str
    fee: str
    refund: str
    agree_fee: str
    agree_free: str
    changed: str
    already_title: str
    already: str
    refused_title: str
    refused: str

    # Why a fee is taken
    percent: str
    per_person: str
    per_unit: str
    per_order: str
    within: str
    otherwise: str
    limited: str
    charged_before: str
    no_fee: str
    not_accepted_yet: str

    # What goes wrong
    not_found_title: str
    not_found: str
    too_many_title: str
    too_many: str
    unavailable_title: str
    unavailable: str
    failed_title: str
    failed: str
    refused_request_title: str
    refused_request: str
