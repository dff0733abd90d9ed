"""/gorse/api: recommendations, sessions, neighbours and lists for everybody."""

from typing import Any
from unittest.mock import patch

import pytest
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from interactions.models import Interaction
from recommender import tasks
from recsite.platform.access import Scope
from tests import factories
from tests.gorse.client import GorseClient
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, ids

pytestmark = pytest.mark.django_db


@pytest.fixture
def gorse(shop: Shop) -> GorseClient:
    return GorseClient()


def test_recommendations_are_ids_and_in_the_second_version_scores(shop: Shop, gorse: GorseClient) -> None:
    best = [*ids(ask(shop.ada, limit=3))]
    assert gorse.told("recommend/ada", n=3) == gorse.told("recommend/ada/", n=3) == best
    scores = gorse.told("recommend/ada", version="2", n=3)
    assert [one["Id"] for one in scores] == best
    assert scores[0].keys() == {"Id", "Score"}
    assert scores == sorted(scores, key=lambda one: -one["Score"])


def test_pages_by_offset_never_overlap_and_n_has_its_meanings(gorse: GorseClient) -> None:
    whole = gorse.told("recommend/ada", n=-1)
    assert gorse.told("recommend/ada", n=2) + gorse.told("recommend/ada", n=2, offset=2) == whole[:4]
    assert len(whole) == len(set(whole)) == len([*NOVELS, *POEMS])
    assert gorse.told("recommend/ada", n=0) == []
    assert len(gorse.told("recommend/ada")) == 10
    assert gorse.told("recommend/ada", offset=99_999) == []


def test_unknown_users_get_a_list(gorse: GorseClient) -> None:
    assert set(gorse.told("recommend/somebody", n=6)) == set(POEMS)


def test_several_categories_mean_all_of_them(gorse: GorseClient) -> None:
    factories.item("both", categories=["Novels", "Poetry"])
    assert set(gorse.told("recommend/ada/Poetry", n=-1)) == {*POEMS, "both"}
    assert set(gorse.told("recommend/ada", n=-1, category="Poetry")) == {*POEMS, "both"}
    assert gorse.told("recommend/ada", n=-1, category=["Novels", "Poetry"]) == ["both"]
    assert gorse.told("recommend/ada/Novels", n=-1, category="Poetry") == ["both"]


def test_what_is_written_back_is_not_recommended_again(
    gorse: GorseClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    asked: dict[str, Any] = {"n": 2, "write-back-type": "read"}
    with django_capture_on_commit_callbacks(execute=True):
        first = gorse.told("recommend/ada", **asked)
    assert {(one["ItemId"], one["FeedbackType"]) for one in gorse.told("user/ada/feedback")} == {
        (item_id, "read") for item_id in first
    }
    assert not set(gorse.told("recommend/ada", n=-1)) & set(first)


def test_writing_back_can_wait(gorse: GorseClient) -> None:
    with patch.object(tasks.write_back, "apply_async") as send:
        asked: dict[str, Any] = {"n": 1, "write-back-type": "read", "write-back-delay": "1h30m0s"}
        gorse.told("recommend/ada", **asked)
    assert send.call_args.kwargs["countdown"] == 5400
    assert not Interaction.objects.exists()
    tasks.write_back(*send.call_args.args[0])
    assert Interaction.objects.get().type.name == "read"


def test_without_the_queue_nothing_is_promised(gorse: GorseClient) -> None:
    path = "recommend/ada?n=1&write-back-type=read&write-back-delay=1m"
    with patch.object(tasks.write_back, "apply_async", side_effect=OperationalError):
        assert gorse.refused("GET", path, status=503).startswith("The queue can't be reached")


def test_without_writing_back_a_reading_changes_nothing(gorse: GorseClient) -> None:
    gorse.told("recommend/ada")
    assert not Interaction.objects.exists()


def test_writing_back_needs_the_scope_to_write(gorse: GorseClient) -> None:
    reader = GorseClient(Scope.READ)
    assert "needs the scope write" in reader.refused("GET", "recommend/ada?write-back-type=read", status=403)
    assert "A duration such as" in gorse.refused("GET", "recommend/ada?write-back-type=read&write-back-delay=soon")
    assert "is not made of" in gorse.refused("GET", "recommend/ada?write-back-type=a%20b")


def test_sessions(gorse: GorseClient) -> None:
    viewed = [{"FeedbackType": "view", "UserId": "", "ItemId": "novel-0", "Timestamp": "2026-05-01"}]
    found = [one["Id"] for one in gorse.send("POST", "session/recommend?n=3", viewed).json()]
    assert len(found) == 3
    assert "novel-0" not in found
    poems = gorse.send("POST", "session/recommend/Poetry?n=-1", viewed).json()
    assert {one["Id"] for one in poems} == set(POEMS)
    strangers = gorse.send("POST", "session/recommend?n=3", [{"ItemId": "nothing"}]).json()
    assert [one["Id"] for one in strangers] == [one["Id"] for one in gorse.told("popular", n=3)]
    assert "ItemId is not a text" in gorse.refused("POST", "session/recommend", [{}])


def test_lists_for_everybody(
    shop: Shop, gorse: GorseClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert [one["Id"] for one in gorse.told("popular", n=6)] == POEMS
    assert gorse.told("non-personalized/popular", n=6) == gorse.told("popular", n=6)
    assert {one["Id"] for one in gorse.told("popular/Novels", n=-1)} == set(NOVELS)
    assert len(gorse.told("latest", n=-1)) == len(gorse.told("non-personalized/latest", n=-1)) == 12
    with django_capture_on_commit_callbacks(execute=True):
        gorse.does("POST", "feedback", [{"FeedbackType": "read", "UserId": "ada", "ItemId": "poem-0"}])
    own_asked: dict[str, Any] = {"n": -1, "user-id": "ada"}
    assert "poem-0" not in gorse_ids(gorse.told("popular", **own_asked))
    assert "Known: popular, latest, trending." in gorse.refused("GET", "non-personalized/weekly", status=404)


def test_neighbours(gorse: GorseClient) -> None:
    near = gorse.told("item/novel-0/neighbors", n=3)
    assert [one["Id"] for one in near] == gorse_ids(gorse.told("item-to-item/any/novel-0/", n=3))
    assert "novel-0" not in gorse_ids(near)
    assert set(gorse_ids(gorse.told("item/novel-0/neighbors/Poetry", n=-1))) == set(POEMS)
    assert gorse.told("item/nothing/neighbors") == []


def test_users_with_a_similar_taste(shop: Shop, gorse: GorseClient) -> None:
    # Ada's and Ben's factors are at right angles: neither is near the other.
    assert gorse.told("user/ada/neighbors") == gorse.told("user-to-user/any/ada") == []
    assert gorse.told("user/nobody/neighbors/") == []


def test_by_what_users_did_alone(gorse: GorseClient) -> None:
    assert gorse_ids(gorse.told("collaborative-filtering/ada", n=3)) == gorse.told("recommend/ada", n=3)


@pytest.mark.parametrize("query", ["n=x", "offset=-1", "offset=1.5"])
def test_bad_numbers(gorse: GorseClient, query: str) -> None:
    assert "A whole number" in gorse.refused("GET", f"recommend/ada?{query}")


def gorse_ids(scores: Any) -> list[str]:
    return [one["Id"] for one in scores]
