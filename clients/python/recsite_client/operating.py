"""Describe requests that operate the server: models, releases, cache and jobs. Keys need the scope `operate`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from recsite_client.answers import Job, JobPage, Json, ListOptions
from recsite_client.calls import Call, get, given, post
from recsite_client.talks import Plan, Retries, job_end

if TYPE_CHECKING:
    from typing_extensions import Unpack


def list_models(
    *, algorithm: str | None = None, state: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Call[Json]:
    """Return a page of the model versions, the newest first."""
    return get("models", algorithm=algorithm, state=state, limit=limit, cursor=cursor)


def read_model(model_id: int) -> Call[Json]:
    """Return a model version: its settings, data, figures and verdict."""
    return get("models/{}", model_id)


def read_live_models() -> Call[Json]:
    """Return the release that is served, and how good its models were."""
    return get("models/live")


def list_releases(*, state: str | None = None, limit: int | None = None, cursor: str | None = None) -> Call[Json]:
    """Return a page of the releases, the newest first."""
    return get("releases", state=state, limit=limit, cursor=cursor)


def read_release(release_id: int) -> Call[Json]:
    """Return a release."""
    return get("releases/{}", release_id)


def compare_releases(a: int, b: int) -> Call[Json]:
    """Return how two releases differ: figures with intervals, slices, settings."""
    return get("releases/compare", a=a, b=b)


def explain_absence(user_id: str, item_id: str, **options: Unpack[ListOptions]) -> Call[Json]:
    """Return why an item is not on a user's list: the exact reason, rank and score."""
    return get("users/{}/why-not", user_id, item_id=item_id, **options)


def train_models(
    algorithms: Iterable[str] | None = None,
    *,
    seed: int | None = None,
    promote: bool | None = None,
    idempotency_key: str | None = None,
) -> Call[Job]:
    """Start a training; what the quality gate lets through goes live, unless `promote` is False."""
    body = given(algorithms=None if algorithms is None else list(algorithms), seed=seed, promote=promote)
    return post("models/train", body=body, once=True, key=idempotency_key)


def promote_release(release_id: int, *, reason: str | None = None, idempotency_key: str | None = None) -> Call[Job]:
    """Start to serve a release. A `reason` is needed where the quality gate refused one of its models."""
    return post("releases/{}/promote", release_id, body=given(reason=reason), once=True, key=idempotency_key)


def estimate_release(
    release_id: int, placement: str, *, later_only: bool | None = None, idempotency_key: str | None = None
) -> Call[Job]:
    """Start to estimate what a release would achieve at a placement, before anybody sees it."""
    body = {"placement": placement, **given(later_only=later_only)}
    return post("releases/{}/estimate", release_id, body=body, once=True, key=idempotency_key)


def roll_back(*, release: int | None = None, idempotency_key: str | None = None) -> Call[Job]:
    """Start to serve the release again that the live one replaced; `release` is the one that was seen live."""
    return post("releases/rollback", body=given(release=release), once=True, key=idempotency_key)


def reload_models(*, idempotency_key: str | None = None) -> Call[Job]:
    """Check the files of the live models, and have every process read them again."""
    return post("models/reload", once=True, key=idempotency_key)


def read_cache() -> Call[Json]:
    """Return what Redis holds."""
    return get("cache")


def warm_cache(*, everybody: bool | None = None, idempotency_key: str | None = None) -> Call[Job]:
    """Make lists before they are asked for."""
    return post("cache", body=given(everybody=everybody), once=True, key=idempotency_key)


def clear_cache(*, idempotency_key: str | None = None) -> Call[Job]:
    """Throw all lists away: each is made again when it is asked for."""
    return post("cache/clear", once=True, key=idempotency_key)


def read_stats() -> Call[Json]:
    """Return how much there is and what is going on."""
    return get("stats")


def list_jobs(
    *, state: str | None = None, kind: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Call[JobPage]:
    """Return a page of the jobs, the newest first. `jobs` iterates over all of them."""
    return get("jobs", state=state, kind=kind, limit=limit, cursor=cursor)


def read_job(job_id: int) -> Call[Job]:
    """Return how far a job is."""
    return get("jobs/{}", job_id)


def cancel_job(job_id: int, *, idempotency_key: str | None = None) -> Call[Job]:
    """Cancel a job: a queued one ends at once, a running one at its next step. Raises Conflict where it is over."""
    return post("jobs/{}/cancel", job_id, once=True, key=idempotency_key)


def wait_for_job(job_id: int, *, timeout: float | None = None, poll: float = 1.0) -> Callable[[Retries], Plan[Job]]:
    """Wait until a job is over, and return it; it is asked for every `poll` seconds.

    Raises JobFailed where it failed or was cancelled, and StillRunning after `timeout` seconds.
    """
    return partial(job_end, read_job(job_id), timeout, poll)
