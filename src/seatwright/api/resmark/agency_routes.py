"""`/public/api/agency`: the resellers that an account is connected to, as their supplier sees them (wire reference,
"Tags, resellers, sign-in by redirect")."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, get
from litestar.params import PathParameter

from seatwright.auth import service as accounts
from seatwright.auth.model import Account, Caller
from seatwright.core.errors import NotFound
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest
from seatwright.http.wire import Envelope, Wire
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Agent
from seatwright.storage.engine import ReadTx


class AgencyOut(Wire):
    """A reseller business that a user belongs to: `entityId` is the business, `agentId` the user."""

    name: str
    entity_id: str
    agent_id: str


class NameOut(Wire):
    """A name."""

    name: str


class PhoneListedOut(Wire):
    """A phone number and its kind, such as "office"."""

    phone_type: str
    phone_number: str


class AgencyInfoOut(Wire):
    """How a reseller's business can be reached. `resmarkUrl` is empty here; so is what isn't known."""

    name: str
    country: NameOut
    address_one: str
    postal_code: str
    locality: str
    state: NameOut
    business_email: str
    website: str
    phone_list: list[PhoneListedOut]
    resmark_url: str


@get("/{user_id:str}", summary="Find a user's reseller businesses")
async def find_agencies(
    request: ApiRequest,
    user_id: Annotated[str, PathParameter(description="E-mail or alternative id of a user of a reseller business.")],
) -> Response[Envelope[list[AgencyOut]]]:
    """List the connected reseller businesses that a user belongs to, by name; a stranger belongs to none."""

    async def run(tx: ReadTx, caller: Caller) -> list[Agent]:
        return await resellers.agents(tx, caller.account_id, user_id)

    return await endpoint.read(request, "orders.read", run, lambda found: [_agency_out(agent) for agent in found])


@get("/{agency_id:str}/agencyInfo", summary="Read a reseller business")
async def read_agency(
    request: ApiRequest,
    agency_id: Annotated[str, PathParameter(description="The business's id, `entityId` of the other request.")],
) -> Response[Envelope[AgencyInfoOut]]:
    """Read how a connected reseller business can be reached."""

    async def run(tx: ReadTx, caller: Caller) -> Account:
        if not await resellers.sells_for(tx, caller.account_id, agency_id):
            raise NotFound("There is no reseller with this id that you are connected to.", code="agency_not_found")
        return await accounts.account(tx, agency_id)

    return await endpoint.read(request, "orders.read", run, _agency_info_out)


def _agency_out(agent: Agent) -> AgencyOut:
    return AgencyOut(name=agent.business, entity_id=agent.account_id, agent_id=agent.user_id)


def _agency_info_out(account: Account) -> AgencyInfoOut:
    business = account.business
    return AgencyInfoOut(
        name=account.name,
        country=NameOut(name=business.country),
        address_one=business.address,
        postal_code=business.postal_code,
        locality=business.city,
        state=NameOut(name=business.state),
        business_email=business.email or account.email,
        website=business.website,
        phone_list=[PhoneListedOut(phone_type=p.type, phone_number=p.number) for p in business.phones],
        resmark_url="",
    )


ROUTES = [Router("/agency", route_handlers=[find_agencies, read_agency], tags=["Resellers"])]
