"""Gather all that is kept of one user, part by part, in constant memory. PERSONAL_DATA names the parts of each app."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from catalog.models import EndUser

Part = tuple[str, Any]
"""A name, and one value of JSON or an iterator of rows."""


def everything_of(user: EndUser) -> Iterator[Part]:
    """Yield what every app keeps of a user."""
    for path in settings.PERSONAL_DATA:
        yield from import_string(path)(user)


def of_user(user: EndUser) -> Iterator[Part]:
    """Yield what the catalogue keeps. For PERSONAL_DATA."""
    yield (
        "user",
        {
            "user_id": user.user_id,
            "created_at": user.created_at,
            "last_active": user.last_active,
            "opted_out_at": user.opted_out_at,
            "preferences": user.preferences,
            "demographics": user.demographics,
            "merged": list(user.merged.values_list("user_id", flat=True)),
        },
    )
