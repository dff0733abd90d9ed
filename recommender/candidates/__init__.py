"""From the live release to rankings: everybody's, one person's, and what is like an item."""

from recommender.candidates.evidence import Evidence, evidence
from recommender.candidates.known import Known, know
from recommender.candidates.likeness import similar
from recommender.candidates.loaded import LoadedRelease, Member, fault, live
from recommender.candidates.pages import Page, page
from recommender.candidates.paging import Wanted
from recommender.candidates.personal import FOLD_IN
from recommender.candidates.ratings import Rated, ratings
from recommender.candidates.view import IMPERSONAL, LATEST, POPULAR, Ranked, View, current_view

__all__ = [
    "FOLD_IN",
    "IMPERSONAL",
    "LATEST",
    "POPULAR",
    "Evidence",
    "Known",
    "LoadedRelease",
    "Member",
    "Page",
    "Ranked",
    "Rated",
    "View",
    "Wanted",
    "current_view",
    "evidence",
    "fault",
    "know",
    "live",
    "page",
    "ratings",
    "similar",
]
