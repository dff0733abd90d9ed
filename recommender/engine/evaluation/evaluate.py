"""Evaluate one algorithm for the gate and for tuning: fit on the past, judge by what came next, others beside it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from recommender.engine.algorithms.popular import Popular
from recommender.engine.evaluation.figures import Errors, gains, list_figures
from recommender.engine.evaluation.full import LONGEST, full_figures
from recommender.engine.evaluation.gate import Judged
from recommender.engine.evaluation.prepare import data_hash, prepare
from recommender.engine.evaluation.split import Split, split_at_moment
from recommender.engine.evaluation.task import Task
from recommender.engine.types import Algorithm, CannotFit, Dataset, Model, Progress, part, silent

REPORTED = ("k", "protocol", "test_fraction", "seed", "data_hash", "n_train", "n_test")
AT_K = ("ndcg", "recall", "precision", "coverage")
KEPT = ("rmse", "mae", *AT_K, "users", "served", "ratings", "predicted", "interval_coverage")
"""The figures that a version keeps."""

Figures = Mapping[str, Any]
"""Figures by their names (docs/EVALUATION.md); None where nothing supports one."""


@dataclass(frozen=True)
class Evaluation:
    """Hold the figures, and all it takes to get them again."""

    metrics: Figures
    beside: Mapping[str, Figures]
    """Those of other algorithms on the same split."""
    k: int
    protocol: str
    test_fraction: float
    seed: int
    data_hash: str
    n_train: int
    n_test: int
    full: Figures
    """All figures of the algorithm itself (see `full_figures`)."""
    judged: Mapping[str, Judged]
    """The worth of each to each user: the algorithm itself under "", those beside it by their names."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON; the metrics of lists carry their length (ndcg_at_10)."""
        return {
            **{name: getattr(self, name) for name in REPORTED},
            "metrics": _named(self.metrics, self.k),
            "beside": {name: _named(figures, self.k) for name, figures in self.beside.items()},
            "full": dict(self.full),
        }


def evaluate(
    algorithm: Algorithm,
    dataset: Dataset,
    seed: int,
    k: int = 10,
    test_fraction: float = 0.2,
    beside: Mapping[str, Algorithm] = MappingProxyType({"popular": Popular()}),
    progress: Progress = silent,
) -> Evaluation:
    """Fit on the events before one moment, judge by those after it; the algorithms `beside` likewise.

    Lists rank all items that a user had not seen in the training part, filled up as the product fills them, and are
    judged for all users with something relevant in the test part. Raises CannotFit where the algorithm itself can't be
    fitted; one beside it that can't be is left out.
    """
    events = prepare(dataset)
    # Items without events can't be among the held-out ones, and every algorithm ranks the same items.
    events = replace(events, item_tokens=events.item_tokens and events.item_tokens.take(events.item_ids))
    task = Task.of(split_at_moment(events, np.random.default_rng(seed), test_fraction), k)
    figures, judged, full = _fit_and_judge(algorithm, task, seed, part(progress, 0, 0.8), is_full=True)
    others, by_user = {}, {"": judged}
    for name, other in beside.items():
        progress(0.8, f"evaluating {name} beside it")
        with suppress(CannotFit):
            others[name], by_user[name], _ = _fit_and_judge(other, task, seed, silent)
    progress(1, "evaluated")
    return Evaluation(
        metrics=figures,
        beside=others,
        k=k,
        protocol=task.split.protocol,
        test_fraction=test_fraction,
        seed=seed,
        data_hash=data_hash(dataset),
        n_train=len(task.split.train),
        n_test=len(task.split.test),
        full=full,
        judged=by_user,
    )


def judge(model: Model, split: Split, k: int = 10) -> Figures:
    """Return the figures of a model that was fitted on `split.train`, by its own lists alone."""
    task = Task.of(split, k)
    return {**Errors.of(model, split).figures(), **list_figures(task.rank(model, k), task)}


def _fit_and_judge(
    algorithm: Algorithm, task: Task, seed: int, progress: Progress, is_full: bool = False
) -> tuple[Figures, Judged, Figures]:
    """Return the figures that the gate knows, what it judges by and, where they are wanted, all figures."""
    model = algorithm.fit(task.split.train, np.random.default_rng(seed), part(progress, 0, 0.9))
    progress(0.9, "judging the lists")
    errors, ranked = Errors.of(model, task.split), task.rank(model, max(task.k, LONGEST) if is_full else task.k)
    own = ranked[:, : task.k]
    lists = task.fill(own)
    figures = {**errors.figures(), **list_figures(lists, task), "served": list_figures(own, task)["served"]}
    judged = Judged(gains(lists, task), errors.squared, errors.users, int((task.activity > 0).sum()))
    return figures, judged, full_figures(errors, task.fill(ranked), task, seed) if is_full else {}


def _named(figures: Figures, k: int) -> dict[str, float | None]:
    return {f"{name}_at_{k}" if name in AT_K else name: figures[name] for name in KEPT}
