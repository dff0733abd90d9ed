"""Every verb of a list leaves a trace in the history of what it was used on."""

from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.contrib import admin as site
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from catalog.models import Erasure, Item
from interactions.models import DeadLetter
from tests import factories
from tests.admin.staff import ITEMS, Staff


def item() -> Model:
    return factories.item("emma")


def hidden() -> Model:
    row = factories.item("emma")
    Item.objects.update(is_available=False)
    return row


def letter() -> Model:
    return DeadLetter.objects.create(source="api", reason="There is no item x.", payload={"item_id": "x"})


def task() -> Model:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        ModelEntry.from_entry(name, app=current_app, **entry)
    return PeriodicTask.objects.latest("pk")


def erasure() -> Model:
    return Erasure.objects.create(digest=b"0" * 32)


VERBS: dict[tuple[type[Model], str], tuple[Callable[[], Model], str]] = {
    (Item, "hide"): (item, "Hidden from all lists."),
    (Item, "show"): (hidden, "Shown in lists again."),
    (DeadLetter, "replay"): (letter, "Replayed: it still can't be stored."),
    (PeriodicTask, "enable_tasks"): (task, "Switched on."),
    (PeriodicTask, "disable_tasks"): (task, "Switched off."),
    (PeriodicTask, "run_tasks"): (task, "Run by hand."),
    (Erasure, "lift_chosen"): (erasure, "Lifted."),
}


def verbs() -> set[tuple[type[Model], str]]:
    """Return the verbs of every list of the admin; deletions, erasures among them, are noted as such.

    Comparing changes nothing.
    """
    return {
        (model, verb if isinstance(verb, str) else verb.__name__)
        for model, page in site.site._registry.items()
        for verb in page.actions or ()
        if verb not in ("erase_selected", "compare")
    }


def noted(row: Model) -> list[str]:
    kind = ContentType.objects.get_for_model(row)
    entries = LogEntry.objects.filter(content_type=kind, object_id=row.pk).select_related("user")
    assert all(entry.user.username == "admin" for entry in entries)
    return [entry.change_message for entry in entries]


def test_every_verb_is_named_here() -> None:
    assert verbs() == set(VERBS)


@pytest.mark.parametrize(("verb", "case"), VERBS.items(), ids=[verb for _, verb in VERBS])
def test_a_verb_leaves_a_trace(
    admin: Staff, verb: tuple[type[Model], str], case: tuple[Callable[[], Model], str]
) -> None:
    make, words = case
    row: Any = make()
    address = f"admin:{row._meta.app_label}_{row._meta.model_name}"
    admin.post(reverse(f"{address}_changelist"), action=verb[1], _selected_action=[row.pk])
    assert noted(row) == [words]
    # A lifted erasure is gone: its line stays in the log.
    if type(row).objects.filter(pk=row.pk).exists():
        assert words in admin.page(reverse(f"{address}_history", args=[row.pk]))


def test_an_item_that_was_hidden_already_gets_no_line(admin: Staff) -> None:
    row = hidden()
    admin.post(ITEMS, action="hide", _selected_action=[row.pk])
    assert noted(row) == []


def test_a_letter_that_was_stored_is_noted_as_well(admin: Staff) -> None:
    factories.item("emma")
    payload = {"user_id": "ada", "item_id": "emma", "type": "view"}
    row = DeadLetter.objects.create(source="api", reason="?", payload=payload)
    admin.post("/admin/interactions/deadletter/", action="replay", _selected_action=[row.pk])
    assert noted(row) == ["Replayed: the event is stored."]
    assert not DeadLetter.objects.exists()


def test_who_may_only_look_switches_no_task(db: None) -> None:
    row: Any = task()
    viewer = Staff("looks", "django_celery_beat.view_periodictask")
    for verb in ("disable_tasks", "run_tasks"):
        viewer.post("/admin/django_celery_beat/periodictask/", action=verb, _selected_action=[row.pk])
    row.refresh_from_db()
    assert row.enabled
    assert noted(row) == []
