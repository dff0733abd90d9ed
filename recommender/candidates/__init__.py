"""From the live release to rankings: everybody's, one person's, and what is like an item."""

from recommender.candidates.evidence import Evidence, evidence
from recommender.candidates.exploration import EXPLORATION, explorers
from recommender.candidates.known import Known, know
from recommender.candidates.likeness import METHODS, like, similar, variants
from recommender.candidates.loaded import LoadedRelease, Member, fault, live
from recommender.candidates.pages import Page, cut, page
from recommender.candidates.paging import Wanted
from recommender.candidates.ratings import Rated, ratings
from recommender.candidates.segments import SEGMENT_POPULAR
from recommender.candidates.session import Session, session
from recommender.candidates.together import LEAST_SUPPORT, Together, bought_together, visited_together
from recommender.candidates.view import (
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
