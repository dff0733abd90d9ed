"""Keep how long a variant's answers took to make, and how many failed: by day, in sums that add up over processes.

What a process tells at one time, about every second, is one observation. Answers of one moment are slow together, so
an interval that took each answer for itself would be too narrow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db.backends.utils import CursorWrapper

from recommender.engine.experiments.moments import Floats
from recommender.insight.experiments.metrics import ANSWER_TERMS
from recommender.insight.experiments.statements import ADD_ANSWERS
from recommender.models import Experiment, ExperimentAnswers
from recommender.models.experiment import SEPARATOR
from recsite.platform.histogram import added


@dataclass(slots=True)
class Made:
    """Add up what one process made for a variant in a moment."""

    buckets: list[int]
    milliseconds: float = 0.0
    answers: int = 0
    errors: int = 0

    def add(self, bucket: int, seconds: float, *, is_error: bool) -> None:
        """Count an answer, or that there was none."""
        if is_error:
            self.errors += 1
            return
        self.buckets[bucket] += 1
        self.milliseconds += 1_000 * seconds
        self.answers += 1

    def sums(self) -> list[float]:
        """Return the sums and products of ANSWER_TERMS."""
        columns = {
            "milliseconds": self.milliseconds,
            "answers": self.answers,
            "errors": self.errors,
            "asked": self.answers + self.errors,
        }
        return [float(np.prod([columns[name] for name in one])) for one in ANSWER_TERMS]


def store(cursor: CursorWrapper, made: Mapping[tuple[str, date], Made]) -> None:
    """Add what was made to the totals, by KEY:VARIANT and day; in the caller's transaction."""
    for (label, day), one in sorted(made.items()):
        key, _, variant = label.partition(SEPARATOR)
        cursor.execute(ADD_ANSWERS, [variant, day, one.sums(), one.buckets, key])


def stored(experiment: Experiment) -> dict[tuple[str, date], Floats]:
    """Return by variant and day the number of observations, and the sums of ANSWER_TERMS."""
    rows = ExperimentAnswers.objects.filter(experiment=experiment)
    return {(one.variant, one.day): np.array([one.moments, *one.sums]) for one in rows}


def durations(experiment: Experiment) -> dict[str, list[int]]:
    """Return by variant how many answers took how long: see `recsite.platform.histogram`."""
    found: dict[str, list[int]] = {}
    for one in ExperimentAnswers.objects.filter(experiment=experiment):
        found[one.variant] = added(found.get(one.variant, ()), one.buckets)
    return found
