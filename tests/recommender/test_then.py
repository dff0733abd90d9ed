"""A history that is replayed: what was decided then says when, and what is live now stays so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from catalog import store
from catalog.models import Item
from interactions.producers import store_and_tell
from recommender import merchandising, registry
from recommender.dataset import load_everything
from recommender.engine.types import Dataset
from recommender.insight import drift
from recommender.insight.experiments import verbs
from recommender.insight.impressions import timing
from recommender.merchandising import ListSettings
from recommender.models import DEFAULT, HourlyImpressions, ModelVersion, Release
from recommender.registry import Then
from recommender.registry.exceptions import CannotPromote
from recommender.training import engines
from recommender.training import train as training
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry, SeriesPoint
from recsite.platform.series import noting
from recsite.platform.series.kinds import MINUTE
from tests import factories
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db

THEN = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
WHO = Actor.command("test")


def then(live: Release | None = None) -> Then:
    return Then(THEN, live, *registry.free_numbers())


def candidate(**fields: object) -> Release:
    return factories.release(factories.model_version(**fields), state=Release.State.CANDIDATE)  # type: ignore[arg-type]


def recorded(verb: str) -> AuditEntry:
    return AuditEntry.objects.get(verb=verb)


def test_a_promotion_of_then_leaves_what_is_live() -> None:
    live, before, new = factories.release(factories.model_version()), candidate(), candidate()
    registry.note_promotion(before, then(), actor=WHO)
    done = registry.note_promotion(new, then(before), reason="It is better.", actor=WHO)
    assert (done.state, done.promoted_at, done.replaced) == (Release.State.ARCHIVED, THEN, before)
    assert registry.live_release() == live
    entry = AuditEntry.objects.filter(verb="release.promote").latest("pk")
    assert (entry.at, entry.before, entry.after["replaced"]) == (THEN, {"release": before.pk}, before.pk)
    registry.note_what_came_before(live, new)
    live.refresh_from_db()
    assert live.replaced == new


def test_what_the_gate_refused_needs_a_reason_then_too() -> None:
    refused = candidate(verdict={"passed": False, "sentence": "Its lists are worse."})
    with pytest.raises(CannotPromote, match="Its lists are worse"):
        registry.note_promotion(refused, then(), actor=WHO)
    assert registry.note_promotion(refused, then(), reason="A test.", actor=WHO).override == "A test."


def test_a_roll_back_of_then_is_written_down() -> None:
    first, second = candidate(), candidate()
    registry.note_promotion(first, then(), actor=WHO)
    registry.note_promotion(second, then(first), actor=WHO)
    registry.note_roll_back(first, then(second), reason="Fewer clicks.", actor=WHO)
    entry = recorded("release.roll_back")
    assert (entry.at, entry.object_id, entry.reason) == (THEN, str(first.pk), "Fewer clicks.")
    assert registry.live_release() is None


def test_numbers_that_were_left_free_go_to_what_is_older() -> None:
    registry.leave_free(3, 2)
    first = factories.release(factories.model_version())
    registry.leave_free(30, 20)
    _, numbers = registry.free_numbers()
    assert [next(numbers) for _ in range(first.pk)] == [*range(1, first.pk), None]
    assert first.pk > 2
    assert factories.release(factories.model_version(), state=Release.State.CANDIDATE).pk == first.pk + 1


def test_training_as_of_then_knows_what_had_happened_and_makes_a_candidate(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Dataset] = []

    def reading(*asked: Any) -> Dataset:
        read.append(load_everything(*asked))
        return read[-1]

    monkeypatch.setattr(engines, "load_everything", reading)
    days = [factories.event(shop.ada, item, at=THEN + timedelta(days=day)) for day, item in enumerate(shop.items)]
    store_and_tell(days, "test")
    third = THEN + timedelta(days=3)
    made = training.train(("popular",), then=Then(third, None, *registry.free_numbers()))
    assert len(read[0]) == 3
    version = made.versions.get()
    assert (made.state, made.created_at, version.created_at) == (Release.State.CANDIDATE, third, third)
    assert version.finished_at
    assert third < version.finished_at < third + timedelta(minutes=5)
    assert registry.live_release() == shop.release
    assert AuditEntry.objects.filter(verb="model.train").latest("pk").at == third


def test_changes_of_then_say_when() -> None:
    title = factories.item("emma")
    shown: QuerySet[Item] = Item.objects.filter(pk=title.pk)
    store.set_available(shown, False, actor=WHO, at=THEN)
    placement = merchandising.create("home", "user", actor=WHO, at=THEN)
    merchandising.describe(placement, "The first shelf.", actor=WHO, at=THEN)
    revision = merchandising.publish_settings(placement, ListSettings(diversity=0.5), "Variety.", actor=WHO, at=THEN)
    assert placement.live
    assert placement.live.published_at == revision.published_at == THEN
    assert not AuditEntry.objects.exclude(at=THEN).exists()
    assert AuditEntry.objects.count() == 4


def test_experiments_of_then_say_when() -> None:
    variants = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "algorithm": "latest"}]
    body = {"key": "new", "hypothesis": "New is better.", "placement": DEFAULT, "variants": variants}
    made = verbs.create(body, actor=WHO, at=THEN)
    verbs.start(made, actor=WHO, at=THEN + timedelta(days=1))
    verbs.stop(made, actor=WHO, at=THEN + timedelta(days=3))
    held = verbs.find("new")
    days = [(at - THEN).days for at in (held.created_at, held.started_at, held.stopped_at) if at]
    assert days == [0, 1, 3]
    assert [(one.at - THEN).days for one in AuditEntry.objects.order_by("at")] == days


def test_drift_is_told_of_the_release_of_then(shop: Shop) -> None:
    assert ModelVersion.objects.exists()
    assert drift.check(THEN, candidate()) == []


def test_answers_of_then_are_timed_then() -> None:
    # A server beside this test may have noted something.
    SeriesPoint.objects.all().delete()
    timing.note("person", "home", "popular", False, 0.002, at=THEN.timestamp())
    timing.times.flush()
    noting.flush()
    assert HourlyImpressions.objects.get().hour == THEN.replace(minute=0)
    assert set(SeriesPoint.objects.filter(grain=MINUTE).values_list("at", flat=True)) == {THEN}
