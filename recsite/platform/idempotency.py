"""Do once what is asked for twice: a POST that changes something, sent again with the same Idempotency-Key.

The answer is kept in the database for a day, not in Redis, which may be emptied at any time: a forgotten key would be a
second training, or a second item. The request is claimed before it is done, in a transaction of its own, since what it
does may be several transactions, or a message to Kafka. A claim whose process died ends after LEASE.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from recsite.platform import ndjson
from recsite.platform.access import Scope, needed
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.keys import Caller
from recsite.platform.log_privacy import hashed
from recsite.platform.models import IdempotentRequest
from recsite.platform.request_body import RequestBody

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=2)
"""How long a request may be under way: gunicorn's own limits end it sooner."""

KEPT_HEADERS = ("Content-Type", "Location")
_CLAIM = "recsite.claim"
"""Where a request says under which name it is claimed. No client can say so."""

_GOOD = re.compile(r"[\x21-\x7e]{1,255}")


class UnderWay(UserFacingError):
    """The first request with this key isn't done yet (409)."""

    code = "request_under_way"


class AnswerErased(UserFacingError):
    """It was done, and what it was answered went with a user who was erased since (409)."""

    code = "erased"

    def __init__(self) -> None:
        super().__init__("This request was done, and a user whom it named was erased since. It is not done again.")


class AnswerShownOnce(UserFacingError):
    """It was done, and its answer held a secret, which is kept nowhere to be told again (409)."""

    code = "shown_once"

    def __init__(self) -> None:
        super().__init__(
            "This request was done already, and its answer is shown once: it is not told again. Read what there is "
            "now; where the answer with a secret was lost, rotate the secret."
        )


def applies(request: HttpRequest) -> bool:
    """Tell if the request is to be done once: a POST with a key, to an operation that does more than read."""
    if request.method != "POST" or "HTTP_IDEMPOTENCY_KEY" not in request.META:
        return False
    match = request.resolver_match
    need = needed(settings.API_ACCESS, (match.url_name if match else "") or "", "POST")
    return need is not None and need.scope != Scope.READ


def once(request: HttpRequest, caller: Caller | None, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what `act` answers, or what it answered the first time. Raises Invalid for the key of another request."""
    key = request.META["HTTP_IDEMPOTENCY_KEY"].strip()
    if not _GOOD.fullmatch(key):
        raise Invalid({HEADER: "1 to 255 visible ASCII characters are needed, such as a UUID."})
    name = hashlib.sha256(f"{_who(caller)}\n{key}".encode()).hexdigest()
    digest = _digest_with_body(request)
    if before := _claim(name):
        _read_rest(request)
        return _again(before, digest.hexdigest())
    request.META[_CLAIM] = name
    is_kept = False
    try:
        response = act()
        _read_rest(request)
        if isinstance(response, HttpResponse) and 200 <= response.status_code < 300:
            _keep(name, digest.hexdigest(), response)
            is_kept = True
        return response
    finally:
        if not is_kept:
            # What failed or was refused may be sent again, mended.
            _release(name)


def about_users(request: HttpRequest, user_ids: Iterable[str]) -> bool:
    """Note whom the answer will name, before anything is done: it goes with them (`forget_users`).

    Returns whether the answer will be kept; there is no query where it isn't.
    """
    name = request.META.get(_CLAIM)
    if name:
        IdempotentRequest.objects.filter(key=name).update(users=sorted(set(map(hashed, user_ids))))
    return bool(name)


def show_once(request: HttpRequest) -> None:
    """Keep nothing of the answer, which will hold a secret, but that there was one. No query without a key."""
    if name := request.META.get(_CLAIM):
        IdempotentRequest.objects.filter(key=name).update(withheld=IdempotentRequest.Withheld.SHOWN_ONCE)


def forget_users(user_ids: Iterable[str]) -> None:
    """Blank the answers that name these users, for good; one that is being made is not kept either."""
    named = IdempotentRequest.objects.filter(users__overlap=list(map(hashed, user_ids)))
    named.update(withheld=IdempotentRequest.Withheld.ERASED, headers={}, body=b"")


def forget_old() -> int:
    """Delete the answers that are kept no longer, and return how many."""
    deleted, _ = IdempotentRequest.objects.filter(claimed_at__lt=timezone.now() - KEPT).delete()
    return deleted


def _who(caller: Caller | None) -> str:
    if caller is None:
        return "anybody"
    return f"staff {caller.staff.pk}" if caller.staff is not None else f"key {caller.key_id} {caller.user}"


def _digest_with_body(request: HttpRequest) -> Any:
    """Return a digest of the request, to which what is read of its body is added on the way."""
    # The same bytes mean something else as lines of JSON.
    about = f"POST {request.get_full_path()}\n{request.META.get('CONTENT_TYPE', '')}\n"
    digest = hashlib.sha256(about.encode())
    # Django reads the body from there.
    body = request.META.get("wsgi.input")
    if isinstance(body, RequestBody):
        body.watch = digest.update
    else:
        digest.update(request.body)
    return digest


def _read_rest(request: HttpRequest) -> None:
    for _ in ndjson.parts(request):
        pass


def _claim(name: str) -> IdempotentRequest | None:
    """Claim a request, and return None; or return the one that was there before. Raises UnderWay."""
    now = timezone.now()
    row, is_new = IdempotentRequest.objects.get_or_create(key=name, defaults={"claimed_at": now})
    if is_new:
        return None
    is_over = Q(claimed_at__lt=now - KEPT) | Q(status=None, claimed_at__lt=now - LEASE)
    fresh: dict[str, Any] = {"claimed_at": now, "status": None, "request": "", "headers": {}, "body": b""}
    fresh |= {"users": None, "withheld": ""}
    if IdempotentRequest.objects.filter(is_over, key=name).update(**fresh):
        return None
    if row.status is None:
        raise UnderWay(f"A request with this {HEADER} is under way. Wait for its answer, or send it again in a moment.")
    return row


def _keep(name: str, request: str, response: HttpResponse) -> None:
    headers = {header: response.headers[header] for header in KEPT_HEADERS if header in response.headers}
    claimed = IdempotentRequest.objects.filter(key=name)
    done: dict[str, Any] = {"status": response.status_code, "request": request}
    if not claimed.filter(withheld="").update(**done, headers=headers, body=response.content):
        claimed.update(**done)


def _release(name: str) -> None:
    IdempotentRequest.objects.filter(key=name, status=None).delete()


def _again(before: IdempotentRequest, request: str) -> HttpResponse:
    if before.request != request:
        raise Invalid({HEADER: "It was sent before with another body or to another address. Make a new one."})
    if before.withheld == IdempotentRequest.Withheld.ERASED:
        raise AnswerErased
    if before.withheld:
        raise AnswerShownOnce
    response = HttpResponse(bytes(before.body), status=before.status, headers=before.headers)
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["Idempotent-Replayed"] = "true"
    return response
