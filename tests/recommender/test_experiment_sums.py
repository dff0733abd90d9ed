"""The sums by which experiments are read follow whatever happens to users, and a result reads nothing else."""

from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import merging, store
from catalog.models import EndUser
from interactions.producers import produce
from recommender.insight.experiments import results, sums, verbs
from recommender.insight.experiments.metrics import TERMS
from recommender.models import Experiment, ExperimentDay, ExperimentSums, ListImpression
from recommender.serving import experiments
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop, ask, happened, set_placement
from tests.recommender.test_experiment_results import visitors
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def assert_kept(experiment: Experiment) -> None:
    """What is kept is what adding up all users gives."""
    experiment.refresh_from_db()
    assert experiment.sums_layout == sums.LAYOUT
    kept, slow = sums.stored(experiment), sums.added_up(experiment)
    assert kept.keys() == slow.keys()
    for cell, numbers in slow.items():
        np.testing.assert_allclose(kept[cell], numbers, atol=1e-9, err_msg=str(cell))


def test_the_sums_follow_lists_clicks_merges_and_erasures(shop: Shop) -> None:
    experiment = begin()
    seen = ask("ada", limit=4)
    for number in range(12):
        ask(f"visitor-{number}", limit=3)
    add_up()
    assert_kept(experiment)
    ExperimentDay.objects.update(day=timezone.now().date() - timedelta(days=1))
    sums.rebuild(experiment)
    # Late clicks count on the day of their list, so they change what later days add.
    again = ask("ada", limit=4)
    for answer in (seen, again):
        do("ada", answer.items[0].item_id, "click", answer.recommendation_id)
        do("ada", answer.items[1].item_id, "purchase", answer.recommendation_id, after=2)
    add_up()
    assert ExperimentDay.objects.filter(user_id="ada").count() == 2
    assert_kept(experiment)
    variants = {name: experiments.variant_of("default", name) for name in ("ada", *(f"visitor-{n}" for n in range(12)))}
    same, other = (
        next(name for name, one in variants.items() if name != "ada" and (one == variants["ada"]) == is_same)
        for is_same in (True, False)
    )
    for visitor in (same, other):
        EndUser.objects.create(user_id=visitor)
        merging.merge(visitor, "ada", actor=SYSTEM)
        assert_kept(experiment)
    assert ExperimentSums.objects.get(variant=sums.CROSSED, users=1), "Ada has seen both variants by now."
    store.erase_users(EndUser.objects.filter(user_id="ada"), actor=SYSTEM)
    assert_kept(experiment)
    assert not ExperimentSums.objects.filter(variant=sums.CROSSED).exists()
    verbs.advance()
    assert_kept(experiment)


def test_a_result_reads_no_user(shop: Shop) -> None:
    experiment = begin(guardrails={"amount_per_user": 0.1, "diversity": 0.1})
    visitors(experiment, 400, 5, {"A": 0.1, "B": 0.1})
    with CaptureQueriesContext(connection) as asked:
        results.result_of(experiment)
    said = " ".join(one["sql"] for one in asked.captured_queries)
    assert "recommender_experimentsums" in said
    assert "recommender_experimentday" not in said
    assert "recommender_experimentbaseline" not in said


def test_sums_of_another_version_are_added_up_anew(shop: Shop) -> None:
    experiment = begin()
    visitors(experiment, 50, 3, {"A": 0.1, "B": 0.1})
    Experiment.objects.update(sums_layout="of old")
    ExperimentSums.objects.update(sums=[1.0])
    experiment.refresh_from_db()
    before = results.result_of(experiment)
    assert sum(before.users.values()) == 50
    verbs.advance()
    assert_kept(experiment)
    assert len(ExperimentSums.objects.all()[0].sums) == 2 * len(TERMS)


def test_acts_amounts_and_diversity_add_up_by_user(shop: Shop) -> None:
    begin()
    answer = ask("ada", limit=4)
    first, second = (place.item_id for place in answer.items[:2])
    do("ada", first, "click", answer.recommendation_id)
    do("ada", first, "like", answer.recommendation_id, after=2)
    for after, value in ((3, 20.0), (4, 5.5)):
        bought(second, answer.recommendation_id, after, value)
    add_up()
    one = ExperimentDay.objects.get()
    assert (one.clicked, one.converted, one.acts, one.amount) == (2, 1, 4, 25.5)
    categories = [item.categories[0] for place in answer.items for item in shop.items if item.item_id == place.item_id]
    pairs = [one != other for at, one in enumerate(categories) for other in categories[at + 1 :]]
    assert one.varied == pytest.approx(sum(pairs) / len(pairs))


def bought(item_id: str, named: UUID, after: float, value: float) -> None:
    """A purchase for so much, so many seconds from now."""
    at, context = timezone.now() + timedelta(seconds=after), {"recommendation_id": str(named)}
    produce([factories.event("ada", item_id, "purchase", value, at=at, context=context)])


def test_where_clients_tell_what_was_seen_an_answer_alone_counts_for_nothing(shop: Shop) -> None:
    set_placement(shown_by="event")
    experiment = begin()
    assert experiment.shown_by == "event"
    unseen, seen = ask("ada", limit=4), ask("ada", limit=4)
    ask("ben", limit=4)
    add_up()
    assert not ExperimentDay.objects.exists()
    for after, place in ((1, 0), (2, 1), (3, 1)):
        do("ada", seen.items[place].item_id, "impression", seen.recommendation_id, after=after)
    add_up()
    one = ExperimentDay.objects.get()
    assert (one.user_id, one.lists, one.shown) == ("ada", 1, 2)
    do("ada", seen.items[1].item_id, "impression", seen.recommendation_id, after=4)
    do("ada", seen.items[2].item_id, "impression", seen.recommendation_id, after=5)
    do("ada", seen.items[2].item_id, "click", seen.recommendation_id, after=6)
    do("ada", "novel-0", "impression", after=7)
    add_up()
    one.refresh_from_db()
    assert (one.lists, one.shown, one.clicked) == (1, 3, 1)
    assert_kept(experiment)
    # What is published meanwhile changes nothing for those that run.
    set_placement(shown_by="answer")
    do("ada", unseen.items[0].item_id, "impression", unseen.recommendation_id, after=8)
    ask("ben", limit=4)
    add_up()
    one.refresh_from_db()
    assert (one.lists, one.shown) == (2, 4)
    assert ExperimentDay.objects.count() == 1
    assert results.as_json(experiment, results.result_of(experiment))["shown_by"] == "event"


def test_the_weeks_before_tell_what_users_spent(shop: Shop) -> None:
    ask("ada", limit=4)
    for days_ago, value in ((1.0, 12.5), (2.0, 1.5), (20.0, 99.0)):
        happened(shop.ada, shop.novels[5], "purchase", value, days_ago=days_ago)
    add_up()
    ListImpression.objects.update(served_at=timezone.now() - timedelta(hours=2))
    experiment = begin()
    verbs.advance()
    known = experiment.baselines.get()
    assert (known.user_id, known.amount) == ("ada", 14.0)
