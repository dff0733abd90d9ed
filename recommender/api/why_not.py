"""Say why an item is not on a user's list."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from catalog.validation import valid_id
from recommender.api.requests import described, read_values
from recommender.serving import Request, UnknownItem
from recommender.serving.contract import ITEM_ID, USER_ID, WHY_NOT
from recommender.serving.why_not import Cause, WhyNot, why_not
from recsite.platform import lookups
from recsite.platform.lean import LeanJsonView
from recsite.platform.schema import parameter, problems

EXAMPLE = {
    "user_id": "ada",
    "item_id": "emma",
    "cause": "outranked",
    "sentence": "It ranks 57th with a score of 0.31 by hybrid. The list ends at rank 10, where the score is 0.62.",
    "rank": 57,
    "score": 0.31,
    "ranked_by": "hybrid",
    "needed_rank": 10,
    "needed_score": 0.62,
}


class WhyNotOut(serializers.Serializer):
    user_id = serializers.CharField()
    item_id = serializers.CharField()
    cause = serializers.ChoiceField([cause.value for cause in Cause])
    sentence = serializers.CharField()
    rank = serializers.IntegerField(allow_null=True, help_text="On all pages of the list; null where it is on none.")
    score = serializers.FloatField(allow_null=True)
    ranked_by = serializers.CharField(help_text="What ranked it; empty where nothing did.")
    needed_rank = serializers.IntegerField(allow_null=True, help_text="Where the list that was asked for ends.")
    needed_score = serializers.FloatField(
        allow_null=True, help_text="The score there; null where another source ranked that item, or without a score."
    )


class WhyNotOnList(LeanJsonView):
    @extend_schema(
        operation_id="explain_absence",
        tags=["Models"],
        summary="Say why an item is not on a user's list",
        description="The exact reason: seen, hidden, filtered, a variant of another item, unknown to the model, or its "
        "rank and score against what was needed. The list's parameters say which list is meant.",
        parameters=[
            *described(WHY_NOT, USER_ID),
            parameter("item_id", ITEM_ID.schema, ITEM_ID.description, required=True),
        ],
        responses={200: WhyNotOut, **problems(404)},
        examples=[OpenApiExample("A reason", EXAMPLE, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        values = read_values(WHY_NOT, request)
        item_id = values.pop("item_id")
        lookups.mark()
        asked = Request(valid_id("user_id", user_id), is_shown=False, **values)
        try:
            return _as_json(asked.user_id, why_not(asked, item_id))
        except UnknownItem as error:
            raise NotFound(error.sentence) from error


def _as_json(user_id: str, found: WhyNot) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "item_id": found.item_id,
        "cause": found.cause.value,
        "sentence": found.sentence,
        "rank": found.rank,
        "score": found.score,
        "ranked_by": found.source,
        "needed_rank": found.needed_rank,
        "needed_score": found.needed_score,
    }
