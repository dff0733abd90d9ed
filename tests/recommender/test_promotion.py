import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from recommender import registry
from recommender.models import ModelVersion, Release
from recommender.registry.exceptions import ArtifactDamaged, CannotPromote, NothingLive, NothingToRollBackTo
from recsite.platform import generations
from tests.recommender.models import ready

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def candidate() -> Release:
    return registry.bundle([ready()])


def live() -> Release:
    return registry.promote(candidate())


def look() -> int:
    """What another process would know now."""
    generations.forget()
    return generations.current(registry.GENERATION)


def at_once(*works: Callable[[], Any]) -> list[BaseException | None]:
    """Runs each in a thread with a connection of its own, all starting together; what each of them raised."""
    start = threading.Barrier(len(works))
    raised: list[BaseException | None] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_nothing_is_live_at_first() -> None:
    assert registry.live_release() is None


def test_a_promoted_release_is_live_and_says_who_did_it_and_when() -> None:
    staff = get_user_model().objects.create_user("operator")
    release = registry.promote(candidate(), by=staff)
    assert registry.live_release() == release
    assert release.promoted_by == staff
    assert release.promoted_at is not None
    assert release.replaced is None


def test_the_release_before_is_archived_and_remembered() -> None:
    first = live()
    second = live()
    first.refresh_from_db()
    assert first.state == Release.State.ARCHIVED
    assert second.replaced == first


def test_promoting_the_live_release_changes_nothing() -> None:
    release = live()
    before = look()
    registry.promote(release)
    assert (registry.live_release(), release.replaced, look()) == (release, None, before)


def test_every_process_learns_of_a_promotion() -> None:
    release = candidate()
    before = look()
    registry.promote(release)
    assert look() > before


def test_a_promotion_that_is_undone_tells_nobody() -> None:
    release = candidate()
    before = look()
    with transaction.atomic():
        registry.promote(release)
        transaction.set_rollback(True)
    assert registry.live_release() is None
    assert look() == before


@pytest.mark.parametrize("with_one_live", [True, False])
def test_of_many_that_promote_at_once_exactly_one_is_live(with_one_live: bool) -> None:
    if with_one_live:
        live()
    releases = [candidate() for _ in range(6)]
    raised = at_once(*(partial(registry.promote, release) for release in releases))
    assert raised == [None] * 6
    assert Release.objects.filter(state=Release.State.LIVE).count() == 1
    assert Release.objects.filter(state=Release.State.ARCHIVED).count() == 5 + with_one_live


def test_promotions_at_once_remember_each_other_in_order() -> None:
    live()
    releases = [candidate() for _ in range(4)]
    at_once(*(partial(registry.promote, release) for release in releases))
    for _ in range(4):
        registry.rollback()
    with pytest.raises(NothingToRollBackTo):
        registry.rollback()


def test_trainings_that_end_together_keep_each_others_models() -> None:
    registry.publish([ready("svd"), ready("popular")])
    svd, popular = ready("svd"), ready("popular")
    assert at_once(lambda: registry.publish([svd]), lambda: registry.publish([popular])) == [None, None]
    release = registry.live_release()
    assert release is not None
    assert set(release.versions.all()) == {svd, popular}


def test_the_database_itself_refuses_a_second_live_release() -> None:
    live()
    with pytest.raises(IntegrityError):
        Release.objects.create(state=Release.State.LIVE)


def test_a_release_with_a_model_that_is_not_ready_is_refused() -> None:
    release = candidate()
    ModelVersion.objects.update(state=ModelVersion.State.ARCHIVED)
    with pytest.raises(CannotPromote, match=r"Release \d+ can't be served: popular \d+ is archived\."):
        registry.promote(release)
    assert registry.live_release() is None


def test_a_release_without_models_is_refused() -> None:
    with pytest.raises(CannotPromote, match="holds no models"):
        registry.promote(Release.objects.create())


def test_a_release_that_is_gone_is_refused_and_the_live_one_stays() -> None:
    release, gone = live(), candidate()
    members = list(gone.members.all())
    Release.objects.filter(pk=gone.pk).delete()
    assert members
    with pytest.raises(CannotPromote):
        registry.promote(gone)
    assert registry.live_release() == release


def test_rolling_back_returns_step_by_step() -> None:
    first, second, third = live(), live(), live()
    assert registry.rollback() == second
    assert registry.rollback() == first
    with pytest.raises(NothingToRollBackTo, match="replaced no other release"):
        registry.rollback()
    assert registry.live_release() == first
    third.refresh_from_db()
    assert third.state == Release.State.ARCHIVED


def test_rolling_back_says_who_did_it_and_tells_every_process() -> None:
    staff = get_user_model().objects.create_user("operator")
    live()
    live()
    before = look()
    assert registry.rollback(by=staff).promoted_by == staff
    assert look() > before


def test_a_second_click_on_roll_back_changes_nothing_more() -> None:
    live()
    second, third = live(), live()
    registry.rollback(of=third.pk)
    with pytest.raises(CannotPromote, match="is not live"):
        registry.rollback(of=third.pk)
    assert registry.live_release() == second


def test_rolling_back_at_once_from_one_release_goes_one_step() -> None:
    live()
    second, third = live(), live()
    raised = at_once(*[lambda: registry.rollback(of=third.pk)] * 3)
    assert sum(error is None for error in raised) == 1
    assert registry.live_release() == second


def test_there_is_nothing_to_roll_back_or_reload_where_nothing_is_live() -> None:
    with pytest.raises(NothingLive):
        registry.rollback()
    with pytest.raises(NothingLive):
        registry.reload()


def test_a_release_whose_files_are_gone_is_not_rolled_back_to() -> None:
    first = live()
    second = live()
    first.versions.update(state=ModelVersion.State.ARCHIVED)
    with pytest.raises(CannotPromote):
        registry.rollback()
    assert registry.live_release() == second


def test_an_archived_release_can_be_promoted_again() -> None:
    first, second = live(), live()
    again = registry.promote(first)
    assert registry.live_release() == again == first
    assert again.replaced == second


def test_reloading_tells_every_process() -> None:
    release = live()
    before = look()
    assert registry.reload() == release
    assert look() > before


def test_damaged_files_are_not_reloaded() -> None:
    release = live()
    version = release.versions.get()
    ModelVersion.objects.filter(pk=version.pk).update(checksum="0" * 64)
    before = look()
    with pytest.raises(ArtifactDamaged):
        registry.reload()
    assert look() == before
