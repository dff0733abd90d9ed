"""Ask for a second factor, and lead those to it who must have one."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.crypto import salted_hmac

from recsite.platform import audit, second_factor
from recsite.platform.audit import Actor
from recsite.platform.errors import Failure
from recsite.platform.second_factor import REQUIRED
from recsite.sign_in.failures import log_failure

ENOUGH = {"mfa", "socialaccount"}
"""Ways of signing in that need nothing beside them: a provider of single sign-on asks for a second factor itself."""
UNREADABLE = "Your second factor can't be read since SECRET_KEY was changed. Ask an administrator to take it away."
STAFF_DOORS = ("/admin/", "/api/", "/gorse/")


class Unreadable(ValidationError):
    """The secret of a second factor can't be read: forms show why, templates show nothing."""

    silent_variable_failure = True


class SecondFactor(DefaultMFAAdapter):
    """Keep the secrets of second factors encrypted, by a key made of SECRET_KEY, and follow SECOND_FACTOR."""

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret. Raises Unreadable where it was written by a SECRET_KEY that isn't known any more."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise Unreadable(UNREADABLE) from error

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        if settings.SECOND_FACTOR == second_factor.OFF:
            return False
        enabled: bool = super().is_mfa_enabled(user, types)
        return enabled

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return bool(settings.SECOND_FACTOR != REQUIRED)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())


def _keys() -> MultiFernet:
    """Return the keys that secrets are read by: the first one writes, former ones still read."""
    raw = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [
            Fernet(urlsafe_b64encode(salted_hmac("second factor", "key", secret=one, algorithm="sha256").digest()))
            for one in raw
        ]
    )


def second_factor_first(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Lead staff who must have a second factor, and have none, to the page that sets it up, whatever they ask for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SECOND_FACTOR == REQUIRED and request.path_info.startswith(STAFF_DOORS) and _lacks_one(request):
            if not request.path_info.startswith("/admin/"):
                return Failure(403, second_factor.FIRST).as_json()
            if not request.path_info.startswith(_open_pages()):
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return get_response(request)

    return middleware


def _open_pages() -> tuple[str, ...]:
    return reverse("mfa_index"), reverse("account_reauthenticate"), reverse("admin:logout"), reverse("admin:login")


def _lacks_one(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or ENOUGH & {
        one["method"] for one in get_authentication_records(request, request.user)
    }:
        return False
    return not second_factor.is_set_up(request.user)


def note_added(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    """Record that somebody has set up a second factor; the library's signal."""
    if authenticator.type == Authenticator.Type.TOTP:
        audit.record(Actor.staff(request), "staff.add_second_factor", "staff", user.get_username())


def note_removed(request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    """Record that somebody has given theirs up."""
    if authenticator.type == Authenticator.Type.TOTP:
        audit.record(Actor.staff(request), "staff.remove_second_factor", "staff", user.get_username())


def note_wrong(request: HttpRequest, user: Any, **_: Any) -> None:
    """Count a wrong code as a wrong password is counted, and leave a line in the log."""
    log_failure({"username": user.get_username()}, request)


SIGNALS = {authenticator_added: note_added, authenticator_removed: note_removed, authentication_failed: note_wrong}
