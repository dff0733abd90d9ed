"""Users are dealt out to variants for good, what they see and do adds up by variant, and one runs at a placement."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog import merging, store
from catalog.models import EndUser
from recommender import serving
from recommender.insight import impressions
from recommender.insight.experiments import verbs
from recommender.models import Experiment, ExperimentBaseline, ExperimentDay, ListImpression, PlacementRevision, Release
from recommender.serving import Request, experiments
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.models import AuditEntry
from recsite.platform.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests import factories
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import POEMS, Shop, ask, ids, look_again, set_placement, start_afresh
from tests.recommender.test_impressions import add_up, do

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def in_variant(name: str, among: int = 200) -> str:
    """A visitor who gets the variant."""
    names = (f"visitor-{number}" for number in range(among))
    return next(one for one in names if experiments.variant_of("default", one) == f"leads:{name}")


def test_a_user_gets_one_variant_for_good_and_answers_and_impressions_name_it(shop: Shop) -> None:
    assert ask("ada").variant is None
    begin()
    look_again()
    seen = {name: experiments.variant_of("default", name) for name in ("ada", "ben", *(f"u{n}" for n in range(400)))}
    assert set(seen.values()) == {"leads:A", "leads:B"}
    assert 150 < Counter(seen.values())["leads:A"] < 250
    answer = ask("ada")
    assert answer.variant == seen["ada"]
    impressions.flush()
    assert ListImpression.objects.get(recommendation_id=answer.recommendation_id).variant == seen["ada"]
    start_afresh()
    assert {name: experiments.variant_of("default", name) for name in seen} == seen


def test_the_variant_shows_what_it_says_and_the_control_what_is_live(shop: Shop) -> None:
    live = ids(ask("ada"))
    begin(shares=(0.9999, 0.0001))
    assert ids(ask("ada")) == live
    verbs.stop(Experiment.objects.get(), actor=SYSTEM)
    begin(key="other", shares=(0.0001, 0.9999))
    look_again()
    assert ask("ada").variant == "other:B"
    assert ask("ada").algorithm == "popular"
    assert ids(ask("ada"))[:3] == POEMS[:3]


def test_a_revision_is_shown_as_it_was_published(shop: Shop) -> None:
    set_placement(count=3)
    number = PlacementRevision.objects.latest("number").number
    set_placement(count=5)
    begin(variants=[{"name": "A", "share": 0.0001}, {"name": "B", "share": 0.9999, "revision": number}])
    look_again()
    answer = ask("ada")
    assert (answer.variant, answer.placement_revision, len(answer.items)) == ("leads:B", number, 3)


def test_a_release_that_is_not_live_is_shown_and_one_that_is_gone_is_not(shop: Shop, swapped: Release) -> None:
    release = swapped.pk
    begin(variants=[{"name": "A", "share": 0.0001}, {"name": "B", "share": 0.9999, "release": release}])
    answer = ask("ada")
    assert (answer.variant, answer.release) == ("leads:B", release)
    impressions.flush()
    assert ListImpression.objects.filter(variant="leads:B").count() == 1
    Experiment.objects.get().variants.filter(name="B").update(release=release + 1_000)
    start_afresh()
    answer = ask("ada")
    assert (answer.variant, answer.release, ids(answer)[0]) == (None, shop.release.pk, "novel-0")


def test_who_says_what_leads_is_in_no_experiment(shop: Shop) -> None:
    begin()
    assert ask("ada", algorithm="popular").variant is None
    assert ask("ada", release=shop.release.pk).variant is None
    assert ask("").variant is None
    assert experiments.variant_of("default", "") is None


def test_many_at_once_get_what_each_gets_alone(shop: Shop) -> None:
    begin()
    people = ["ada", "ben", "cleo", *(f"visitor-{n}" for n in range(10))]
    together = serving.recommend_many(Request(limit=4), people)
    alone = [ask(one, limit=4) for one in people]
    assert [(one.user_id, one.variant, ids(one)) for one in together] == [
        (one.user_id, one.variant, ids(one)) for one in alone
    ]
    assert len({one.variant for one in together}) == 2


def test_a_cached_answer_of_a_variant_asks_the_database_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    begin()
    for who in ("ada", "ben"):
        ask(who)
        with django_assert_num_queries(0):
            assert ask(who).cache_hit


def test_while_it_is_paused_everybody_gets_what_is_live_and_afterwards_what_they_had(shop: Shop) -> None:
    experiment = begin()
    before = {who: ask(who).variant for who in ("ada", "ben", "cleo")}
    verbs.pause(experiment, actor=SYSTEM)
    look_again()
    assert {ask(who).variant for who in before} == {None}
    verbs.start(experiment, actor=SYSTEM)
    look_again()
    assert {who: ask(who).variant for who in before} == before
    verbs.stop(experiment, actor=SYSTEM)
    look_again()
    assert ask("ada").variant is None


def test_two_never_run_at_one_placement(shop: Shop) -> None:
    begin()
    second = verbs.create(defined(key="second"), actor=SYSTEM)
    with pytest.raises(Conflict, match="leads is running at default: stop it first"):
        verbs.start(second, actor=SYSTEM)
    with pytest.raises(IntegrityError, match="experiment_one_live"), transaction.atomic():
        Experiment.objects.filter(pk=second.pk).update(state="running")


def test_what_was_started_stays_what_it_is_and_each_step_has_its_place(shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    draft = verbs.change(draft, defined(hypothesis="Another one."), actor=SYSTEM)
    assert draft.hypothesis == "Another one."
    with pytest.raises(Conflict, match="draft: it can't be paused"):
        verbs.pause(draft, actor=SYSTEM)
    verbs.start(draft, actor=SYSTEM)
    with pytest.raises(Conflict, match="it can't be changed"):
        verbs.change(draft, defined(), actor=SYSTEM)
    with pytest.raises(Conflict, match="it can't be archived"):
        verbs.archive(draft, actor=SYSTEM)
    verbs.stop(draft, actor=SYSTEM)
    verbs.stop(draft, actor=SYSTEM)
    with pytest.raises(Conflict, match="it can't be started"):
        verbs.start(draft, actor=SYSTEM)
    verbs.archive(draft, actor=SYSTEM)
    recorded = list(AuditEntry.objects.filter(object_type="experiment").order_by("pk").values_list("verb", flat=True))
    assert recorded == [f"experiment.{verb}" for verb in ("create", "change", "start", "stop", "archive")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"variants": [{"name": "A", "share": 0.6}, {"name": "B", "share": 0.5, "algorithm": "svd"}]},
            "110 % together",
        ),
        ({"variants": [{"name": "A", "share": 0.5}, {"name": "A", "share": 0.5, "algorithm": "svd"}]}, "same name"),
        ({"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]}, "All variants are the same"),
        ({"variants": [{"name": "A", "share": 1}]}, "From 2 to 10 variants"),
        ({"variants": [{"name": "A:", "share": 0.5}, {"name": "B", "share": 0.5}]}, "Variant 1: name: Letters"),
        ({"kind": "aa"}, "In an A/A experiment no variant changes"),
        ({"placement": "nowhere"}, "There is no placement 'nowhere'. Known: default"),
        ({"guardrails": {"luck": 0.1}}, "There is no metric 'luck'. Known: click_rate"),
        ({"guardrails": {"click_rate": 0.1}}, "guardrails are others"),
        ({"primary_metric": "latency"}, "primary_metric"),
        ({"ends_at": "2020-01-01"}, "lies in the past"),
        (
            {"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "revision": 99}]},
            "default has no revision 99",
        ),
        (
            {"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "release": 2_000_000}]},
            "There is no release 2000000",
        ),
        (
            {"variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "release": 1, "algorithm": "svd"}]},
            "several things at once",
        ),
    ],
)
def test_what_can_not_be_read_or_served_is_refused(shop: Shop, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        verbs.create(defined(**wrong), actor=SYSTEM)
    assert not Experiment.objects.exists()


def test_what_users_see_and_do_adds_up_by_user_variant_and_day(shop: Shop) -> None:
    begin()
    first, second = ask("ada", limit=4), ask("ada", limit=3)
    ask("nobody-else", limit=2)
    do("ada", first.items[0].item_id, "click", first.recommendation_id)
    do("ada", second.items[1].item_id, "purchase", second.recommendation_id, after=2)
    add_up()
    one = ExperimentDay.objects.get(user_id="ada")
    assert f"leads:{one.variant}" == first.variant
    assert (one.lists, one.shown, one.clicked, one.converted) == (2, 7, 2, 1)
    assert ExperimentDay.objects.get(user_id="nobody-else").shown == 2


def test_the_weeks_before_are_added_up_once_it_has_begun(shop: Shop) -> None:
    before = ask("ada", limit=4)
    do("ada", before.items[0].item_id, "click", before.recommendation_id, after=0)
    add_up()
    ListImpression.objects.update(served_at=timezone.now() - timedelta(hours=2))
    experiment = begin()
    ask("ada", limit=4)
    add_up()
    one = ExperimentBaseline.objects.get()
    assert (one.user_id, one.lists, one.shown) == ("ada", 1, 4)
    experiment.refresh_from_db()
    assert experiment.baseline_at is not None


def test_an_erased_user_leaves_no_trace_and_a_merged_one_becomes_the_other(shop: Shop) -> None:
    begin()
    seen = ask("ada").variant
    visitor = in_variant(seen.split(":")[1] if seen else "")
    EndUser.objects.create(user_id=visitor)
    ask(visitor, limit=4)
    add_up()
    merging.merge(visitor, "ada", actor=SYSTEM)
    assert ExperimentDay.objects.get().lists == 2
    store.erase_users(EndUser.objects.filter(user_id="ada"), actor=SYSTEM)
    assert not ExperimentDay.objects.exists()


def test_it_stops_when_its_end_has_come_and_says_so(shop: Shop) -> None:
    WebhookEndpoint.objects.create(url="https://shop.example/", events=["experiment.completed"])
    experiment = begin(ends_at=(timezone.now() + timedelta(hours=1)).isoformat())
    assert ask("ada").variant
    verbs.advance()
    Experiment.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    start_afresh()
    assert ask("ada").variant is None, "The end holds whatever the worker does."
    verbs.advance()
    experiment.refresh_from_db()
    assert experiment.state == "stopped"
    told = WebhookDelivery.objects.get()
    assert '"experiment":"leads"' in told.body
    assert '"winner":null' in told.body
    assert AuditEntry.objects.get(verb="experiment.stop").actor == "the planned end"


def test_a_placement_that_is_deleted_takes_the_experiment_out_of_force(shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    Experiment.objects.update(placement="gone")
    draft.refresh_from_db()
    with pytest.raises(Invalid, match="There is no placement 'gone'"):
        verbs.start(draft, actor=SYSTEM)


def test_lists_of_items_for_a_user_are_part_of_it(shop: Shop) -> None:
    begin()
    answer = serving.similar(Request(items=["novel-0"], user_id="ada"))
    assert answer.variant == experiments.variant_of("default", "ada")
    assert serving.similar(Request(items=["novel-0"])).variant is None


def test_events_of_a_person_come_without_a_list(shop: Shop) -> None:
    begin()
    do("ada", factories.item("unseen").item_id)
    add_up()
    assert not ExperimentDay.objects.exists()
