"""Randomise a list a little, and say exactly how probable each item was at each position."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recommender.engine.types import UNKNOWN, IntArray

Floats = NDArray[np.float64]

STEP = 0.4
"""Step of the integral in log time: the integrand is analytic in a strip of half-width pi / 2, so the trapezoidal rule
errs by about exp(-pi^2 / STEP), less than 1e-10."""

EARLIEST = 1e-9
"""Time before which the first arrival, at rate 1, is left out."""

BLOCK = 2_000_000
"""Numbers in memory at a time."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Hold randomised lists and the probability of what was drawn."""

    columns: IntArray
    """Columns of the candidates (m, length), best first; UNKNOWN where there were no more."""
    propensities: Floats
    """Probability of each pick given those before it (m, length); their product is that of the list. 1 without a
    pick."""


def draw(scores: ArrayLike, temperature: float, length: int, rng: np.random.Generator) -> Draw:
    """Draw a list from each row of candidates' scores (m, n); NaN is no candidate.

    Plackett-Luce: each position goes to a remaining candidate with probability ``exp(s / temperature) / sum over the
    remaining ones``. A low temperature hardly changes the order, a high one shuffles. Drawn at once by the Gumbel
    trick: the order of ``s / temperature + Gumbel noise`` has that distribution (Yellott 1977; Kool, van Hoof and
    Welling, "Stochastic Beams and Where to Find Them", 2019, section 2.3).
    """
    logits = _logits(scores, temperature)
    keys = logits + rng.gumbel(size=logits.shape)
    order = np.argsort(-keys, axis=1, kind="stable")
    ordered = np.take_along_axis(logits, order, axis=1)
    remaining = np.logaddexp.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]
    picked = np.isfinite(ordered[:, :length])
    with np.errstate(invalid="ignore"):
        chances = np.where(picked, np.exp(ordered[:, :length] - remaining[:, :length]), 1.0)
    columns = np.where(picked, order[:, :length], UNKNOWN)
    short = ((0, 0), (0, length - columns.shape[1]))
    return Draw(np.pad(columns, short, constant_values=UNKNOWN), np.pad(chances, short, constant_values=1.0))


def position_propensities(scores: ArrayLike, temperature: float, length: int, columns: IntArray) -> Floats:
    """Return the probability that a drawn list has a candidate at a position: (m, k, length) for `columns` (m, k).

    `scores` (m, n) are those that the list was drawn from. All zero where a column is UNKNOWN. The race behind the
    Gumbel trick gives it without drawing: candidate i arrives after an exponential time with rate ``w_i = exp(s_i /
    temperature)``, and stands at position p where p - 1 others came before,

        P(i at p) = integral of w_i exp(-w_i t) * P(p - 1 of the others by t) dt,

    with the others' count Poisson-binomial, each there with ``1 - exp(-w_j t)``. Its first `length` terms are built up
    from the left and from the right, so that each candidate is left out exactly; the integral is a sum in log t.
    """
    logits = _logits(scores, temperature)
    m, n = logits.shape
    found = np.empty((m, columns.shape[1], length))
    rows = max(1, BLOCK // ((n + 1) * length * 150))
    for start in range(0, m, rows):
        part = slice(start, start + rows)
        found[part] = _propensities(np.exp(logits[part]), length, columns[part])
    return found


def _propensities(rates: Floats, length: int, columns: IntArray) -> Floats:
    """Integrate for rates (b, n) of sum 1 and columns (b, k): (b, k, length)."""
    b = len(rates)
    ranked = -np.sort(-rates, axis=1)
    last = np.where(ranked > 0, ranked, np.inf)[:, : max(length, 1)].min(axis=1)
    ends = np.log(50 / last)
    points = int(np.ceil((ends.max() - np.log(EARLIEST)) / STEP)) + 1
    times = np.exp(ends[:, None] - STEP * np.arange(points))
    absent = np.exp(-rates[:, :, None] * times[:, None, :])
    from_left = _counts(absent, length)
    from_right = _counts(absent[:, ::-1], length)[::-1]
    chosen = np.maximum(columns, 0)
    batch = np.arange(b)[:, None]
    # Arrays of counts stand as (n + 1, b, points, length): candidate i's others are those left of i and right of it.
    left, right = from_left[chosen, batch], from_right[chosen + 1, batch]
    others = np.zeros_like(left)
    for at in range(length):
        others[..., at:] += left[..., at : at + 1] * right[..., : length - at]
    rate = rates[batch, chosen]
    weights = STEP * times[:, None, :] * rate[..., None] * absent[batch, chosen]
    return np.einsum("bkt,bktl->bkl", weights, others) * (columns != UNKNOWN)[..., None]


def _counts(absent: Floats, length: int) -> Floats:
    """Return the probabilities (n + 1, b, points, length) that 0, 1 ... of the first 0 to n candidates have arrived."""
    b, n, points = absent.shape
    found = np.zeros((n + 1, b, points, length))
    found[0, ..., 0] = 1
    for candidate in range(n):
        away = absent[:, candidate, :, None]
        found[candidate + 1] = found[candidate] * away
        found[candidate + 1, ..., 1:] += found[candidate, ..., :-1] * (1 - away)
    return found


def _logits(scores: ArrayLike, temperature: float) -> Floats:
    """Return the logarithms of the first pick's probabilities (m, n); -inf for no candidate."""
    if not temperature > 0:
        raise ValueError(f"The temperature must be above 0, not {temperature}.")
    scaled = np.asarray(scores, np.float64) / temperature
    scaled = np.where(np.isnan(scaled), -np.inf, scaled)
    if scaled.ndim != 2 or not np.isfinite(scaled.max(axis=1, initial=-np.inf)).all():
        raise ValueError("Each row needs at least one candidate with a finite score.")
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
