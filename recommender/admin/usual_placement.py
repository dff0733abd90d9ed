"""Choose the placement that staff mean where they name none: the one that the shop really uses."""

from collections import Counter
from collections.abc import Collection, Mapping

from recommender.insight.analytics import placement_days
from recommender.models import DEFAULT

DAYS = 7


def busiest(names: Collection[str], first: Mapping[str, int] | None = None) -> str:
    """Return which of these placements has shown most in the last days, by `first` where it says anything."""
    shown = Counter({name: sum(day.shown for day in days) for name, days in placement_days(DAYS).items()})
    ranked = [name for counts in (Counter(first or {}), shown) for name, most in counts.most_common() if most]
    return next((name for name in ranked if name in names), DEFAULT)
