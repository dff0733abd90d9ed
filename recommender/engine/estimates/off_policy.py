"""Estimate a candidate's clicks per list from randomised logs: self-normalised and doubly robust, with intervals."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from recommender.engine.estimates.logs import Floats, Logs, examination, examination_sums
from recommender.engine.experiments.effects import Interval
from recommender.engine.types import UNKNOWN, IntArray, RowArray

LEAST_OVERLAP = 0.8
"""Share of what the candidate would show, by how far users look, that the logs must have shown."""

FEWEST_EFFECTIVE = 100
"""Effective users below whom nothing is estimated."""

GROUPS = 40
"""Groups of users, each left out once to see how much the estimate depends on it."""

PRIOR_VIEWS = 10.0
"""Views at the mean rate that every item starts with where relevance is predicted."""


@dataclass(frozen=True)
class Refusal:
    """Say why there is no estimate, and what to do."""

    sentence: str
    overlap: float
    effective_users: float


@dataclass(frozen=True)
class Estimate:
    """Hold the estimated clicks per list, with 95 % intervals."""

    self_normalised: Interval
    doubly_robust: Interval
    effective_users: float
    """Users that as good an answer would take if the candidate's own lists were shown (Kish's size)."""
    overlap: float
    """Share of the candidate's views that the logs hold; 1 in expectation where every item could be shown."""
    examination: tuple[float, ...]
    """How far users look, by position, over the first one."""


def estimate(logs: Logs, target: RowArray) -> Estimate | Refusal:
    """Estimate the clicks per list if each logged request had got its list of `target` (m, length) instead.

    Clicks follow the position-based model. An item shown at p counts for the candidate's position t with

        w = theta_t / sum over positions q of P(item at q) theta_q,

    the estimator of Li et al., "Offline Evaluation of Ranking Policies with Click Models", 2018, for that model.
    *Self-normalised* (Swaminathan and Joachims, "The Self-Normalized Estimator for Counterfactual Learning", 2015):
    clicks over the views they came from, both weighted, times the views of the candidate's lists. *Doubly robust*
    (Dudik, Langford and Li, "Doubly Robust Policy Evaluation and Learning", 2011; for rankings Oosterhuis,
    "Doubly-Robust Estimation for Correcting Position-Bias in Click Feedback", 2023): what a model of relevance
    predicts, plus the weighted errors of that model on what was shown. Its model is each item's clicks per view among
    other users.

    Intervals are of the jackknife over groups of users (Tukey 1958), each time with `theta` estimated anew, so they
    hold how uncertain that is as well. They are for one look at the logs, not for daily ones.
    """
    grouped = _Grouped(logs)
    own = _Matched(grouped, target)
    if refusal := own.refusal():
        return refusal
    values = own.values()
    return Estimate(
        self_normalised=_jackknife(values[:, 0]),
        doubly_robust=_jackknife(values[:, 1]),
        effective_users=own.effective_users,
        overlap=own.overlap,
        examination=tuple(map(float, grouped.thetas[0])),
    )


