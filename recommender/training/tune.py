"""Search an algorithm's settings: Optuna proposes, an inner part of the training events decides.

The test part by which the quality gate judges is never looked at. Every trial is a row: a search that was broken off
goes on where it stopped, and its results stay comparable for as long as the events are the same.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np

from recommender import dataset, registry
from recommender.engine.algorithms import ALGORITHMS, RATING_MODELS, Range, create
from recommender.engine.evaluation.evaluate import judge
from recommender.engine.evaluation.prepare import data_hash, prepare
from recommender.engine.evaluation.split import Split, holdout, split_at_moment
from recommender.engine.types import CannotFit, Dataset, Progress, part, silent
from recommender.models import AlgorithmSettings, TuningTrial
from recommender.registry.exceptions import CannotTrain
from recsite.platform.locks import exclusive

SEED = 42
RMSE, NDCG = "rmse", "ndcg"
STARTUP = 8
"""Trials drawn at random, until the tree-structured Parzen estimator (Bergstra et al., 2011) has enough to go by."""


SPACES: Mapping[str, Mapping[str, Range]] = {name: one.space for name, one in sorted(ALGORITHMS.items()) if one.space}
"""The settings of each algorithm that can be tuned; the others choose theirs by themselves."""


@dataclass(frozen=True)
class Study:
    """Report what a search has found so far."""

    metric: str
    trials: tuple[TuningTrial, ...]
    """Finished ones, the best first."""
    proposed: AlgorithmSettings | None = None
    """The best settings as a row that staff can choose; None where the defaults are the best."""

    @property
    def best(self) -> TuningTrial:
        return self.trials[0]


def tune(algorithm: str, n_trials: int, timeout: float | None = None, progress: Progress = silent) -> Study:
    """Try settings until `n_trials` are made or `timeout` seconds are over. Raises CannotTrain and AlreadyRunning."""
    if algorithm not in SPACES:
        raise CannotTrain(f"{algorithm} has nothing to tune. Known: {', '.join(SPACES)}.")
    with exclusive(f"The tuning of {algorithm}"):
        events = dataset.load_dataset()
        if not len(events):
            raise CannotTrain("There are no events to tune on. Import some, or send some through the API.")
        metric = RMSE if algorithm in RATING_MODELS else NDCG
        key = {"algorithm": algorithm, "data_hash": data_hash(events), "metric": metric}
        _search(key, _inner(events), n_trials, timeout, progress)
        done = TuningTrial.objects.filter(**key, value__isnull=False)
        trials = tuple(done.order_by("value" if metric == RMSE else "-value", "number"))
    if not trials:
        last = TuningTrial.objects.filter(**key).first()
        raise CannotTrain(last.error if last else "No time was left for a single trial: raise --timeout.")
    study = Study(metric, trials)
    return replace(study, proposed=_propose(algorithm, study))


def _propose(algorithm: str, study: Study) -> AlgorithmSettings | None:
    """Store the best settings for staff to choose; None where the defaults are the best."""
    best = study.best
    if best.number == 0:
        return None
    usual = next((trial.value for trial in study.trials if trial.number == 0), None)
    note = f"{study.metric.upper()} {best.value:.4f} in tuning" + (
        f", {usual:.4f} with the defaults." if usual is not None else "."
    )
    return registry.propose(algorithm, best.settings, AlgorithmSettings.Origin.TUNING, note)


def _inner(events: Dataset) -> Split:
    """Split the gate's training part once more: each user's last events, so that there are users enough to judge by."""
    gates = split_at_moment(prepare(events), np.random.default_rng(SEED))
    return holdout(gates.train, np.random.default_rng(SEED))


def _search(key: dict[str, str], split: Split, n_trials: int, timeout: float | None, progress: Progress) -> None:
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

    def distribution(span: Range) -> BaseDistribution:
        if isinstance(span.low, int) and isinstance(span.high, int):
            return IntDistribution(span.low, span.high, log=span.log)
        return FloatDistribution(span.low, span.high, log=span.log)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {name: distribution(span) for name, span in SPACES[key["algorithm"]].items()}
    done = list(TuningTrial.objects.filter(**key).order_by("number"))
    sampler = optuna.samplers.TPESampler(seed=SEED + len(done), n_startup_trials=STARTUP)
    study = optuna.create_study(direction="minimize" if key["metric"] == RMSE else "maximize", sampler=sampler)
    for trial in done:
        if trial.value is not None and trial.number:
            params = {name: trial.settings[name] for name in space}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=trial.value))
    started = time.monotonic()
    for number in range(len(done), n_trials):
        if timeout is not None and number > len(done) and time.monotonic() - started > timeout:
            break
        proposed = study.ask(space) if number else None
        settings = proposed.params if proposed else {}
        told = part(progress, number / n_trials, (number + 1) / n_trials, f"trial {number + 1} of {n_trials}")
        trial = _tried(key, number, settings, split, told)
        if proposed and trial.value is not None:
            study.tell(proposed, trial.value)
        elif proposed:
            study.tell(proposed, state=optuna.trial.TrialState.FAIL)


def _tried(key: dict[str, str], number: int, settings: dict[str, Any], split: Split, progress: Progress) -> TuningTrial:
    started = time.perf_counter()
    algorithm = create(key["algorithm"], **settings)
    value, error = None, ""
    try:
        model = algorithm.fit(split.train, np.random.default_rng(SEED), progress)
        value = judge(model, split)[key["metric"]]
    except CannotFit as reason:
        error = str(reason)
    if value is None and not error:
        value, error = None, "Nothing of the held-out events could be judged."
    return TuningTrial.objects.create(
        **key,
        number=number,
        settings=asdict(cast(Any, algorithm)),
        value=value,
        error=error,
        seconds=time.perf_counter() - started,
    )
