"""Train: read the events once; evaluate, refit and store each algorithm; bundle what is ready, and promote it."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings as django_settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import DatabaseError

from recommender import registry
from recommender.dataset import window
from recommender.engine.algorithms import ALGORITHMS, create_from_json, defaults, settings_of
from recommender.engine.evaluation.evaluate import evaluate
from recommender.engine.evaluation.prepare import data_hash
from recommender.engine.types import Algorithm, CannotFit, Dataset, Progress, part, silent
from recommender.models import ModelVersion, Release
from recommender.registry.exceptions import CannotTrain
from recommender.training import engines, refit, unchanged
from recommender.training.engines import LocalEngine
from recommender.training.gate import Gate, refuse_unfit_leader
from recsite.platform.audit import SYSTEM, Actor
from recsite.platform.exceptions import UserFacingError
from recsite.platform.jobs import Cancelled, NothingToDo
from recsite.platform.locks import exclusive

logger = logging.getLogger(__name__)

DEFAULT = ("svd", "popular")
"""What is trained where nothing is live yet: both are fitted in moments."""

EVERYTHING = (*DEFAULT, "hybrid", "bpmf")
"""What is trained once a day, and where nobody says what."""

SEED = 42
NMF = "nmf"
READING = 0.05
"""The share of the progress bar that reading the events takes."""

QUICK = MappingProxyType({"popular": 0.05})
"""Algorithms that need a small part of the time of the others."""

Settings = Mapping[str, Mapping[str, Any]]


def train(
    algorithms: Sequence[str] = DEFAULT,
    *,
    seed: int = SEED,
    promote: bool = True,
    started_by: AbstractBaseUser | None = None,
    progress: Progress = silent,
    settings: Settings = MappingProxyType({}),
    is_scheduled: bool = False,
    skip_unchanged: bool = False,
    quick: bool = False,
    actor: Actor = SYSTEM,
    then: registry.Then | None = None,
) -> Release:
    """Fit these algorithms on all events, and make a release of them and the rest of the live one.

    Each uses the settings that staff chose for it; `settings` overrides some: {"svd": {"n_factors": 50}}. An algorithm
    that the data don't allow leaves a failed version that says why; the others go on. A `quick` training keeps what
    live versions of the same settings have learned (see `refit`). A scheduled training leaves out what is held. `then`
    is a moment of the past to train as of: on the events until then, by these settings and the defaults alone, judged
    beside what was live then; it makes a candidate. Raises
    CannotTrain where none is left, NothingToDo where none has anything new to learn (only with `skip_unchanged`) or all
    are held, and AlreadyRunning where one of them is being trained already.
    """
    for name in settings:
        if name not in algorithms:
            raise CannotTrain(f"{name} is not being trained, so it needs no settings.")
    for name in algorithms:
        _create(name, settings.get(name, {}))
    due = _due(algorithms, is_scheduled)
    usual = {} if then else {name: registry.chosen_settings(name) for name in due}
    chosen = {name: _create(name, {**usual.get(name, {}), **settings.get(name, {})}) for name in due}
    with ExitStack() as locks:
        engine = locks.enter_context(engines.engine_of(chosen))
        for name in sorted(chosen):
            locks.enter_context(exclusive(registry.training_lock(name)))
            registry.give_up(name)
        dataset = _read(list(chosen), engine, progress, then)
        described, seeds = _described(dataset), _seeds(chosen, seed)
        inputs = {
            name: engine.inputs(
                algorithm, unchanged.inputs_hash(dataset, described["data_hash"], ALGORITHMS[name].reads)
            )
            for name, algorithm in chosen.items()
        }
        if skip_unchanged:
            chosen = unchanged.without_unchanged(chosen, inputs, seeds, quick)
        parts = _parts(progress, list(chosen))
        made = []
        for name, algorithm in chosen.items():
            about = {**described, "inputs_hash": inputs[name], "by": started_by, "actor": actor, "then": then}
            version = registry.start_version(name, settings_of(algorithm), seed=seeds[name], **about)
            made.append(_make(version, algorithm, dataset, parts[name], quick, then, engine))
        ready = [version for version in made if version.state == ModelVersion.State.READY]
        if not ready:
            raise CannotTrain(" ".join(version.error for version in made))
        refuse_unfit_leader(ready, then)
        release = _as_of(ready, then) if then else _released(ready, promote, started_by, is_scheduled, actor)
    registry.prune()
    return release


def _due(algorithms: Sequence[str], is_scheduled: bool) -> list[str]:
    held = registry.held(algorithms) if is_scheduled else {}
    due = [name for name in algorithms if name not in held]
    if held and not due:
        raise NothingToDo(" ".join(f"{name} is held: {why}" for name, why in held.items()))
    return due


def _released(
    ready: Sequence[ModelVersion], promote: bool, by: AbstractBaseUser | None, is_scheduled: bool, actor: Actor
) -> Release:
    """Promote what the gate let through; what it refused stays a candidate, beside what is live then."""
    passed = [version for version in ready if not version.is_refused]
    if is_scheduled:
        # Staff may have rolled back, taken out or chosen other settings while this was trained.
        passed = [version for version in passed if registry.is_current(version)]
    rest = [version for version in ready if version not in passed]
    if not promote or not passed:
        return registry.bundle(ready)
    live = registry.publish(passed, by=by, is_decision=not is_scheduled, actor=actor)
    if rest:
        registry.bundle(rest)
    return live


def _as_of(ready: Sequence[ModelVersion], then: registry.Then) -> Release:
    """Make a candidate of what the gate let through, as `_released` does; what it refused is one beside it."""
    passed = [version for version in ready if not version.is_refused]
    refused = [version for version in ready if version.is_refused]
    made = registry.bundle(passed or refused, then)
    if passed and refused:
        registry.bundle(refused, then)
    return made


def summary(release: Release, algorithms: Sequence[str] = DEFAULT) -> str:
    """Summarize a training: the release, its models' metrics, and what was not trained or left out."""
    members = release.versions.order_by("memberships__pk")
    state = "live" if release.state == Release.State.LIVE else "a candidate"
    words = [f"{release} is {state}: {', '.join(map(_figures, members))}."]
    for name in algorithms:
        latest = ModelVersion.objects.filter(algorithm=name).first()
        if latest and latest.state == ModelVersion.State.FAILED:
            words.append(f"{latest} was not trained: {latest.error}")
        elif latest and latest.is_refused:
            words.append(f"{latest} stays a candidate. {latest.verdict['sentence']}")
    words += [f"Attention: {doubt}" for doubt in registry.doubts(release)]
    words += [f"{name} was left out: {why}" for name, why in registry.held(algorithms).items()]
    return " ".join(filter(None, [*words, engines.fitted_here(algorithms)]))


