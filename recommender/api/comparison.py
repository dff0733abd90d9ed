"""Compare two releases: figures, slices, settings and how much their lists have in common."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from recommender.operations import compare
from recommender.operations.compare import Comparison, Overlap
from recommender.operations.sides import RELEASE, Side
from recommender.serving.candidates import UnknownRelease
from recsite.platform import database
from recsite.platform.exceptions import Invalid
from recsite.platform.lean import LeanJsonView
from recsite.platform.query import Query
from recsite.platform.schema import parameter, problems

LARGEST = 2**31 - 1
NUMBER = {"type": "integer", "minimum": 1, "maximum": LARGEST}
FIGURE = {
    "name": "nDCG@10",
    "a": 0.061,
    "b": 0.074,
    "difference": 0.013,
    "interval": [0.002, 0.024],
    "better": "b",
    "words": "B is better, surely",
}
EXAMPLE = {
    "a": 41,
    "b": 42,
    "is_same_split": True,
    "note": "Both were judged by the same held-out events of the same users, so nDCG@10 is compared user by user.",
    "figures": [FIGURE],
    "slices": {"By how many items the user had": [FIGURE | {"name": "5-19"}]},
    "settings": [{"name": "svd.n_factors", "a": 50, "b": 100}],
    "models": [{"algorithm": "svd", "a": 81, "b": 83}],
    "overlap": {"users": 500, "share": 0.61, "equal": 0.02, "disjoint": 4},
}


class DifferenceOut(serializers.Serializer):
    name = serializers.CharField()
    a = serializers.FloatField(allow_null=True)
    b = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(
        allow_null=True, help_text="b minus a; null where both were judged by different events, which `words` says."
    )
    interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="95 % of the difference; null where it isn't known."
    )
    better = serializers.CharField(help_text="`a` or `b` where that is sure, else empty.")
    words = serializers.CharField()


class SettingOut(serializers.Serializer):
    name = serializers.CharField()
    a = serializers.JSONField()
    b = serializers.JSONField()


class ModelsOut(serializers.Serializer):
    algorithm = serializers.CharField()
    a = serializers.IntegerField(allow_null=True)
    b = serializers.IntegerField(allow_null=True)


class OverlapOut(serializers.Serializer):
    users = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of the first ten items that both lists have, on average.")
    equal = serializers.FloatField(help_text="Of the users whose two lists are equal.")
    disjoint = serializers.IntegerField(help_text="Users whose two lists have nothing in common.")


class ComparisonOut(serializers.Serializer):
    a = serializers.IntegerField()
    b = serializers.IntegerField()
    is_same_split = serializers.BooleanField(help_text="The same held-out events judged both.")
    note = serializers.CharField()
    figures = DifferenceOut(many=True)
    slices = serializers.DictField(child=DifferenceOut(many=True))
    settings = SettingOut(many=True)
    models = ModelsOut(many=True)
    overlap = OverlapOut(allow_null=True, help_text="As staff measured it last, within a day; else null.")


class CompareReleases(LeanJsonView):
    @extend_schema(
        operation_id="compare_releases",
        tags=["Models"],
        summary="Compare two releases",
        description="Their figures with intervals, and whether a difference is more than noise; slices, what differs.",
        parameters=[
            parameter("a", NUMBER, "The number of a release.", required=True),
            parameter("b", NUMBER, "The number of another one.", required=True),
        ],
        responses={200: ComparisonOut, **problems(404)},
        examples=[OpenApiExample("Two releases", EXAMPLE, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("a", "b"))
        numbers = [query.integer(name, 0, 0, LARGEST) for name in ("a", "b")]
        query.check()
        if wrong := {name: "It is needed." for name, number in zip("ab", numbers, strict=True) if not number}:
            raise Invalid(wrong)
        try:
            return database.ask(lambda: _as_json(compare.compare(*(Side.of(RELEASE, number) for number in numbers))))
        except UnknownRelease as unknown:
            raise NotFound(unknown.sentence) from unknown


def _as_json(found: Comparison) -> dict[str, Any]:
    return {
        "a": found.a.number,
        "b": found.b.number,
        "is_same_split": found.is_same_split,
        "note": found.note,
        "figures": list(map(_difference, found.figures)),
        "slices": {title: list(map(_difference, rows)) for title, rows in found.slices.items()},
        "settings": [{"name": name, "a": a, "b": b} for name, a, b in found.settings],
        "models": [{"algorithm": name, "a": a and a.pk, "b": b and b.pk} for name, a, b in found.versions],
        "overlap": found.overlap and _overlap(found.overlap),
    }


def _difference(row: Any) -> dict[str, Any]:
    names = ("name", "a", "b", "difference", "interval", "better", "words")
    return {name: getattr(row, name) for name in names}


def _overlap(found: Overlap) -> dict[str, Any]:
    return {"users": found.users, "share": found.share, "equal": found.equal, "disjoint": found.disjoint}
