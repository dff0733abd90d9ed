"""Read which of two interleaved rankings won users' lists: from the daily totals, in one scan."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from django.db import connection

from recommender.engine.experiments.moments import COLUMNS, DENOMINATOR, NUMERATOR, Moments
from recommender.models import Experiment

# Up to a day's end (`_1`) and up to its beginning (`_0`): their products differ by what the day added to the sums.
OUTCOMES = """
WITH own AS (
    SELECT day, row_number() OVER since = 1 AS is_first,
        (sum(second_won - first_won) OVER since)::float8 AS net_1,
        (sum(second_won - first_won) OVER since - (second_won - first_won))::float8 AS net_0,
        (sum(second_won + first_won) OVER since)::float8 AS decided_1,
        (sum(second_won + first_won) OVER since - (second_won + first_won))::float8 AS decided_0
    FROM recommender_experimentday WHERE experiment_id = %(experiment)s
    WINDOW since AS (PARTITION BY user_id ORDER BY day)
)
SELECT day, count(*) FILTER (WHERE is_first), sum(net_1 - net_0), sum(decided_1 - decided_0),
    sum(net_1 * net_1 - net_0 * net_0), sum(net_1 * decided_1 - net_0 * decided_0),
    sum(decided_1 * decided_1 - decided_0 * decided_0)
FROM own GROUP BY day ORDER BY day
"""


def read_outcomes(experiment: Experiment) -> tuple[Sequence[date], Moments]:
    """Return the days with lists, and the sums of all users up to each: won minus lost lists over decided lists."""
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, {"experiment": experiment.pk})
        rows = cursor.fetchall()
    table = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), 6)
    sums, products = np.zeros((len(rows), COLUMNS)), np.zeros((len(rows), COLUMNS, COLUMNS))
    sums[:, [NUMERATOR, DENOMINATOR]] = table[:, 1:3]
    products[:, NUMERATOR, NUMERATOR] = table[:, 3]
    products[:, NUMERATOR, DENOMINATOR] = products[:, DENOMINATOR, NUMERATOR] = table[:, 4]
    products[:, DENOMINATOR, DENOMINATOR] = table[:, 5]
    return [row[0] for row in rows], Moments(table[:, 0], sums, products).cumulated()
