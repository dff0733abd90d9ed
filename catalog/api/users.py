from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api.serializers import UserOut, UserPageOut
from catalog.models import EndUser
from catalog.validation import Id, valid_id
from recsite.platform import database
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, in_path, problems

ADA = {
    "user_id": "ada",
    "created_at": "2026-05-01T12:00:00Z",
    "last_active": "2026-05-02T08:30:00Z",
    "preferences": {"categories": ["Poetry"], "tags": [], "liked": [], "disliked": []},
    "demographics": {},
}


class UserList(APIView):
    @extend_schema(
        operation_id="list_users",
        tags=["Catalogue"],
        summary="List users",
        description="All users who get recommendations, in a lasting order, a page at a time.",
        parameters=PAGING,
        responses={200: UserPageOut, **problems(406)},
        examples=[OpenApiExample("A page", {"users": [ADA], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: Request) -> Response:
        found, next_cursor = page(EndUser.objects.all(), Query(request.query_params, PARAMETERS))
        return Response({"users": UserOut(found, many=True).data, "next_cursor": next_cursor})


class UserDetail(APIView):
    @extend_schema(
        operation_id="read_user",
        tags=["Catalogue"],
        summary="Read a user",
        description="One user by the id that your own systems use.",
        parameters=[in_path("user_id", Id().schema(), "The user's id, as your own systems have it.")],
        responses={200: UserOut, **problems(404, 406)},
        examples=[OpenApiExample("A user", ADA, status_codes=[200])],
    )
    def get(self, request: Request, user_id: str) -> Response:
        Query(request.query_params, ()).check()
        user_id = valid_id("user_id", user_id)
        user = database.ask(EndUser.objects.filter(user_id=user_id).first)
        if user is None:
            raise Http404(f"There is no user {user_id!r}.")
        return Response(UserOut(user).data)
