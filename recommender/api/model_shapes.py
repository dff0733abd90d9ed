"""Define how models and releases look in JSON, and describe it."""

from typing import Any

from rest_framework import serializers

from recommender import registry
from recommender.api.estimate_shapes import ESTIMATE, EstimateOut
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.serving import processes
from recsite.platform.paging import Page
from recsite.platform.redis import RedisDown

LIVE = {
    "release": 42,
    "promoted_at": "2026-05-01T12:05:00+00:00",
    "in_force_since": "2026-05-01T12:05:02+00:00",
    "processes": [
        {"name": "web-1:42", "kind": "web", "release": 42, "since": "2026-05-01T12:05:02+00:00", "fault": ""},
    ],
    "versions": [
        {
            "id": 83,
            "algorithm": "svd",
            "role": "rating",
            "trained_at": "2026-05-01T12:04:00+00:00",
            "data_from": "2025-11-01T06:12:00+00:00",
            "data_until": "2026-05-01T11:59:00+00:00",
            "n_users": 3000,
            "n_items": 915,
            "n_events": 150000,
            "metrics": {"rmse": 0.92, "ndcg@10": 0.05},
        }
    ],
}
MODEL: dict[str, Any] = {
    "id": 83,
    "algorithm": "svd",
    "state": "ready",
    "is_live": True,
    "settings": {"n_factors": 100},
    "seed": 42,
    "started_by": "shop (k3JxQ8fT)",
    "created_at": "2026-05-01T12:03:00+00:00",
    "trained_at": "2026-05-01T12:04:00+00:00",
    "fit_seconds": 21.4,
    "duration_seconds": 60.1,
    "data_from": "2025-11-01T06:12:00+00:00",
    "data_until": "2026-05-01T11:59:00+00:00",
    "n_users": 3000,
    "n_items": 915,
    "n_events": 150000,
    "metrics": {"metrics": {"rmse": 0.92}},
    "verdict": {"passed": True, "sentence": "Its predictions are better than those of the live model."},
    "origin": "trained here",
    "error": "",
}
RELEASE: dict[str, Any] = {
    "id": 42,
    "state": "live",
    "weights": {"svd": 1.0},
    "models": [{"id": 83, "algorithm": "svd", "role": "rating"}],
    "replaced": 41,
    "created_at": "2026-05-01T12:04:00+00:00",
    "promoted_at": "2026-05-01T12:05:00+00:00",
    "promoted_by": "shop (k3JxQ8fT)",
    "override": "",
    "refusals": [],
    "estimates": [ESTIMATE],
}


WHO = "The account, the key with its prefix, the command or the schedule; null where nobody is known."


class VersionOut(serializers.Serializer):
    id = serializers.IntegerField()
    algorithm = serializers.CharField()
    role = serializers.CharField(help_text="rating: it predicts ratings; ranking: it is a source of lists.")
    trained_at = serializers.DateTimeField(allow_null=True)
    data_from = serializers.DateTimeField(allow_null=True, help_text="Its oldest event.")
    data_until = serializers.DateTimeField(allow_null=True, help_text="Its newest event.")
    n_users = serializers.IntegerField(allow_null=True)
    n_items = serializers.IntegerField(allow_null=True)
    n_events = serializers.IntegerField(allow_null=True)
    metrics = serializers.DictField(help_text="How good it was on events that it hadn't seen.")


class ProcessOut(serializers.Serializer):
    name = serializers.CharField(help_text="Its machine and its number there.")
    kind = serializers.CharField(help_text="`web`, `worker`, or the name of a command.")
    release = serializers.IntegerField(allow_null=True, help_text="The release that it has loaded.")
    since = serializers.DateTimeField(help_text="When it had loaded it.")
    fault = serializers.CharField(help_text="Why it could not load the live release; empty where it could.")


class LiveOut(serializers.Serializer):
    release = serializers.IntegerField()
    promoted_at = serializers.DateTimeField(allow_null=True)
    in_force_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when every process serves it; null while one doesn't, or nobody knows."
    )
    processes = ProcessOut(
        many=True,
        allow_null=True,
        help_text="Those that serve lists, as they said in the last seconds; null: no Redis.",
    )
    versions = VersionOut(many=True)


class VerdictOut(serializers.Serializer):
    passed = serializers.BooleanField()
    sentence = serializers.CharField()


