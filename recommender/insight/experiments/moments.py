"""Read the sums that an experiment's result is made of: one scan of the daily totals, whatever the metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.db import connection

from recommender.engine.experiments.moments import COLUMNS, Floats, Moments
from recommender.insight.experiments.metrics import METRICS, TOTALS
from recommender.models import Experiment

Pair = tuple[int, int]
PAIRS: Sequence[Pair] = [(row, column) for row in range(COLUMNS) for column in range(row, COLUMNS)]


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


# Up to a day's end `v1`, and up to its beginning `v0`: their products differ by what the day added to the sums.
ROWS = """
WITH seen AS (
    SELECT user_id, count(DISTINCT variant) AS variants FROM recommender_experimentday
    WHERE experiment_id = %(experiment)s GROUP BY user_id
), day AS (
    SELECT one.variant, one.day, row_number() OVER since = 1 AS is_first,
        {now}, {before}
    FROM recommender_experimentday AS one JOIN seen ON seen.user_id = one.user_id AND seen.variants = 1
    LEFT JOIN recommender_experimentbaseline AS known
        ON known.experiment_id = one.experiment_id AND known.user_id = one.user_id
    WHERE one.experiment_id = %(experiment)s
    WINDOW since AS (PARTITION BY one.user_id ORDER BY one.day)
), cumulated AS (
    SELECT *, 1 AS one_1, CASE WHEN is_first THEN 0 ELSE 1 END AS one_0, 1 AS one_d,
        1 AS one_b_1, CASE WHEN is_first THEN 0 ELSE 1 END AS one_b_0, 1 AS one_b_d, {constant}
    FROM day
)
SELECT variant, day, count(*) FILTER (WHERE is_first), count(*), {sums} FROM cumulated GROUP BY 1, 2
"""
CROSSED = """
SELECT count(*) FROM (
    SELECT FROM recommender_experimentday WHERE experiment_id = %(experiment)s
    GROUP BY user_id HAVING count(DISTINCT variant) > 1
) AS crossed
"""
NOW = ", ".join(
    f"(sum(one.{name}) OVER since)::float8 AS {name}_1, "
    f"(sum(one.{name}) OVER since - one.{name})::float8 AS {name}_0, one.{name}::float8 AS {name}_d"
    for name in TOTALS
)
BEFORE = ", ".join(f"coalesce(known.{name}, 0)::float8 AS {name}_b" for name in TOTALS)
CONSTANT = ", ".join(
    f"{name}_b AS {name}_b_1, CASE WHEN is_first THEN 0 ELSE {name}_b END AS {name}_b_0, {name}_b AS {name}_b_d"
    for name in TOTALS
)


def read_sums(experiment: Experiment, metrics: Sequence[str], variants: Sequence[str]) -> Sums:
    """Return the sums of these metrics for every day from the first exposure on."""
    statement = ROWS.format(
        now=NOW, before=BEFORE, constant=CONSTANT, sums=", ".join(part for name in metrics for part in _sums_of(name))
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"experiment": experiment.pk})
        rows = [row for row in cursor.fetchall() if row[0] in variants]
        cursor.execute(CROSSED, {"experiment": experiment.pk})
        crossed = int(cursor.fetchone()[0])
    first = min((row[1] for row in rows), default=None)
    last = max((row[1] for row in rows), default=None)
    days = [] if first is None or last is None else [first + timedelta(n) for n in range((last - first).days + 1)]
    width = 2 + 2 * len(metrics) * (COLUMNS + len(PAIRS))
    table = {name: np.zeros((len(days), width)) for name in variants}
    for variant, day, *numbers in rows:
        table[variant][(day - days[0]).days] = numbers
    by_metric = {
        metric: {name: _of_metric(table[name], number) for name in variants} for number, metric in enumerate(metrics)
    }
    return Sums(days, by_metric, {name: table[name][:, 0].cumsum() for name in variants}, crossed)


def _sums_of(metric: str) -> list[str]:
    """Return the expressions of a metric's sums and products: what each day adds to them, then the day's own."""
    kind = METRICS[metric]
    before = [f"{name}_b" for name in (kind.numerator, kind.denominator)]
    columns = [kind.numerator, kind.denominator, *before]
    added = [f"sum({one}_1 - {one}_0)" for one in columns]
    added += [f"sum({columns[a]}_1 * {columns[b]}_1 - {columns[a]}_0 * {columns[b]}_0)" for a, b in PAIRS]
    daily = [f"sum({one}_d)" for one in columns]
    daily += [f"sum({columns[a]}_d * {columns[b]}_d)" for a, b in PAIRS]
    return [*added, *daily]


def _of_metric(table: Floats, number: int) -> VariantSums:
    """Take one metric's sums out of the rows of a variant (days, width)."""
    width = COLUMNS + len(PAIRS)
    start = 2 + number * 2 * width
    added, daily = table[:, start : start + width], table[:, start + width : start + 2 * width]
    return VariantSums(_moments(table[:, 0], added).cumulated(), _moments(table[:, 1], daily))


def _moments(users: Floats, sums: Floats) -> Moments:
    products = np.zeros((len(sums), COLUMNS, COLUMNS))
    for at, (row, column) in enumerate(PAIRS):
        products[:, row, column] = products[:, column, row] = sums[:, COLUMNS + at]
    return Moments(users, sums[:, :COLUMNS], products)
