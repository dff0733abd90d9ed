"""What was shown: recorded off the request's path, joined with what people did, and added up.

    answer ──record──▶ buffer of the process ──flush──▶ ServedList ──┐
                                                                     ├──add_up──▶ Attribution, ServedDay, ServedRank,
                                              event ──▶ Interaction ─┘            ServedItem, Exposure

A list is a figure, not a promise: one that a process held when it was killed, at most FLUSH_SECS old, is gone. From
there on nothing is lost or counted twice: lists and events are read by way of `recsite.platform.feed`, and what they
come to is stored in the same transaction as how far they were read.
"""

from recommender.insight.impressions.partitions import ATTRIBUTIONS, LISTS
from recommender.insight.impressions.recording import Shown, flush, on_erased, record
from recommender.insight.impressions.rollup import READERS, add_up

__all__ = ["ATTRIBUTIONS", "LISTS", "READERS", "Shown", "add_up", "flush", "on_erased", "record"]
