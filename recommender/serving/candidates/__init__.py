"""From the live release to rankings: everybody's, one person's, and what is like an item."""

from recommender.serving.candidates.evidence import Evidence, evidence
from recommender.serving.candidates.exploration import EXPLORATION, explorers
from recommender.serving.candidates.known import Known, know
from recommender.serving.candidates.likeness import METHODS, like, similar, variants
from recommender.serving.candidates.loaded import LoadedRelease, Member, fault, live
from recommender.serving.candidates.pages import Page, cut, page
from recommender.serving.candidates.paging import Wanted
from recommender.serving.candidates.ratings import Rated, ratings
from recommender.serving.candidates.segments import SEGMENT_POPULAR
from recommender.serving.candidates.session import Session, session
from recommender.serving.candidates.together import LEAST_SUPPORT, Together, bought_together, visited_together
from recommender.serving.candidates.view import (
    CONTENT,
    FOLD_IN,
    IMPERSONAL,
    LATEST,
    POPULAR,
    TRENDING,
    NoContent,
    Ranked,
    View,
    current_view,
)

__all__ = [
    "CONTENT",
    "EXPLORATION",
    "FOLD_IN",
    "IMPERSONAL",
    "LATEST",
    "LEAST_SUPPORT",
    "METHODS",
    "POPULAR",
    "SEGMENT_POPULAR",
    "TRENDING",
    "Evidence",
    "Known",
    "LoadedRelease",
    "Member",
    "NoContent",
    "Page",
    "Ranked",
    "Rated",
    "Session",
    "Together",
    "View",
    "Wanted",
    "bought_together",
    "current_view",
    "cut",
    "evidence",
    "explorers",
    "fault",
    "know",
    "like",
    "live",
    "page",
    "ratings",
    "session",
    "similar",
    "variants",
    "visited_together",
]
