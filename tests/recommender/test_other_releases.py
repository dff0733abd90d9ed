"""A release or a model that is not live answers beside the live one, and leaves no trace."""

import resource
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender import registry, serving
from recommender.cache import keys_of
from recommender.insight.impressions import recording
from recommender.models import ListImpression, ModelVersion, Release
from recommender.registry import artifacts
from recommender.serving import Request
from recommender.serving.candidates import (
    UnknownRelease,
    context_of_release,
    context_of_variant,
    context_of_version,
    load_or_build,
    other_releases,
)
from recommender.serving.candidates.context import current_context
from recsite.platform import redis
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, ids, popular, publish, start_afresh, svd

pytestmark = pytest.mark.django_db


def redis_keys() -> set[bytes]:
    (found,) = redis.roundtrip(("KEYS", "rec:*"))
    return set(found)


def test_a_release_that_is_not_live_makes_the_lists_it_would_make(shop: Shop, swapped: Release) -> None:
    assert ids(ask(shop.ada)) == NOVELS[:6] + POEMS[:4]
    looked_at = ask(shop.ada, release=swapped.pk)
    assert ids(looked_at)[:6] == POEMS
    assert (looked_at.release, looked_at.algorithm) == (swapped.pk, "svd")
    assert ids(ask(shop.ada)) == NOVELS[:6] + POEMS[:4]
    registry.promote(swapped)
    start_afresh()
    promoted = ask(shop.ada)
    assert [replace_none(one) for one in promoted.items] == [replace_none(one) for one in looked_at.items]


def replace_none(one: Any) -> Any:
    return one._replace(reason=None)


def test_it_stores_no_list_and_counts_as_shown_nowhere(shop: Shop, swapped: Release) -> None:
    ask(shop.ada)
    recording.flush()
    before, shown = redis_keys(), ListImpression.objects.count()
    ttl = redis.call(lambda client: client.ttl(keys_of("ada", current_context().list_digest("svd"), "svd").candidates))
    for number in (swapped.pk, shop.release.pk):
        ask(shop.ada, release=number)
        ask(shop.cleo, release=number)
        serving.similar(Request(items=("novel-2",), release=number))
        serving.session(Request(items=("novel-2",), release=number))
    recording.flush()
    assert redis_keys() == before
    assert ListImpression.objects.count() == shown
    # What the live release has cached is not about to go.
    key = keys_of("ada", current_context().list_digest("svd"), "svd").candidates
    assert redis.call(lambda client: client.ttl(key)) >= ttl - 5


def test_items_and_sessions_are_answered_by_it_too(shop: Shop, swapped: Release) -> None:
    for method in ("hybrid", "collaborative", "content"):
        answer = serving.similar(Request(items=("novel-2",), method=method, release=swapped.pk))
        assert answer.release == swapped.pk
    assert serving.session(Request(items=("poem-1",), release=swapped.pk)).release == swapped.pk


def test_a_model_alone_leads_in_the_place_of_its_like(shop: Shop, swapped: Release) -> None:
    version = swapped.versions.get(algorithm="svd")
    context = context_of_version(version.pk)
    assert context.release.leader is not None
    assert (context.release.leader.version, context.release.number) == (version.pk, None)
    # The rest is the live release's.
    assert context.release.members["popular"] is current_context().release.members["popular"]
    assert context_of_version(version.pk) is context


def test_two_are_held_and_the_one_used_longest_ago_goes(shop: Shop, swapped: Release) -> None:
    more = [publish({"popular": popular(shop.items)}, promote=False) for _ in range(2)]
    for one in (swapped, more[0], swapped, more[1]):
        context_of_release(one.pk)
    assert other_releases.open_names() == [f"@{swapped.pk}", f"@{more[1].pk}"]
    # The live one is held anyway.
    assert context_of_release(shop.release.pk).release is current_context().release
    assert len(other_releases.open_names()) == other_releases.MOST_OPEN


def test_models_are_mapped_and_not_read_into_memory(shop: Shop) -> None:
    model = svd(shop.novels, shop.poems, [shop.ada, shop.ben])
    wide = np.zeros((len(model.item_ids), 400_000), np.float32)
    large = replace(model, item_factors=wide, user_factors=np.zeros((2, 400_000), np.float32))
    release = publish({"svd": large}, promote=False)
    del model, large, wide
    before = resident_kilobytes()
    context = context_of_release(release.pk)
    member: Any = context.release.members["svd"].model
    assert member.item_factors.nbytes > 19_000_000
    assert resident_kilobytes() - before < 10_000


def resident_kilobytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def test_a_release_that_is_not_there_or_has_no_files_is_refused_in_words(shop: Shop, swapped: Release) -> None:
    with pytest.raises(UnknownRelease, match="There is no release 99999"):
        ask(shop.ada, release=99999)
    with pytest.raises(UnknownRelease, match="There is no model 99999"):
        context_of_version(99999)
    version = swapped.versions.get(algorithm="svd")
    artifacts.delete(version.artifact)
    ModelVersion.objects.filter(pk=version.pk).update(state="archived", artifact="", checksum="")
    with pytest.raises(UnknownRelease, match=f"Release {swapped.pk} can't be looked at: svd {version.pk} has no files"):
        ask(shop.ada, release=swapped.pk)


def test_another_algorithm_is_refused_by_the_name_of_the_release(shop: Shop, swapped: Release) -> None:
    with pytest.raises(serving.UnknownAlgorithm, match=f"no algorithm 'als' in release {swapped.pk}"):
        ask(shop.ada, release=swapped.pk, algorithm="als")
    assert ids(ask(shop.ada, release=swapped.pk, algorithm="popular"))[:6] == NOVELS


def test_a_changed_catalogue_is_seen(shop: Shop, swapped: Release) -> None:
    ask(shop.ada, release=swapped.pk)
    shop.poems[0].is_available = False
    shop.poems[0].save()
    start_afresh()
    assert "poem-0" not in ids(ask(shop.ada, release=swapped.pk))


def test_lists_of_a_variant_are_stored_under_its_own_name(shop: Shop, swapped: Release) -> None:
    ask(shop.ada)
    before = redis_keys()
    context = context_of_variant(swapped.pk)
    made = load_or_build(context, "svd", "ada")
    assert not made.is_hit
    new = redis_keys() - before
    assert {b"@%d:{ada}" % swapped.pk in key for key in new} == {True}
    assert load_or_build(context_of_variant(swapped.pk), "svd", "ada").is_hit
    assert context_of_variant(shop.release.pk) is current_context()
    assert ids(ask(shop.ada))[0] == "novel-0"
