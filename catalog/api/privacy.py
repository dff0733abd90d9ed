"""Operations on what is kept of a user: erase, export, opt out, merge."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers

from catalog import merging, opting_out, personal_data
from catalog.lookups import USER_ID, find_user
from catalog.validation import Id, valid_id
from recsite.platform import idempotency
from recsite.platform.authentication import actor
from recsite.platform.json_view import JsonBodyView, no_content
from recsite.platform.query import Query
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.schema import problems
from recsite.platform.streaming import StreamView, stream

TAG = "Privacy"
NO_FIELDS: Fields = {}
MERGE: Fields = {"into": Field(Id(), "The id of the known user.", is_required=True)}
EXPORT = {
    "user": {"user_id": "ada", "preferences": {"categories": ["Poetry"]}, "demographics": {}, "merged": ["visitor-1"]},
    "interactions": [{"event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11", "type": "view", "item_id": "emma"}],
    "dead_letters": [],
    "waiting": [],
    "lists": [],
}


class OptedOutOut(serializers.Serializer):
    user_id = serializers.CharField()
    opted_out_at = serializers.DateTimeField(help_text="Since when nothing that they do is kept.")


class MergedOut(serializers.Serializer):
    user_id = serializers.CharField(help_text="The id under which everything is kept now.")
    merged = serializers.CharField(help_text="The id that is another name of the same user from now on.")
    events = serializers.IntegerField(help_text="Events that changed hands now; none where it was done before.")


class UserExport(StreamView):
    @extend_schema(
        operation_id="export_user",
        tags=[TAG],
        summary="Export what is kept of a user",
        description=(
            "Everything that is kept of one user, as one JSON object, streamed: the profile and other names, all "
            "events with reviews, events that wait or can't be stored, the lists that the user was shown and the "
            "clicks in them. What is computed from these (models, cached lists, totals) holds nothing more."
        ),
        parameters=[USER_ID],
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT, "All parts."), **problems(404)},
        examples=[OpenApiExample("A user", EXPORT, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> StreamingHttpResponse:
        Query(request.GET, ()).check()
        user = find_user(user_id)
        return stream(_object(personal_data.everything_of(user)), "application/json", "user.json")


class OptOut(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="opt_out",
        tags=[TAG],
        summary="Opt a user out",
        description=(
            "From now on nothing that the user does is kept: events are accepted, and dropped (status `opted_out`). "
            "They get the lists that everybody gets; cached lists of their own go at once. What happened before stays "
            "for an export, and is left out of training and figures. Nothing has to be known of the user. Doing it "
            "again changes nothing."
        ),
        parameters=[USER_ID],
        request=described(NO_FIELDS),
        responses={200: OptedOutOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("Nothing", {}, request_only=True),
            OpenApiExample(
                "Out",
                {"user_id": "ada", "opted_out_at": "2026-05-01T12:00:00+00:00"},
                response_only=True,
                status_codes=[200],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any, user_id: str) -> dict[str, Any]:
        read_fields(NO_FIELDS, body)
        user_id = valid_id("user_id", user_id)
        idempotency.about_users(request, [user_id])
        user = opting_out.opt_out(user_id, actor=actor(request))
        return {"user_id": user.user_id, "opted_out_at": user.opted_out_at}

    @extend_schema(
        operation_id="opt_in",
        tags=[TAG],
        summary="Let a user take part again",
        description=(
            "The user gets lists of their own again, from what was kept before they opted out. Nothing changes where "
            "they were not out."
        ),
        parameters=[USER_ID],
        request=None,
        responses={204: None, **problems()},
    )
    def delete(self, request: HttpRequest, user_id: str) -> HttpResponse:
        opting_out.opt_in(valid_id("user_id", user_id), actor=actor(request))
        return no_content()


class UserMerge(JsonBodyView):
    @extend_schema(
        operation_id="merge_user",
        tags=[TAG],
        summary="Merge a user into another one",
        description=(
            "An anonymous visitor turned out to be a known user: the visitor's events, reviews and lists become the "
            "known user's, and so does what comes under the visitor's id later. The known user's profile wins; what it "
            "doesn't say comes from the visitor's. If either opted out, the known user is out. Sending it again "
            "changes nothing. Merging into oneself is 422, also by way of other names; somebody who was merged into "
            "another user, or an erased one, is 409."
        ),
        parameters=[USER_ID],
        request=described(MERGE),
        responses={200: MergedOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("Into Ada", {"into": "ada"}, request_only=True),
            OpenApiExample(
                "Merged",
                {"user_id": "ada", "merged": "visitor-1", "events": 12},
                response_only=True,
                status_codes=[200],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any, user_id: str) -> dict[str, Any]:
        user_id, into = valid_id("user_id", user_id), read_fields(MERGE, body)["into"]
        idempotency.about_users(request, [user_id, into])
        merged = merging.merge(user_id, into, actor=actor(request))
        return {"user_id": merged.into, "merged": user_id, "events": merged.moved}


def _object(parts: Iterable[personal_data.Part]) -> Iterator[bytes]:
    """Yield a JSON object of parts, whose rows are written as they come."""
    for number, (name, value) in enumerate(parts):
        yield (b"," if number else b"{") + orjson.dumps(name) + b":"
        if not isinstance(value, Iterator):
            yield orjson.dumps(value)
            continue
        yield b"["
        for place, row in enumerate(value):
            yield (b",\n" if place else b"") + orjson.dumps(row)
        yield b"]"
    yield b"}\n"
