"""Rank for users without events by what others of their age, country or the like choose."""

from typing import Any

from recommender.engine import ranking, tokens
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.types import UNKNOWN, Model
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.rankings import Ranked, marked

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
    rows = context.catalogue.rows(model.item_ids.ids)
    allowed = marked(context.catalogue.available, rows)
    scores = model.score_segments(segment)
    own = Ranked.of(ranking.top_n(scores, min(n, len(rows)), allowed=allowed), SEGMENT_POPULAR).reindex(rows)
    return own if len(own) else None