def _create(name: str, settings: Mapping[str, Any]) -> Algorithm:
    try:
        return create_from_json(name, {**_from_environment(name), **settings})
    except ValueError as error:
        raise CannotTrain(str(error)) from error


def _from_environment(name: str) -> dict[str, Any]:
    """Return the settings that the environment gives an algorithm where staff chose none."""
    found: dict[str, Any] = {}
    if "encoder" in defaults(name) and django_settings.CONTENT_ENCODER:
        found["encoder"] = django_settings.CONTENT_ENCODER
    if name == NMF:
        found["n_factors"] = django_settings.NMF_N_COMPONENTS
    return found


def _seeds(names: Collection[str], seed: int) -> dict[str, int]:
    """Return the seed of each algorithm: where none is asked for, nmf has its own setting."""
    return {name: django_settings.NMF_RANDOM_STATE if name == NMF and seed == SEED else seed for name in names}


def _read(names: Sequence[str], engine: LocalEngine, progress: Progress, then: registry.Then | None) -> Dataset:
    progress(0, "reading the events")
    dataset = engine.read(_reads(names, then), then.at if then else None, part(progress, 0, READING))
    if not len(dataset):
        raise CannotTrain("There are no events to train on. Import some, or send some through the API.")
    return dataset


def _reads(names: Sequence[str], then: registry.Then | None) -> set[str]:
    """Return what the algorithms learn from besides events, and those that the gate fits beside them."""
    rivals = [registry.rival(name, role, then) for name in names if (role := registry.role_in_next(name, then))]
    fitted = {*names, *(version.algorithm for version in rivals if version)}
    return {part for name in fitted & ALGORITHMS.keys() for part in ALGORITHMS[name].reads}


