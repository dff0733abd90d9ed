"""Settings that are unsafe in production: errors stop every start, warnings are said by `manage.py check`."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core import checks

from recsite import env

INSECURE_KEY = "django-insecure-"


def faults(settings: Any) -> Iterator[checks.CheckMessage]:
    """Yield what is wrong with the settings of production; nothing elsewhere."""
    if settings.PRODUCTION:
        yield from _errors(settings)
        yield from _warnings(settings)


def _errors(settings: Any) -> Iterator[checks.CheckMessage]:
    if settings.DEBUG:
        yield checks.Error(
            "DEBUG is true in production: error pages would show the source code and passwords.",
            hint="Take DEBUG out of the environment.",
            id="recsite.E001",
        )
    if not settings.ALLOWED_HOSTS:
        yield checks.Error(
            "ALLOWED_HOSTS is missing in production: every request would be refused.",
            hint="Name the hosts of the site, such as ALLOWED_HOSTS=recs.example.com.",
            id="recsite.E002",
        )
    if any(key.startswith(INSECURE_KEY) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)):
        yield checks.Error(
            f"A secret key begins with {INSECURE_KEY!r}: it was generated for development, and others may know it.",
            hint="Set SECRET_KEY to a random text of at least 50 characters.",
            id="recsite.E003",
        )
    if wildcards := [origin for origin in settings.CSRF_TRUSTED_ORIGINS if origin.partition("://")[2] in ("*", "*.")]:
        yield checks.Error(
            f"CSRF_TRUSTED_ORIGINS holds {wildcards[0]!r}: forms of any site would be accepted.",
            hint="Name the origins, such as https://recs.example.com.",
            id="recsite.E004",
        )


def _warnings(settings: Any) -> Iterator[checks.CheckMessage]:
    if not settings.API_AUTH_REQUIRED:
        yield checks.Warning(
            "API_AUTH_REQUIRED is false in production: everybody who reaches the API reads and writes by it.",
            hint="Take API_AUTH_REQUIRED out of the environment, unless a gateway in front checks the callers.",
            id="recsite.W001",
        )
    if wildcards := [origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" in origin]:
        yield checks.Warning(
            f"CSRF_TRUSTED_ORIGINS holds {wildcards[0]!r}: forms of every host below that name are accepted.",
            hint="Name the hosts, if not all of them are yours.",
            id="recsite.W002",
        )
    if settings.STOREFRONT_ENABLED and settings.STOREFRONT_OPEN:
        yield checks.Warning(
            "STOREFRONT_OPEN is true in production: visitors take any user's place and see what they did.",
            hint="Take STOREFRONT_OPEN out of the environment.",
            id="recsite.W003",
        )


def check(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:  # noqa: ARG001 - Django's signature
    """Return the faults, for Django's system checks."""
    return list(faults(django_settings))


def refuse_errors(settings: Any) -> None:
    """Stop the start of a server with the first error's sentence and id: servers don't run Django's checks."""
    for fault in faults(settings):
        if fault.is_serious(checks.ERROR):
            env.fail(f"{fault.msg} {fault.hint} ({fault.id})")
