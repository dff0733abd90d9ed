"""Drafts and revisions: what is published never changes, nobody overwrites another unnoticed, and once is once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from recommender import merchandising
from recommender.merchandising import NothingToPublish, PlacementTaken, StaleDraft, StaleRevision
from recommender.models import Placement, PlacementRevision
from recsite.platform.audit import Actor, Kind
from recsite.platform.exceptions import Conflict, UserFacingError
from recsite.platform.models import AuditEntry

pytestmark = pytest.mark.django_db

ADA, BEN = Actor(Kind.STAFF, "ada", "admin"), Actor(Kind.STAFF, "ben", "admin")


@pytest.fixture
def home() -> Placement:
    return merchandising.create("home", "user", actor=ADA)


def draft(placement: Placement, actor: Actor = ADA, **settings: Any) -> Placement:
    held = merchandising.find(placement.name)
    return merchandising.save_draft(held, settings, held.draft_version, actor=actor)


def live(placement: Placement) -> PlacementRevision:
    found = merchandising.find(placement.name).live
    assert found is not None
    return found


def test_a_new_placement_is_served_as_usual(home: Placement) -> None:
    assert (live(home).number, live(home).published_by) == (1, "ada")
    assert live(home).settings == merchandising.ListSettings().as_json()
    with pytest.raises(PlacementTaken):
        merchandising.create("home", "similar", actor=BEN)


def test_a_draft_changes_nothing_until_it_is_published(home: Placement) -> None:
    held = draft(home, count=8)
    assert (live(home).number, held.draft_base) == (1, 1)
    made = merchandising.publish(held, held.draft_version, 1, "The spring.", actor=BEN)
    assert (made.number, made.settings["count"], made.note, made.published_by) == (2, 8, "The spring.", "ben")
    assert live(home) == made
    after = merchandising.find("home")
    assert (after.draft, after.draft_saved_by) == (None, "")
    assert home.revisions.get(number=1).settings["count"] is None


def test_two_who_edit_at_once_are_told_and_nothing_is_lost(home: Placement) -> None:
    merchandising.save_draft(home, {"count": 8}, 0, actor=ADA)
    with pytest.raises(StaleDraft, match="ada saved this draft just now: it is version 1 now, and you saw version 0"):
        merchandising.save_draft(home, {"diversity": 0.5}, 0, actor=BEN)
    held = merchandising.find("home")
    assert held.draft is not None
    assert (held.draft["count"], held.draft["diversity"]) == (8, 0.0)


def test_a_form_that_is_sent_twice_saves_and_publishes_once(home: Placement) -> None:
    for _ in range(2):
        held = merchandising.save_draft(home, {"count": 8}, 0, actor=ADA)
        assert held.draft_version == 1
    made = {merchandising.publish(home, 1, 1, actor=ADA).number for _ in range(2)}
    assert made == {2}
    assert home.revisions.count() == 2
    assert AuditEntry.objects.filter(verb="placement.publish").count() == 1


def test_of_two_publishers_the_second_is_told_who_was_first(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, 1, actor=ADA)
    with pytest.raises(StaleDraft, match="ada published revision 2 just now"):
        merchandising.publish(home, 1, 1, actor=BEN)
    assert home.revisions.count() == 2


def test_a_draft_from_before_a_revert_undoes_it_only_knowingly(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, actor=ADA)
    draft(home, count=9)
    merchandising.revert(home, 1, 2, actor=BEN)
    with pytest.raises(StaleRevision, match="You saw revision 2; revision 3 is live now, published by ben"):
        merchandising.publish(home, 2, 2, actor=ADA)
    assert merchandising.publish(home, 2, 3, actor=ADA).number == 4


def test_a_form_that_was_open_during_a_revert_is_stale(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, actor=ADA)
    seen = merchandising.find("home").draft_version
    merchandising.revert(home, 1, 2, actor=BEN)
    with pytest.raises(StaleDraft, match="ben published revision 3"):
        merchandising.save_draft(home, {"count": 9}, seen, actor=ADA)


def test_a_revert_is_a_new_revision_and_happens_once(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, actor=ADA)
    made = {merchandising.revert(home, 1, 2, actor=BEN).number for _ in range(2)}
    assert made == {3}
    assert (live(home).settings["count"], live(home).reverts_to) == (None, 1)
    with pytest.raises(StaleRevision):
        merchandising.revert(home, 1, 2, actor=ADA)
    with pytest.raises(Conflict, match="live already"):
        merchandising.revert(home, 3, 3, actor=ADA)
    with pytest.raises(Conflict, match="has no revision 17"):
        merchandising.revert(home, 17, actor=ADA)


def test_a_revert_leaves_the_draft(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, actor=ADA)
    draft(home, count=9)
    merchandising.revert(home, 1, actor=ADA)
    held = merchandising.find("home")
    assert held.draft is not None
    assert (held.draft["count"], held.draft_version) == (9, 2)


def test_there_has_to_be_something_to_publish(home: Placement) -> None:
    with pytest.raises(NothingToPublish, match="no draft"):
        merchandising.publish(home, 0, actor=ADA)
    held = draft(home, diversity=0.0)
    with pytest.raises(NothingToPublish, match="what revision 1 says already"):
        merchandising.publish(home, held.draft_version, actor=ADA)
    merchandising.discard_draft(home, held.draft_version, actor=ADA)
    assert merchandising.find("home").draft is None
    with pytest.raises(StaleDraft, match="discarded"):
        merchandising.save_draft(home, {"count": 3}, held.draft_version, actor=BEN)


def test_a_published_revision_never_changes(home: Placement) -> None:
    changes: list[dict[str, Any]] = [{"settings": {}}, {"number": 9}]
    for change in changes:
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            PlacementRevision.objects.filter(placement=home).update(**change)


def test_every_change_is_recorded_with_what_was_before(home: Placement) -> None:
    draft(home, count=8)
    merchandising.publish(home, 1, note="The spring.", actor=BEN)
    merchandising.revert(home, 1, actor=ADA)
    merchandising.delete(merchandising.find("home"), actor=ADA)
    entries = AuditEntry.objects.filter(object_type="placement", object_id="home").order_by("pk")
    verbs = [one.verb.removeprefix("placement.") for one in entries]
    assert verbs == ["create", "draft", "publish", "revert", "delete"]
    published = entries[2]
    assert (published.before, published.after) == ({"revision": 1, "count": None}, {"revision": 2, "count": 8})
    assert (published.actor, published.reason) == ("ben", "The spring.")


def test_the_default_can_not_be_deleted_and_a_deleted_one_is_no_more() -> None:
    with pytest.raises(Conflict, match="default"):
        merchandising.delete(merchandising.find("default"), actor=ADA)
    home = merchandising.create("home", "user", actor=ADA)
    merchandising.delete(home, actor=ADA)
    for late in (
        lambda: merchandising.save_draft(home, {}, 0, actor=ADA),
        lambda: merchandising.publish(home, 0, actor=ADA),
        lambda: merchandising.revert(home, 1, actor=ADA),
        lambda: merchandising.delete(home, actor=ADA),
    ):
        with pytest.raises(Conflict, match="was deleted meanwhile"):
            late()
    with pytest.raises(Placement.DoesNotExist, match=r"Known: default\."):
        merchandising.find("home")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act returns or raises, each in a thread and a transaction of its own."""

    start = Barrier(len(acts))

    def work(act: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return act()
        except UserFacingError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(work, acts))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_publishers_in_the_same_moment_publish_once_and_the_other_is_told() -> None:
    home = merchandising.create("home", "user", actor=ADA)
    draft(home, count=8)
    found = at_once(*(lambda who=who: merchandising.publish(home, 1, 1, actor=who) for who in (ADA, BEN) * 3))
    won = [one for one in found if isinstance(one, PlacementRevision)]
    lost = [one for one in found if isinstance(one, StaleDraft)]
    assert (len(won), len(lost)) == (3, 3)
    assert {one.number for one in won} == {2}
    assert home.revisions.count() == 2
