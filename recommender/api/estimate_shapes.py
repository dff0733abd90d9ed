"""The shape of an estimate in the API, with an example."""

from typing import Any

from rest_framework import serializers

ESTIMATE: dict[str, Any] = {
    "placement": "home",
    "made_at": "2026-05-01T12:20:00+00:00",
    "sentence": "Release 42 would get 0.42 clicks per list at home (0.37 to 0.47), a click-through of 4.20%. "
    "The 21,400 other lists of these days got 0.38, a click-through of 3.80%.",
    "refusal": "",
    "lists": 1_150,
    "users": 820,
    "earlier_lists": 0,
    "first_shown_at": "2026-04-24T08:00:00+00:00",
    "last_shown_at": "2026-05-01T12:19:00+00:00",
    "items_per_list": 10.0,
    "effective_users": 306.4,
    "overlap": 0.97,
    "doubly_robust": {"estimate": 0.42, "low": 0.37, "high": 0.47},
    "self_normalised": {"estimate": 0.41, "low": 0.35, "high": 0.47},
    "examination": [1.0, 0.71, 0.52],
    "click_rate": 0.042,
    "usual_lists": 21_400,
    "usual_clicks_per_list": 0.38,
    "usual_click_rate": 0.038,
}


class ClicksOut(serializers.Serializer):
    estimate = serializers.FloatField(help_text="Clicks per list.")
    low = serializers.FloatField(help_text="Of the 95 % interval.")
    high = serializers.FloatField()


class EstimateOut(serializers.Serializer):
    placement = serializers.CharField()
    made_at = serializers.DateTimeField()
    sentence = serializers.CharField(help_text="The result in words, with what speaks against believing it.")
    refusal = serializers.CharField(help_text="Why nothing can be estimated, and what to do; empty where it can.")
    lists = serializers.IntegerField(help_text="Lists drawn at random that it is made of.")
    users = serializers.IntegerField(help_text="The users who saw them.")
    earlier_lists = serializers.IntegerField(help_text="Of the lists, those from before the release was trained.")
    first_shown_at = serializers.DateTimeField()
    last_shown_at = serializers.DateTimeField()
    items_per_list = serializers.FloatField()
    effective_users = serializers.FloatField(help_text="Users as good, if they were shown the release's own lists.")
    overlap = serializers.FloatField(
        allow_null=True, help_text="The share of what the release would show that was shown; null where unknown."
    )
    doubly_robust = ClicksOut(allow_null=True)
    self_normalised = ClicksOut(allow_null=True)
    examination = serializers.ListField(
        child=serializers.FloatField(), help_text="How far users look, by position, over the first one."
    )
    click_rate = serializers.FloatField(allow_null=True, help_text="Clicks per item, of the doubly robust estimate.")
    usual_lists = serializers.IntegerField(help_text="Lists of the same days that were not drawn.")
    usual_clicks_per_list = serializers.FloatField(allow_null=True)
    usual_click_rate = serializers.FloatField(allow_null=True)
