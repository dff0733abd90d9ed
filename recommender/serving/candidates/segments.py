"""Rank for users without events by what others of their age, country or the like choose."""

from typing import Any

import numpy as np

from recommender.engine import ranking, tokens
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.types import UNKNOWN, Model
from recommender.serving.candidates.context import Ranked, ServingContext

SEGMENT_POPULAR = "segment_popular"


def segment_model(model: Model) -> SegmentModel | None:
    """Return the model by segments: the model itself, or the hybrid's source."""
    own = model.sources.get(SEGMENT_POPULAR) if isinstance(model, HybridModel) else model
    return own if isinstance(own, SegmentModel) else None


def by_segment(context: ServingContext, demographics: Any, n: int) -> Ranked | None:
    """Rank the n best for a user by demographics; None where no segment fits."""
    model = next(filter(None, (segment_model(member.model) for member in context.release.members.values())), None)
    if model is None or not isinstance(demographics, dict):
        return None
    segment = model.segments_of([tokens.segments(demographics)])
    if segment[0] == UNKNOWN:
        return None
    scores = np.full((1, len(context.catalogue)), np.nan, np.float32)
    rows = context.catalogue.rows(model.item_ids.ids)
    scores[:, rows[rows != UNKNOWN]] = model.score_segments(segment)[:, rows != UNKNOWN]
    own = Ranked.of(ranking.top_n(scores, n, allowed=context.catalogue.available), SEGMENT_POPULAR)
    return own if len(own) else None
