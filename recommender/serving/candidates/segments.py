"""People who have done nothing yet, by what others of their age, country or the like turn to."""

from typing import Any

import numpy as np

from recommender.engine import ranking, tokens
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.types import UNKNOWN, Model
from recommender.serving.candidates.view import Ranked, View

SEGMENT_POPULAR = "segment_popular"


def segment_model(model: Model) -> SegmentModel | None:
    """A model that goes by segments: the model itself, or the hybrid's source."""
    own = model.sources.get(SEGMENT_POPULAR) if isinstance(model, HybridModel) else model
    return own if isinstance(own, SegmentModel) else None


def by_segment(view: View, demographics: Any, n: int) -> Ranked | None:
    """The n best for somebody of whom nothing but demographics is known; None where no segment is hers."""
    model = next(filter(None, (segment_model(member.model) for member in view.release.members.values())), None)
    if model is None or not isinstance(demographics, dict):
        return None
    segment = model.segments_of([tokens.segments(demographics)])
    if segment[0] == UNKNOWN:
        return None
    scores = np.full((1, len(view.catalogue)), np.nan, np.float32)
    places = view.catalogue.rows(model.item_ids.ids)
    scores[:, places[places != UNKNOWN]] = model.score_segments(segment)[:, places != UNKNOWN]
    own = Ranked.of(ranking.top_n(scores, n, allowed=view.catalogue.available), SEGMENT_POPULAR)
    return own if len(own) else None
