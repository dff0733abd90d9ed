"""Say what a second factor asks of an account: a code beside the password, at every door that takes a password."""

from contextlib import suppress
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from recsite.platform import audit
from recsite.platform.audit import Actor

OFF, REQUIRED = "off", "required"
FIRST = "Set up a second factor first: sign in to the admin, which leads there."


def is_set_up(user: Any) -> bool:
    """Tell if a member of staff has an app that makes codes, and codes are asked for at all."""
    if settings.SECOND_FACTOR == OFF:
        return False
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def accepts(user: Any, code: str) -> bool:
    """Tell if a code is right: of the app, or a recovery code. Each is good once."""
    with suppress(ValidationError):
        return any(row.wrap().validate_code(code) for row in Authenticator.objects.filter(user_id=user.pk))
    return False


def remove(user: Any, actor: Actor, reason: str = "") -> bool:
    """Take the second factor from an account, for somebody who has lost their phone; False where there was none."""
    with transaction.atomic():
        found, _ = Authenticator.objects.filter(user_id=user.pk).delete()
        if found:
            audit.record(actor, "staff.remove_second_factor", "staff", user.get_username(), reason=reason)
    return bool(found)
