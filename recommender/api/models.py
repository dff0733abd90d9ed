from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import registry
from recommender.api.serializers import LiveOut
from recommender.models import ReleaseModel
from recsite.platform import database
from recsite.platform.query import Query
from recsite.platform.schema import problems

LIVE = {
    "release": 42,
    "promoted_at": "2026-05-01T12:05:00Z",
    "versions": [
        {
            "id": 83,
            "algorithm": "svd",
            "role": "rating",
            "trained_at": "2026-05-01T12:04:00Z",
            "data_from": "2025-11-01T06:12:00Z",
            "data_until": "2026-05-01T11:59:00Z",
            "n_users": 3000,
            "n_items": 915,
            "n_events": 150000,
            "metrics": {"rmse": 0.92, "ndcg@10": 0.05},
        }
    ],
}


class LiveModels(APIView):
    @extend_schema(
        operation_id="read_live_models",
        tags=["Models"],
        summary="Read the live release",
        description="The release that is served, with its model versions and how good they were.",
        responses={200: LiveOut, **problems(404, 406)},
        examples=[OpenApiExample("A release", LIVE, status_codes=[200])],
    )
    def get(self, request: Request) -> Response:
        Query(request.query_params, ()).check()
        return Response(LiveOut(database.ask(_live_release)).data)


def _live_release() -> dict[str, object]:
    live = registry.live_release()
    if live is None:
        raise NotFound("Nothing is live yet: train with 'manage.py train', or with Train now in the admin.")
    members = live.members.select_related("version").order_by("algorithm")
    return {"release": live.pk, "promoted_at": live.promoted_at, "versions": [_version(member) for member in members]}


def _version(member: ReleaseModel) -> dict[str, object]:
    version = member.version
    return {
        "id": version.pk,
        "algorithm": version.algorithm,
        "role": member.role,
        "trained_at": version.finished_at,
        "data_from": version.data_from,
        "data_until": version.data_until,
        "n_users": version.n_users,
        "n_items": version.n_items,
        "n_events": version.n_events,
        "metrics": version.metrics,
    }
