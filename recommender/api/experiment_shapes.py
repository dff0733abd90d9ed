"""The shapes of experiments in the API: bodies, answers and examples."""

from typing import Any

from rest_framework import serializers

from catalog.validation import Id
from recommender.insight.experiments import results
from recommender.insight.experiments.definition import EXPERIMENT, Definition
from recommender.insight.experiments.metrics import DECIDING
from recommender.models import Experiment, ShownBy
from recommender.models.experiment import LONGEST_KEY, LONGEST_VARIANT
from recsite.platform.request_fields import Field, Fields
from recsite.platform.schema import in_path
from recsite.platform.values import Text

KEY = in_path(
    "key", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": LONGEST_KEY}, "The experiment's key."
)
NEW: Fields = EXPERIMENT
USER: Fields = {"user_id": Field(Id(), "Whose variant is asked for.", is_required=True)}
STOP: Fields = {"reason": Field(Text(500), "Why, for the record.")}
SHIP: Fields = {
    "variant": Field(Text(LONGEST_VARIANT), "What everybody is to get. Default: the winner."),
    "reason": Field(Text(500), "Why; needed where the result doesn't say that it is better."),
}


class VariantOut(serializers.Serializer):
    name = serializers.CharField()
    share = serializers.FloatField()
    algorithm = serializers.CharField(allow_null=True)
    content_weight = serializers.FloatField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    release = serializers.IntegerField(allow_null=True)


class ExperimentOut(serializers.Serializer):
    key = serializers.CharField()
    hypothesis = serializers.CharField()
    placement = serializers.CharField()
    kind = serializers.ChoiceField(Experiment.Kind.values)
    state = serializers.ChoiceField(Experiment.State.values)
    primary_metric = serializers.ChoiceField(DECIDING)
    minimum_lift = serializers.FloatField()
    guardrails = serializers.DictField(child=serializers.FloatField())
    audience = serializers.CharField(allow_null=True, help_text="An expression over the user; null for everybody.")
    variants = VariantOut(many=True, help_text="The control first.")
    starts_at = serializers.DateTimeField(allow_null=True, help_text="When the draft starts by itself.")
    start_refused = serializers.CharField(
        allow_null=True, help_text="What was in the way when it should have started by itself."
    )
    ends_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    shipped = serializers.CharField(allow_null=True, help_text="The variant that everybody got afterwards.")


class ExperimentListOut(serializers.Serializer):
    experiments = ExperimentOut(many=True)


class AssignedOut(serializers.Serializer):
    experiment = serializers.CharField()
    user_id = serializers.CharField()
    variant = serializers.CharField(
        allow_null=True, help_text="Null for users outside the audience or the shares, and while it rests."
    )


class IntervalOut(serializers.Serializer):
    estimate = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class SampleRatioOut(serializers.Serializer):
    p_value = serializers.FloatField()
    passed = serializers.BooleanField(help_text="False: don't read the result.")
    sentence = serializers.CharField()


class MetricComparisonOut(serializers.Serializer):
    metric = serializers.CharField()
    role = serializers.ChoiceField(
        (results.PRIMARY, results.GUARDRAIL, results.ALSO), help_text="`also` decides nothing."
    )
    variant = serializers.CharField()
    readable = serializers.BooleanField(help_text="False where there are too few users for an interval.")
    control_value = serializers.FloatField(allow_null=True)
    variant_value = serializers.FloatField(allow_null=True)
    difference = IntervalOut()
    lift = IntervalOut(help_text="variant / control - 1. The interval holds however often it is looked at.")
    guardrail = serializers.ChoiceField(("holds", "open", "broken"), allow_null=True)
    margin = serializers.FloatField(allow_null=True)
    width_factor = serializers.FloatField(
        allow_null=True, help_text="Width of the interval over its width without the weeks before."
    )


class DayOut(serializers.Serializer):
    day = serializers.DateField()
    variant = serializers.CharField()
    users = serializers.IntegerField()
    lift = IntervalOut()


class ResultOut(serializers.Serializer):
    experiment = serializers.CharField()
    state = serializers.ChoiceField(Experiment.State.values)
    decision = serializers.CharField()
    sentence = serializers.CharField()
    variant = serializers.CharField(allow_null=True)
    winner = serializers.CharField(allow_null=True)
    users = serializers.DictField(child=serializers.IntegerField())
    crossed_users = serializers.IntegerField(help_text="They saw several variants, and count nowhere.")
    sample_ratio = SampleRatioOut(allow_null=True)
    shown_by = serializers.ChoiceField(ShownBy.values, help_text="What counted as shown: docs/EXPERIMENTS.md.")
    comparisons = MetricComparisonOut(many=True)
    days = DayOut(many=True)
    novelty = serializers.DictField(child=serializers.CharField())
    preference = IntervalOut(
        allow_null=True, help_text="Of interleaving: how much the second ranking is preferred, from -1 over 0 to 1."
    )


class ShippedOut(serializers.Serializer):
    variant = serializers.CharField()
    sentence = serializers.CharField()
    experiment = ExperimentOut()


def experiment_as_json(one: Experiment) -> dict[str, Any]:
    """Return an experiment as it was defined, and what has become of it."""
    return {
        **Definition.of(one).as_json(),
        "state": one.state,
        "created_at": one.created_at,
        "created_by": one.created_by,
        "started_at": one.started_at,
        "stopped_at": one.stopped_at,
        "start_refused": one.start_refused or None,
        "shipped": one.shipped or None,
    }


ASKED: dict[str, Any] = {
    "key": "home-page",
    "hypothesis": "More content helps those who are new.",
    "placement": "home",
    "guardrails": {"conversion_rate": 0.05},
    "variants": [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "content_weight": 0.4}],
}
UNCHANGED: dict[str, Any] = dict.fromkeys(("algorithm", "content_weight", "revision", "release"))
ONE: dict[str, Any] = {
    **ASKED,
    "kind": "ab",
    "primary_metric": "click_rate",
    "minimum_lift": 0.05,
    "audience": None,
    "starts_at": None,
    "start_refused": None,
    "ends_at": None,
    "variants": [{**UNCHANGED, **one} for one in ASKED["variants"]],
    "state": "running",
    "created_at": "2026-05-01T12:00:00+00:00",
    "created_by": "grace",
    "started_at": "2026-05-01T13:00:00+00:00",
    "stopped_at": None,
    "shipped": None,
}
LIFT = {"estimate": 0.08, "low": 0.03, "high": 0.13}
RESULT: dict[str, Any] = {
    "experiment": "home-page",
    "state": "running",
    "decision": "better",
    "sentence": "B is better by 8 % (3 to 13), sure enough to ship.",
    "variant": "B",
    "winner": "B",
    "users": {"A": 10_210, "B": 10_187},
    "crossed_users": 12,
    "sample_ratio": {"p_value": 0.87, "passed": True, "sentence": "The users are split as planned."},
    "shown_by": "answer",
    "comparisons": [
        {
            "metric": "clicks per item shown",
            "role": "primary",
            "variant": "B",
            "readable": True,
            "control_value": 0.05,
            "variant_value": 0.054,
            "difference": {"estimate": 0.004, "low": 0.0015, "high": 0.0065},
            "lift": LIFT,
            "guardrail": None,
            "margin": None,
            "width_factor": 0.8,
        }
    ],
    "days": [{"day": "2026-05-14", "variant": "B", "users": 20_397, "lift": LIFT}],
    "novelty": {"B": "The effect shows no trend over the days."},
    "preference": None,
}
