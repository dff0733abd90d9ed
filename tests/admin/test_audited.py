"""Whatever staff change in the admin leaves an entry in the record of changes, with what was there before."""

import json
from io import StringIO
from typing import Any

import pytest
from celery import current_app
from django.contrib import admin as site
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db.models import Model
from django.test import RequestFactory
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from catalog import erasure
from catalog.models import Category, EndUser, Erasure, Item
from interactions.models import DeadLetter, InteractionType
from recommender.models import AlgorithmSettings, Placement, TrainingPlan
from recsite.beat import Entry
from recsite.platform.audit import Actor
from recsite.platform.models import AlertSubscription, ApiKey, AuditEntry, WebhookEndpoint
from tests.admin.rows import fill_tables
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

CHANGES: dict[type[Model], dict[str, Any]] = {
    Category: {"description": "Told anew."},
    Item: {"title": "Told anew"},
    EndUser: {"preferences": '{"categories": ["Poetry"]}'},
    InteractionType: {"weight": "7"},
    DeadLetter: {"payload": '{"user_id": "secret-user"}'},
    Placement: {"description": "Told anew."},
    TrainingPlan: {"held": "It rests."},
    AlgorithmSettings: {"note": "Told anew."},
    ApiKey: {"owner": "the shop"},
    WebhookEndpoint: {"description": "Told anew."},
    User: {"first_name": "Grace"},
    Group: {"name": "Night shift"},
    PeriodicTask: {"description": "At night."},
    AlertSubscription: {"kinds": ["drift"]},
}
"""A change of each table that staff can change: the fields of its form."""


@pytest.fixture
def filled(shop: Shop) -> Shop:
    fill_tables(shop)
    for name, entry in list(current_app.conf.beat_schedule.items())[:2]:
        Entry.from_entry(name, app=current_app, **entry)
    Group.objects.create(name="Day shift")
    User.objects.create_user("grace", is_staff=True)
    return shop


def may(staff: Staff, what: str) -> set[type[Model]]:
    request = RequestFactory().get("/admin/")
    request.user = staff.user
    found = site.site._registry.items()
    return {model for model, page in found if getattr(page, f"has_{what}_permission")(request)}


def row_of(model: type[Model]) -> Any:
    rows = model._default_manager.order_by("pk")
    named = {User: {"username": "grace"}, Group: {"name": "Day shift"}}
    return rows.filter(**named.get(model, {})).first()


def address(row: Model, page: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def filled_in(staff: Staff, path: str) -> dict[str, Any]:
    """What the form of a page would send as it stands."""
    answer: Any = staff.get(path)
    assert answer.status_code == 200, path
    form = answer.context["adminform"].form
    sent: dict[str, Any] = {name: value for bound in form for name, value in _sent(bound)}
    for formset in answer.context["inline_admin_formsets"]:
        sent |= {one.html_name: one.value() for one in formset.formset.management_form}
    return {name: value for name, value in sent.items() if value is not None and value is not False}


def _sent(bound: Any) -> list[tuple[str, Any]]:
    value = bound.value()
    widget = bound.field.widget
    if hasattr(widget, "decompress"):
        parts = widget.decompress(value) if not isinstance(value, list) else value
        return [(f"{bound.html_name}_{number}", part) for number, part in enumerate(parts)]
    return [(bound.html_name, "on" if value is True else value)]


def test_every_table_that_staff_change_is_named_here(admin: Staff) -> None:
    assert may(admin, "change") == set(CHANGES)


@pytest.mark.parametrize("model", CHANGES, ids=lambda model: model.__name__)
def test_a_change_leaves_an_entry(admin: Staff, filled: Shop, model: type[Model]) -> None:
    row = row_of(model)
    path = address(row, "change")
    sent = filled_in(admin, path) | CHANGES[model]
    before = AuditEntry.objects.count()
    answer = admin.client.post(path, sent)
    assert answer.status_code == 302, [answer.context["adminform"].form.errors, sent]
    entries = list(AuditEntry.objects.order_by("pk")[before:])
    assert [(one.actor, one.door) for one in entries] == [("admin", "admin")]
    assert entries[0].verb.endswith(".change")
    assert entries[0].after
    assert "secret-user" not in json.dumps([entries[0].before, entries[0].after])
    # As it stands already: nothing changes, and nothing is recorded.
    admin.client.post(path, filled_in(admin, path))
    assert AuditEntry.objects.count() == before + 1


def test_a_deletion_leaves_an_entry(admin: Staff, filled: Shop) -> None:
    wrong = []
    for model in may(admin, "delete") & may(admin, "change"):
        row = row_of(model)
        before = AuditEntry.objects.count()
        answer = admin.post(address(row, "delete"), post="yes")
        gone = answer.status_code == 302 and not model._default_manager.filter(pk=row.pk).exists()
        if gone and AuditEntry.objects.count() == before:
            wrong.append(model)
    assert wrong == []


@pytest.mark.parametrize("model", [Placement, Group, DeadLetter], ids=lambda model: model.__name__)
def test_what_is_deleted_from_a_list_leaves_an_entry_each(admin: Staff, filled: Shop, model: type[Model]) -> None:
    if "delete_selected" not in site.site._registry[model].get_actions(_request(admin)):
        return
    rows = [row.pk for row in model._default_manager.all()]
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    before = AuditEntry.objects.count()
    admin.post(path, action="delete_selected", _selected_action=rows, post="yes")
    assert AuditEntry.objects.count() - before == len(rows)


def _request(staff: Staff) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = staff.user
    return request


def test_an_addition_leaves_an_entry_with_its_fields(admin: Staff, shop: Shop) -> None:
    path = "/admin/recommender/placement/add/"
    admin.client.post(path, filled_in(admin, path) | {"name": "basket"})
    entry = AuditEntry.objects.get(verb="placement.create")
    assert (entry.object_type, entry.object_id, entry.before) == ("placement", "basket", {})
    assert entry.after["new_item_share"] == 0.1


def test_the_record_tells_what_was_there_before(admin: Staff, shop: Shop) -> None:
    kind = InteractionType.objects.get(name="view")
    path = address(kind, "change")
    admin.client.post(path, filled_in(admin, path) | {"weight": "7"})
    entry = AuditEntry.objects.get(verb="interaction_type.change")
    assert (entry.object_id, entry.before, entry.after) == ("view", {"weight": kind.weight}, {"weight": 7.0})


def test_no_password_is_recorded(admin: Staff, db: None) -> None:
    words = {"password1": "correct horse battery", "password2": "correct horse battery"}
    admin.client.post("/admin/auth/user/add/", {"username": "grace", "usable_password": "true", **words})
    grace = User.objects.get(username="grace")
    admin.client.post(f"/admin/auth/user/{grace.pk}/password/", {"usable_password": "true", **words})
    admin.client.post(f"/admin/auth/user/{grace.pk}/password/", {"usable_password": "true", "password1": "x"})
    entries = AuditEntry.objects.order_by("pk")
    assert [(one.verb, one.object_id) for one in entries] == [
        ("staff.create", "grace"),
        ("staff.set_password", "grace"),
    ]
    told = json.dumps([[one.before, one.after] for one in entries])
    assert "horse" not in told
    assert "pbkdf2" not in told


def test_staff_who_change_their_own_password_leave_an_entry(db: None) -> None:
    grace = Staff("grace")
    old, new = "correct horse battery", "staple of another kind"
    grace.user.set_password(old)
    grace.user.save()
    grace.client.force_login(grace.user)
    page = reverse("admin:password_change")
    assert grace.get(page).status_code == 200
    wrong = {"old_password": "no", "new_password1": new, "new_password2": new}
    assert grace.client.post(page, wrong).status_code == 200
    assert not AuditEntry.objects.exists()
    assert grace.client.post(page, wrong | {"old_password": old}).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.object_id, entry.after) == ("staff.set_password", "grace", "grace", {})
    assert User.objects.get(pk=grace.user.pk).check_password(new)


