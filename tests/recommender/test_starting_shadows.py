"""Shadows are started and stopped by those who say what is to be scored; what is wrong is refused in words."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from recommender import merchandising
from recommender.models import Release, Shadow
from recommender.operations import shadows as operations
from recommender.serving import shadows
from recommender.serving.candidates import UnknownRelease
from recsite.platform import undo
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.models import AuditEntry
from tests.recommender.fixtures import (
    Shop,
    ask,
    look_again,
)
from tests.recommender.test_shadows import begin, found

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_wrong_candidates_are_refused_in_words(shop: Shop, swapped: Release) -> None:
    def refused(**rest: Any) -> dict[str, str]:
        with pytest.raises(Invalid) as caught:
            begin(**rest)
        return dict(caught.value.errors)

    assert "Name one candidate" in refused()["release"]
    assert "Name one candidate" in refused(release=swapped.pk, revision=1)["revision"]
    assert "There is no placement 'nowhere'" in refused(placement="nowhere", release=swapped.pk)["placement"]
    assert "is live already" in refused(release=shop.release.pk)["release"]
    of_live = shop.release.versions.get(algorithm="svd").pk
    assert "part of the live release" in refused(model=of_live)["model"]
    assert "has no revision 77" in refused(revision=77)["revision"]
    assert "share" in refused(release=swapped.pk, share=0)
    with pytest.raises(UnknownRelease, match="There is no release 9999"):
        begin(release=9999)
    merchandising.create("best", "popular", actor=SYSTEM)
    assert "No model leads its lists" in refused(placement="best", release=swapped.pk)["placement"]
    assert not Shadow.objects.exists()


def test_one_runs_at_a_placement_and_starting_can_be_taken_back(shop: Shop, swapped: Release) -> None:
    shadow = begin(release=swapped.pk)
    with pytest.raises(Conflict, match="already: stop it first"):
        begin(release=swapped.pk)
    undo.undo(AuditEntry.objects.get(verb="shadow.start").pk, actor=SYSTEM)
    shadow.refresh_from_db()
    assert shadow.stopped_at is not None
    look_again()
    ask(shop.ada)
    assert found(shadow).lists == 0
    operations.stop(shadow, actor=SYSTEM)
    assert AuditEntry.objects.filter(verb="shadow.stop").count() == 1


def test_a_placement_that_is_deleted_takes_its_shadow_along(shop: Shop, swapped: Release) -> None:
    made = merchandising.create("home", "user", actor=SYSTEM)
    begin(placement="home", release=swapped.pk)
    merchandising.delete(made, actor=SYSTEM)
    merchandising.create("home", "user", actor=SYSTEM)
    assert operations.running("home") is None


def test_a_command_starts_lists_and_stops_it(shop: Shop, swapped: Release, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("shadows", "start", "default", "--release", str(swapped.pk), "--share", "1")
    look_again()
    ask(shop.ada)
    shadows.score_waiting()
    call_command("shadows", "list")
    call_command("shadows", "stop", "default")
    said = capsys.readouterr().out
    assert f"Release {swapped.pk} makes 100.0% of the lists of default, unseen." in said
    assert said.count("Over 1 list, ") == 2
    with pytest.raises(CommandError, match="No shadow runs"):
        call_command("shadows", "stop", "default")
    with pytest.raises(CommandError, match="There is no release 9999"):
        call_command("shadows", "start", "default", "--release", "9999")
