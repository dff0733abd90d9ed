"""The client of the recsite recommendation API, sync and async. README.md shows how it is used."""

from recsite_client.client import AsyncClient, Client
from recsite_client.errors import (
    BadRequest,
    Conflict,
    Erased,
    Forbidden,
    Invalid,
    InvalidSignature,
    JobFailed,
    NoAnswer,
    NotFound,
    RateLimited,
    RecsiteError,
    ServerError,
    StillRunning,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from recsite_client.sending import AsyncEventBuffer, EventBuffer, Undelivered
from recsite_client.signing import sign_user_token, verify_webhook
from recsite_client.talks import Retries

__all__ = [
    "AsyncClient",
    "AsyncEventBuffer",
    "BadRequest",
    "Client",
    "Conflict",
    "Erased",
    "EventBuffer",
    "Forbidden",
    "Invalid",
    "InvalidSignature",
    "JobFailed",
    "NoAnswer",
    "NotFound",
    "RateLimited",
    "RecsiteError",
    "Retries",
    "ServerError",
    "StillRunning",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "Undelivered",
    "sign_user_token",
    "verify_webhook",
]
