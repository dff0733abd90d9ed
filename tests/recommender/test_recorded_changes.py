"""Every verb that changes what others see is called with the one who asked, at every door."""

import ast

import pytest

from recommender import registry
from recommender.models import Release
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry
from tests.recommender.models import ready
from tests.test_architecture import door, modules

VERBS = {
    ("registry", "promote"),
    ("registry", "publish"),
    ("registry", "rollback"),
    ("registry", "take_out"),
    ("registry", "reload"),
    ("registry", "choose"),
    ("warming", "warm"),
    ("training", "train"),
    ("train", "train"),
    ("cache", "clear"),
    ("erasure", "lift"),
    ("erasure", "lift_rows"),
    ("erasure", "add"),
    ("jobs", "cancel"),
    ("jobs", "start"),
}


def test_every_door_says_who_asked() -> None:
    wrong = [
        f"{name}:{call.lineno}"
        for name, path in modules().items()
        if door(name) or name.startswith("storefront")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in VERBS
        and "actor" not in {keyword.arg for keyword in call.keywords}
    ]
    assert wrong == []


@pytest.mark.django_db
def test_a_change_of_releases_is_recorded_once_with_what_was_served_before() -> None:
    clerk = Actor.command("models")
    first = registry.publish([ready()], actor=clerk)
    second = registry.publish([ready()], actor=clerk)
    registry.promote(second, actor=clerk)
    registry.rollback(actor=clerk)
    told = AuditEntry.objects.filter(object_type="release").order_by("pk")
    assert [(one.verb, one.object_id, one.before) for one in told] == [
        ("release.promote", str(first.pk), {}),
        ("release.promote", str(second.pk), {"release": first.pk}),
        ("release.roll_back", str(first.pk), {"release": second.pk}),
    ]
    assert {one.actor for one in told} == {"models"}
    assert Release.objects.get(pk=first.pk).state == "live"
