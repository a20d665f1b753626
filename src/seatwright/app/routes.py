"""All routes of the API, by the path that they are under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from seatwright.api.manage import (
    account_routes,
    assignment_routes,
    cancellation_routes,
    cart_routes,
    catalog_routes,
    change_routes,
    check_in_routes,
    connection_routes,
    departure_routes,
    drawer_routes,
    job_routes,
    key_routes,
    link_routes,
    message_routes,
    move_routes,
    note_routes,
    offer_routes,
    order_change_routes,
    order_edit_routes,
    order_list_routes,
    order_routes,
    payment_routes,
    people_routes,
    refusal_routes,
    report_routes,
    webhook_routes,
)
from seatwright.api.resmark import agency_routes, auth_routes, product_routes, tag_routes
from seatwright.api.resmark import cart_routes as resmark_cart_routes
from seatwright.api.resmark import order_routes as resmark_order_routes
from seatwright.api.resmark import report_routes as resmark_report_routes
from seatwright.api.shapes.words import in_words
from seatwright.auth.links import PATH
from seatwright.http import health_routes, metrics_routes
from seatwright.web.desk import calendar_routes, login_routes
from seatwright.web.desk import routes as desk_routes
from seatwright.web.desk.visit import PATH as DESK
from seatwright.web.my import routes as page_routes
from seatwright.web.reference import routes as reference_routes

RESMARK = "/public/api"
MANAGE = "/api/v1"

OPTIONS: Mapping[str, Mapping[str, Any]] = {RESMARK: {"words": in_words}, MANAGE: {"words": in_words}}
"""What all routes of a door have in common."""

Routes: TypeAlias = Mapping[str, Sequence[HTTPRouteHandler | Router]]

ROUTES: Routes = {
    "/": [*health_routes.ROUTES, *metrics_routes.ROUTES, *calendar_routes.ROOT],
    RESMARK: [
        *auth_routes.ROUTES,
        *login_routes.LOGIN,
        *product_routes.ROUTES,
        *tag_routes.ROUTES,
        *agency_routes.ROUTES,
        *resmark_cart_routes.ROUTES,
        *resmark_order_routes.ROUTES,
        *resmark_report_routes.ROUTES,
    ],
    MANAGE: [
        *account_routes.ROUTES,
        *change_routes.ROUTES,
        *check_in_routes.ROUTES,
        *key_routes.ROUTES,
        *people_routes.ROUTES,
        *connection_routes.ROUTES,
        *catalog_routes.ROUTES,
        *offer_routes.ROUTES,
        *departure_routes.ROUTES,
        *job_routes.ROUTES,
        *assignment_routes.ROUTES,
        *report_routes.ROUTES,
        *drawer_routes.ROUTES,
        *order_list_routes.ROUTES,
        *order_change_routes.ROUTES,
        *order_edit_routes.ROUTES,
        *note_routes.ROUTES,
        *order_routes.ROUTES,
        *move_routes.ROUTES,
        *cart_routes.ROUTES,
        *payment_routes.ROUTES,
        *cancellation_routes.ROUTES,
        *link_routes.ROUTES,
        *message_routes.ROUTES,
        *refusal_routes.ROUTES,
        *webhook_routes.ROUTES,
    ],
    PATH: page_routes.ROUTES,
    DESK: desk_routes.ROUTES,
    reference_routes.PATH: reference_routes.ROUTES,
}
