"""Sign staff in by password, and slow whoever guesses."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from recsite.platform import attempts
from recsite.platform.limits import TooManyRequests

NOT_STAFF = "This account isn't one of staff. Ask an administrator to make it one."


class Accounts(DefaultAccountAdapter):
    """Answer the questions that django-allauth asks about accounts, as the admin's own sign-in does."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse that anybody makes an account: administrators do."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse whoever guesses too quickly, before the password is looked at."""
        refuse_guessing(request, credentials.get("username") or "")
        super().pre_authenticate(request, **credentials)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again only of whoever signed in some minutes ago."""
        fresh = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        return not any(one["at"] > fresh for one in get_authentication_records(context.request, context.request.user))

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        if not user.is_staff:
            raise ValidationError(NOT_STAFF, code="not_staff")
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer


def refuse_guessing(request: HttpRequest, name: str) -> None:
    """Raise ValidationError, which says when to try again, where too many attempts for this name have failed."""
    try:
        attempts.check(request, name)
    except TooManyRequests as refusal:
        sentence = f"Too many wrong attempts. {refusal.when}"
        raise ValidationError(sentence, code="too_many_attempts") from refusal
