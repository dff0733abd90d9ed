"""The rows of whoever calls: keys of the API, sessions and logins of staff, and requests that are done once."""

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string
from rest_framework_api_key.crypto import KeyGenerator
from rest_framework_api_key.models import AbstractAPIKey, APIKeyManager

from recsite.platform.access import DEFAULT_SCOPES, Scope

BROWSER_PREFIX = "pub"
"""How the prefixes of browser keys begin, and of no others that are made."""


def default_scopes() -> list[str]:
    """Return what a new key may do unless it is said otherwise."""
    return [scope.value for scope in DEFAULT_SCOPES]


class ServerKeys(KeyGenerator):
    def get_prefix(self) -> str:
        prefix = BROWSER_PREFIX
        while prefix.startswith(BROWSER_PREFIX):
            prefix = get_random_string(self.prefix_length)
        return prefix


class BrowserKeys(KeyGenerator):
    def get_prefix(self) -> str:
        return BROWSER_PREFIX + get_random_string(self.prefix_length - len(BROWSER_PREFIX))


class ApiKeyManager(APIKeyManager):
    """Give keys opaque ids: the library's own contain the hash, and stand in addresses and so in logs."""

    key_generator = ServerKeys()
    browser_keys = BrowserKeys()

    def assign_key(self, obj: "ApiKey") -> str:  # type: ignore[override]  # its manager makes no other rows
        generator = self.browser_keys if obj.is_browser else self.key_generator
        key, obj.prefix, obj.hashed_key = generator.generate()
        obj.id = uuid4().hex
        if obj.is_browser:
            obj.signing_secret = key.partition(".")[2]
        return key


class ApiKey(AbstractAPIKey):
    """A client's key; only its hash is stored, the key itself is shown once."""

    scopes = ArrayField(
        models.CharField(max_length=10, choices=[(scope.value, scope.value) for scope in Scope]),
        default=default_scopes,
        help_text="What its holder may do.",
    )
    owner = models.CharField(
        max_length=150, blank=True, help_text="Who answers for it, such as a team or a mail address."
    )
    last_used_at = models.DateTimeField(null=True, editable=False)
    rate_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        verbose_name="requests a minute",
        help_text="Of each scope. Empty: as the settings say (RATE_LIMIT_PER_KEY). 0: no limit.",
    )
    is_browser = models.BooleanField(
        default=False,
        verbose_name="browser key",
        help_text="Its part before the dot is for web pages of its origins, and can only send events and read lists "
        "for the user of a signed token; the part after the dot signs these tokens on your server.",
    )
    origins = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Of a browser key: the origins of its pages, such as https://shop.example, one a line.",
    )
    # A signature can only be checked by whoever has the secret itself: of browser keys a hash is not enough.
    signing_secret = models.CharField(max_length=32, blank=True, editable=False)

    objects: ClassVar[ApiKeyManager] = ApiKeyManager()

    class Meta(AbstractAPIKey.Meta):
        app_label = "platform"
        verbose_name = "API key"
        verbose_name_plural = "API keys"


class IdempotentRequest(models.Model):
    """Store what a request with an Idempotency-Key was answered; without a status it is under way."""

    class Withheld(models.TextChoices):
        ERASED = "erased"
        SHOWN_ONCE = "shown_once"

    key = models.CharField(max_length=64, primary_key=True, help_text="A digest of the caller and of their key.")
    claimed_at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    request = models.CharField(max_length=64, help_text="A digest of the method, the address and the body.")
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    withheld = models.CharField(max_length=10, choices=Withheld, blank=True, help_text="Why no answer is kept.")
    users = ArrayField(
        models.CharField(max_length=16), null=True, help_text="Keyed hashes of the users whom the answer names."
    )

    class Meta:
        app_label = "platform"
        indexes = [GinIndex(fields=["users"], condition=Q(users__isnull=False), name="idempotent_request_users")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.status or 'under way'}"


class Session(AbstractBaseSession):
    """Store the session of a browser and whose it is, so that staff see where they are signed in, and can end it."""

    account_id = models.BigIntegerField(null=True, db_index=True, help_text="None for whoever is not signed in.")

    class Meta(AbstractBaseSession.Meta):
        app_label = "platform"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")


class StaffLogin(models.Model):
    """Store one sign-in of a member of staff by the API: its tokens name it, and end with it."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    refresh_id = models.UUIDField(default=uuid4, help_text="The one refresh token that is good now.")
    password = models.CharField(max_length=64, help_text="A digest: another password ends the login.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "platform"

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at:%Y-%m-%d %H:%M}"
