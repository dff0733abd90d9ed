"""Tokens by which a shop's server says whose page it is: the user and the expiry, signed with a browser key's secret.

token     = user "." expiry "." signature
user      = base64url(the user's id in UTF-8), without "="
expiry    = Unix time in seconds, in decimal digits
signature = base64url(HMAC-SHA256(the secret in ASCII, user "." expiry)), without "="
"""

import base64
import binascii
import hashlib
import hmac
import re

LONGEST = 2000
_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


class WrongUserToken(ValueError):
    """The message says what is wrong with the token."""


def make(secret: str, user_id: str, expires: int) -> str:
    """Return a token for a user until a Unix time. The secret is the part of a browser key after the dot."""
    signed = f"{_encoded(user_id.encode())}.{expires}"
    return f"{signed}.{_signature(secret, signed)}"


def read(secret: str, token: str, now: float) -> str:
    """Return the user whom a token names. Raises WrongUserToken."""
    found = _FORM.fullmatch(token[:LONGEST])
    if found is None or not hmac.compare_digest(found[3], _signature(secret, f"{found[1]}.{found[2]}")):
        raise WrongUserToken("The user token is wrong: sign it with the part of this browser key after the dot.")
    if int(found[2]) <= now:
        raise WrongUserToken("The user token has expired: have your server sign a new one.")
    try:
        user_id = base64.urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode()
    except (binascii.Error, UnicodeError) as error:
        raise WrongUserToken("The user in the user token is no base64url of UTF-8.") from error
    if not user_id:
        raise WrongUserToken("The user token names no user.")
    return user_id


def _signature(secret: str, signed: str) -> str:
    return _encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
