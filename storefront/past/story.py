"""Tell what happens on which day: a table of moments, and what is done at each of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from recommender.engine.types import Progress, silent
from recommender.models import Experiment, Release
from storefront import shelves
from storefront.past import changes, experiments, letters, releases, surge
from storefront.past.counting import count_everything
from storefront.past.days import Shop
from storefront.past.timeline import OPERATOR, SCHEDULE, staff

FOR_YOU = shelves.SHELVES[shelves.FOR_YOU].placement
POPULAR = shelves.SHELVES[shelves.POPULAR].placement
LENGTH = 28
"""The days by which the moments of the story are given; a shorter past is told in the same order."""

ENDS = 16, 9
"""The day and the hour at which the first experiment ends."""

LETTERS = 9
HIDDEN, HIDDEN_FOR_A_WHILE = 0.5, 0.3
"""How far down the catalogue the titles stand that are hidden."""

FAMOUS = 3
"""The category that a film makes famous: so many have more titles."""

OVERRIDE = "Its predicted ratings are the best so far: let us see what its lists bring."
"""Why the operator promotes what the gate refused; two days later it is rolled back."""

Step = tuple[datetime, Callable[[datetime], None]]


@dataclass
class Story:
    """Hold what was made at earlier moments for those that come later."""

    shop: Shop
    seed: int
    progress: Progress = silent
    ratings: Release | None = None
    personal: Release | None = None
    ended: Experiment | None = None
    running: Experiment | None = None

    def steps(self) -> Sequence[Step]:
        """Return what is done, and when (UTC), in the order of time."""
        told: list[tuple[int, int, Callable[[datetime], None]]] = [
            (0, 1, self._begin),
            (1, 10, partial(changes.describe, FOR_YOU, "The first shelf of the start page. Ask merchandising.")),
            (4, 15, partial(changes.hide, HIDDEN)),
            (6, 3, self._train_hastily),
            (7, 9, self._predict_ratings),
            (8, 9, partial(changes.limit_creators, FOR_YOU)),
            (9, 10, self._roll_back),
            (10, 6, partial(changes.boost_category, FOR_YOU)),
            (10, 7, self._train_neighbours),
            (10, 11, partial(changes.hide, HIDDEN_FOR_A_WHILE)),
            (11, 10, self._compare),
            (11, 14, partial(changes.show_again, HIDDEN_FOR_A_WHILE)),
            (*ENDS, self._ship),
            (17, 11, self._lose_events),
            (18, 10, partial(changes.describe, POPULAR, "The second shelf of the start page: the same for all.")),
            (19, 9, self._train_fully),
            (22, 8, self._become_famous),
            (23, 16, self._lose_events),
            (24, 3, self._train_by_schedule),
            (24, 12, self._weigh_content),
            (26, 9, self._lose_events),
        ]
        found = [(self.shop.span.moment(day / LENGTH, hour), do) for day, hour, do in told]
        return [step for step in sorted(found, key=lambda step: step[0]) if step[0] < self.shop.span.now]

    def end(self) -> None:
        """Let the experiment that still runs go on for whoever visits from now on."""
        if self.running:
            experiments.go_on(self.running, self.shop.timeline.trials[-1].start)

    def _train(self, recipe: releases.Recipe, at: datetime) -> Release | None:
        return releases.train(self.shop.timeline, recipe, at, self.progress)

    def _begin(self, at: datetime) -> None:
        releases.promote(self.shop.timeline, self._train(releases.POPULAR, at), at, staff(OPERATOR))

    def _train_hastily(self, at: datetime) -> None:
        self._train(releases.HASTY, at)

    def _predict_ratings(self, at: datetime) -> None:
        self.ratings = self._train(releases.RATINGS, at)
        releases.promote(self.shop.timeline, self.ratings, at, staff(OPERATOR), OVERRIDE, overrides_gate=True)

    def _roll_back(self, at: datetime) -> None:
        releases.roll_back(self.shop.timeline, self.ratings, at, "Click-through has fallen since it went live.")

    def _train_neighbours(self, at: datetime) -> None:
        self.personal = self._train(releases.NEIGHBOURS, at)

    def _train_fully(self, at: datetime) -> None:
        releases.promote(self.shop.timeline, self._train(releases.FULL, at), at, staff(OPERATOR))

    def _compare(self, at: datetime) -> None:
        day, hour = ENDS
        end = self.shop.span.moment(day / LENGTH, hour)
        self.ended = experiments.compare_releases(self.shop.timeline, FOR_YOU, self.personal, at, end)

    def _ship(self, at: datetime) -> None:
        """End the experiment, and have the release go live that it has tried out."""
        reason = ""
        if self.ended:
            count_everything()
            reason = experiments.stop(self.ended, self.shop.timeline.trials[-1].start, at)
        releases.promote(self.shop.timeline, self.personal, at, staff(OPERATOR), reason)

    def _become_famous(self, at: datetime) -> None:
        category = changes.largest_category(FAMOUS)
        surge.bring(self.shop.tastes, category, at, self.shop.span.now, self.seed)

    def _train_by_schedule(self, at: datetime) -> None:
        releases.promote(self.shop.timeline, self._train(releases.SCHEDULED, at), at, SCHEDULE)

    def _weigh_content(self, at: datetime) -> None:
        self.running = experiments.weigh_content(self.shop.timeline, FOR_YOU, at)

    def _lose_events(self, at: datetime) -> None:
        letters.send(self.shop.tastes, self.shop.item_ids, at, LETTERS, self.seed)
