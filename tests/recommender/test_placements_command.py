"""Placements from a shell: what there is, and publishing and returning by the same verbs as everywhere."""

import pytest
from django.core.management import CommandError, call_command

from recommender import merchandising
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import AuditEntry

pytestmark = pytest.mark.django_db


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    call_command("placements", *args)
    return capsys.readouterr().out


def test_placements_are_listed_shown_published_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    ada = Actor(Kind.STAFF, "ada", "admin")
    home = merchandising.create("home", "user", actor=ada)
    merchandising.save_draft(home, {"count": 8}, 0, actor=ada)
    assert "home       user  1     version 1, saved just now by ada" in said(capsys, "list")
    assert "length: 8, instead of 10, as usual" in said(capsys, "show", "home")
    assert said(capsys, "publish", "home", "--note", "The spring.") == "Revision 2 of home is live.\n"
    shown = said(capsys, "show", "home")
    assert "length: 8" in shown
    assert "Revision 2, published just now by placements. The spring." in shown
    assert "published as revision 3" in said(capsys, "revert", "home", "1")
    assert set(AuditEntry.objects.filter(door="command").values_list("verb", flat=True)) == {
        "placement.publish",
        "placement.revert",
    }


def test_what_can_not_be_done_is_one_sentence() -> None:
    with pytest.raises(CommandError, match="There is no placement 'nowhere'"):
        call_command("placements", "show", "nowhere")
    with pytest.raises(CommandError, match="has no draft"):
        call_command("placements", "publish", "default")
    with pytest.raises(CommandError, match="has no revision 99"):
        call_command("placements", "revert", "default", "99")
