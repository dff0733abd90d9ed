from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog import editing, store
from catalog.api.bodies import described, read_known, read_new
from catalog.api.examples import ADA, PROFILE
from catalog.api.serializers import UserOut, UserPageOut
from catalog.fields import USER
from catalog.models import EndUser
from catalog.validation import Id, valid_id
from recsite.platform import database
from recsite.platform.authentication import actor
from recsite.platform.exceptions import AlreadyRunning, Unavailable
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.lean import json_response
from recsite.platform.moments import Moment
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, in_path, parameter, problems

BY_ID = [in_path("user_id", Id().schema(), "The user's id, as your own systems have it.")]


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
        responses={200: UserPageOut, **problems(406)},
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
        responses={201: UserOut, **problems(400, 406, 409, 413, 415)},
        examples=[
            OpenApiExample("A user", {"user_id": "ada", **PROFILE}, request_only=True),
            OpenApiExample("The user", ADA, response_only=True, status_codes=[201]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        user_id, values = read_new("user", USER, body)
        return _created(editing.create_user(user_id, values, actor=actor(request)))


class UserDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_user",
        tags=["Catalogue"],
        summary="Read a user",
        description="One user by the id that your own systems use.",
        parameters=BY_ID,
        responses={200: UserOut, **problems(404, 406)},
        examples=[OpenApiExample("A user", ADA, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        Query(request.GET, ()).check()
        user_id = valid_id("user_id", user_id)
        return _told(_there(database.ask(EndUser.objects.filter(user_id=user_id).first), user_id))

    @extend_schema(
        operation_id="put_user",
        tags=["Catalogue"],
        summary="Replace a user's profile, or create the user",
        description=(
            "Preferences and demographics are what the body says, empty where it names none (200), or the user is "
            "created (201). Their events stay. Their lists follow at once."
        ),
        parameters=BY_ID,
        request=described("user", USER, ()),
        responses={200: UserOut, 201: UserOut, **problems(400, 406, 409, 413, 415)},
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
        parameters=BY_ID,
        request=described("user", USER, ()),
        responses={200: UserOut, **problems(400, 404, 406, 413, 415)},
        examples=[
            OpenApiExample("What they like", {"preferences": PROFILE["preferences"]}, request_only=True),
            OpenApiExample("The user", ADA, response_only=True, status_codes=[200]),
        ],
    )
    def patch(self, request: HttpRequest, body: Any, user_id: str) -> dict[str, Any]:
        user_id = valid_id("user_id", user_id)
        values = read_known("user", USER, body, user_id)
        return _told(_there(editing.change_user(user_id, values, actor=actor(request)), user_id))

    @extend_schema(
        operation_id="erase_user",
        tags=["Privacy"],
        summary="Erase a user",
        description=(
            "Erases the user for good, with everything that is kept of them: profile, other names, events of all "
            "months, reviews, lists, caches, and what waits to be stored. The ids are refused from then on (409, code "
            "`erased`), also where nobody was known under this one. What models learned goes with their next training."
        ),
        parameters=BY_ID,
        request=None,
        responses={204: None, **problems(406)},
    )
    def delete(self, request: HttpRequest, user_id: str) -> HttpResponse:
        try:
            store.erase_user_ids([valid_id("user_id", user_id)], actor=actor(request))
        except AlreadyRunning as busy:
            raise Unavailable(str(busy)) from busy
        return no_content()


def _there(user: EndUser | None, user_id: str) -> EndUser:
    if user is None:
        raise Http404(f"There is no user {user_id!r}.")
    return user


def _told(user: EndUser) -> dict[str, Any]:
    return dict(UserOut(user).data)


def _created(user: EndUser) -> HttpResponse:
    return created(_told(user), reverse("user", args=[user.user_id]))
