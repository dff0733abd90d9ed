"""Lists: recommendations, sessions, neighbours, and lists that are the same for everybody."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from catalog.importers.gorse_shapes import id_of, moment
from catalog.importers.gorse_types import type_name
from catalog.importers.rows import BadField
from interactions import keyed
from interactions.keyed import Feedback
from recommender import serving, tasks
from recommender.api.gorse.door import GorseView, asked_n, path_id, several, told_as_invalid, whole
from recommender.serving import Answer, Request, UnknownAlgorithm, UnknownItem
from recommender.serving.candidates import LATEST, POPULAR, TRENDING, NoContent
from recommender.serving.contract.parameters import LARGEST_OFFSET, MOST_VALUES
from recommender.serving.similar_users import similar_users
from recsite.platform import handing
from recsite.platform.authentication import actor, may_write
from recsite.platform.exceptions import Invalid, Unavailable

Scores = list[dict[str, Any]]
SECOND_VERSION = "2"
"""The value of X-API-Version with which recommendations have scores."""

DURATION = re.compile(r"(?:(\d{1,4}(?:\.\d+)?)h)?(?:(\d{1,6}(?:\.\d+)?)m)?(?:(\d{1,8}(?:\.\d+)?)s)?")
LONGEST_DELAY = timedelta(days=30)
EVERYBODYS = (POPULAR, LATEST, TRENDING)
MOST_VIEWED = MOST_VALUES


class Recommend(GorseView):
    """Recommend to a user; with `write-back-type` what is recommended counts as such feedback, now or later."""

    def get(self, request: HttpRequest, user_id: str, category: str = "") -> Any:
        write_back = _write_back(request)
        answer = _ask(request, category, serving.recommend, user_id=path_id("UserId", user_id))
        if write_back and answer and answer.items:
            self._write_back(request, answer, *write_back)
        if request.headers.get("X-API-Version") == SECOND_VERSION:
            return _scores(answer)
        return [item.item_id for item in answer.items] if answer else []

    def _write_back(self, request: HttpRequest, answer: Answer, kind: str, delay: timedelta) -> None:
        items = [item.item_id for item in answer.items]
        if delay:
            who = actor(request)
            seen = (kind, answer.user_id, items, (who.kind, who.name, who.door))
            try:
                handing.hand(tasks.write_back, seen, countdown=delay.total_seconds())
            except Unavailable as error:
                raise Unavailable("The queue can't be reached, so nothing can be written back later.") from error
        else:
            given = [Feedback(kind, answer.user_id, item_id) for item_id in items]
            keyed.save(given, replaces=False, actor=actor(request))


class Collaborative(GorseView):
    """Recommend by what users did alone: where a hybrid leads, without what it knows of contents."""

    def get(self, request: HttpRequest, user_id: str) -> Scores:
        user_id = path_id("UserId", user_id)
        try:
            return _scores(_ask(request, "", serving.recommend, user_id=user_id, content_weight=0.0))
        except NoContent:
            return _scores(_ask(request, "", serving.recommend, user_id=user_id))


class Session(GorseView):
    def post(self, request: HttpRequest, body: Any, category: str = "") -> Scores:
        viewed = _viewed(body)
        try:
            if viewed:
                return _scores(_ask(request, category, serving.session, items=viewed))
        except UnknownItem:
            # Nothing that was viewed is in the catalogue: what everybody gets is better than nothing.
            pass
        return _everybodys(request, POPULAR, category)


class Latest(GorseView):
    def get(self, request: HttpRequest, category: str = "") -> Scores:
        return _everybodys(request, LATEST, category)


class Popular(GorseView):
    def get(self, request: HttpRequest, category: str = "") -> Scores:
        return _everybodys(request, POPULAR, category)


class NonPersonalized(GorseView):
    def get(self, request: HttpRequest, name: str) -> Scores:
        if name not in EVERYBODYS:
            raise Http404(f"There is no list {name[:50]!r}. Known: {', '.join(EVERYBODYS)}.")
        return _everybodys(request, name, "")


class ItemNeighbors(GorseView):
    """List similar items. A recommender's name doesn't matter: the live release is the one there is."""

    def get(self, request: HttpRequest, item_id: str, category: str = "", name: str = "") -> Scores:
        try:
            return _scores(_ask(request, category, serving.similar, items=(path_id("ItemId", item_id),)))
        except UnknownItem:
            return []


class UserNeighbors(GorseView):
    def get(self, request: HttpRequest, user_id: str, name: str = "") -> Scores:
        n, offset = _bounds(request)
        found = similar_users(path_id("UserId", user_id), n, offset) if n else []
        return [{"Id": other, "Score": score} for other, score in found]


def _everybodys(request: HttpRequest, algorithm: str, category: str) -> Scores:
    """List what is the same for everybody, without what the user named by `user-id` has seen."""
    user_id = request.GET.get("user-id", "")
    asked = {"algorithm": algorithm, **({"user_id": path_id("UserId", user_id)} if user_id else {})}
    try:
        return _scores(_ask(request, category, serving.recommend, **asked))
    except UnknownAlgorithm:
        # Nothing is popular before a model says so.
        return _scores(_ask(request, category, serving.recommend, **{**asked, "algorithm": LATEST}))


def _ask(request: HttpRequest, category: str, make: Callable[[Request], Answer], **named: Any) -> Answer | None:
    """Return the list that the query string asks for; None where that is an empty one."""
    n, offset = _bounds(request)
    if not n or offset > LARGEST_OFFSET:
        return None
    categories = tuple(dict.fromkeys(filter(None, [category, *request.GET.getlist("category")])))
    if len(categories) > MOST_VALUES:
        raise Invalid({"category": f"At most {MOST_VALUES} are possible."})
    asked = Request(limit=n, offset=offset, **named)
    if len(categories) == 1:
        return make(replace(asked, categories=categories))
    return make(replace(asked, every_category=categories))


def _bounds(request: HttpRequest) -> tuple[int, int]:
    offset = whole(request, "offset", 0)
    if offset < 0:
        raise Invalid({"offset": "A whole number from 0 on is needed."})
    return asked_n(request, settings.MAX_RECOMMENDATION_COUNT), offset


def _scores(answer: Answer | None) -> Scores:
    items = answer.items if answer else ()
    return [{"Id": item.item_id, "Score": item.score or 0.0} for item in items]


def _viewed(body: Any) -> Sequence[str]:
    """Return the items of a session, in the order of their times. Raises Invalid."""
    viewed = []
    for number, record in enumerate(several(body), 1):
        try:
            when = moment(record.get("Timestamp"))
            viewed.append((when.timestamp() if when else 0.0, id_of(record, "ItemId")))
        except BadField as error:
            raise told_as_invalid(error, number) from error
    ordered = [item_id for _, item_id in sorted(viewed, key=lambda one: one[0])]
    return ordered[-MOST_VIEWED:]


def _write_back(request: HttpRequest) -> tuple[str, timedelta] | None:
    """Return the type to write back and the delay; None where nothing is. Raises Invalid and PermissionDenied."""
    kind, delay = request.GET.get("write-back-type", ""), request.GET.get("write-back-delay", "")
    if not kind:
        return None
    if not may_write(request):
        raise PermissionDenied("Writing back needs the scope write, or the permission to add events.")
    found = DURATION.fullmatch(delay)
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, -1.0)
    if seconds < 0 or (wait := timedelta(hours=hours, minutes=minutes, seconds=seconds)) > LONGEST_DELAY:
        raise Invalid({"write-back-delay": "A duration such as 1h30m0s is needed, at most 30 days."})
    try:
        return type_name(kind), wait
    except BadField as error:
        raise told_as_invalid(error) from error
