"""Read the sums that an experiment's result is made of, whatever the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recommender.engine.experiments.moments import COLUMNS, Floats, Moments
from recommender.insight.experiments import answers, sums
from recommender.insight.experiments.metrics import ANSWER_TERMS, METRICS, OF_ANSWERS, TERMS, Term, term
from recommender.models import Experiment


@dataclass(frozen=True, eq=False)
class VariantSums:
    """Hold one metric of one variant by day, on the first axis."""

    so_far: Moments
    """Of all users up to each day, with their totals up to then."""
    daily: Moments
    """Of the users of each day, with that day's totals."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Hold everything that is computed from."""

    days: Sequence[date]
    by_metric: Mapping[str, Mapping[str, VariantSums]]
    users: Mapping[str, Floats]
    """Users of each variant up to each day."""
    crossed: int
    """Users who saw more than one variant, so that they count nowhere."""


def read_sums(experiment: Experiment, metrics: Sequence[str], variants: Sequence[str]) -> Sums:
    """Return the sums of these metrics for every day from the first exposure on."""
    cells = sums.stored(experiment)
    crossed = sum(int(numbers[0]) for (_, variant, _), numbers in cells.items() if variant == sums.CROSSED)
    found = {(variant, day): numbers for (_, variant, day), numbers in cells.items() if variant in variants}
    if not found:
        return Sums([], {}, {}, crossed)
    first, last = (end(day for _, day in found) for end in (min, max))
    days = [first + timedelta(number) for number in range((last - first).days + 1)]
    of_users = {name: _table(name, days, found, 2 + 2 * len(TERMS)) for name in variants}
    made = answers.stored(experiment)
    of_answers = {name: _table(name, days, made, 1 + len(ANSWER_TERMS)) for name in variants}
    by_metric = {
        metric: {
            name: _of_answers(metric, of_answers[name]) if metric in OF_ANSWERS else _of_users(metric, of_users[name])
            for name in variants
        }
        for metric in metrics
    }
    return Sums(days, by_metric, {name: of_users[name][:, 0].cumsum() for name in variants}, crossed)


def _table(variant: str, days: Sequence[date], found: Mapping[tuple[str, date], Floats], width: int) -> Floats:
    """Return the numbers of a variant by day (d, width); those of other days count for the nearest one."""
    table = np.zeros((len(days), width))
    for (name, day), numbers in found.items():
        if name == variant:
            table[min(max((day - days[0]).days, 0), len(days) - 1)] += numbers
    return table


def _of_users(metric: str, table: Floats) -> VariantSums:
    added, daily = table[:, 2 : 2 + len(TERMS)], table[:, 2 + len(TERMS) :]
    so_far = _moments(metric, TERMS, table[:, 0], added).cumulated()
    return VariantSums(so_far, _moments(metric, TERMS, table[:, 1], daily))


def _of_answers(metric: str, table: Floats) -> VariantSums:
    daily = _moments(metric, ANSWER_TERMS, table[:, 0], table[:, 1:])
    return VariantSums(daily.cumulated(), daily)


def _moments(metric: str, terms: Sequence[Term], count: Floats, numbers: Floats) -> Moments:
    """Return one metric's sums from those of all, (d,) and (d, terms)."""
    nothing, columns = np.zeros(len(count)), METRICS[metric].columns

    def value(one: Term | None) -> Floats:
        if one is None:
            return nothing
        return numbers[:, terms.index(one)] if one else count

    products = np.empty((len(count), COLUMNS, COLUMNS))
    for row in range(COLUMNS):
        for column in range(COLUMNS):
            products[:, row, column] = value(term(columns[row], columns[column]))
    return Moments(count, np.stack([value(term(one)) for one in columns], axis=-1), products)
