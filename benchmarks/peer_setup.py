"""Run inside pretix, by its own `shell`: one organizer, one event on sale, a quota, two items, an API token.

Prints `BENCH` and a JSON object as its last line.
"""
# mypy: ignore-errors

import datetime
import json
from decimal import Decimal

from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Event, Organizer
from pretix.base.models.organizer import TeamAPIToken

with scopes_disabled():
    organizer = Organizer.objects.create(name="Canyon", slug="canyon")
    event = Event.objects.create(
        organizer=organizer,
        name="Half-day rafting",
        slug="rafting",
        currency="USD",
        date_from=now() + datetime.timedelta(days=90),
        live=True,
        plugins="pretix.plugins.banktransfer,pretix.plugins.manualpayment",
    )
    team = organizer.teams.create(
        name="API", all_events=True, all_event_permissions=True, all_organizer_permissions=True
    )
    token = TeamAPIToken.objects.create(team=team, name="bench")
    tax = event.tax_rules.create(name="Sales tax", rate=Decimal("7.50"))
    adult = event.items.create(name="Adult", default_price=Decimal("99.00"), tax_rule=tax, admission=True)
    child = event.items.create(name="Child", default_price=Decimal("59.00"), tax_rule=tax, admission=True)
    quota = event.quotas.create(name="Seats", size=10_000_000)
    quota.items.add(adult, child)
print("BENCH", json.dumps({"token": token.token, "items": [adult.pk, child.pk]}))
