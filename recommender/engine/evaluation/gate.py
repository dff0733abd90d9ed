"""Judge if a model is good enough to be served: not worse than the live one, and better than the simplest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evaluation import metrics
from recommender.engine.types import Mask, RowArray

ENOUGH_USERS = 30
"""Users below whom no figure is trusted."""

TOLERANCE = 0.01
"""The share by which a figure may be worse, however sure the difference is: nobody would notice it."""

Z_95 = 1.96


@dataclass(frozen=True, eq=False)
class Judged:
    """Hold what one model was worth to each user of a split."""

    gains: NDArray[np.float64]
    """nDCG of each user's list (n_users,)."""
    errors: NDArray[np.float64]
    """Squared error of each rating (n_ratings,), NaN where nothing was predicted."""
    raters: RowArray
    """The user who gave each of them (n_ratings,)."""
    n_known: int | None = None
    """The number of users with events in the training part."""


@dataclass(frozen=True)
class Verdict:
    """Say if a version may go live, and why, in one sentence."""

    passed: bool
    sentence: str


def judge_rating_model(own: Judged, live: Judged | None, baseline: Judged) -> Verdict:
    """Judge by the error of predicted ratings, of the pairs that both predict; `live` None where it is made
    likewise.
    """
    if len(np.unique(own.raters)) < ENOUGH_USERS:
        return Verdict(True, f"Fewer than {ENOUGH_USERS} users have held-out ratings: too few to judge by.")
    for other, name in ((live, "the live rating model"), (baseline, "the baseline predictor")):
        if other is None:
            continue
        both = ~np.isnan(own.errors) & ~np.isnan(other.errors)
        figures = f"RMSE {_root(own.errors[both]):.4f} against {_root(other.errors[both]):.4f}"
        difference = _by_user(own.errors - other.errors, own.raters, both)
        if _is_above_zero(difference, TOLERANCE * float(other.errors[both].mean()) if both.any() else 0):
            return Verdict(False, f"Its predicted ratings are worse than those of {name}: {figures}.")
    said = f"Its predicted ratings are not worse than those of the baseline predictor: {figures}"
    return Verdict(True, said + ("." if live is None else ", nor than those of the live rating model."))


def judge_lists(own: Judged, live: Judged | None, popular: Judged | None) -> Verdict:
    """Judge by the nDCG of the same users' lists; `live` None where nothing is live, or it is made likewise."""
    if len(own.gains) < ENOUGH_USERS:
        return Verdict(True, f"Fewer than {ENOUGH_USERS} users liked something held out: too few to judge by.")
    mean = own.gains.mean()
    if live is not None and _is_above_zero(live.gains - own.gains, TOLERANCE * float(live.gains.mean())):
        return Verdict(
            False, f"Its lists are worse than the live ones: nDCG {mean:.4f} against {live.gains.mean():.4f}."
        )
    if popular is None:
        return Verdict(True, f"Its lists reach nDCG {mean:.4f}.")
    figures = f"nDCG {mean:.4f} against {popular.gains.mean():.4f}"
    if own.n_known == 0:
        # New users get what is popular, whoever leads the lists: that tells nothing of a model.
        return Verdict(True, "All users with held-out events are new: nothing to judge personal lists by.")
    if mean <= popular.gains.mean():
        return Verdict(False, f"Its lists are no better than what is popular: {figures}.")
    return Verdict(True, f"Its lists are better than what is popular, {figures}" + _beside_live(live, float(mean)))


def _beside_live(live: Judged | None, mean: float) -> str:
    if live is None:
        return "."
    return (
        f", and {'better' if mean > live.gains.mean() else 'not worse'} than the live ones ({live.gains.mean():.4f})."
    )


def _is_above_zero(differences: NDArray[np.float64], tolerance: float) -> bool:
    """Return True where the mean of paired differences is surely above the tolerance: the 95 % interval of a paired
    z test.
    """
    if len(differences) < 2:
        return False
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() - Z_95 * error > 0 and differences.mean() > tolerance)


def _by_user(values: NDArray[np.float64], users: RowArray, which: Mask) -> NDArray[np.float64]:
    """Return the mean of each user: ratings of one user are no independent witnesses."""
    sums, counts = (np.bincount(users[which], weights) for weights in (values[which], None))
    return sums[counts > 0] / counts[counts > 0]


def _root(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(metrics.mean(errors)))
