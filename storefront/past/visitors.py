"""Decide who comes on a day and what they do with the lists that they see: look from the top, click, buy, rate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from interactions.schema import Event, new_event_id
from recommender.insight.impressions import Impression
from recommender.operations.lists_as_of import Visit
from storefront.past.tastes import WILL, Ints, Tastes
from storefront.simulation.behaviour import RATING, TYPES, Encounters, act, moments, rate
from storefront.simulation.rhythm import BY_HOUR, BY_WEEKDAY, DAY, HOUR
from storefront.simulation.visits import ENCOUNTER

FADES = 0.75
"""How fast attention falls: an item at position r is looked at r ** -FADES times as often as the first."""

CAUTION, EAGERNESS = -3.3, 0.95
"""Log-odds of a click on what is looked at: of something that draws as much as the average, and what more draws add."""

SHARE_A_DAY, MOST_A_DAY = 0.16, 800
"""How many of the users come on an average day."""

GROWTH = (0.85, 1.15)
"""Visits on the first and on the last day, relative to the average."""

SEARCHES = 2.5
"""How many titles a visitor looks for by themselves on average, beside what lists show."""

LOOKED_THROUGH = 2_000
"""Of a large catalogue so many items, drawn anew each time, are what a visitor thinks of."""

SEARCH = "search"
QUIET = 60
"""Seconds from seeing the page to the first click."""


class Click(NamedTuple):
    """Name an item (a column) that a user turned to: in a list, at a position from 1 on, or by searching for it."""

    user: int
    column: int
    at: datetime
    """When they came."""
    shelf: str
    position: int = 0
    recommendation_id: str = ""
    """Of the list; empty where there was none."""


@dataclass(frozen=True)
class Visitors:
    """Let users come and act; the same seed gives the same visits."""

    tastes: Tastes
    seed: int

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {user_id: row for row, user_id in enumerate(self.tastes.users.user_ids)}

    def visits(self, day: datetime, until: datetime, progress: float) -> list[Visit]:
        """Return who comes on a day (its beginning, UTC) before `until`, and when; each user once.

        `progress` is how far the day lies in the past that is made, from 0 to 1.
        """
        rng = self._rng(day, "visits")
        users, start = self.tastes.users, int(day.timestamp())
        there = np.flatnonzero((users.joined < start) & (users.activity > 0))
        traffic = BY_WEEKDAY[day.weekday()] * (GROWTH[0] + progress * (GROWTH[1] - GROWTH[0]))
        amount = min(round(min(SHARE_A_DAY * len(users), MOST_A_DAY) * traffic), len(there))
        if not amount:
            return []
        # Adding Gumbel noise to the logarithm and taking the largest draws without replacement, by activity.
        drawn = np.argsort(-(np.log(users.activity[there]) + rng.gumbel(size=len(there))))[:amount]
        hours = rng.choice(24, amount, p=np.array(BY_HOUR) / sum(BY_HOUR))
        seconds = start + hours * HOUR + rng.integers(0, HOUR, amount)
        found = [
            Visit(users.user_ids[row], int(users.pks[row]), datetime.fromtimestamp(second, UTC))
            for row, second in zip(there[drawn].tolist(), seconds.tolist(), strict=True)
        ]
        return [visit for visit in found if visit.at < until]

    def clicks(self, lists: Sequence[tuple[str, Impression]], reach: Mapping[str, float]) -> list[Click]:
        """Return what is clicked in these lists, each with its shelf; `reach` is how many look at a shelf at all."""
        clicks: dict[tuple[int, int], Click] = {}
        if not lists:
            return []
        rng = self._rng(min(shown.served_at for _, shown in lists), "clicks")
        for shelf, shown in lists:
            user = self._rows[shown.user_id]
            places, columns = self._known(shown.items)
            draws = self.tastes.draws(user, columns, shown.served_at.timestamp())
            seen = reach.get(shelf, 1.0) * (places + 1.0) ** -FADES
            chance = seen / (1 + np.exp(-(CAUTION + EAGERNESS * draws)))
            for at in np.flatnonzero(rng.uniform(size=len(columns)) < chance).tolist():
                where = shelf, int(places[at]) + 1, str(shown.recommendation_id)
                click = Click(user, int(columns[at]), shown.served_at, *where)
                # Nobody opens the same page twice, whichever shelf it is on.
                clicks.setdefault((user, click.column), click)
        return list(clicks.values())

    def searches(self, visits: Sequence[Visit], lists: Sequence[tuple[str, Impression]]) -> list[Click]:
        """Return what these visitors look for by themselves: likelier the more it draws them.

        Nobody looks for what they have just seen in `lists`.
        """
        if not visits:
            return []
        rng = self._rng(visits[0].at, "searches")
        found: list[Click] = []
        seen: dict[str, list[int]] = {}
        for _, shown in lists:
            seen.setdefault(shown.user_id, []).extend(shown.items)
        for visit, amount in zip(visits, rng.poisson(SEARCHES, len(visits)).tolist(), strict=True):
            user, n = self._rows[visit.user_id], len(self.tastes.items)
            columns = np.arange(n) if n <= LOOKED_THROUGH else rng.choice(n, LOOKED_THROUGH, replace=False)
            odds = WILL * self.tastes.draws(user, columns, visit.at.timestamp())
            odds[np.isin(self.tastes.items[columns], seen.get(visit.user_id, []))] = -np.inf
            drawn = columns[np.argsort(-(odds + rng.gumbel(size=len(columns))))[:amount]]
            found += [Click(user, column, visit.at, SEARCH) for column in drawn.tolist()]
        return found

    def events(self, clicks: Sequence[Click], item_ids: Mapping[int, str], until: datetime) -> Iterator[Event]:
        """Yield what follows: a view, perhaps a click, and what users do with what they like, before `until`."""
        if not clicks:
            return
        ordered = sorted(clicks, key=lambda one: (one.user, one.at, one.shelf, one.position))
        rng = self._rng(ordered[0].at, "acts")
        users, met = self.tastes.users, self._met(ordered)
        opinions = rate(rng, met, users.generosity)
        done = act(rng, met, opinions, users.raters)
        times = moments(rng, _starts(ordered), done, int(until.timestamp()))
        for number, kind in zip(*np.nonzero(done), strict=True):
            click, at = ordered[number], int(times[number, kind])
            if at < until.timestamp():
                yield Event(
                    new_event_id(),
                    users.user_ids[click.user],
                    item_ids[int(self.tastes.items[click.column])],
                    TYPES[kind],
                    datetime.fromtimestamp(at, UTC),
                    float(opinions[number]) if kind == RATING else None,
                    _context(click, at),
                )

    def _known(self, items: Sequence[int]) -> tuple[Ints, Ints]:
        """Return the positions (from 0 on) and the columns of the items of which tastes are known."""
        asked = np.array(items, np.int64)
        columns = np.minimum(np.searchsorted(self.tastes.items, asked), len(self.tastes.items) - 1)
        places = np.flatnonzero(self.tastes.items[columns] == asked)
        return places, columns[places]

    def _met(self, clicks: Sequence[Click]) -> Encounters:
        suits = [float(self.tastes.pleases(one.user, np.array([one.column]))[0]) for one in clicks]
        users, items = np.array([(one.user, one.column) for one in clicks], np.int64).T
        return Encounters(users, items, np.array(suits))

    def _rng(self, moment: datetime, what: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(moment.timestamp()), *what.encode()])


def _starts(clicks: Sequence[Click]) -> Ints:
    """Return when each encounter begins: those of one visit one after the other."""
    starts, before, at = [], None, 0
    for click in clicks:
        visit = click.user, click.at.date()
        at = at + ENCOUNTER if visit == before else int(click.at.timestamp()) + QUIET
        starts.append(at)
        before = visit
    return np.array(starts, np.int64)


def _context(click: Click, at: int) -> dict[str, Any]:
    """Return where an event began: with the list, its position on it, and the visit, unless it came by mail."""
    where = {"recommendation_id": click.recommendation_id, "position": click.position}
    named = where if click.recommendation_id else {}
    if at - click.at.timestamp() > DAY // 2:
        return {"source": "mail", **named}
    return {"source": click.shelf, "session_id": f"past-{click.user}-{click.at:%Y%m%d}", **named}
