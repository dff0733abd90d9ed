"""Measure the distance of two distributions over the same bins. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Counts = NDArray[Any]
HALF = 0.5
"""Added to each bin, so that an empty one doesn't make the distance infinite (Jeffreys' prior)."""

SURE = 0.99
"""The confidence at which a distance counts as more than chance."""


@dataclass(frozen=True)
class Comparison:
    """Hold the distances of two samples, and the distance that chance alone explains."""

    psi: float
    js: float
    noise: float
    """The PSI that two samples of this size from one distribution exceed once in a hundred times."""

    def is_drift(self, threshold: float) -> bool:
        """Tell if either distance is large, and not by chance."""
        return (self.psi >= threshold or self.js >= threshold) and self.psi > self.noise


def psi(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> float:
    """Return the population stability index of counts (n_bins,): ``sum (q - p) ln(q / p)`` of their shares p and q.

    Siddiqi, "Credit Risk Scorecards", 2006, chapter 9: below 0.1 nothing has changed, above 0.25 much has. It is the
    symmetric divergence of Kullback and Leibler, "On information and sufficiency", 1951, equation 2.6.
    """
    p, q = _shares(before), _shares(now)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> float:
    """Return the Jensen-Shannon divergence of counts (n_bins,) in bits, 0 to 1: ``H((p + q) / 2) - (H(p) + H(q)) / 2``.

    Lin, "Divergence measures based on the Shannon entropy", 1991, equation 4.1.
    """
    p, q = _shares(before), _shares(now)
    return float(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2)


def compare(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> Comparison:
    """Compute both distances, and the PSI that chance alone explains.

    Under one distribution ``PSI / (1 / N + 1 / M)`` follows chi-squared with n_bins - 1 degrees of freedom: Yurdakul,
    "Statistical properties of population stability index", 2018, section 3.
    """
    degrees = max(len(before) - 1, 1)
    sizes = 1 / max(float(np.sum(before)), 1.0) + 1 / max(float(np.sum(now)), 1.0)
    return Comparison(psi(before, now), jensen_shannon(before, now), float(chi2.ppf(SURE, degrees)) * sizes)


def _shares(counts: Sequence[float] | Counts) -> Counts:
    smoothed = np.asarray(counts, float) + HALF
    shares: Counts = smoothed / smoothed.sum()
    return shares


def _entropy(shares: Counts) -> float:
    return float(-(shares * np.log2(shares)).sum())
