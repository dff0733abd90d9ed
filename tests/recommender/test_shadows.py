"""A candidate makes a share of the lists unseen: it changes no answer, costs no query, its failures harm nothing."""

import time
from typing import Any

import pytest

from recommender import registry, serving
from recommender.insight import shadows as sums
from recommender.insight.impressions import recording
from recommender.insight.shadows import Outcome, Report
from recommender.models import ListImpression, PlacementRevision, Release, Shadow, ShadowDay
from recommender.operations import shadows as operations
from recommender.serving import Request, randomising, shadows
from recommender.serving.candidates import context_of_variant, has_room, other_releases
from recsite.platform import generations, redis
from recsite.platform.audit import SYSTEM
from tests import outages
from tests.outages import no_postgres
from tests.recommender.experiment_fixtures import begin as begin_experiment
from tests.recommender.fixtures import (
    NOVELS,
    POEMS,
    Shop,
    ask,
    ids,
    look_again,
    popular,
    publish,
    set_placement,
    start_afresh,
)

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def begin(**rest: Any) -> Shadow:
    """A shadow of every list, as this process knows."""
    made = operations.start({"placement": "default", "share": 1.0, **rest}, actor=SYSTEM)
    look_again()
    return made


def found(shadow: Shadow) -> Report:
    shadows.score_waiting()
    return sums.reports([shadow])[shadow.pk]


def redis_keys() -> set[bytes]:
    (known,) = redis.roundtrip(("KEYS", "rec:*"))
    return set(known)


def test_it_says_how_much_both_have_in_common_and_how_long_both_took(shop: Shop, swapped: Release) -> None:
    assert ids(ask(shop.ada)) == NOVELS[:6] + POEMS[:4]
    shadow = begin(release=swapped.pk)
    ask(shop.ada)
    report = found(shadow)
    looked_at = ids(ask(shop.ada, release=swapped.pk))
    common = len({*looked_at} & {*NOVELS[:6], *POEMS[:4]}) / 10
    assert (report.lists, report.overlap, report.equal, report.errors) == (1, common, 0, 0)
    assert report.seconds[0]
    assert report.live_seconds[0]
    assert str(report) == f"Over 1 list, {10 * common:.1f} of 10 items are the same; 0% are equal. None failed."


def test_it_changes_no_answer_stores_no_list_and_counts_as_shown_nowhere(shop: Shop, swapped: Release) -> None:
    def listed() -> list[Any]:
        return [(one.items, one.cache_hit, one.release) for one in (ask(shop.ada), ask(shop.ben))]

    listed()
    before, keys = listed(), redis_keys()
    recording.flush()
    shown = ListImpression.objects.count()
    for candidate in ({"release": swapped.pk}, {"model": swapped.versions.get(algorithm="svd").pk}):
        shadow = begin(**candidate)
        assert listed() == before
        assert found(shadow).lists == 2
        assert listed() == before
        operations.stop(shadow, actor=SYSTEM)
        look_again()
        shadows.score_waiting()
    assert redis_keys() == keys
    recording.flush()
    # Those that users were shown, and no other.
    assert ListImpression.objects.count() == shown + 8


def test_a_cached_answer_still_makes_no_query(shop: Shop, swapped: Release, django_assert_num_queries: Any) -> None:
    ask(shop.ada)
    shadow = begin(release=swapped.pk)
    ask(shop.ada)
    with django_assert_num_queries(0):
        assert ask(shop.ada).cache_hit
    assert found(shadow).lists == 2


