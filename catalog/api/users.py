from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog import editing, store
from catalog.api.bodies import described, read_known, read_new
from catalog.api.examples import ADA, PROFILE
from catalog.api.serializers import UserOut, UserPageOut
from catalog.fields import USER
from catalog.lookups import USER_ID, find_user, no_user
from catalog.models import EndUser
from catalog.validation import valid_id
from recsite.platform import idempotency
from recsite.platform.authentication import actor
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.lean import json_response
from recsite.platform.moments import Moment
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, parameter, problems


class UserList(JsonBodyView):
    @extend_schema(
        operation_id="list_users",
        tags=["Catalogue"],
        summary="List users",
        description="All users who get recommendations, in a lasting order, a page at a time.",
        parameters=[
            parameter("active_since", Moment().schema(), "Only users who were active at this time or later."),
            *PAGING,
        ],
        responses={200: UserPageOut, **problems()},
        examples=[OpenApiExample("A page", {"users": [ADA], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("active_since", *PARAMETERS))
        since = query.moment("active_since")
        users = EndUser.objects.filter(Q(last_active__gte=since) if since else Q())
        found, next_cursor = page(users, query)
        return {"users": UserOut(found, many=True).data, "next_cursor": next_cursor}

    @extend_schema(
        operation_id="create_user",
        tags=["Catalogue"],
        summary="Create a user",
        description=(
            "Adds a user with what they say of themselves. None has to be created before their first event, which adds "
            "its user. Where the id is taken nothing changes (409); an erased user's is refused (409, `erased`)."
        ),
        request=described("user", USER, ("user_id",), is_new=True),
        responses={201: UserOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("A user", {"user_id": "ada", **PROFILE}, request_only=True),
            OpenApiExample("The user", ADA, response_only=True, status_codes=[201]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        user_id, values = read_new("user", USER, body)
        idempotency.about_users(request, [user_id])
        return _created(editing.create_user(user_id, values, actor=actor(request)))


class UserDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_user",
        tags=["Catalogue"],
        summary="Read a user",
        description="One user by the id that your own systems use.",
        parameters=[USER_ID],
        responses={200: UserOut, **problems(404)},
        examples=[OpenApiExample("A user", ADA, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return _told(find_user(user_id))

    @extend_schema(
        operation_id="put_user",
        tags=["Catalogue"],
        summary="Replace a user's profile, or create the user",
        description=(
            "Preferences and demographics are what the body says, empty where it names none (200), or the user is "
            "created (201). Their events stay. Their lists follow at once."
        ),
        parameters=[USER_ID],
        request=described("user", USER, ()),
        responses={200: UserOut, 201: UserOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("A profile", PROFILE, request_only=True),
            OpenApiExample("The user", ADA, response_only=True, status_codes=[200, 201]),
        ],
    )
    def put(self, request: HttpRequest, body: Any, user_id: str) -> HttpResponse:
        user_id = valid_id("user_id", user_id)
        values = read_known("user", USER, body, user_id)
        user, is_new = editing.put_user(user_id, values, actor=actor(request))
        return _created(user) if is_new else json_response(_told(user))

    @extend_schema(
        operation_id="change_user",
        tags=["Catalogue"],
        summary="Change a user's profile",
        description="Sets the fields that the body names, each as a whole, and leaves the others as they are.",
        parameters=[USER_ID],
        request=described("user", USER, ()),
        responses={200: UserOut, **problems(404, 413, 415)},
        examples=[
            OpenApiExample("What they like", {"preferences": PROFILE["preferences"]}, request_only=True),
            OpenApiExample("The user", ADA, response_only=True, status_codes=[200]),
        ],
    )
    def patch(self, request: HttpRequest, body: Any, user_id: str) -> dict[str, Any]:
        user_id = valid_id("user_id", user_id)
        values = read_known("user", USER, body, user_id)
        user = editing.change_user(user_id, values, actor=actor(request))
        if user is None:
            raise no_user(user_id)
        return _told(user)

    @extend_schema(
        operation_id="erase_user",
        tags=["Privacy"],
        summary="Erase a user",
        description=(
            "Erases the user for good, with everything that is kept of them: profile, other names, events of all "
            "months, reviews, lists, caches, and what waits to be stored. The ids are refused from then on (409, code "
            "`erased`), also where nobody was known under this one. What models learned goes with their next training."
        ),
        parameters=[USER_ID],
        request=None,
        responses={204: None, **problems()},
    )
    def delete(self, request: HttpRequest, user_id: str) -> HttpResponse:
        store.erase_user_ids([valid_id("user_id", user_id)], actor=actor(request))
        return no_content()


def _told(user: EndUser) -> dict[str, Any]:
    return dict(UserOut(user).data)


def _created(user: EndUser) -> HttpResponse:
    return created(_told(user), reverse("user", args=[user.user_id]))
