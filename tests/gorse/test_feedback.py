"""/gorse/api/feedback: one piece for each type, user and item."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from catalog import store
from catalog.models import EndUser, Item
from interactions import keyed
from interactions.keyed import Feedback
from interactions.models import DeadLetter, Interaction, InteractionType
from recsite.platform.audit import SYSTEM
from recsite.platform.models import AuditEntry
from tests import factories
from tests.api.test_at_once import at_once
from tests.gorse.client import GorseClient
from tests.recommender.fixtures import Shop, ask, ids

pytestmark = pytest.mark.django_db
EARLY, LATE = "2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z"


@pytest.fixture
def gorse() -> GorseClient:
    return GorseClient()


def read(value: float = 0, at: str = EARLY, **more: Any) -> dict[str, Any]:
    return {"FeedbackType": "read", "UserId": "ada", "ItemId": "emma", "Value": value, "Timestamp": at, **more}


@pytest.mark.parametrize("policy", ["dead_letter", "placeholder"])
def test_unknown_types_users_and_items_are_made(gorse: GorseClient, settings: Settings, policy: str) -> None:
    settings.UNKNOWN_ITEM_POLICY = policy
    assert gorse.does("POST", "feedback", [read()]) == 1
    kind, emma = InteractionType.objects.get(name="read"), Item.objects.get()
    assert (kind.weight, kind.is_negative, kind.marks_seen) == (1, False, True)
    assert (emma.item_id, emma.title, emma.is_available) == ("emma", "emma", True)
    assert EndUser.objects.get().user_id == "ada"
    assert not DeadLetter.objects.exists()
    assert {"interaction_type.create", "item.create"} <= set(AuditEntry.objects.values_list("verb", flat=True))


def test_post_adds_to_the_value_and_keeps_the_time(gorse: GorseClient) -> None:
    assert gorse.does("POST", "feedback", [read(1), read(2, LATE)]) == 2
    gorse.does("POST", "feedback", [read(4, LATE, Comment="again", Labels=["x"])])
    (found,) = gorse.told("feedback/ada/emma")
    assert (found["Value"], found["Timestamp"]) == (7, EARLY)
    assert (found["Comment"], found["Labels"]) == ("again", ["x"])
    assert found["Updated"] > found["Timestamp"]
    assert Interaction.objects.count() == 1


def test_put_replaces_the_value_and_the_time(gorse: GorseClient) -> None:
    gorse.does("POST", "feedback", [read(1, Comment="first")])
    gorse.does("PUT", "feedback", [read(5)])
    assert gorse.told("feedback/read/ada/emma")["Comment"] == ""
    gorse.does("PUT", "feedback", [read(6, LATE), read(7, LATE)])
    found = gorse.told("feedback/read/ada/emma")
    assert (found["Value"], found["Timestamp"]) == (7, LATE)
    assert Interaction.objects.count() == 1


def test_a_rating_is_no_sum(gorse: GorseClient) -> None:
    gorse.does("POST", "feedback", [read(4, FeedbackType="rating")])
    gorse.does("POST", "feedback", [read(3, FeedbackType="rating")])
    assert gorse.told("feedback/rating/ada/emma")["Value"] == 3
    assert "lies between 1 and 5" in gorse.refused("POST", "feedback", [read(9, FeedbackType="rating")])


def test_feedback_is_told_by_user_item_and_type(gorse: GorseClient) -> None:
    likes = read(at=LATE, FeedbackType="like")
    gorse.does("POST", "feedback", [read(2), likes, read(UserId="ben"), read(ItemId="other")])
    assert len(gorse.told("user/ada/feedback")) == 3
    assert [one["FeedbackType"] for one in gorse.told("user/ada/feedback/like")] == ["like"]
    assert {one["UserId"] for one in gorse.told("item/emma/feedback/")} == {"ada", "ben"}
    assert [one["UserId"] for one in gorse.told("item/emma/feedback/like")] == ["ada"]
    assert {one["FeedbackType"] for one in gorse.told("feedback/ada/emma")} == {"read", "like"}
    assert gorse.told("feedback/read/ada/nothing") == {}
    assert gorse.told("user/nobody/feedback") == []


def test_pages_of_feedback(gorse: GorseClient) -> None:
    gorse.does("POST", "feedback", [read(ItemId=f"i{number}") for number in range(5)])
    gorse.does("POST", "feedback", [read(FeedbackType="like")])
    found, cursor = [], ""
    while True:
        page = gorse.told("feedback/read", n=2, cursor=cursor)
        found += [one["ItemId"] for one in page["Feedback"]]
        if not (cursor := page["Cursor"]):
            break
    assert sorted(found) == [f"i{number}" for number in range(5)]
    assert len(gorse.told("feedback", n=-1)["Feedback"]) == 6
    assert gorse.told("feedback/unheard") == gorse.told("feedback", n=0) == {"Cursor": "", "Feedback": []}


def test_events_of_other_doors_are_told_as_one_piece(gorse: GorseClient) -> None:
    emma = factories.item("emma")
    for hour in (1, 2):
        at = datetime(2026, 5, 1, hour, tzinfo=UTC)
        kind = factories.interaction_type("view")
        row = factories.event("ada", emma, at=at)
        Interaction.objects.create(
            event_id=row.event_id, user=factories.ada(), item=emma, type=kind, value=2, occurred_at=at
        )
    (found,) = gorse.told("user/ada/feedback/view")
    assert (found["Value"], found["Timestamp"]) == (4, "2026-05-01T01:00:00Z")


def test_deleting_takes_back_one_type_or_all(gorse: GorseClient) -> None:
    gorse.does("POST", "feedback", [read(), read(FeedbackType="like"), read(UserId="ben")])
    assert gorse.does("DELETE", "feedback/like/ada/emma") == 1
    assert gorse.does("DELETE", "feedback/ada/emma") == 1
    assert gorse.does("DELETE", "feedback/ada/emma") == 0
    assert Interaction.objects.get().user.user_id == "ben"
    assert "feedback.delete" in AuditEntry.objects.values_list("verb", flat=True)


def test_lists_follow_what_is_sent_and_what_is_taken_back(
    shop: Shop, gorse: GorseClient, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    first = ids(ask(shop.ada))[0]
    with django_capture_on_commit_callbacks(execute=True):
        gorse.does("POST", "feedback", [read(FeedbackType="like", ItemId=first)])
    assert first not in ids(ask(shop.ada, limit=50))
    with django_capture_on_commit_callbacks(execute=True):
        gorse.does("DELETE", f"feedback/ada/{first}")
    assert first in ids(ask(shop.ada, limit=50))


def test_feedback_of_erased_users_is_left_out_and_not_counted(gorse: GorseClient) -> None:
    store.erase_user_ids(["ada"], actor=SYSTEM)
    assert gorse.does("POST", "feedback", [read(), read(UserId="ben")]) == 1
    assert Interaction.objects.get().user.user_id == "ben"


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"UserId": ""}, "row 2: UserId is empty."),
        ({"ItemId": None}, "row 2: ItemId is not a text."),
        ({"ItemId": "a/b"}, "holds a slash"),
        ({"FeedbackType": "two words"}, "'two words' is not made of letters, digits, - and _"),
        ({"FeedbackType": "login"}, "A login is about no item."),
        ({"FeedbackType": "purchase", "Value": -1}, "The value of a purchase lies between 0 and"),
        ({"Value": "3"}, "Value is not a number"),
        ({"Value": 1e300}, "Value does not lie between"),
        ({"Timestamp": "2999-01-01"}, "lies before 1970 or in the future"),
        ({"Timestamp": "10:00"}, "is no date with a year, a month and a day"),
        ({"Labels": "\x00"}, "NUL"),
    ],
)
def test_one_wrong_piece_stores_none(gorse: GorseClient, bad: dict[str, Any], sentence: str) -> None:
    assert sentence in gorse.refused("POST", "feedback", [read(), read(**bad)])
    assert not Interaction.objects.exists()


def test_values_may_lie_below_zero(gorse: GorseClient) -> None:
    gorse.does("POST", "feedback", [read(-2.5)])
    assert gorse.told("feedback/read/ada/emma")["Value"] == -2.5


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_pieces_that_come_at_the_same_moment_are_all_added() -> None:
    actor, pieces = SYSTEM, [Feedback("like", "ada", f"i{number}", 1) for number in range(3)]
    save = partial(keyed.save, replaces=False, actor=actor)
    at_once(*[partial(save, pieces), partial(save, pieces[::-1])] * 3)
    assert [one.value for one in keyed.of_user("ada")] == [6, 6, 6]
    assert Interaction.objects.count() == 3