def test_accounts_by_command_leave_an_entry(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("createsuperuser", "--noinput", "--username", "root", "--email", "", stdout=StringIO())
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "correct horse battery")
    call_command("changepassword", "root", stdout=StringIO())
    told = AuditEntry.objects.order_by("pk").values_list("verb", "actor", "object_id")
    assert list(told) == [
        ("staff.create", "createsuperuser", "root"),
        ("staff.set_password", "changepassword", "root"),
    ]


def test_permissions_that_a_role_or_an_account_gets_are_told(admin: Staff, filled: Shop) -> None:
    permission = Permission.objects.get(codename="operate")
    for model, field in ((Group, "permissions"), (User, "user_permissions")):
        row = row_of(model)
        path = address(row, "change")
        sent = filled_in(admin, path) | {field: [permission.pk]}
        assert admin.client.post(path, sent).status_code == 302
        entry = AuditEntry.objects.latest("pk")
        assert entry.verb.endswith(".change")
        assert (entry.before[field], entry.after[field]) == ([], [str(permission)])


def test_a_schedule_is_switched_and_run_with_an_entry(admin: Staff, filled: Shop) -> None:
    task = PeriodicTask.objects.latest("pk")
    for action in ("disable_tasks", "disable_tasks", "run_tasks"):
        admin.post("/admin/django_celery_beat/periodictask/", action=action, _selected_action=[task.pk])
    entries = AuditEntry.objects.filter(object_type="schedule", object_id=task.name).order_by("pk")
    assert [(one.verb, one.after) for one in entries] == [
        ("schedule.change", {"enabled": False}),
        ("schedule.run", {}),
    ]


def test_a_replay_leaves_an_entry_for_each_letter(admin: Staff, db: None) -> None:
    letter = DeadLetter.objects.create(source="api", reason="There is no item x.", payload={"item_id": "x"})
    admin.post("/admin/interactions/deadletter/", action="replay", _selected_action=[letter.pk])
    entry = AuditEntry.objects.get(verb="dead_letter.replay")
    assert (entry.actor, entry.object_id, entry.after) == ("admin", str(letter.pk), {"outcome": "still dead"})


def test_a_lifted_erasure_leaves_an_entry(admin: Staff, db: None) -> None:
    rows = [Erasure.objects.create(digest=erasure.digest(name)) for name in ("ada", "ben", "cleo")]
    admin.post("/admin/catalog/erasure/", action="lift_chosen", _selected_action=[rows[0].pk])
    admin.act("/admin/catalog/erasure/lift/", user_id="ben")
    assert erasure.lift(["cleo", "nobody"], actor=Actor.command("lift_erasure")) == 1
    told = AuditEntry.objects.filter(verb="erasure.lift").order_by("pk")
    assert [one.object_id for one in told] == [str(row) for row in rows]
    assert [one.actor for one in told] == ["admin", "admin", "lift_erasure"]
    assert not Erasure.objects.exists()
