"""The evaluation that anybody can repeat: full ranking, and the same people and items for every algorithm."""

import resource
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from recommender.engine.algorithms import create
from recommender.engine.algorithms.popular import Popular
from recommender.engine.algorithms.segment_popular import SegmentPopular
from recommender.engine.evaluation.figures import LENGTHS, Errors, Task, by_item_age, by_length, figures
from recommender.engine.evaluation.split import Split, folds, holdout, leave_one_out, random_part
from recommender.engine.feedback import relevant
from recommender.engine.forms.hybrid import BUCKETS
from recommender.engine.ranking import blend, score_blocks
from recommender.engine.types import UNKNOWN, CannotFit, Dataset, Model, Progress, RowArray, silent

SPLITS = ("temporal", "random", "leave-one-out")
BESIDE = ("popular", "item_knn")
"""Always measured as well: a figure alone says nothing."""

SAMPLE = 2_000
"""Lists by which diversity is judged."""


@dataclass(frozen=True)
class Plan:
    """How to evaluate."""

    split: str = "temporal"
    test_fraction: float = 0.2
    k: int = 10
    seeds: tuple[int, ...] = (42,)


def divide(dataset: Dataset, plan: Plan, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    if plan.split == "random":
        return random_part(dataset, rng, plan.test_fraction)
    if plan.split == "leave-one-out":
        return leave_one_out(dataset, rng, relevant(dataset))
    return holdout(dataset, rng, plan.test_fraction)


def evaluate_all(
    dataset: Dataset, names: Sequence[str], plan: Plan, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """One row of figures for each seed and algorithm, those BESIDE included; a row of an algorithm that the data don't
    allow has its sentence under `refused`."""
    chosen = list(dict.fromkeys([*names, *BESIDE]))
    total = len(plan.seeds) * len(chosen)
    for round_, seed in enumerate(plan.seeds):
        task = Task.of(divide(dataset, plan, seed), plan.k)
        for number, name in enumerate(chosen):
            progress((round_ * len(chosen) + number) / total, f"{name}, seed {seed}")
            yield {"algorithm": name, "seed": seed, "protocol": task.split.protocol, **_measured(name, task, seed)}


def cross_validate(
    dataset: Dataset, names: Sequence[str], n: int, seed: int, progress: Progress = silent
) -> Iterable[dict[str, Any]]:
    """Rating error of each algorithm by fold; NaN of one that predicts no ratings."""
    parts = folds(dataset, np.random.default_rng(seed), n)
    for number, name in enumerate(names):
        for fold, split in enumerate(parts):
            progress((number * n + fold) / (n * len(names)), f"{name}, fold {fold + 1}")
            try:
                model = create(name).fit(split.train, np.random.default_rng(seed))
                errors = Errors.of(model, split)
                measured: dict[str, Any] = {
                    **errors.figures(np.ones(len(BUCKETS), bool)),
                    "by_activity": {
                        bucket: {"fold": fold + 1, **errors.figures(counted)}
                        for bucket, counted in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
                    },
                }
            except CannotFit as reason:
                measured = {"refused": str(reason)}
            yield {"algorithm": name, "seed": seed, "fold": fold + 1, **measured}


def _measured(name: str, task: Task, seed: int) -> dict[str, Any]:
    algorithm = create(name)
    try:
        started = time.perf_counter()
        model = algorithm.fit(task.split.train, np.random.default_rng(seed))
        fitted = time.perf_counter()
    except CannotFit as reason:
        return {"refused": str(reason)}
    lists = _lists(name, model, task)
    scored = time.perf_counter()
    errors = Errors.of(model, task.split)
    everybody = np.ones(len(BUCKETS), bool)
    return {
        **errors.figures(everybody),
        **figures(lists, task, everybody, seed),
        "by_activity": {
            name: {**errors.figures(bucket), **figures(lists, task, bucket, seed)}
            for name, bucket in zip(BUCKETS, np.eye(len(BUCKETS), dtype=bool), strict=True)
        },
        "by_length": by_length(lists, task),
        "by_item_age": by_item_age(lists, task),
        "settings": asdict(cast(Any, algorithm)),
        "fit_seconds": fitted - started,
        "score_seconds": scored - fitted,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _lists(name: str, model: Model, task: Task) -> RowArray:
    """The best for each of the people, k or as many as LENGTHS ask for.

    The hybrid is judged as it is served: what it can't say is filled by what is popular in the person's segment, then
    by what is popular with everybody.
    """
    n = max(task.k, *LENGTHS)
    blocks = [rows for _, rows, _ in score_blocks(model, task.people, n, task.already[task.people])]
    lists = np.concatenate(blocks) if blocks else np.empty((0, n), np.int32)
    short = np.flatnonzero((lists == UNKNOWN).any(axis=1))
    if name == "hybrid" and len(short):
        lists[short] = _filled(lists[short], task.people[short], task)
    return lists


def _filled(lists: RowArray, people: RowArray, task: Task) -> RowArray:
    unsaid = np.full(lists.shape, np.nan, np.float32)
    filling = [(lists, unsaid)]
    for algorithm in (SegmentPopular(), Popular()):
        with suppress(CannotFit):
            model: Model = algorithm.fit(task.split.train, np.random.default_rng(0))
            fill = [rows for _, rows, _ in score_blocks(model, people, lists.shape[1], task.already[people])]
            filling.append((np.concatenate(fill), unsaid))
    return blend(lists.shape[1], filling)[0]
