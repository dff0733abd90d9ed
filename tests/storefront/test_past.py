"""A past to look at: made by the product's own functions as of its days, and added up by its own roll-ups."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db.models import Sum

from catalog import store
from catalog.models import EndUser, Item
from interactions import arrivals
from interactions.models import DeadLetter, Interaction
from recommender.insight.experiments import results
from recommender.models import (
    DailyImpressions,
    DriftReport,
    Experiment,
    ItemTotals,
    ListImpression,
    Placement,
    PositionImpressions,
    Release,
)
from recommender.operations import list_again
from recommender.operations.lists_as_of import Visit
from recommender.serving import experiments
from recsite.platform import series, undo
from recsite.platform.audit import Actor
from recsite.platform.jobs import NothingToDo
from recsite.platform.models import AuditEntry, SeriesPoint
from storefront import shelves
from storefront.past import making
from storefront.past.days import scrolls
from storefront.past.making import NoPast
from storefront.past.tastes import LATER
from storefront.past.timeline import Span
from storefront.past.worlds import Numbers, tastes_of

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

NUMBERS = Numbers(people=150, items=400, seed=1)
DAYS = 14
TESTER = Actor.command("test")
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
FOR_YOU = shelves.SHELVES[shelves.FOR_YOU].placement


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Span:
    # Who sees which variant follows from a secret of the experiment: a fixed one makes each run the same.
    monkeypatch.setattr("recommender.models.experiment.token_hex", lambda size: "5a" * size)
    call_command(
        "demo_data",
        "--people=150",
        "--items=400",
        "--events=9000",
        "--seed=1",
        "--until=2026-05-20",
        stdout=StringIO(),
    )
    return making.span(DAYS, NOW)


def every_step_says_what_it_does(steps: list[str]) -> None:
    assert steps[0] == "making the placements, and counting the events that there are"
    assert steps[-1] == "adding up the whole past"
    what = [step.partition(": ")[2] for step in steps[1:-1]]
    assert {"visitors look at lists and click", "adding up what was shown and clicked"} <= set(what)
    assert all(one.startswith(("training: ", "visitors look", "adding up what")) for one in what)


def test_a_past_is_whole_and_made_once(days: Span) -> None:
    tastes = tastes_of(NUMBERS, days.now)
    steps: list[str] = []
    said = making.make(tastes, days, lambda done, what: steps.append(what))
    assert said.startswith("14 days were made: ")
    every_step_says_what_it_does(steps)
    every_day_has_lists_and_clicks(days)
    the_last_event_is_the_latest(days)
    every_day_has_figures_for_charts(days)
    assert ItemTotals.objects.exclude(last_shown=None).exists()
    clicks_fall_with_position()
    better_releases_are_clicked_more()
    one_release_was_refused_and_one_rolled_back()
    the_ended_experiment_has_a_result_and_the_other_runs()
    three_people_changed_things_then(days)
    letters_are_of_two_kinds(days)
    the_drift_is_that_of_the_film(days)
    a_list_can_be_made_again()
    rows = counts()
    with pytest.raises(NothingToDo, match="There is a past already: lists have been shown since 2026-05-07"):
        making.make(tastes, days)
    assert counts() == rows
    what_staff_did_can_be_undone()
    a_user_can_be_erased()


def counts() -> list[int]:
    return [model._default_manager.count() for model in (ListImpression, Interaction, Release, AuditEntry, DeadLetter)]


def every_day_has_lists_and_clicks(days: Span) -> None:
    totals = dict(DailyImpressions.objects.order_by("day").values_list("day").annotate(Sum("places_clicked")))
    assert list(totals) == [days.day(number).date() for number in range(DAYS)]
    assert all(clicked > 0 for clicked in totals.values())
    assert DailyImpressions.objects.aggregate(n=Sum("lists"))["n"] == ListImpression.objects.count()
    # What was clicked names its list.
    sums = DailyImpressions.objects.aggregate(clicked=Sum("places_clicked"), named=Sum("places_by_id"))
    assert sums["named"] > 0.9 * sums["clicked"]


def every_day_has_figures_for_charts(days: Span) -> None:
    begin, day = days.day(0), timedelta(days=1)
    read = partial(series.read, since=begin, until=days.day(DAYS), step=day, now=days.now)
    requests, answers = read(series.REQUESTS), read(series.ANSWERS)
    for number, (asked, made) in enumerate(zip(requests.points, answers.points, strict=True)):
        lists = ListImpression.objects.filter(served_at__gte=days.day(number), served_at__lt=days.day(number + 1))
        assert made.count == lists.count() >= asked.count > 0
        assert asked.p95
        assert asked.total == pytest.approx(made.total, rel=0.2)
    stored = read(series.EVENTS, by="outcome").now["stored"].points
    assert all(point.count for point in stored)
    # As of any other time: minutes within a week, hours before it.
    rows = SeriesPoint.objects.filter(kind="requests")
    earlier, lately = (rows.filter(at__lt=days.now - 8 * day), rows.filter(at__gte=days.now - 6 * day))
    assert set(earlier.values_list("grain", flat=True)) == {3600, 86_400}
    assert set(lately.values_list("grain", flat=True)) == {60, 600, 3600, 86_400}


def the_last_event_is_the_latest(days: Span) -> None:
    last = arrivals.last_stored_at()
    assert last is not None
    assert days.now - last < timedelta(hours=1)


def rate_of(**which: Any) -> float:
    found = DailyImpressions.objects.filter(**which).aggregate(shown=Sum("places"), clicked=Sum("places_clicked"))
    return float(found["clicked"] / found["shown"])


def clicks_fall_with_position() -> None:
    ranks = PositionImpressions.objects.order_by("rank").values_list("rank").annotate(Sum("shown"), Sum("clicked"))
    rates = np.array([clicked / shown for rank, shown, clicked in ranks if rank <= 18])
    assert rates[:3].mean() > 1.5 * rates[3:9].mean() > 1.5 * rates[9:].mean()


def better_releases_are_clicked_more() -> None:
    assert rate_of(placement=FOR_YOU, algorithm="hybrid") > 1.1 * rate_of(placement=FOR_YOU, algorithm="popular")


def one_release_was_refused_and_one_rolled_back() -> None:
    every = Release.objects.order_by("pk")
    refused = [one for one in every if any(version.is_refused for version in one.versions.all())]
    [worse] = [one for one in refused if one.promoted_at]
    assert len(refused) > 1
    assert {one.state for one in refused if one != worse} == {Release.State.CANDIDATE}
    # The operator had their way with one whose lists are worse than popularity, and the record says so.
    assert worse.override
    assert "would lead the lists as well" in worse.versions.get(algorithm="svd").verdict["sentence"]
    nothing_worse_than_popularity_passed(every)
    back = AuditEntry.objects.get(verb="release.roll_back")
    promoted = AuditEntry.objects.filter(verb="release.promote").order_by("at")
    assert back.before["release"] != int(back.object_id) == int(promoted[0].object_id)
    assert back.actor == "operator"
    # What is live for visitors is nobody's past.
    assert not Release.objects.filter(state=Release.State.LIVE).exists()


def nothing_worse_than_popularity_passed(every: Iterable[Release]) -> None:
    for release in list(every)[1:]:
        leader = max(release.weights, key=release.weights.__getitem__)
        version = release.versions.get(algorithm=leader)
        own, beside = version.metrics["metrics"], version.metrics["beside"].get("popular")
        if beside and own["ndcg_at_10"] <= beside["ndcg_at_10"]:
            assert version.is_refused, version.verdict


def the_ended_experiment_has_a_result_and_the_other_runs() -> None:
    ended, running = Experiment.objects.order_by("started_at")
    assert (ended.state, running.state) == (Experiment.State.STOPPED, Experiment.State.RUNNING)
    assert ended.started_at
    assert ended.stopped_at
    assert ended.created_at < ended.started_at < ended.stopped_at
    found = results.result_of(ended)
    assert min(found.users.values()) > 5
    assert found.crossed == 0
    # The same users see the same variants as before.
    experiments.forget()
    shown = ListImpression.objects.filter(variant__startswith=running.key).earliest("served_at")
    assert experiments.variant_of(FOR_YOU, shown.user_id) == shown.variant


def three_people_changed_things_then(days: Span) -> None:
    by_staff = AuditEntry.objects.filter(actor_kind="staff")
    assert set(by_staff.values_list("actor", flat=True)) == {"administrator", "operator", "merchandiser"}
    assert not by_staff.exclude(at__gte=days.start, at__lt=days.now).exists()
    placement = Placement.objects.get(name=FOR_YOU)
    assert placement.live
    assert [rule["does"] for rule in placement.live.settings["rules"]] == ["at_most", "boost"]
    # Lists of before the first rule were made without it.
    numbers = ListImpression.objects.filter(placement=FOR_YOU).order_by("served_at")
    assert set(numbers.values_list("placement_revision", flat=True)) == {1, 2, 3}


def letters_are_of_two_kinds(days: Span) -> None:
    reasons = {one.reason.split()[1] for one in DeadLetter.objects.all()}
    assert reasons == {"item", "type"}
    assert not DeadLetter.objects.exclude(received_at__gte=days.start, received_at__lt=days.now).exists()


def the_drift_is_that_of_the_film(days: Span) -> None:
    assert DriftReport.objects.filter(made_at__lt=days.day(10)).exists()
    found = DriftReport.objects.filter(is_drift=True, distribution="category", window_minutes=24 * 60)
    famous = days.moment(22 / 28, 0)
    assert any(famous <= one.made_at < famous + timedelta(days=3) for one in found)


def a_list_can_be_made_again() -> None:
    shown = ListImpression.objects.filter(placement=FOR_YOU, variant="").latest("served_at")
    again = list_again.make_again(shown)
    assert again.is_equal, (again.sentence, again.differences)


def what_staff_did_can_be_undone() -> None:
    undo.undo(AuditEntry.objects.filter(verb="placement.publish").latest("at").pk, actor=TESTER)
    undo.undo(AuditEntry.objects.filter(verb="item.hide").earliest("at").pk, actor=TESTER)
    placement = Placement.objects.select_related("live").get(name=FOR_YOU)
    assert placement.live
    assert [rule["does"] for rule in placement.live.settings["rules"]] == ["at_most"]
    assert not Item.objects.filter(is_available=False).exists()


def a_user_can_be_erased() -> None:
    user_id = ListImpression.objects.exclude(user_id="").values_list("user_id", flat=True).first()
    store.erase_users(EndUser.objects.filter(user_id=user_id))
    assert not ListImpression.objects.filter(user_id=user_id).exists()
    assert not Interaction.objects.filter(user__user_id=user_id).exists()


def test_tastes_follow_from_what_users_did_where_nobody_made_them(days: Span) -> None:
    tastes = tastes_of(None, days.now)
    user = int(np.argmax(tastes.users.activity))
    everything = np.arange(len(tastes.items))
    did = Interaction.objects.filter(user=int(tastes.users.pks[user]))
    own = np.isin(tastes.items, list(did.values_list("item_id", flat=True)))
    draws = tastes.draws(user, everything, days.start.timestamp())
    later = np.isin(tastes.items, list(did.filter(occurred_at__gt=days.start).values_list("item_id", flat=True)))
    assert draws[own].mean() > draws[~own].mean()
    assert later.any()
    early = tastes.draws(user, everything, days.now.timestamp())
    assert np.allclose(draws - early, LATER * later)


def test_data_without_a_time_have_no_past(days: Span) -> None:
    Interaction.objects.update(undated=True)
    with pytest.raises(NoPast, match="There are no events of before 2026-05-07"):
        making.refuse_another(days)


def test_in_production_no_past_is_made_up(days: Span, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(NoPast, match="ENVIRONMENT is production"):
        making.refuse_another(days)


def test_who_looks_further_down_follows_from_who_they_are_and_the_day_alone() -> None:
    people = [f"person-{number}" for number in range(400)]
    first = [scrolls(Visit(one, row, NOW)) for row, one in enumerate(people)]
    assert [scrolls(Visit(one, 1_000 - row, NOW + timedelta(hours=2))) for row, one in enumerate(people)] == first
    assert 0.5 < np.mean(first) < 0.7
    assert [scrolls(Visit(one, row, NOW + timedelta(days=1))) for row, one in enumerate(people)] != first
