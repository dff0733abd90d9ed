"""Describe requests that compare variants on live traffic. Keys need `operate` to change, and `read` to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsite_client.answers import Json, Moment
from recsite_client.calls import Call, get, given, post


def list_experiments() -> Call[Json]:
    """Return all experiments, the newest first."""
    return get("experiments")


def read_experiment(key: str) -> Call[Json]:
    """Return what an experiment compares, and its state."""
    return get("experiments/{}", key)


def create_experiment(
    key: str,
    hypothesis: str,
    placement: str,
    variants: Sequence[Json],
    *,
    kind: str | None = None,
    primary_metric: str | None = None,
    minimum_lift: float | None = None,
    guardrails: Mapping[str, float] | None = None,
    audience: str | None = None,
    starts_at: Moment | None = None,
    ends_at: Moment | None = None,
    idempotency_key: str | None = None,
) -> Call[Json]:
    """Create a draft; the first variant is the control. Nothing that is shown changes before it is started."""
    body = given(
        key=key,
        hypothesis=hypothesis,
        placement=placement,
        variants=list(variants),
        kind=kind,
        primary_metric=primary_metric,
        minimum_lift=minimum_lift,
        guardrails=None if guardrails is None else dict(guardrails),
        audience=audience,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return post("experiments", body=body, once=True, key=idempotency_key)


def read_experiment_results(key: str) -> Call[Json]:
    """Return what it shows now, in words and numbers. Look as often as you like: the intervals hold at every look."""
    return get("experiments/{}/results", key)


def assign_variant(key: str, user_id: str) -> Call[Json]:
    """Return the variant of a user, the same for ever; None for users beyond the shares. It doesn't count as shown."""
    return post("experiments/{}/assign", key, body={"user_id": user_id})


def start_experiment(key: str, *, idempotency_key: str | None = None) -> Call[Json]:
    """Start a draft, or go on with what was paused; raises Conflict where another one runs at the placement."""
    return post("experiments/{}/start", key, body={}, once=True, key=idempotency_key)


def pause_experiment(key: str, *, idempotency_key: str | None = None) -> Call[Json]:
    """Show everybody what is live until it is started again."""
    return post("experiments/{}/pause", key, body={}, once=True, key=idempotency_key)


def stop_experiment(key: str, *, reason: str | None = None, idempotency_key: str | None = None) -> Call[Json]:
    """Stop it for good, and tell webhooks the result."""
    return post("experiments/{}/stop", key, body=given(reason=reason), once=True, key=idempotency_key)


def archive_experiment(key: str, *, idempotency_key: str | None = None) -> Call[Json]:
    """Put away a draft, or one that was stopped."""
    return post("experiments/{}/archive", key, body={}, once=True, key=idempotency_key)


def ship_variant(
    key: str, *, variant: str | None = None, reason: str | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Give everybody a variant, by default the winner; another one needs a reason."""
    body = given(variant=variant, reason=reason)
    return post("experiments/{}/ship", key, body=body, once=True, key=idempotency_key)
