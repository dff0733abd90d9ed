"""Sign tokens of users for browser keys, and check signatures of webhooks (by the Standard Webhooks scheme)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from recsite_client.errors import InvalidSignature

TOLERANCE = 300.0
"""Seconds by which the clocks may differ, and a message be old."""


def sign_user_token(browser_key: str, user_id: str, *, expires_in: float = 3600) -> str:
    """Return a token that lets a page act for one user, for some seconds: hand it to the page with the user's answer.

    `browser_key` is the whole key, with the part after the dot, which never leaves your server. The page sends the
    part before the dot as its key, and the token as `X-User-Token`.
    """
    _, _, secret = browser_key.partition(".")
    if not secret or not user_id:
        raise ValueError("The whole browser key is needed, with the part after the dot, and a user's id.")
    signed = f"{_base64url(user_id.encode())}.{int(time.time() + expires_in)}"
    return f"{signed}.{_base64url(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes | str, *, tolerance: float = TOLERANCE
) -> dict[str, Any]:
    """Return what a webhook tells, if it is the server's and fresh. Raises InvalidSignature.

    `secret` is the endpoint's (`whsec_...`), `body` the body as it came, not parsed and written again. A message may
    come twice: `webhook-id` is the same then.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    raw = body.encode() if isinstance(body, str) else body
    try:
        message_id, stamp, signatures = (sent[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        age = abs(time.time() - int(stamp))
    except KeyError as missing:
        raise InvalidSignature(f"The header {missing.args[0]} is missing.") from None
    except ValueError:
        raise InvalidSignature("The header webhook-timestamp is no Unix time.") from None
    if age > tolerance:
        raise InvalidSignature(f"The message is {age:.0f} seconds old or early; at most {tolerance:.0f} are allowed.")
    digest = hmac.digest(_key(secret), f"{message_id}.{stamp}.".encode() + raw, hashlib.sha256)
    wanted = f"v1,{base64.b64encode(digest).decode()}".encode()
    # While a secret is rotated there are two signatures.
    if not any(hmac.compare_digest(wanted, one.encode()) for one in signatures.split()):
        raise InvalidSignature("The signature is wrong: another secret, or another body.")
    told: dict[str, Any] = json.loads(raw)
    return told


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("The secret of a webhook is whsec_ and then base64.") from None
