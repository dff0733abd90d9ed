"""Make rankings from the live release: for everybody, for a user, and of items similar to one."""

from recommender.serving.candidates.attribution import Attribution, attribution
from recommender.serving.candidates.co_occurrence import (
    BOUGHT_TOGETHER,
    MIN_SUPPORT,
    PURCHASES,
    CoOccurrence,
    bought_together,
    by_lift,
    visited_together,
)
from recommender.serving.candidates.context import (
    CONTENT,
    FOLD_IN,
    IMPERSONAL,
    TRENDING,
    NoContent,
    ServingContext,
    current_context,
)
from recommender.serving.candidates.everybody import LATEST, POPULAR
from recommender.serving.candidates.exploration import EXPLORATION, explorers
from recommender.serving.candidates.interleaved_pages import Side, interleaved_page
from recommender.serving.candidates.loaded_release import LoadedModel, LoadedRelease, fault, live
from recommender.serving.candidates.other_releases import (
    UnknownRelease,
    context_of_release,
    context_of_variant,
    context_of_version,
    has_room,
)
from recommender.serving.candidates.pages import Page, page_of, user_page
from recommender.serving.candidates.paging import Eligibility
from recommender.serving.candidates.rankings import Chain, Ranked
from recommender.serving.candidates.ratings import RatingPredictions, ratings_of_many
from recommender.serving.candidates.ruled_pages import NO_EFFECTS, RULE, Effects, Met
from recommender.serving.candidates.segments import SEGMENT_POPULAR
from recommender.serving.candidates.session import Session, session
from recommender.serving.candidates.similar_items import HYBRID, METHODS, rank_similar, similar
from recommender.serving.candidates.stated_preferences import STATED_PREFERENCES
from recommender.serving.candidates.user_candidates import (
    UserCandidates,
    load_or_build,
    load_or_build_many,
    load_or_build_sides,
)

__all__ = [
    "BOUGHT_TOGETHER",
    "CONTENT",
    "EXPLORATION",
    "FOLD_IN",
    "HYBRID",
    "IMPERSONAL",
    "LATEST",
    "METHODS",
    "MIN_SUPPORT",
    "NO_EFFECTS",
    "POPULAR",
    "PURCHASES",
    "RULE",
    "SEGMENT_POPULAR",
    "STATED_PREFERENCES",
    "TRENDING",
    "Attribution",
    "Chain",
    "CoOccurrence",
    "Effects",
    "Eligibility",
    "LoadedModel",
    "LoadedRelease",
    "Met",
    "NoContent",
    "Page",
    "Ranked",
    "RatingPredictions",
    "ServingContext",
    "Session",
    "Side",
    "UnknownRelease",
    "UserCandidates",
    "attribution",
    "bought_together",
    "by_lift",
    "context_of_release",
    "context_of_variant",
    "context_of_version",
    "current_context",
    "explorers",
    "fault",
    "has_room",
    "interleaved_page",
    "live",
    "load_or_build",
    "load_or_build_many",
    "load_or_build_sides",
    "page_of",
    "rank_similar",
    "ratings_of_many",
    "session",
    "similar",
    "user_page",
    "visited_together",
]
