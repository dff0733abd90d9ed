"""What pages of the admin cost in a large shop: rows written straight into the tables, then each page opened."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any

import django

ROUNDS = 5
DAYS = 28
EVENTS_PER_ITEM = 10

USERS = """
INSERT INTO catalog_enduser (user_id, created_at, last_active, preferences, demographics)
SELECT 'bench-user-' || number, now() - interval '300 days', now() - random() * interval '60 days', '{}', '{}'
FROM generate_series(1, %(users)s) AS number ON CONFLICT DO NOTHING
"""
# Some users and items have far more than others, as in a shop.
DONE = """
INSERT INTO interactions_interaction (event_id, user_id, item_id, type_id, occurred_at, undated, received_at, mark)
SELECT gen_random_uuid(), users.first + floor(power(random(), 3) * users.number)::bigint,
    items.first + floor(power(random(), 3) * items.number)::bigint, types.ids[1 + floor(random() * 3)::int], at, false,
    at, 0
FROM (SELECT now() - random() * interval '28 days' AS at FROM generate_series(1, %(events)s)) AS made
CROSS JOIN (SELECT min(id) AS first, count(*) AS number FROM catalog_enduser) AS users
CROSS JOIN (SELECT min(id) AS first, count(*) AS number FROM catalog_item) AS items
CROSS JOIN (SELECT array_agg(id) AS ids FROM interactions_interactiontype WHERE name IN ('view', 'like', 'purchase'))
    AS types
"""
SHOWN = """
INSERT INTO recommender_serveditem (served_id, item_id, shown, clicked, converted)
SELECT served.id, item.id, 120, 3, 1
FROM recommender_servedday AS served JOIN catalog_item AS item ON item.id % 28 = served.id % 28
"""
PLACEMENTS, ALGORITHMS, RANKS = ("home", "product", "basket"), ("hybrid", "popular"), 20


def fill(items: int) -> dict[str, Any]:
    """Fill users, events, figures of 28 days and series, for a catalogue that is there already."""
    from django.db import connection
    from django.utils import timezone

    from interactions.partitions import EVENTS
    from recommender.insight import item_totals
    from recsite.platform.months import Month
    from tests.bench import series

    now = timezone.now()
    EVENTS.ensure_months({Month.of(now - timedelta(days=days)) for days in range(DAYS + 1)})
    asked = {"users": items, "events": EVENTS_PER_ITEM * items}
    started = time.perf_counter()
    with connection.cursor() as cursor:
        for statement in (USERS, DONE):
            cursor.execute(statement, asked)
        # What an earlier run has left.
        cursor.execute("TRUNCATE recommender_servedday CASCADE")
    _fill_days()
    with connection.cursor() as cursor:
        cursor.execute(SHOWN)
        cursor.execute("ANALYZE")
    item_totals.sum_up()
    series.fill()
    return {**asked, "seconds": time.perf_counter() - started}


def _fill_days() -> None:
    from django.utils import timezone

    from recommender.models import DailyImpressions, ListKind, PositionImpressions

    today = timezone.now().date()
    days = DailyImpressions.objects.bulk_create(
        DailyImpressions(
            day=today - timedelta(days=day),
            kind=ListKind.USER,
            placement=placement,
            algorithm=algorithm,
            lists=100_000,
            lists_clicked=30_000,
            places=1_000_000,
            places_clicked=40_000,
            places_converted=4_000,
            items=50_000,
        )
        for day in range(DAYS)
        for placement in PLACEMENTS
        for algorithm in ALGORITHMS
    )
    PositionImpressions.objects.bulk_create(
        PositionImpressions(daily=one, rank=rank, shown=50_000, clicked=4_000 // rank, converted=400 // rank)
        for one in days
        for rank in range(1, RANKS + 1)
    )


def measure() -> dict[str, Any]:
    """Open each page a first time, and then some times more: milliseconds, queries and kilobytes of HTML."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.GATHER_IN_BACKGROUND = False
    client = Client(headers={"host": "localhost"})
    user, _ = User.objects.get_or_create(username="bench", defaults={"is_staff": True, "is_superuser": True})
    client.force_login(user)
    return {"pages": {name: _open(client, address) for name, address in _pages()}}


def _pages() -> Iterator[tuple[str, str]]:
    from django.urls import reverse

    from catalog.models import EndUser, Item
    from recommender.models import Placement, Release

    item, user = Item.objects.earliest("pk"), EndUser.objects.earliest("pk")
    release, placement = Release.objects.latest("pk"), Placement.objects.earliest("pk")
    yield "Overview, 24 hours", reverse("admin:index")
    yield "Overview, 28 days", f"{reverse('admin:index')}?period=28d"
    yield "Placements", reverse("admin:recommender_placement_changelist")
    yield "a placement", reverse("admin:recommender_placement_change", args=[placement.pk])
    yield "Items", reverse("admin:catalog_item_changelist")
    yield "Items, rising", f"{reverse('admin:catalog_item_changelist')}?view=rising"
    yield "Items, a search", f"{reverse('admin:catalog_item_changelist')}?q=river"
    yield "an item", reverse("item-page", args=[item.pk])
    yield "People", reverse("admin:catalog_enduser_changelist")
    yield "a user", reverse("person-page", args=[user.pk])
    yield "a user's history", reverse("person-history", args=[user.pk])
    yield "Results, 28 days", f"{reverse('results')}?period=28d"
    yield "Experiments", reverse("admin:recommender_experiment_changelist")
    yield "Drift", reverse("drift")
    yield "Releases", reverse("admin:recommender_release_changelist")
    yield "a release", reverse("admin:recommender_release_change", args=[release.pk])
    yield "Jobs", reverse("admin:platform_job_changelist")
    yield "Events", reverse("admin:interactions_interaction_changelist")
    yield "Events of a user", f"{reverse('admin:interactions_interaction_changelist')}?user__id__exact={user.pk}"
    yield "Dead letters", reverse("dead-letters")
    yield "Health", reverse("health-page")
    yield "Partitions", reverse("partitions-page")
    yield "Activity", reverse("admin:platform_auditentry_changelist")
    yield "Access", reverse("admin:auth_user_changelist")
    yield "the search", f"{reverse('search')}?s=river"


def _open(client: Any, address: str) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    taken = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        answer = client.get(address, follow=True)
        taken.append(1000 * (time.perf_counter() - started))
        if answer.status_code != 200:
            raise SystemExit(f"{address} answers {answer.status_code}.")
    with CaptureQueriesContext(connection) as asked:
        client.get(address, follow=True)
    return {
        "first_ms": taken[0],
        "ms": median(taken[1:]),
        "queries": len(asked),
        "kilobytes": len(answer.content) / 1024,
    }


if __name__ == "__main__":
    django.setup()
    found = fill(int(sys.argv[2])) if sys.argv[1] == "fill" else measure()
    sys.stdout.write(json.dumps(found) + "\n")
