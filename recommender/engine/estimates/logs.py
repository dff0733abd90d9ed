"""Hold lists that were shown at random with their clicks, and estimate from them how far users look."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.types import UNKNOWN, IntArray, Mask, RowArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Logs:
    """Hold randomised lists: what was shown, how probable it was, and what was clicked."""

    shown: RowArray
    """Item rows (m, length), UNKNOWN where a list was shorter."""
    clicks: Mask
    """(m, length)."""
    propensities: Floats
    """Probability that the item shown at a position would have come at each position (m, length, length): of
    `plackett_luce.position_propensities`."""
    users: IntArray
    """The user of each list (m,), any number: lists of one user are no independent witnesses."""

    def __post_init__(self) -> None:
        m, length = self.shown.shape
        if self.clicks.shape != (m, length) or self.propensities.shape != (m, length, length) or len(self.users) != m:
            raise ValueError("Shown items, clicks, propensities and users must be of the same lists.")
        own = np.diagonal(self.propensities, axis1=1, axis2=2)
        if not (own[self.shown != UNKNOWN] > 0).all():
            raise ValueError("An item was shown where its propensity is 0: these propensities are of other lists.")


def examination_sums(logs: Logs) -> tuple[Floats, Floats]:
    """Return what each list adds to the clicks at a position and at the next one, of like items: both (m, length - 1).

    An item that may stand at p and at p + 1 counts by its overlap ``q = min(P(p), P(p + 1))``: a click at p with weight
    ``q / P(p)``, one at p + 1 with ``q / P(p + 1)``. No weight is above 1, and the expectations are ``theta_p * sum of
    q * relevance`` and ``theta_(p+1) * the same sum``: their ratio is that of the examination.
    """
    own = np.diagonal(logs.propensities, axis1=1, axis2=2)
    after = np.diagonal(logs.propensities, offset=1, axis1=1, axis2=2)
    before = np.diagonal(logs.propensities, offset=-1, axis1=1, axis2=2)
    clicked = logs.clicks & (logs.shown != UNKNOWN)
    safe = np.where(own > 0, own, 1)
    here = clicked[:, :-1] * np.minimum(own[:, :-1], after) / safe[:, :-1]
    there = clicked[:, 1:] * np.minimum(own[:, 1:], before) / safe[:, 1:]
    return here, there


def examination(here: Floats, there: Floats) -> Floats:
    """Return the probability that users look at each position, over that of the first one (..., length).

    Position-based model: ``P(click) = theta_position * relevance`` (Richardson, Dominowska and Ragno, "Predicting
    Clicks", 2007; Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", 2017).
    Estimated from the same items at neighbouring positions, as by swaps of neighbours there and by the pairs of Agarwal
    et al., "Estimating Position Bias without Intrusive Interventions", 2019. `here` and `there` are sums of
    `examination_sums` over lists (..., length - 1). NaN from the first position on of whose neighbours nothing was
    clicked.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where((here > 0) & (there > 0), there / here, np.nan)
    return np.concatenate([np.ones((*here.shape[:-1], 1)), np.cumprod(ratios, axis=-1)], axis=-1)
