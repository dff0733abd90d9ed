"""How far two distributions over the same bins lie apart. Pure."""

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
"""How sure we want to be that it is no chance."""


@dataclass(frozen=True)
class Comparison:
    """What two samples say of their distributions."""

    psi: float
    js: float
    noise: float
    """What the PSI of two samples of this size from one distribution exceeds once in a hundred times."""

    def is_drift(self, threshold: float) -> bool:
        """Whether either distance is large, and not by chance."""
        return (self.psi >= threshold or self.js >= threshold) and self.psi > self.noise


def psi(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> float:
    """The population stability index of counts (n_bins,): ``sum (q - p) ln(q / p)`` of their shares p and q.

    Siddiqi, "Credit Risk Scorecards", 2006, chapter 9: below 0.1 nothing has changed, above 0.25 much has. It is the
    symmetric divergence of Kullback and Leibler, "On information and sufficiency", 1951, equation 2.6.
    """
    p, q = _shares(before), _shares(now)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> float:
    """The Jensen-Shannon divergence of counts (n_bins,) in bits, 0 to 1: ``H((p + q) / 2) - (H(p) + H(q)) / 2``.

    Lin, "Divergence measures based on the Shannon entropy", 1991, equation 4.1.
    """
    p, q = _shares(before), _shares(now)
    return float(_entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2)


def compare(before: Sequence[float] | Counts, now: Sequence[float] | Counts) -> Comparison:
    """Both distances, and what chance alone would bring about.

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
