"""Errors that say what happened, what to do, and whose fault it is. All are RecsiteError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

SPLIT = "Send fewer rows at once; load_items and load_users stream any number, and event buffers split by themselves."


class RecsiteError(Exception):
    """Carry what the server said: `code`, `message`, `details` by field, and the `request_id` for its operators."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        details: Mapping[str, str] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        """The HTTP status; None where there was no answer."""
        self.code = code
        self.details = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds after which the server wants to be asked again; None where it didn't say."""

    def __str__(self) -> str:
        about = [f"{self.status} {self.code}".strip()] if self.status else []
        about += [f"request {self.request_id}"] if self.request_id else []
        return f"{self.message} ({', '.join(about)})" if about else self.message


class NoAnswer(RecsiteError):
    """The server can't be reached, or the connection broke before an answer came. The request may have been done."""


class BadRequest(RecsiteError):
    """The body or the address can't be read (400, 405, 406, 414, 415, 431)."""


class Unauthenticated(RecsiteError):
    """The key or the user token is missing, wrong, revoked or expired (401)."""


class Forbidden(RecsiteError):
    """The key lacks the scope (403)."""


class NotFound(RecsiteError):
    """There is no such thing (404)."""


class Conflict(RecsiteError):
    """It contradicts what is there already (409)."""


class Erased(Conflict):
    """The user was erased for good (409, `erased`)."""


class TooLarge(RecsiteError):
    """The body is larger than the server takes (413): send less at once."""


class Invalid(RecsiteError):
    """A value is wrong; `details` has a sentence for each field (422)."""


class RateLimited(RecsiteError):
    """The allowance of the key is used up (429), also after the retries. Nothing was done."""


class ServerError(RecsiteError):
    """A mistake on the server's side (5xx)."""


class Unavailable(ServerError):
    """Something that the server depends on is gone (503), also after the retries."""


class JobFailed(RecsiteError):
    """A job that was waited for has failed or was cancelled; `job` is its last state."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        super().__init__(f"Job {job['id']} ({job['title']}) is {job['state']}: {job['message'] or 'it says nothing.'}")
        self.job = dict(job)


class StillRunning(RecsiteError):
    """The time to wait for a job is over, and the job is not."""


class InvalidSignature(RecsiteError):
    """A webhook's signature or time is wrong: treat the message as forged."""


_BY_STATUS: dict[int, type[RecsiteError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    429: RateLimited,
    503: Unavailable,
}


def error_of(response: httpx.Response, retry_after: float | None) -> RecsiteError:
    """Return the error that an answer tells of; a proxy's HTML is understood by its status alone."""
    told = _json(response)
    error: Mapping[str, Any] = told.get("error") if isinstance(told.get("error"), dict) else {}  # type: ignore[assignment]
    status, code = response.status_code, str(error.get("code", ""))
    message = str(error.get("message") or f"The server answered {status} {response.reason_phrase}.")
    if status == 413:
        message = f"{message.rstrip()} {SPLIT}"
    kind = Erased if code == "erased" else _BY_STATUS.get(status, ServerError if status >= 500 else BadRequest)
    return kind(
        message,
        status=status,
        code=code,
        details=error.get("details"),
        request_id=told.get("request_id") or response.headers.get("x-request-id"),
        retry_after=retry_after,
    )


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
