"""Each migration makes the groups of the roles, and leaves what staff decided about them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from recsite import roles
from recsite.platform.models import RoleDefault
from recsite.role_groups import make_roles
from recsite.roles import ADMINISTRATOR, MERCHANDISER, OPERATOR, ROLES, VIEWER, Grant
from tests.admin.staff import held

pytestmark = pytest.mark.django_db


def has(role: str) -> set[str]:
    stored = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in stored}


def permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


@contextmanager
def table(monkeypatch: pytest.MonkeyPatch, *grants: Grant) -> Iterator[None]:
    """Within it, the table has these grants alone."""
    with monkeypatch.context() as patch:
        patch.setattr(roles, "GRANTS", grants)
        yield


def test_a_fresh_database_has_the_roles() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    for role in ROLES:
        assert has(role) == held(role)


def test_each_sees_what_the_viewer_sees_and_only_the_administrator_sees_secrets() -> None:
    assert all(name.partition(".")[2].startswith("view_") for name in has(VIEWER))
    assert has(VIEWER) < has(MERCHANDISER) < has(ADMINISTRATOR)
    assert has(VIEWER) < has(OPERATOR) < has(ADMINISTRATOR)
    assert not has(MERCHANDISER) & roles.SECRETS
    assert {"auth.view_user", "platform.add_apikey", "catalog.delete_enduser"} <= has(ADMINISTRATOR) - has(OPERATOR)
    assert "catalog.change_item" in has(MERCHANDISER) - has(OPERATOR)
    assert "recommender.operate" in has(OPERATOR) - has(MERCHANDISER)


def test_what_staff_added_and_took_away_stays() -> None:
    group = Group.objects.get(name=VIEWER)
    group.permissions.add(permission("catalog.change_item"))
    group.permissions.remove(permission("catalog.view_enduser"))
    call_command("migrate", verbosity=0)
    assert has(VIEWER) == (held(VIEWER) | {"catalog.change_item"}) - {"catalog.view_enduser"}


def test_a_new_line_of_the_table_reaches_the_role_and_a_line_that_went_leaves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = Grant("Delete items", ("catalog.delete_item",), (MERCHANDISER,))
    with table(monkeypatch, *roles.GRANTS, new):
        make_roles()
        assert "catalog.delete_item" in has(MERCHANDISER)
        assert "catalog.delete_item" not in has(OPERATOR)
    make_roles()
    assert has(MERCHANDISER) == held(MERCHANDISER)


def test_a_renamed_role_is_followed_and_a_deleted_one_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Group.objects.filter(name=MERCHANDISER).update(name="Shelf editor")
    Group.objects.get(name=VIEWER).delete()
    with table(monkeypatch, *roles.GRANTS, Grant("Delete items", ("catalog.delete_item",), (MERCHANDISER,))):
        make_roles()
    assert "catalog.delete_item" in has("Shelf editor")
    assert set(Group.objects.values_list("name", flat=True)) == {*ROLES, "Shelf editor"} - {MERCHANDISER, VIEWER}


def test_a_group_of_staffs_own_with_the_name_of_a_role_is_left_alone() -> None:
    RoleDefault.objects.all().delete()
    Group.objects.exclude(name=OPERATOR).delete()
    Group.objects.get(name=OPERATOR).permissions.set([permission("catalog.view_item")])
    make_roles()
    make_roles()
    assert has(OPERATOR) == {"catalog.view_item"}
    assert has(VIEWER) == held(VIEWER)
