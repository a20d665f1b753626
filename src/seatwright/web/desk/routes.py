"""All routes of the desk."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from seatwright.web.desk import (
    arrival_routes,
    asset_routes,
    audit_routes,
    booking_routes,
    calendar_routes,
    cancel_routes,
    checkin_routes,
    departure_routes,
    disruption_routes,
    drawer_routes,
    edit_routes,
    ledger_routes,
    live_routes,
    message_routes,
    money_routes,
    move_routes,
    order_list_routes,
    order_routes,
    pending_routes,
    people_routes,
    pickup_routes,
    profile_routes,
    report_routes,
    sign_in_routes,
)

ROUTES: list[HTTPRouteHandler] = [
    *asset_routes.ROUTES,
    *sign_in_routes.ROUTES,
    *arrival_routes.ROUTES,
    *profile_routes.ROUTES,
    *calendar_routes.ROUTES,
    *departure_routes.ROUTES,
    *pickup_routes.ROUTES,
    *checkin_routes.ROUTES,
    *disruption_routes.ROUTES,
    *live_routes.ROUTES,
    *booking_routes.ROUTES,
    *order_list_routes.ROUTES,
    *order_routes.ROUTES,
    *pending_routes.ROUTES,
    *message_routes.ROUTES,
    *edit_routes.ROUTES,
    *ledger_routes.ROUTES,
    *money_routes.ROUTES,
    *cancel_routes.ROUTES,
    *move_routes.ROUTES,
    *people_routes.ROUTES,
    *audit_routes.ROUTES,
    *drawer_routes.ROUTES,
    *report_routes.ROUTES,
]
