"""The reseller in whose name a supplier orders, from `POST /cart` and `POST /order` (wire reference, "Tags,
resellers").
"""

from __future__ import annotations

from seatwright.cart.behalf import Behalf
from seatwright.core.errors import Invalid
from seatwright.core.names import text_or_none


def behalf_of(
    entity_id: str | float | None, reseller_id: str | float | None, agent_id: str | float | None
) -> Behalf | None:
    """Return the reseller named by `resellerEntityId` or our own `resellerId`, and the agent; None without either.

    Raises `Invalid` for two different resellers, and for an agent without one.
    """
    named, ours, agent = (text_or_none(each) for each in (entity_id, reseller_id, agent_id))
    if named and ours and named != ours:
        raise Invalid(
            "resellerId: is another one than resellerEntityId; leave one of them out.",
            code="invalid_field",
            field="resellerId",
        )
    if named or ours:
        return Behalf(named or ours or "", agent or None)
    if agent:
        raise Invalid(
            "agentId: say which reseller's agent it is, with resellerEntityId.",
            code="missing_field",
            field="resellerEntityId",
        )
    return None
