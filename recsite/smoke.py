"""Ask a running site for one of everything, as an outsider does: after each deployment, from wherever users are."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from time import perf_counter
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TIMEOUT_SECS = 15.0
LARGEST = 2_000_000
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")
OVER_HTTPS = "Strict-Transport-Security"
STATIC = re.compile(r"""(?:href|src)="(/static/[^"]+\.css)\"""")


class Failed(Exception):
    """A check failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Site:
    """Hold where the site is, and how this outsider is known there."""

    url: str
    key: str = ""
    event: Mapping[str, str] = field(default_factory=dict)
    """An event to send: whose, of which item, of which type. Empty: none is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a path answered."""

    status: int
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: str


@dataclass(frozen=True, slots=True)
class Found:
    """Say how one check went."""

    name: str
    is_well: bool
    said: str
    ms: int


def checks(site: Site) -> Iterator[Found]:
    """Yield how each check went, as they are made."""
    for name, check in CHECKS.items():
        started = perf_counter()
        try:
            is_well, said = True, check(site)
        except Failed as fault:
            is_well, said = False, str(fault)
        yield Found(name, is_well, said, round((perf_counter() - started) * 1000))


def ask(site: Site, path: str, body: Any = None) -> Answer:
    """Return what a path answers, redirects followed. Raises Failed where nobody does."""
    headers = {"User-Agent": "recsite-smoke", "Accept": "*/*"}
    if site.key:
        headers["Authorization"] = f"Api-Key {site.key}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    asked = Request(site.url.rstrip("/") + path, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urlopen(asked, timeout=TIMEOUT_SECS) as found:
            return _answer(found.status, found)
    except HTTPError as refused:
        with refused:
            return _answer(refused.code, refused)
    except (OSError, HTTPException, ValueError) as fault:
        raise Failed(f"nobody answers: {getattr(fault, 'reason', None) or fault}") from fault


def _answer(status: int, found: Any) -> Answer:
    headers = {name.lower(): value for name, value in found.headers.items()}
    return Answer(status, headers, found.read(LARGEST).decode("utf-8", "replace"))


def _expect(answer: Answer, *wanted: int) -> Answer:
    if answer.status not in wanted:
        raise Failed(f"{answer.status} came, {' or '.join(map(str, wanted))} was expected")
    return answer


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError as fault:
        raise Failed("the answer is no JSON") from fault


def _ping(site: Site) -> str:
    if _json(_expect(ask(site, "/ping"), HTTPStatus.OK)) != {"status": "ok"}:
        raise Failed("something else answers there than recsite")
    return "alive"


def _ready(site: Site) -> str:
    _expect(ask(site, "/ready"), HTTPStatus.OK)
    return "takes traffic"


def _health(site: Site) -> str:
    found = _json(_expect(ask(site, "/health"), HTTPStatus.OK))
    if found.get("status") == "ok" or "parts" not in found:
        return str(found.get("status"))
    down = [f"{name}: {part.get('message', 'down')}" for name, part in found["parts"].items() if part["status"] != "ok"]
    return f"{found['status']} ({' '.join(down)})"


def _list(site: Site) -> str:
    answer = ask(site, "/api/v1/recommendations/popular?limit=5")
    if not site.key and answer.status == HTTPStatus.UNAUTHORIZED:
        return "asks for a key, as it should; give one by --key to see a list"
    items = _json(_expect(answer, HTTPStatus.OK)).get("items", [])
    if not items:
        raise Failed("the list is empty: is there a catalogue?")
    return f"{len(items)} items"


def _event(site: Site) -> str:
    if not site.event:
        return "not asked for; --event USER ITEM TYPE sends one"
    answer = ask(site, "/api/v1/interactions", dict(site.event))
    if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        raise Failed(f"{answer.status} came: {answer.body[:200]}")
    return "accepted"


def _sign_in(site: Site) -> str:
    if 'name="csrfmiddlewaretoken"' not in _expect(ask(site, "/admin/login/"), HTTPStatus.OK).body:
        raise Failed("the page has no form")
    return "has its form"


def _static(site: Site) -> str:
    found = STATIC.search(ask(site, "/admin/login/").body)
    if not found:
        raise Failed("the sign-in page names no style sheet")
    answer = _expect(ask(site, found[1]), HTTPStatus.OK)
    if not answer.headers.get("content-type", "").startswith("text/css"):
        raise Failed(f"{found[1]} is no style sheet: run 'manage.py collectstatic'")
    return found[1]


def _headers(site: Site) -> str:
    wanted = (*HEADERS, OVER_HTTPS) if site.url.startswith("https://") else HEADERS
    sent = ask(site, "/admin/login/").headers
    if missing := [name for name in wanted if name.lower() not in sent]:
        raise Failed(f"{', '.join(missing)} is missing")
    return f"{len(wanted)} of them"


def _inside(site: Site) -> str:
    """Look whether strangers see what is for those inside; whoever asks from inside sees it rightly."""
    stranger = Site(site.url)
    open_paths = [path for path in ("/metrics", "/health") if "database" in ask(stranger, path).body]
    return (
        f"{', '.join(open_paths)} can be read from here: right only from inside" if open_paths else "closed from here"
    )


CHECKS: dict[str, Callable[[Site], str]] = {
    "ping": _ping,
    "ready": _ready,
    "health": _health,
    "a list": _list,
    "an event": _event,
    "sign-in": _sign_in,
    "static file": _static,
    "headers": _headers,
    "what is for inside": _inside,
}