def test_a_thread_of_its_own_scores_while_answers_go_on(
    shop: Shop, swapped: Release, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GATHER_IN_BACKGROUND = True
    outcomes: list[Outcome] = []
    monkeypatch.setattr(sums, "note", outcomes.append)
    begin(release=swapped.pk)
    ask(shop.ada)
    for _ in range(200):
        if outcomes:
            break
        time.sleep(0.02)
    assert [(one.error, one.seconds is None) for one in outcomes] == [("", False)]


def test_a_share_is_drawn_and_what_a_process_cannot_hold_is_dropped_and_counted(shop: Shop, swapped: Release) -> None:
    shadow = begin(release=swapped.pk, share=0.25)
    for _ in range(200):
        ask(shop.ada)
    waiting = shadows._held.scorer.waiting.qsize()
    assert 20 < waiting < 85
    operations.stop(shadow, actor=SYSTEM)
    look_again()
    shadows.score_waiting()
    every = begin(release=swapped.pk)
    for _ in range(shadows.MOST_WAITING + 7):
        ask(shop.ada)
    report = found(every)
    assert (report.lists, report.dropped) == (shadows.MOST_WAITING, 7)


def test_a_candidate_that_fails_is_counted_and_harms_nothing(
    shop: Shop, swapped: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask(shop.ada).items
    shadow = begin(release=swapped.pk)
    with monkeypatch.context() as patch:
        patch.setattr(other_releases, "load_member", lambda row: 1 / 0)
        other_releases.forget()
        assert ask(shop.ada).items == before
        report = found(shadow)
    assert (report.lists, report.errors, report.overlap) == (0, 1, None)
    shadow.refresh_from_db()
    assert shadow.last_error == "ZeroDivisionError: the log has the rest."
    ask(shop.ada)
    assert (found(shadow).lists, found(shadow).errors) == (1, 1)


def test_an_outage_is_no_fault_of_the_candidate_and_sums_wait(shop: Shop, swapped: Release) -> None:
    ask(shop.ada)
    shadow = begin(release=swapped.pk)
    ask(shop.ada)
    other_releases.forget()
    with no_postgres():
        sums.note(shadows._score(shadows._held.scorer.waiting.get_nowait()))
    outages.start_afresh()
    report = found(shadow)
    assert (report.lists, report.errors, report.dropped) == (0, 0, 1)


def test_a_revision_is_scored_with_its_settings(shop: Shop) -> None:
    set_placement(algorithm="popular", count=4)
    number = PlacementRevision.objects.latest("number").number
    set_placement(algorithm=None, count=None)
    shadow = begin(revision=number)
    live = ids(ask(shop.ada))
    keys = redis_keys()
    report = found(shadow)
    assert redis_keys() == keys
    popular_first = ids(ask(shop.ada, algorithm="popular", limit=4))
    assert (report.lists, report.overlap) == (1, len({*live} & {*popular_first}) / 10)


def test_sessions_similar_items_and_batches_are_scored_too(shop: Shop, swapped: Release) -> None:
    shadow = begin(release=swapped.pk)
    serving.similar(Request(items=("novel-2",)))
    serving.session(Request(items=("novel-2",)))
    serving.recommend_many(Request(), [shop.ada.user_id, shop.ben.user_id])
    assert found(shadow).lists == 4


def test_what_names_its_own_leader_is_drawn_or_is_shown_by_an_experiment_tells_nothing(
    shop: Shop, swapped: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = begin(release=swapped.pk)
    ask(shop.ada, algorithm="popular")
    ask(shop.ada, release=shop.release.pk)
    ask(shop.ada, offset=10)
    set_placement(randomised_share=0.2)
    look_again()
    monkeypatch.setattr(randomising, "seed_of", lambda placement, user_id: 7)
    ask(shop.ada)
    set_placement(randomised_share=None)
    begin_experiment()
    look_again()
    assert ask(shop.ada).variant
    assert found(shadow).lists == 0


def test_a_release_that_users_see_is_not_given_up_for_one_that_is_looked_at(shop: Shop, swapped: Release) -> None:
    more = [publish({"popular": popular(shop.items)}, promote=False) for _ in range(2)]
    shown = context_of_variant(swapped.pk)
    for one in more:
        ask(shop.ada, release=one.pk)
    assert other_releases.open_names() == [f"@{swapped.pk}", f"@{more[1].pk}"]
    context_of_variant(more[1].pk)
    assert not has_room(more[0].pk)
    ask(shop.ada, release=more[0].pk)
    assert context_of_variant(swapped.pk) is shown
    # A shadow waits rather than take their place.
    shadow = Shadow.objects.create(placement="default", release=more[0].pk, share=1)
    generations.bump("shadows")
    look_again()
    ask(shop.ada)
    report = found(shadow)
    assert (report.lists, report.dropped, report.errors) == (0, 1, 0)


def test_sums_of_all_processes_add_up(shop: Shop, swapped: Release) -> None:
    shadow = begin(release=swapped.pk)
    for seconds in (0.002, 0.02):
        for _ in range(3):
            sums.note(Outcome(shadow.pk, 0.5, True, seconds, 0.001))
        sums.flush()
    report = found(shadow)
    assert (report.lists, report.overlap, report.equal) == (6, 0.5, 1)
    assert ShadowDay.objects.get().buckets[3:7] == [3, 0, 0, 3]
    # Of a shadow that is gone nothing is kept, and the others' sums are stored.
    sums.note(Outcome(shadow.pk + 99))
    sums.note(Outcome(shadow.pk))
    assert found(shadow).dropped == 1


def test_a_candidate_that_went_live_shows_the_same(shop: Shop, swapped: Release) -> None:
    shadow = begin(release=swapped.pk)
    registry.promote(swapped, actor=SYSTEM)
    start_afresh()
    ask(shop.ada)
    assert found(shadow).equal == 1
