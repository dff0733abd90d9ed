"""Erasing and merging users while others are at work with them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from catalog import erasure
from catalog.models import EndUser, MergedUser
from interactions.models import DeadLetter, Interaction, PersonEvent
from recsite.platform.models import AuditEntry
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of these returns, begun at the same moment in a thread of its own."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result() for one in [pool.submit(run, work) for work in works]]


def several(api: ApiClient, user_id: str, times: int = 15) -> Callable[[], list[int]]:
    """Send events of a user one after the other, alone and in bulk; the statuses of the answers."""
    event = {"user_id": user_id, "item_id": "novel-0", "type": "view"}
    login = {"user_id": user_id, "type": "login"}

    def send() -> list[int]:
        statuses = []
        for number in range(times):
            alone = api.post("interactions", event)
            many = api.post("interactions/bulk", {"events": [{**event, "item_id": f"novel-{number % 6}"}, login]})
            statuses += [alone.status_code, many.status_code]
        return statuses

    return send


def test_nothing_is_left_of_a_user_who_is_erased_while_events_arrive(api: ApiClient, shop: Shop) -> None:
    senders = [several(ApiClient(), "ada") for _ in range(3)]
    *sent, erased = at_once(*senders, lambda: api.delete("users/ada"))
    assert erased.status_code == 204
    assert {status for statuses in sent for status in statuses} <= {202, 409}
    assert erasure.erased_among(["ada"])
    assert not EndUser.objects.filter(user_id="ada").exists()
    assert not Interaction.objects.exists()
    assert not PersonEvent.objects.exists()
    assert not DeadLetter.objects.exists()
    assert api.post("interactions", {"user_id": "ada", "item_id": "novel-0", "type": "view"}).status_code == 409


def test_no_event_is_lost_to_a_merge_while_they_arrive(api: ApiClient, shop: Shop) -> None:
    senders = [several(ApiClient(), "visitor") for _ in range(3)]
    *sent, merged = at_once(*senders, lambda: api.post("users/visitor/merge", {"into": "ada"}))
    assert merged.status_code == 200
    assert {status for statuses in sent for status in statuses} == {202}
    assert not EndUser.objects.filter(user_id="visitor").exists()
    assert Interaction.objects.filter(user__user_id="ada").count() == Interaction.objects.count() == 3 * 15 * 2
    assert PersonEvent.objects.filter(user__user_id="ada").count() == 3 * 15


def test_the_same_merge_twice_at_once_is_one(api: ApiClient, shop: Shop) -> None:
    several(api, "visitor", 1)()
    answers = at_once(*[lambda: ApiClient().post("users/visitor/merge", {"into": "ada"})] * 2)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sorted(answer.json()["events"] for answer in answers) == [0, 3]
    assert AuditEntry.objects.filter(verb="merge").count() == 1


def test_of_two_merges_at_once_into_different_users_one_is_refused(api: ApiClient, shop: Shop) -> None:
    several(api, "visitor", 1)()
    answers = at_once(
        lambda: ApiClient().post("users/visitor/merge", {"into": "ada"}),
        lambda: ApiClient().post("users/visitor/merge", {"into": "ben"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (won,) = [answer.json()["user_id"] for answer in answers if answer.status_code == 200]
    assert MergedUser.objects.get().into.user_id == won
    assert set(Interaction.objects.values_list("user__user_id", flat=True)) == {won}


def test_of_two_users_who_are_merged_into_each_other_at_once_one_stays(api: ApiClient, shop: Shop) -> None:
    answers = at_once(
        lambda: ApiClient().post("users/ada/merge", {"into": "ben"}),
        lambda: ApiClient().post("users/ben/merge", {"into": "ada"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert EndUser.objects.filter(user_id__in=["ada", "ben"]).count() == 1