class _Grouped:
    """Hold logs with the examination of all users, and of all but each group of them."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs
        _, self.user = np.unique(logs.users, return_inverse=True)
        self.group = self.user % GROUPS
        here, there = (self._leave_out(sums) for sums in examination_sums(logs))
        self.thetas = examination(here, there)
        """(1 + GROUPS, length); the first row is of everybody."""
        self.relevance = _Relevance(logs, self.group, self.thetas[0])

    def _leave_out(self, values: Floats) -> Floats:
        """Return the sum of values (m, ...) over all lists, and over those of all groups but one: (1 + GROUPS, ...)."""
        by_group = np.zeros((GROUPS, *values.shape[1:]))
        np.add.at(by_group, self.group, values)
        return np.concatenate([by_group.sum(axis=0)[None], by_group.sum(axis=0) - by_group])


class _Matched:
    """Hold where the shown items would stand in a candidate's lists, and what follows from it."""

    def __init__(self, grouped: _Grouped, target: RowArray) -> None:
        logs = grouped.logs
        if len(target) != len(logs.shown) or target.shape[1] > logs.shown.shape[1]:
            raise ValueError("The target needs a list for each logged one, and none longer than those.")
        self.grouped, self.target = grouped, target
        same = (logs.shown[:, :, None] == target[:, None, :]) & (logs.shown != UNKNOWN)[:, :, None]
        self.position = np.where(same.any(axis=2), same.argmax(axis=2), target.shape[1])
        """Where each shown item (m, length) stands in the target's list; the target's length where it doesn't."""
        weights, views = self._weights(grouped.thetas[0])
        self._seen = weights @ grouped.thetas[0]
        # A sum of weights estimates it, so by chance it may come out above the whole.
        self.overlap = min(float(self._seen.sum() / max(views.sum(), 1e-12)), 1.0)
        """The weighted views of the logs over the views of the target: 1 in expectation with full support."""

    @property
    def effective_users(self) -> float:
        """Return Kish's effective size ``(sum w)^2 / sum w^2`` of the users' weighted views."""
        by_user = np.bincount(self.grouped.user, self._seen)
        return float(by_user.sum() ** 2 / max((by_user**2).sum(), 1e-12))

    def values(self) -> Floats:
        """Return both estimates, of everybody and of all but each group: (1 + GROUPS, 2)."""
        logs, group, relevance = self.grouped.logs, self.grouped.group, self.grouped.relevance
        clicks = logs.clicks & (logs.shown != UNKNOWN)
        of_shown, of_target = relevance.of(logs.shown, group), relevance.of(self.target, group)
        found = np.empty((1 + GROUPS, 2))
        for row, theta in enumerate(self.grouped.thetas):
            kept = np.ones(len(group)) if row == 0 else (group != row - 1).astype(np.float64)
            weights, views = self._weights(theta)
            clicked, seen = kept @ (weights * clicks).sum(axis=1), kept @ (weights @ theta)
            predicted = kept @ (of_target @ theta[: self.target.shape[1]])
            errors = kept @ (weights * (clicks - theta * of_shown)).sum(axis=1)
            found[row] = clicked / seen * (kept @ views) / kept.sum(), (predicted + errors) / kept.sum()
        return found

    def refusal(self) -> Refusal | None:
        """Return why there can be no estimate, None where there can."""
        unknown = np.flatnonzero(np.isnan(self.grouped.thetas).any(axis=0))
        if len(unknown):
            said = f"Too few clicks around position {unknown[0] + 1} to know how far users look."
            return Refusal(f"{said} Wait for more randomised lists, or raise their share.", float("nan"), 0.0)
        if self.overlap < LEAST_OVERLAP:
            return Refusal(
                f"The overlap is too small: the randomised lists have shown {100 * self.overlap:.0f} % of what this "
                f"one would show, {100 * LEAST_OVERLAP:.0f} % are needed. Draw from more candidates or at a higher "
                "temperature, or start an experiment.",
                self.overlap,
                self.effective_users,
            )
        if self.effective_users < FEWEST_EFFECTIVE:
            return Refusal(
                "Too few users have seen enough of what this list would show: as good as "
                f"{self.effective_users:.0f}, {FEWEST_EFFECTIVE} are needed. Wait for more randomised lists, or raise "
                "their share.",
                self.overlap,
                self.effective_users,
            )
        return None

    def _weights(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return the weight of each shown item (m, length), and the views of each list of the target (m,)."""
        n = self.target.shape[1]
        wanted = np.append(theta[:n], 0.0)[self.position]
        expected = self.grouped.logs.propensities @ theta
        weights = np.divide(wanted, expected, out=np.zeros_like(expected), where=wanted > 0)
        return weights, (self.target != UNKNOWN) @ theta[:n]


class _Relevance:
    """Predict clicks per view of an item, for each group of users by what all other groups did."""

    def __init__(self, logs: Logs, group: IntArray, theta: Floats) -> None:
        real = logs.shown != UNKNOWN
        self.items, index = np.unique(logs.shown[real], return_inverse=True)
        cells = np.broadcast_to(group[:, None], real.shape)[real] * len(self.items) + index
        views = np.broadcast_to(np.nan_to_num(theta), real.shape)[real]
        shape = (GROUPS, len(self.items))
        by_group = np.bincount(cells, logs.clicks[real], GROUPS * len(self.items)).reshape(shape)
        viewed = np.bincount(cells, views, GROUPS * len(self.items)).reshape(shape)
        clicked, seen = by_group.sum(axis=0) - by_group, viewed.sum(axis=0) - viewed
        self.mean = clicked.sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-12)
        self.rates = (clicked + PRIOR_VIEWS * self.mean[:, None]) / (seen + PRIOR_VIEWS)

    def of(self, items: RowArray, group: IntArray) -> Floats:
        """Return the prediction for items (m, k) of lists of these groups (m,); 0 where there is no item."""
        at = np.minimum(np.searchsorted(self.items, items), len(self.items) - 1)
        known = self.items[at] == items
        found = np.where(known, self.rates[group[:, None], at], self.mean[group][:, None])
        return np.where(items == UNKNOWN, 0.0, found)


def _jackknife(values: Floats) -> Interval:
    """Return the first value with the 95 % interval that the others give, each made without one group."""
    without = values[1:]
    error = np.sqrt((GROUPS - 1) / GROUPS * ((without - without.mean()) ** 2).sum())
    radius = float(student.ppf(0.975, GROUPS - 1) * error)
    return Interval(float(values[0]), float(values[0]) - radius, float(values[0]) + radius)
