"""Describe the figures of lists in JSON; `insight.performance` makes them."""

from typing import Any

from rest_framework import serializers

from recommender.insight.performance import DAY, HOUR

FIGURES: dict[str, Any] = {
    "lists": 5120,
    "shown": 51200,
    "clicks": 1311,
    "conversions": 140,
    "click_rate": 0.025605,
    "click_rate_interval": [0.02427, 0.02701],
    "conversion_rate": 0.002734,
    "answers": 5130,
    "cache_hit_rate": 0.9712,
    "p50_ms": 0.612,
    "p95_ms": 2.31,
}
SPAN = {"from": "2026-04-24T00:00:00+00:00", "to": "2026-05-01T00:00:00+00:00", "by": "day"}


class FiguresOut(serializers.Serializer):
    lists = serializers.IntegerField(help_text="Lists shown.")
    shown = serializers.IntegerField(help_text="Items on them, repeats included.")
    clicks = serializers.IntegerField(help_text="Items on them that were clicked.")
    conversions = serializers.IntegerField()
    click_rate = serializers.FloatField(allow_null=True, help_text="Clicks by items shown; null without any.")
    click_rate_interval = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True, help_text="Wilson's, of 95 %."
    )
    conversion_rate = serializers.FloatField(allow_null=True, help_text="Conversions by items shown.")
    answers = serializers.IntegerField(help_text="Answers whose making was timed, empty ones too.")
    cache_hit_rate = serializers.FloatField(allow_null=True, help_text="Of the answers: those whose list was cached.")
    p50_ms = serializers.FloatField(allow_null=True, help_text="Half of the answers took no longer to make.")
    p95_ms = serializers.FloatField(allow_null=True)


class SpanOut(serializers.Serializer):
    to = serializers.DateTimeField()
    by = serializers.ChoiceField((HOUR, DAY))

    def get_fields(self) -> dict[str, Any]:
        # A keyword of Python can't be the name of an attribute.
        return {"from": serializers.DateTimeField(), **super().get_fields()}


class PlacementFiguresOut(FiguresOut):
    placement = serializers.CharField()
    coverage = serializers.FloatField(allow_null=True, help_text="The share of the catalogue that was shown.")


class PlacementRowOut(FiguresOut):
    at = serializers.DateTimeField()
    placement = serializers.CharField()


class PlacementsOut(SpanOut):
    totals = PlacementFiguresOut(many=True)
    rows = PlacementRowOut(many=True)


class AlgorithmFiguresOut(FiguresOut):
    algorithm = serializers.CharField()
    coverage = serializers.FloatField(allow_null=True, help_text="The share of the catalogue that was shown.")


class AlgorithmRowOut(FiguresOut):
    at = serializers.DateTimeField()
    algorithm = serializers.CharField()


class AlgorithmsOut(SpanOut):
    totals = AlgorithmFiguresOut(many=True)
    rows = AlgorithmRowOut(many=True)


class TotalOut(FiguresOut):
    coverage = serializers.FloatField(allow_null=True, help_text="The share of the catalogue that was shown.")


class RowOut(FiguresOut):
    at = serializers.DateTimeField()


class SystemOut(SpanOut):
    totals = TotalOut()
    rows = RowOut(many=True)


class ShownOut(serializers.Serializer):
    shown = serializers.IntegerField(help_text="Times that it stood on a list.")
    clicks = serializers.IntegerField()
    conversions = serializers.IntegerField()
    click_rate = serializers.FloatField(allow_null=True)
    click_rate_interval = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True, help_text="Wilson's, of 95 %."
    )
    conversion_rate = serializers.FloatField(allow_null=True)
    to = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateTimeField(), **super().get_fields()}


class ItemStatisticsOut(ShownOut):
    item_id = serializers.CharField()


class UserStatisticsOut(ShownOut):
    user_id = serializers.CharField()
    lists = serializers.IntegerField(help_text="Lists that the user was shown.")
    last_active = serializers.DateTimeField(allow_null=True)


SHOWN = {name: FIGURES[name] for name in ("shown", "clicks", "conversions", "click_rate")}
SHOWN |= {"click_rate_interval": FIGURES["click_rate_interval"], "conversion_rate": FIGURES["conversion_rate"]}
