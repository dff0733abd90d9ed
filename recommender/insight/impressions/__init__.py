"""Record impressions off the request's path, attribute feedback to them, and add both up.

    answer ──record──▶ buffer of the process ──flush──▶ ListImpression ──┐
                                                                         ├──roll_up──▶ Attribution, the daily totals,
                                                   event ──▶ Interaction ┘             Exposure

An impression is a statistic, not a promise: what a process held when it was killed, about a second old, is lost.
From there on nothing is lost or counted twice: impressions and events are read through `recsite.platform.feed`, and
the totals are stored in the same transaction as the reader's position.
"""

from recommender.insight.impressions.erasing import on_erased, on_items_deleted, on_merged
from recommender.insight.impressions.partitions import ATTRIBUTIONS, LISTS
from recommender.insight.impressions.personal import personal_data
from recommender.insight.impressions.recording import Impression, flush, record
from recommender.insight.impressions.retention import condense
from recommender.insight.impressions.rollup import READERS, roll_up
from recommender.insight.impressions.timing import note as note_time
from recommender.insight.impressions.timing import note_failure

__all__ = [
    "ATTRIBUTIONS",
    "LISTS",
    "READERS",
    "Impression",
    "condense",
    "flush",
    "note_failure",
    "note_time",
    "on_erased",
    "on_items_deleted",
    "on_merged",
    "personal_data",
    "record",
    "roll_up",
]
