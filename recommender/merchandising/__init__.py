"""Decide what lists show where: placements, their drafts, and the revisions that are published of them.

The verbs write and record; serving reads what is live in `serving.placements`.
"""

from recommender.merchandising.adding import add_rule
from recommender.merchandising.differences import Difference, differences
from recommender.merchandising.drafts import StaleDraft, discard_draft, save_draft
from recommender.merchandising.placements import (
    PlacementTaken,
    create,
    delete,
    describe,
    find,
    needed_by,
)
from recommender.merchandising.publishing import NothingToPublish, StaleRevision, publish, publish_settings, revert
from recommender.merchandising.settings import ListSettings, fields_of

__all__ = [
    "Difference",
    "ListSettings",
    "NothingToPublish",
    "PlacementTaken",
    "StaleDraft",
    "StaleRevision",
    "add_rule",
    "create",
    "delete",
    "describe",
    "differences",
    "discard_draft",
    "fields_of",
    "find",
    "needed_by",
    "publish",
    "publish_settings",
    "revert",
    "save_draft",
]
