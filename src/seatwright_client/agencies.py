"""Resellers as their supplier sees them: the businesses that a user belongs to, and how one can be reached."""

from __future__ import annotations

from typing import TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.request import RESMARK, Request, get, path

_AGENCY = f"{RESMARK}/agency"


class Agency(Shape, frozen=True, kw_only=True):
    """A reseller business that a user belongs to: `entity_id` is the business, `agent_id` the user."""

    name: str
    entity_id: str
    agent_id: str


class NamedPlace(Shape, frozen=True, kw_only=True):
    """A country or state by its name."""

    name: str


class AgencyPhone(Shape, frozen=True, kw_only=True):
    """A phone number and its kind, such as "office"."""

    phone_type: str
    phone_number: str


class AgencyInfo(Shape, frozen=True, kw_only=True):
    """How a reseller's business can be reached; an empty text is not known."""

    name: str
    country: NamedPlace
    address_one: str
    postal_code: str
    locality: str
    state: NamedPlace
    business_email: str
    website: str
    phone_list: tuple[AgencyPhone, ...] = ()
    resmark_url: str = ""


_Agencies: TypeAlias = list[Agency]


class Agencies(Resource[Mode]):
    """`client.agencies`: resellers that the account is connected to as their supplier."""

    @operation
    def of_user(self, user_id: str) -> Request[_Agencies]:
        """Return the reseller businesses of a user by e-mail or alternative id; an empty list for an unknown user."""
        return get(path(_AGENCY, user_id), enveloped(_Agencies))

    @operation
    def info(self, agency_id: str) -> Request[AgencyInfo]:
        """Return how a reseller business can be reached. `NotFound` for one that the account isn't connected to."""
        return get(path(_AGENCY, agency_id, "agencyInfo"), enveloped(AgencyInfo))
