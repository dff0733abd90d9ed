"""Keep the sums over users that results are computed from, for each variant and day.

A result that added up the users would take longer with each of them, on every look. So whatever changes the totals of
users changes these sums by the difference: what its users added before is taken out, and what they add now put in.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from recommender.engine.experiments.moments import Floats
from recommender.insight.experiments.metrics import BEFORE, OF_BEFORE, TERMS, TOTALS, Term
from recommender.models import Experiment, ExperimentSums

Cell = tuple[int, str, date]
"""Experiment, variant and day. Users who saw several variants count for the variant without a name."""

CROSSED = ""
LAYOUT = blake2b(repr(TERMS).encode(), digest_size=8).hexdigest()
"""Names what the sums are of: those of another version are added up anew."""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('the sums of experiments', 0))"

EVERYBODY = "SELECT DISTINCT experiment_id, user_id FROM recommender_experimentday WHERE experiment_id = %(experiment)s"
OF_USERS = "SELECT DISTINCT experiment_id, user_id FROM recommender_experimentday WHERE user_id = ANY(%(users)s)"

# Up to a day's end (`_1`) and up to its beginning (`_0`): their products differ by what the day added to the sums.
CONTRIBUTIONS = """
WITH whose AS ({whose}), seen AS (
    SELECT experiment_id, user_id, count(DISTINCT variant) AS variants
    FROM whose JOIN recommender_experimentday USING (experiment_id, user_id) GROUP BY 1, 2
), day AS (
    SELECT one.experiment_id, CASE WHEN seen.variants = 1 THEN one.variant ELSE '' END AS variant, one.day,
        row_number() OVER since = 1 AS is_first, {now}, {before}
    FROM seen JOIN recommender_experimentday AS one USING (experiment_id, user_id)
    LEFT JOIN recommender_experimentbaseline AS known USING (experiment_id, user_id)
    WINDOW since AS (PARTITION BY experiment_id, user_id ORDER BY one.day)
)
SELECT experiment_id, variant, day, count(*) FILTER (WHERE is_first), count(*), {sums} FROM day GROUP BY 1, 2, 3
"""
ADD = """
INSERT INTO recommender_experimentsums AS known (experiment_id, variant, day, users, visitors, sums)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (experiment_id, variant, day) DO UPDATE SET users = known.users + excluded.users,
    visitors = known.visitors + excluded.visitors,
    sums = (
        SELECT array_agg(old + new ORDER BY number)
        FROM unnest(known.sums, excluded.sums) WITH ORDINALITY AS pair (old, new, number)
    )
"""


@contextmanager
def kept(whose: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Let the block change the totals of users, and change the sums with them; in the caller's transaction.

    `whose` selects experiment and user; it is asked before and after. Nobody else changes totals meanwhile: take other
    locks before, so that none waits for another that waits for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        before = _contributions(cursor, whose, parameters)
        yield
        _add(cursor, before, _contributions(cursor, whose, parameters))


def rebuild(experiment: Experiment) -> None:
    """Add up the sums of an experiment anew, from the totals of all its users."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        ExperimentSums.objects.filter(experiment=experiment).delete()
        _add(cursor, {}, _contributions(cursor, EVERYBODY, {"experiment": experiment.pk}))
        Experiment.objects.filter(pk=experiment.pk).update(sums_layout=LAYOUT)
    experiment.sums_layout = LAYOUT


def added_up(experiment: Experiment) -> dict[Cell, Floats]:
    """Return the sums as adding up all users gives them: new users, users of the day, then twice TERMS."""
    with connection.cursor() as cursor:
        return _contributions(cursor, EVERYBODY, {"experiment": experiment.pk})


def stored(experiment: Experiment) -> dict[Cell, Floats]:
    """Return the same as it is kept: as quick with a million users as with ten."""
    if experiment.sums_layout != LAYOUT:
        return added_up(experiment)
    rows = ExperimentSums.objects.filter(experiment=experiment)
    return {(one.experiment_id, one.variant, one.day): np.array([one.users, one.visitors, *one.sums]) for one in rows}


def _contributions(cursor: CursorWrapper, whose: str, parameters: Mapping[str, Any]) -> dict[Cell, Floats]:
    cursor.execute(STATEMENT.replace("{whose}", whose), parameters)
    return {(row[0], row[1], row[2]): np.array(row[3:], np.float64) for row in cursor.fetchall()}


def _add(cursor: CursorWrapper, before: Mapping[Cell, Floats], after: Mapping[Cell, Floats]) -> None:
    """Store the difference. In one order, so that none waits for another that waits for it."""
    nothing = np.zeros(2 + 2 * len(TERMS))
    changed = {cell: after.get(cell, nothing) - before.get(cell, nothing) for cell in {*before, *after}}
    for cell, (users, visitors, *sums) in sorted(changed.items()):
        cursor.execute(ADD, [*cell, int(users), int(visitors), [float(one) for one in sums]])
    if emptied := {experiment for experiment, _, _ in before}:
        ExperimentSums.objects.filter(experiment__in=emptied, visitors=0).delete()


def _factor(column: str, at: str) -> str:
    """Return a column of `day`: at its end (1), its beginning (0), or of the day alone (d)."""
    if not column.endswith(OF_BEFORE):
        return f"{column}_{at}"
    return f"CASE WHEN is_first THEN 0 ELSE {column} END" if at == "0" else column


def _product(one: Term, at: str) -> str:
    return " * ".join(_factor(column, at) for column in one)


STATEMENT = CONTRIBUTIONS.format(
    whose="{whose}",
    now=", ".join(
        f"(sum(one.{name}) OVER since)::float8 AS {name}_1, "
        f"(sum(one.{name}) OVER since - one.{name})::float8 AS {name}_0, one.{name}::float8 AS {name}_d"
        for name in TOTALS
    ),
    before=", ".join(f"coalesce(known.{name}, 0)::float8 AS {name}{OF_BEFORE}" for name in BEFORE),
    sums=", ".join(
        [f"sum({_product(one, '1')} - {_product(one, '0')})" for one in TERMS]
        + [f"sum({_product(one, 'd')})" for one in TERMS]
    ),
)
