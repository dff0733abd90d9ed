"""The record of changes says who, by which door, what, before and after; it stands and falls with the change."""

import pytest
from django.db import transaction

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry

pytestmark = pytest.mark.django_db
CLERK = Actor(audit.Kind.STAFF, "clerk", "admin")


def test_a_change_is_written_down() -> None:
    audit.record(CLERK, "item.hide", "item", "emma", before={"is_available": True}, after={"is_available": False})
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.door, entry.verb) == ("staff", "clerk", "admin", "item.hide")
    assert (entry.object_type, entry.object_id) == ("item", "emma")
    assert (entry.before, entry.after, entry.reason) == ({"is_available": True}, {"is_available": False}, "")


def test_what_is_taken_back_leaves_no_entry() -> None:
    with transaction.atomic():
        audit.record(Actor.command("train"), "model.train", "model", "svd")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_the_id_of_a_user_is_hashed_since_an_erasure_would_not_find_it() -> None:
    audit.record(CLERK, "user.change", "user", "ada")
    assert "ada" not in AuditEntry.objects.get().object_id
