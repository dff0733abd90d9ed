"""Say what the live release knows of one item: its rank by popularity, and the rating that it expects."""

import math
from dataclasses import dataclass

import numpy as np

from recommender.engine.forms.factors import FactorModel
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import UNKNOWN, Model
from recommender.serving.candidates import POPULAR, live


@dataclass(frozen=True, slots=True)
class PopularityRank:
    """Hold a rank, from 1 on, among so many items."""

    rank: int
    of: int


@dataclass(frozen=True, slots=True)
class ExpectedRating:
    """Hold the rating that a user of no particular taste would give, as a model expects."""

    value: float
    highest: float
    model: str


def popularity_rank(item: int) -> PopularityRank | None:
    """Return the rank of an item (internal id) by popularity; None where the live release can't say."""
    member = live().sources.get(POPULAR)
    if member is None or not isinstance(member.model, ImpersonalModel):
        return None
    row, scores = _row(member.model, item), member.model.scores
    if row == UNKNOWN or math.isnan(scores[row]):
        return None
    return PopularityRank(int((scores > scores[row]).sum()) + 1, int(np.isfinite(scores).sum()))


def expected_rating(item: int) -> ExpectedRating | None:
    """Return the rating of an item (internal id) by its bias alone; None where no model of the release has one."""
    for member, model in live().rating_models:
        if isinstance(model, FactorModel) and (row := _row(model, item)) != UNKNOWN:
            value = float(np.clip(model.mean + model.item_bias[row], model.scale_min, model.scale_max))
            if math.isfinite(value):
                return ExpectedRating(value, model.scale_max, f"{member.algorithm} {member.version}")
    return None


def _row(model: Model, item: int) -> int:
    return int(model.item_ids.rows(np.array([item]))[0])