class ModelOut(serializers.Serializer):
    id = serializers.IntegerField()
    algorithm = serializers.CharField()
    state = serializers.ChoiceField(ModelVersion.State.choices)
    is_live = serializers.BooleanField(help_text="The live release serves it.")
    settings = serializers.DictField()
    seed = serializers.IntegerField()
    started_by = serializers.CharField(allow_null=True, help_text=WHO)
    created_at = serializers.DateTimeField(help_text="Its training began.")
    trained_at = serializers.DateTimeField(allow_null=True, help_text="Its training ended.")
    fit_seconds = serializers.FloatField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True, help_text="Reading, fitting, evaluating and writing.")
    data_from = serializers.DateTimeField(allow_null=True, help_text="Its oldest event.")
    data_until = serializers.DateTimeField(allow_null=True, help_text="Its newest event.")
    n_users = serializers.IntegerField(allow_null=True)
    n_items = serializers.IntegerField(allow_null=True)
    n_events = serializers.IntegerField(allow_null=True)
    metrics = serializers.DictField(help_text="How good it was on events that it hadn't seen.")
    verdict = VerdictOut(allow_null=True, help_text="Of the quality gate; null where it was not judged.")
    origin = serializers.CharField(help_text="Trained here, or where it was imported from.")
    error = serializers.CharField(help_text="Why its training failed.")


class ModelPageOut(Page):
    models = ModelOut(many=True)


class MemberOut(serializers.Serializer):
    id = serializers.IntegerField(help_text="The number of the model version.")
    algorithm = serializers.CharField()
    role = serializers.ChoiceField(ReleaseModel.Role.choices)


class ReleaseOut(serializers.Serializer):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(Release.State.choices)
    weights = serializers.DictField(child=serializers.FloatField(), help_text="Of each model in the ranking.")
    models = MemberOut(many=True)
    replaced = serializers.IntegerField(allow_null=True, help_text="The release that a rollback returns to.")
    created_at = serializers.DateTimeField()
    promoted_at = serializers.DateTimeField(allow_null=True)
    promoted_by = serializers.CharField(allow_null=True, help_text=WHO)
    override = serializers.CharField(help_text="Why it was promoted although the quality gate refused a model.")
    refusals = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the quality gate says against its models, if any: promoting it then needs a reason.",
    )
    estimates = EstimateOut(many=True, help_text="What it was last estimated to achieve, by placement.")


class ReleasePageOut(Page):
    releases = ReleaseOut(many=True)


def member_as_json(member: ReleaseModel) -> dict[str, object]:
    """Return a model of the live release, as `/models/live` tells of it."""
    version = member.version
    return {
        "id": version.pk,
        "algorithm": version.algorithm,
        "role": member.role,
        "trained_at": version.finished_at,
        **_trained_on(version),
        "metrics": _told(version.metrics),
    }


def in_force_as_json(release: int) -> dict[str, Any]:
    """Return which processes serve a release, and since when all do."""
    try:
        found = processes.in_force(release)
    except RedisDown:
        return {"in_force_since": None, "processes": None}
    return {"in_force_since": found.since, "processes": [one._asdict() for one in found.processes]}


def model_as_json(version: ModelVersion) -> dict[str, Any]:
    """Return a model version; `is_live` is annotated."""
    verdict = version.verdict
    return {
        "id": version.pk,
        "algorithm": version.algorithm,
        "state": version.state,
        "is_live": bool(getattr(version, "is_live", False)),
        "settings": version.settings,
        "seed": version.seed,
        "started_by": version.starter or None,
        "created_at": version.created_at,
        "trained_at": version.finished_at,
        "fit_seconds": version.fit_seconds,
        "duration_seconds": version.duration_seconds,
        **_trained_on(version),
        "metrics": _told(version.metrics),
        "verdict": {"passed": verdict["passed"], "sentence": verdict.get("sentence", "")} if verdict else None,
        "origin": version.origin,
        "error": version.error,
    }


def _trained_on(version: ModelVersion) -> dict[str, Any]:
    return {
        "data_from": version.data_from,
        "data_until": version.data_until,
        "n_users": version.n_users,
        "n_items": version.n_items,
        "n_events": version.n_events,
    }


def release_as_json(release: Release) -> dict[str, Any]:
    """Return a release with its models, prefetched."""
    members = sorted(release.members.all(), key=lambda member: member.algorithm)
    refused = [member.version for member in members if member.version.is_refused]
    return {
        "id": release.pk,
        "state": release.state,
        "weights": release.weights,
        "models": [{"id": one.version_id, "algorithm": one.algorithm, "role": one.role} for one in members],
        "replaced": release.replaced_id,
        "created_at": release.created_at,
        "promoted_at": release.promoted_at,
        "promoted_by": release.promoter or None,
        "override": release.override,
        # Looked up where a model was refused at all: of what is live already nothing is held against it.
        "refusals": registry.refusals(release) if refused else [],
        "estimates": list(release.estimates.values()),
    }


def _told(metrics: dict[str, Any]) -> dict[str, Any]:
    """Leave out the values of single users: they are there to compare two versions, and thousands of numbers long."""
    full = metrics.get("full")
    if not isinstance(full, dict):
        return metrics
    return metrics | {"full": {name: value for name, value in full.items() if name != "ndcg_by_user"}}
