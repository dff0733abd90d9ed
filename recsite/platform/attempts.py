"""Slow the guessing of passwords: by the name that is guessed at, and by the address that guesses.

Only wrong passwords are counted. Whoever is over the limit is refused before the password is looked at, for the seconds
until one more attempt is due: nobody is locked out for longer than that.
"""

import hashlib

from django.conf import settings
from django.http import HttpRequest

from recsite.platform import limits
from recsite.platform.clients import client_address, network
from recsite.platform.limits import Bucket

NAMES_PER_ADDRESS = 3
"""Attempts that an address has, in those of one name: several people may share an address."""


def check(request: HttpRequest, name: str) -> None:
    """Raise TooManyRequests where too many attempts for this name, or from this address, have failed."""
    limits.look(*_buckets(request, name))


def note(request: HttpRequest, name: str) -> None:
    """Count an attempt that failed."""
    limits.take(*_buckets(request, name))


def _buckets(request: HttpRequest, name: str) -> tuple[Bucket, Bucket]:
    per_name: int = settings.SIGN_IN_ATTEMPTS_PER_MINUTE
    # What stands there may be a password, by mistake.
    digest = hashlib.sha256(name.casefold().encode("utf-8", "replace")).hexdigest()
    address = network(client_address(request))
    return Bucket("sign-in-name", digest, per_name), Bucket("sign-in-address", address, NAMES_PER_ADDRESS * per_name)
