"""One protocol for every algorithm: fit on the past, judge by what came next, popularity beside it."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.algorithms.popular import Popular
from recommender.engine.evaluation import metrics
from recommender.engine.evaluation.gate import Judged
from recommender.engine.evaluation.split import Split, holdout
from recommender.engine.feedback import pairs, ratings, relevant, seen
from recommender.engine.ranking import score_blocks
from recommender.engine.types import HALF_INTERVAL, UNKNOWN, Algorithm, CannotFit, Dataset, Model, Progress, silent

REPORTED = ("k", "protocol", "test_fraction", "seed", "data_hash", "n_train", "n_test")


@dataclass(frozen=True)
class Metrics:
    """The figures of one model. NaN where nothing supports a figure: a model without ratings has no rating error."""

    rmse: float
    mae: float
    ndcg: float
    recall: float
    precision: float
    coverage: float
    users: int
    """People with something relevant in their test part: those whom lists were judged for."""
    served: int
    """Those of them who got a list. The others count as 0 in the means."""
    ratings: int
    """Explicit test ratings."""
    predicted: int
    """Those of them that the model could predict: the ones that RMSE and MAE are over."""
    interval_coverage: float
    """Share of those that lie within the predicted 95 % interval, where the model gives one."""


@dataclass(frozen=True)
class Evaluation:
    """The figures, and all it takes to get them again."""

    metrics: Metrics
    beside: Mapping[str, Metrics]
    """Other algorithms on the same split."""
    k: int
    protocol: str
    test_fraction: float
    seed: int
    data_hash: str
    n_train: int
    n_test: int
    judged: Mapping[str, Judged]
    """What each was worth to each person: the algorithm itself under "", those beside it by their names."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON: NaN becomes None, and the metrics of lists carry their length (ndcg_at_10)."""
        return {
            **{name: getattr(self, name) for name in REPORTED},
            "metrics": _named(self.metrics, self.k),
            "beside": {name: _named(figures, self.k) for name, figures in self.beside.items()},
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
    """Fit on the earlier part of the dataset, judge by the later one; the algorithms `beside` likewise.

    Lists rank the whole catalogue but what the person had seen in the training part, and are judged for everybody with
    something relevant in the test part. Raises CannotFit where the algorithm itself can't be fitted; one beside it that
    can't be is left out.
    """
    # What nobody has turned to can't be among the held-out events, and every algorithm ranks the same items.
    dataset = replace(dataset, item_tokens=dataset.item_tokens and dataset.item_tokens.take(dataset.item_ids))
    split = holdout(dataset, np.random.default_rng(seed), test_fraction)
    figures, judged = _fit_and_judge(algorithm, split, seed, k, _part(progress, 0, 0.8))
    others, people = {}, {"": judged}
    for name, other in beside.items():
        progress(0.8, f"evaluating {name} beside it")
        with suppress(CannotFit):
            others[name], people[name] = _fit_and_judge(other, split, seed, k, silent)
    progress(1, "evaluated")
    return Evaluation(
        metrics=figures,
        beside=others,
        k=k,
        protocol=split.protocol,
        test_fraction=test_fraction,
        seed=seed,
        data_hash=data_hash(dataset),
        n_train=len(split.train),
        n_test=len(split.test),
        judged=people,
    )


def judge(model: Model, split: Split, k: int = 10) -> Metrics:
    """The figures of a model that was fitted on `split.train`."""
    return _judge(model, split, k)[0]


def _judge(model: Model, split: Split, k: int) -> tuple[Metrics, Judged]:
    """The figures, and what they are the means of."""
    given = ratings(split.test)
    users, items, actual = given.users[given.explicit], given.items[given.explicit], given.values[given.explicit]
    predicted, std = model.predict(users, items)
    inside = np.abs(predicted - actual) <= HALF_INTERVAL * std
    already = seen(split.train)
    wanted = _unseen(pairs(split.test, relevant(split.test)), already)
    n_wanted = np.diff(wanted.indptr)
    people = np.flatnonzero(n_wanted).astype(np.int32)
    blocks = [rows for _, rows, _ in score_blocks(model, people, k, already[people])]
    lists = np.concatenate(blocks) if blocks else np.empty((0, k), np.int32)
    hit = metrics.hits(lists, wanted[people])
    gains = metrics.ndcg(hit, n_wanted[people])
    figures = Metrics(
        rmse=metrics.rmse(predicted, actual),
        mae=metrics.mae(predicted, actual),
        ndcg=metrics.mean(gains),
        recall=metrics.mean(metrics.recall(hit, n_wanted[people])),
        precision=metrics.mean(metrics.precision(hit)),
        coverage=metrics.coverage(lists, split.train.n_items),
        users=len(people),
        served=int((lists != UNKNOWN).any(axis=1).sum()),
        ratings=len(actual),
        predicted=int((~np.isnan(predicted)).sum()),
        interval_coverage=metrics.mean(inside[~np.isnan(std)].astype(float)),
    )
    return figures, Judged(gains, (predicted.astype(np.float64) - actual) ** 2, users)


def data_hash(dataset: Dataset) -> str:
    """SHA-256 of everything in the dataset, events in their order."""
    digest = sha256(repr(dataset.kinds).encode())
    arrays: tuple[NDArray[Any], ...] = (
        dataset.user_ids.ids,
        dataset.item_ids.ids,
        dataset.users,
        dataset.items,
        dataset.values,
        dataset.types,
        dataset.times,
    )
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _fit_and_judge(algorithm: Algorithm, split: Split, seed: int, k: int, progress: Progress) -> tuple[Metrics, Judged]:
    model = algorithm.fit(split.train, np.random.default_rng(seed), _part(progress, 0, 0.9))
    progress(0.9, "judging the lists")
    return _judge(model, split, k)


def _unseen(wanted: csr_array, already: csr_array) -> csr_array:
    """`wanted` without the pairs in `already`."""
    left = (wanted - wanted.multiply(already)).tocsr()
    left.eliminate_zeros()
    return left


def _part(progress: Progress, start: float, end: float) -> Progress:
    """A Progress for work that is the stretch from `start` to `end` of a larger one."""
    return lambda done, what: progress(start + done * (end - start), what)


def _named(figures: Metrics, k: int) -> dict[str, float | None]:
    at_k = {"ndcg", "recall", "precision", "coverage"}
    return {
        f"{name}_at_{k}" if name in at_k else name: None if math.isnan(value) else value
        for name, value in asdict(figures).items()
    }
