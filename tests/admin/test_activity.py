"""The page of changes: who, by which door, what, before and after; nobody can edit or delete it there."""

from typing import Any

import pytest

from recsite.platform import audit
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import AuditEntry
from tests.admin.staff import Staff, words

pytestmark = pytest.mark.django_db
PAGE = "/admin/platform/auditentry/"


@pytest.fixture
def entry() -> AuditEntry:
    clerk = Actor(Kind.STAFF, "clerk", "admin")
    audit.record(
        clerk, "item.hide", "item", "emma", before={"is_available": True}, after={"is_available": False}, reason="Gone."
    )
    return AuditEntry.objects.get()


def test_a_change_stands_there_with_all_that_is_known_of_it(entry: AuditEntry, admin: Staff) -> None:
    page = admin.page(PAGE)
    assert all(word in page for word in ("clerk", "hide", "item emma", "is_available", "True → ", "Gone."))
    assert "item emma" not in admin.page(f"{PAGE}?q=persuasion")
    assert "item emma" in admin.page(f"{PAGE}?q=emma")
    assert "item emma" in admin.page(f"{PAGE}?q=item.hide")


def test_nobody_edits_or_deletes_it(entry: AuditEntry, admin: Staff) -> None:
    assert admin.client.post(f"{PAGE}{entry.pk}/change/", {"actor": "somebody"}).status_code == 403
    assert admin.client.post(f"{PAGE}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    entry.refresh_from_db()
    assert entry.actor == "clerk"


def test_values_are_written_as_people_read_them(admin: Staff) -> None:
    clerk = Actor(Kind.STAFF, "clerk", "admin")
    before: dict[str, Any] = {"tags": [], "group": None, "settings": {"reg": 0.1}}
    audit.record(clerk, "item.change", "item", "emma", before=before, after={**before, "tags": ["a", "b"]})
    said = words(admin.get(PAGE))
    assert "tags – → a, b" in said
    assert "group – → –" in said
    assert "settings reg: 0.1 → reg: 0.1" in said


def test_long_values_are_shown_from_where_they_differ(viewer: Staff) -> None:
    rules = "rules: block a filter that is rather long and says the same at first, and then "
    AuditEntry.objects.create(
        actor_kind="staff",
        actor="grace",
        door="admin",
        verb="placement.change",
        object_type="placement",
        object_id="home",
        before={"rules": f"{rules}prose", "length": "short"},
        after={"rules": f"{rules}poetry", "length": "s" * 70},
    )
    said = viewer.page("/admin/platform/auditentry/")
    assert "rules …at first, and then prose → …at first, and then poetry" in said
    assert f"length short → {'s' * 60}…" in said


def test_a_published_rule_is_told_in_words(viewer: Staff) -> None:
    pin = {"does": "pin", "item": "emma", "position": 1, "note": "Christmas"}
    entry = AuditEntry.objects.create(
        actor_kind="staff",
        actor="grace",
        door="admin",
        verb="placement.publish",
        object_type="placement",
        object_id="home",
        before={"revision": 3, "rules": [pin]},
        after={"revision": 4, "rules": [pin | {"position": 2}]},
    )
    for page in (PAGE, f"{PAGE}{entry.pk}/change/"):
        said = viewer.page(page)
        assert "revision 3 → 4" in said
        assert "rule changed pin emma at position 1 (Christmas): position 1 → 2" in said
