"""A draft starts by itself when it is planned, and stops by itself; what is in the way is said."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender.insight.experiments import verbs
from recommender.models import Experiment, Placement
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Invalid
from recsite.platform.models import AuditEntry
from recsite.platform.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = timezone.now()
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=1)


def planned(**rest: Any) -> Experiment:
    return verbs.create(defined(starts_at=SOON.isoformat(), **rest), actor=SYSTEM)


def state(experiment: Experiment) -> str:
    experiment.refresh_from_db()
    return experiment.state


def test_it_starts_at_its_time_and_not_before_and_stops_at_its_end(shop: Shop) -> None:
    WebhookEndpoint.objects.create(url="https://shop.example/", events=["experiment.completed"])
    experiment = planned(ends_at=LATER.isoformat())
    verbs.advance(SOON - timedelta(seconds=1))
    assert (state(experiment), ask("ada").variant) == ("draft", None)
    verbs.advance(SOON)
    verbs.advance(SOON)
    look_again()
    assert state(experiment) == "running"
    assert ask("ada").variant
    entry = AuditEntry.objects.get(verb="experiment.start")
    assert (entry.actor, entry.actor_kind) == ("the planned start", "system")
    verbs.advance(LATER)
    look_again()
    assert (state(experiment), ask("ada").variant) == ("stopped", None)
    assert WebhookDelivery.objects.count() == 1


def test_what_is_in_its_way_is_said_once_and_then_it_is_a_draft_like_others(shop: Shop) -> None:
    running = begin(key="first")
    experiment = planned()
    verbs.advance(SOON)
    verbs.advance(SOON)
    assert state(experiment) == "draft"
    assert experiment.starts_at is None
    said = "first is running at default: stop it first, one at a time can be read there."
    assert experiment.start_refused == said
    entry = AuditEntry.objects.get(verb="experiment.start_refused")
    assert (entry.object_id, entry.reason, entry.actor) == ("leads", said, "the planned start")
    page = (
        Staff("viewer", "recommender.view_experiment")
        .get(f"/admin/recommender/experiment/{experiment.pk}/change/")
        .content.decode()
    )
    assert f"It didn't start as planned: {said}" in page
    verbs.stop(running, actor=SYSTEM)
    verbs.start(experiment, actor=SYSTEM)
    assert (state(experiment), experiment.start_refused) == ("running", "")


def test_a_placement_that_is_gone_by_then_is_said_too(shop: Shop) -> None:
    experiment = planned()
    Placement.objects.update(name="moved")
    verbs.advance(SOON)
    assert state(experiment) == "draft"
    assert experiment.start_refused == "There is no placement 'default'. Known: moved."


def test_a_draft_that_was_started_by_hand_or_put_away_is_left_alone(shop: Shop) -> None:
    experiment = planned()
    verbs.start(experiment, actor=SYSTEM)
    verbs.pause(experiment, actor=SYSTEM)
    away = planned(key="away")
    verbs.archive(away, actor=SYSTEM)
    verbs.advance(SOON)
    assert (state(experiment), state(away)) == ("paused", "archived")
    assert not AuditEntry.objects.filter(verb="experiment.start_refused").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"starts_at": "2020-01-01"}, "starts_at: It lies in the past"),
        ({"starts_at": LATER.isoformat(), "ends_at": SOON.isoformat()}, "not after the planned start"),
        ({"starts_at": "soon"}, "starts_at: A time is needed"),
    ],
)
def test_times_that_can_not_be_are_refused(shop: Shop, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        verbs.create(defined(**wrong), actor=SYSTEM)
