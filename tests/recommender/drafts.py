"""Draft by coins tossed on the spot, and say who won a list: what the product keys and adds up, done directly."""

import numpy as np
from numpy.typing import ArrayLike

from recommender.engine.experiments.interleaving import Interleaved, draft
from recommender.engine.types import Mask, RowArray


def team_draft(first: RowArray, second: RowArray, length: int, rng: np.random.Generator) -> Interleaved:
    return draft(first, second, length, rng.integers(2, size=length).astype(np.bool_))


def list_outcome(clicked: Mask, teams: ArrayLike) -> int:
    """Return who won one list (k,) by clicks: 1 for the second ranking, -1 for the first, 0 for a tie or no click."""
    owners = np.asarray(teams)[np.asarray(clicked, bool)]
    return int(np.sign((owners == 1).sum() - (owners == 0).sum()))
