"""Read what users did once, for everything that their lists are made of: scores, predicted ratings and tastes."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from recommender import dataset
from recommender.engine import feedback
from recommender.engine.types import UNKNOWN, Histories, IdMap, IntArray, Mask, RowArray, Tokens
from recommender.serving.candidates.loaded_release import LoadedModel
from recsite.platform import database


class UserHistories:
    """Hold the latest events of some users, read at the first need. Whoever reads them raises DatabaseDown."""

    def __init__(
        self,
        user_pks: IntArray,
        events: dataset.RecentEvents | None = None,
        cached: Callable[[], dataset.RecentEvents | None] = lambda: None,
    ) -> None:
        """Take whose they are; `events` where they were read already, else what may have them `cached`."""
        self.user_pks = user_pks
        self._events, self._cached = events, cached
        self.is_read = events is not None
        """True where they came from the database."""
        self._made: dict[bytes, Histories] = {}

    @property
    def events(self) -> dataset.RecentEvents:
        if self._events is None:
            self._events = self._cached()
        if self._events is None:
            self.is_read = True
            self._events = database.ask(lambda: dataset.load_recent(self.user_pks.tolist()))
        return self._events

    def newer_than(self, member: LoadedModel) -> Mask:
        """Tell which users (m,) did something that the model's training can't have known of."""
        found = self.events.came_after(member.trained_at, member.data_until)
        return found[self._rows]

    def over(self, item_ids: IdMap) -> Histories:
        """Return the input of `Model.score_histories` over the items of a model, in the order of the users.

        The models of a release know the same items, but for a few: what the events say is worked out once, over the
        users' own items, and laid over those of each model.
        """
        own = self._items.ids
        rows = item_ids.rows(own)
        known = rows != UNKNOWN
        if known.tobytes() not in self._made:
            # An item that a model doesn't know has no part in how others fade: see `feedback.profiles`.
            events = self.events.over(IdMap(own[known]))
            made = feedback.histories(events, events.item_ids)
            self._made[known.tobytes()] = made if self._is_in_order else made[self._rows]
        return self._made[known.tobytes()].reindexed(rows[known], len(item_ids))

    def with_segments(self, item_ids: IdMap) -> Histories:
        """Return the same with the users' segments, for a model that goes by them."""
        known = self.over(item_ids)
        return Histories(lambda: known.ratings, lambda: known.profiles, self._segments)

    def take(self, which: Mask) -> "UserHistories":
        """Return some of the users; what was read of them is not read again."""
        if which.all():
            return self
        return UserHistories(self.user_pks[which], self._events)

    @cached_property
    def _items(self) -> IdMap:
        return IdMap.of(self.events.events["item"])

    @cached_property
    def _rows(self) -> RowArray:
        return self.events.user_ids.rows(self.user_pks)

    @cached_property
    def _is_in_order(self) -> bool:
        return np.array_equal(self.events.user_ids.ids, self.user_pks)

    @cached_property
    def _segments(self) -> tuple[Tokens, ...]:
        found = database.ask(lambda: dataset.load_user_segments(self.user_pks.tolist()))
        return tuple(found.tokens[row] if row != UNKNOWN else () for row in found.ids.rows(self.user_pks).tolist())
