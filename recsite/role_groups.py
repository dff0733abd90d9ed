"""Make the groups of the roles after each migration, and let staff's own decisions about them stand."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS, transaction

from recsite.roles import ROLES, held_by


def make_roles(using: str = DEFAULT_DB_ALIAS, apps: Apps = installed, **_: Any) -> None:
    """Bring the groups up to the table of roles; called once all permissions are stored.

    What the table gave at the last migration is remembered, so that only what is new in it is given, and only what it
    no longer gives is taken away. What staff added stays, what they took away stays away, a role that they deleted is
    not made again, a renamed one is followed, and a group of theirs that has the name of a role is left alone.
    """
    try:
        defaults: Any = apps.get_model("platform", "RoleDefault").objects.using(using)
    except LookupError:
        # Migrated back to a time without roles.
        return
    groups: Any = apps.get_model("auth", "Group").objects.using(using)
    rows: Any = apps.get_model("auth", "Permission").objects.using(using)
    named = rows.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": pk for app, codename, pk in named}
    with transaction.atomic(using=using):
        for role in ROLES:
            row = defaults.select_related("group").filter(name=role).first()
            if row is None:
                made = None if groups.filter(name=role).exists() else groups.create(name=role)
                row = defaults.create(name=role, group=made)
            if row.group is not None:
                _follow(row, held_by(role, known), known)


def _follow(row: Any, wanted: set[str], known: Mapping[str, int]) -> None:
    before = set(row.permissions)
    if wanted == before:
        return
    row.group.permissions.add(*(known[name] for name in wanted - before))
    row.group.permissions.remove(*(known[name] for name in before - wanted if name in known))
    row.permissions = sorted(wanted)
    row.save()