def _make(
    version: ModelVersion,
    algorithm: Algorithm,
    dataset: Dataset,
    progress: Progress,
    quick: bool,
    then: registry.Then | None,
    engine: LocalEngine,
) -> ModelVersion:
    """Make a version ready, or failed. Whatever else stops the work is raised again once the version says so."""
    try:
        return _fit(version, algorithm, dataset, progress, quick, then, engine)
    except CannotFit as reason:
        logger.warning("%s was not trained: %s", version, reason)
        registry.fail_version(version, str(reason))
        return version
    except BaseException as error:
        # The error is worth more than its record: without a database the version is failed later, by `reap`.
        with suppress(DatabaseError, OSError):
            registry.fail_version(version, _sentence(error))
        raise


def _fit(
    version: ModelVersion,
    algorithm: Algorithm,
    dataset: Dataset,
    progress: Progress,
    quick: bool,
    then: registry.Then | None,
    engine: LocalEngine,
) -> ModelVersion:
    """Fit on the earlier events to judge by those that it hasn't seen, then on all of them; both with what is kept."""
    began = time.perf_counter()
    gate, seed = Gate.of(version.algorithm, algorithm, then), version.seed
    fitter, kept = refit.of_live(version.algorithm, algorithm) if quick else (algorithm, {})
    fitter, beside = engine.fitter(fitter), {name: engine.fitter(other) for name, other in gate.beside.items()}
    evaluation = evaluate(fitter, dataset, seed, beside=beside, progress=part(progress, 0, 0.5, "evaluating"))
    started = time.perf_counter()
    model = fitter.fit(dataset, np.random.default_rng(seed), part(progress, 0.5, 0.95, "fitting"))
    seconds = time.perf_counter() - started
    progress(0.95, "storing the model")
    described = {
        "metrics": gate.figures(evaluation) | kept | engine.metrics(algorithm),
        "verdict": gate.verdict(evaluation),
        "fit_seconds": seconds,
    }
    took = timedelta(seconds=time.perf_counter() - began) if then else None
    made = registry.finish_version(version, model, took, **described)
    if not then and not made.is_refused:
        engine.hand_over_lists(made, algorithm, model)
    return made


def _described(dataset: Dataset) -> dict[str, Any]:
    data_from, data_until = window(dataset)
    return {
        "data_from": data_from,
        "data_until": data_until,
        "data_hash": data_hash(dataset),
        "n_users": dataset.n_users,
        "n_items": dataset.n_items,
        "n_events": len(dataset),
    }


def _sentence(error: BaseException) -> str:
    if isinstance(error, UserFacingError):
        return str(error)
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return "Stopped, as somebody asked."
    if isinstance(error, SoftTimeLimitExceeded):
        return "It took longer than TASK_TIME_LIMIT_SECS allows, and was stopped."
    return f"It failed unexpectedly ({type(error).__name__}: {error}); the log has the details."


def _figures(version: ModelVersion) -> str:
    """Show a version beside popularity: "svd 3 (RMSE 0.842, nDCG@10 0.031, popular 0.052)"."""
    own, beside = version.metrics.get("metrics", {}), version.metrics.get("beside", {}).get("popular", {})
    shown = {"RMSE": own.get("rmse"), "nDCG@10": own.get("ndcg_at_10"), "popular": beside.get("ndcg_at_10")}
    words = ", ".join(f"{name} {figure:.3f}" for name, figure in shown.items() if figure is not None)
    if learned := version.metrics.get(refit.WEIGHTS_OF):
        words += f", the weights of version {learned}"
    return f"{version} ({words})" if words else str(version)


def _parts(progress: Progress, names: Sequence[str]) -> dict[str, Progress]:
    """Divide the progress bar among the algorithms by the time they take."""
    work = [QUICK.get(name, 1.0) for name in names]
    ends = READING + np.cumsum(work) / sum(work) * (1 - READING)
    starts = [READING, *ends[:-1]]
    return {
        name: part(progress, float(start), float(end), name)
        for name, start, end in zip(names, starts, ends, strict=True)
    }
