"""Say what was estimated, in words and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from recommender.engine.estimates.off_policy import Estimate, Refusal
from recommender.engine.experiments.effects import Interval
from recommender.insight.impressions.randomised import Usual


@dataclass(frozen=True, slots=True)
class Estimated:
    """Hold an estimate or its refusal, and what it was made of."""

    placement: str
    candidate: str
    made_at: datetime
    lists: int
    """Lists that were drawn."""
    users: int
    earlier: int
    """Of the lists, those that were shown before the candidate was trained."""
    first: datetime
    last: datetime
    length: float
    """Items on a list, on average, as far as they are estimated."""
    held: tuple[int, ...]
    """Positions, from 1 on, that pins or new items hold: they are estimated nowhere here."""
    usual: Usual
    """What the other lists of the same days achieved."""
    result: Estimate | Refusal

    @property
    def sentence(self) -> str:
        """Return the result in words."""
        if isinstance(self.result, Refusal):
            return f"{self.candidate} can't be estimated at {self.placement}. {self.result.sentence}"
        own = self.result.doubly_robust
        said = (
            f"{self.candidate} would get {own.estimate:.3g} clicks per list at {self.placement} ({_range(own)}), a "
            f"click-through of {own.estimate / self.length:.2%}. {self._beside()}"
        )
        return " ".join([said, *self.doubts])

    @property
    def doubts(self) -> list[str]:
        """Return what speaks against believing it, a sentence each."""
        found = []
        if self.held:
            which = ", ".join(map(str, self.held))
            found.append(f"Not counted, since pins or new items keep their place there: position {which}.")
        if isinstance(self.result, Estimate) and not _meet(self.result.self_normalised, self.result.doubly_robust):
            found.append("The two ways of estimating contradict each other: believe neither.")
        if self.earlier:
            found.append(
                f"{self.earlier:,} of the {self.lists:,} lists were shown before it was trained: it has learned from "
                "the clicks on them, so the estimate may flatter."
            )
        return found

    def _beside(self) -> str:
        usual = self.usual
        if usual.clicks_per_list is None or usual.click_rate is None:
            return "No other list was shown in this time to compare it with."
        return (
            f"The {usual.lists:,} other lists of these days got {usual.clicks_per_list:.3g}, a click-through of "
            f"{usual.click_rate:.2%}."
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything, as it is kept and answered."""
        found = self.result
        own = found if isinstance(found, Estimate) else None
        return {
            "placement": self.placement,
            "made_at": self.made_at.isoformat(),
            "sentence": self.sentence,
            "refusal": found.sentence if isinstance(found, Refusal) else "",
            "lists": self.lists,
            "users": self.users,
            "earlier_lists": self.earlier,
            "first_shown_at": self.first.isoformat(),
            "last_shown_at": self.last.isoformat(),
            "items_per_list": round(self.length, 2),
            "effective_users": round(found.effective_users, 1),
            "overlap": round(found.overlap, 4) if isfinite(found.overlap) else None,
            "doubly_robust": _interval(own.doubly_robust) if own else None,
            "self_normalised": _interval(own.self_normalised) if own else None,
            "examination": [round(one, 4) for one in own.examination] if own else [],
            "click_rate": round(own.doubly_robust.estimate / self.length, 6) if own else None,
            "usual_lists": self.usual.lists,
            "usual_clicks_per_list": _rounded(self.usual.clicks_per_list),
            "usual_click_rate": _rounded(self.usual.click_rate),
        }


def interval_in_words(one: Mapping[str, float]) -> str:
    """Return an interval of `as_json` in words."""
    return f"{one['estimate']:.3g} ({one['low']:.3g} to {one['high']:.3g})"


def _range(one: Interval) -> str:
    return f"{max(one.low, 0):.3g} to {one.high:.3g}"


def _meet(a: Interval, b: Interval) -> bool:
    return a.low <= b.high and b.low <= a.high


def _interval(one: Interval) -> dict[str, float]:
    """Return an interval of clicks per list: there are never fewer than none."""
    return {
        "estimate": round(one.estimate, 6),
        "low": round(max(one.low, 0), 6),
        "high": round(one.high, 6),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
