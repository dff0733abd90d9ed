"""Arrange lists by the rules of staff: pins, boosts, limits and requirements over rows. Pure: no Django, no arrays.

docs/PLACEMENTS.md has the meaning of each rule; `arranging` orders what a list holds, `paging` cuts its pages.
"""

from recommender.engine.rules.arranging import Arranged, AtLeast, AtMost, Boost, Matches, Word, arrange
from recommender.engine.rules.paging import REACH, Pin, Ruled, Source, page

__all__ = [
    "REACH",
    "Arranged",
    "AtLeast",
    "AtMost",
    "Boost",
    "Matches",
    "Pin",
    "Ruled",
    "Source",
    "Word",
    "arrange",
    "page",
]
