"""Model versions: begun, finished or failed, and their files removed when newer ones have taken their place."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from interactions import announcements
from interactions.topics import MODEL_METRICS
from recommender.engine.types import Model
from recommender.models import ModelVersion, Release
from recommender.registry import artifacts
from recommender.registry.exceptions import CannotTrain
from recommender.registry.then import Then
from recsite.platform import audit
from recsite.platform.audit import SYSTEM, Actor
from recsite.platform.locks import AlreadyRunning, exclusive

State = ModelVersion.State


def training_lock(algorithm: str) -> str:
    """Name the lock that whoever trains this algorithm holds for as long as a version is in training."""
    return f"The training of {algorithm}"


@transaction.atomic
def start_version(
    algorithm: str,
    settings: dict[str, Any],
    *,
    seed: int,
    by: AbstractBaseUser | None = None,
    actor: Actor = SYSTEM,
    then: Then | None = None,
    **described: Any,
) -> ModelVersion:
    """Make a version in training; the caller holds the training lock. `then` is when it began, where that isn't now."""
    folder = artifacts.new_folder(algorithm)
    started_by_id = by.pk if by else None
    if then:
        described |= {"pk": next(then.versions), "created_at": then.at}
    version = ModelVersion.objects.create(
        algorithm=algorithm, settings=settings, seed=seed, artifact=folder, started_by_id=started_by_id, **described
    )
    after = {"algorithm": algorithm, "settings": settings}
    audit.record(actor, "model.train", "model", version.pk, after=after, at=version.created_at)
    return version


def finish_version(
    version: ModelVersion, model: Model, took: timedelta | None = None, **described: Any
) -> ModelVersion:
    """Stores the model, then makes its version ready: before that, nobody can mistake it for a whole one.

    `took` is how long it was in training, where that isn't the time since it began.
    """
    for name, value in described.items():
        setattr(version, name, value)
    checksum = artifacts.save(version.artifact, model, describe(version))
    took = took or timezone.now() - version.created_at
    described |= {
        "checksum": checksum,
        "finished_at": version.created_at + took,
        "duration_seconds": took.total_seconds(),
    }
    with transaction.atomic():
        if not ModelVersion.objects.filter(pk=version.pk, state=State.TRAINING).update(state=State.READY, **described):
            raise CannotTrain(f"{version} was given up while it was in training. Train again.")
        said = {"version_id": version.pk, "algorithm": version.algorithm, "metrics": version.metrics.get("metrics", {})}
        announcements.announce(MODEL_METRICS, "model.trained", said)
    version.refresh_from_db()
    return version


def fail_version(version: ModelVersion, sentence: str) -> None:
    """Ends the training of a version; what there is of its files goes."""
    training = ModelVersion.objects.filter(pk=version.pk, state=State.TRAINING)
    _fail(training, sentence)
    version.refresh_from_db()
    _remove_files()


def record_verdict(
    version: ModelVersion, verdict: dict[str, Any], metrics: dict[str, Any] | None = None
) -> ModelVersion:
    """Store what the quality gate says of a version that came from elsewhere, and the figures measured here.

    The figures that it came with stay under `elsewhere`.
    """
    version.verdict = verdict
    if metrics is not None:
        version.metrics = {**metrics, "elsewhere": version.metrics}
    version.save(update_fields=["verdict", "metrics"])
    return version


def describe(version: ModelVersion) -> dict[str, Any]:
    """Return what an artifact says about its model."""
    return {
        "algorithm": version.algorithm,
        "settings": version.settings,
        "seed": version.seed,
        "data_from": version.data_from and version.data_from.isoformat(),
        "data_until": version.data_until and version.data_until.isoformat(),
        "data_hash": version.data_hash,
        "n_users": version.n_users,
        "n_items": version.n_items,
        "n_events": version.n_events,
        "metrics": version.metrics,
        "created_at": version.created_at.isoformat(),
    }


def reap() -> int:
    """Fails the versions whose training died with its process, and says how many."""
    algorithms = ModelVersion.objects.filter(state=State.TRAINING).order_by().values_list("algorithm", flat=True)
    failed = 0
    for algorithm in set(algorithms):
        with suppress(AlreadyRunning), exclusive(training_lock(algorithm)):
            failed += give_up(algorithm)
    _remove_files()
    return failed


def give_up(algorithm: str) -> int:
    """Fails what an earlier process left in training; the caller holds the training lock, so that none is alive."""
    left = ModelVersion.objects.filter(algorithm=algorithm, state=State.TRAINING)
    error = "The process that trained it ended without a word. Train again."
    return _fail(left, error)


@transaction.atomic
def _fail(training: QuerySet[ModelVersion], sentence: str) -> int:
    """Fails these versions, announces each, and says how many."""
    failing = list(training.select_for_update().values_list("pk", "algorithm"))
    for pk, algorithm in failing:
        said = {"version_id": pk, "algorithm": algorithm, "error": sentence}
        announcements.announce(MODEL_METRICS, "model.failed", said)
    failed = ModelVersion.objects.filter(pk__in=[pk for pk, _ in failing])
    return failed.update(state=State.FAILED, error=sentence, finished_at=timezone.now())


def prune() -> int:
    """Archives ready versions, their files removed, and says how many.

    The newest MODEL_VERSIONS_KEPT of each algorithm stay, and those of the live release and of as many before it as
    rolling back step by step would reach.
    """
    with transaction.atomic():
        # Promoting locks the versions too: it either comes first and protects them, or finds them archived.
        ready = list(ModelVersion.objects.select_for_update().filter(state=State.READY).order_by("-pk"))
        kept = _within_reach() | {version.pk for version in ready if _is_recent(version, ready)}
        old = ModelVersion.objects.filter(pk__in={version.pk for version in ready} - kept)
        archived = old.update(state=State.ARCHIVED)
        candidates = Release.objects.filter(state=Release.State.CANDIDATE, versions__state=State.ARCHIVED)
        Release.objects.filter(pk__in=list(candidates.values_list("pk", flat=True))).update(
            state=Release.State.ARCHIVED
        )
    _remove_files()
    return archived


def _is_recent(version: ModelVersion, newest_first: list[ModelVersion]) -> bool:
    same = [other.pk for other in newest_first if other.algorithm == version.algorithm]
    return version.pk in same[: settings.MODEL_VERSIONS_KEPT]


def _within_reach() -> set[int]:
    """Return the versions of the live release and of those that rolling back would bring back."""
    reached: set[int] = set()
    release = Release.objects.filter(state=Release.State.LIVE).first()
    for _ in range(settings.MODEL_VERSIONS_KEPT):
        if release is None:
            break
        reached.update(release.members.values_list("version_id", flat=True))
        release = release.replaced
    return reached


def _remove_files() -> None:
    """Removes the files of versions that are archived or failed, also where an earlier attempt was interrupted."""
    over = ModelVersion.objects.filter(state__in=[State.ARCHIVED, State.FAILED]).exclude(artifact="")
    for version in over:
        artifacts.delete(version.artifact)
        ModelVersion.objects.filter(pk=version.pk).update(artifact="", checksum="")
