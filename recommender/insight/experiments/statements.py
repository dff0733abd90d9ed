"""Hold the SQL of experiments' daily totals; `insight.impressions.rollup` runs the first two with its own batches."""

from recommender.models.experiment import SEPARATOR

KEY = f"split_part(variant, '{SEPARATOR}', 1)"
NAME = f"split_part(variant, '{SEPARATOR}', 2)"
DAY = "experiment_id, user_id, variant, day"
TOTALS = "lists, shown, clicked, converted"

# Users who are erased or opted out have no name in impressions, so they count for no variant.
COUNT_LISTS = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment.id, taken.user_id, {NAME}, taken.day, count(*), sum(cardinality(items)), 0, 0
FROM taken JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE taken.variant <> '' AND taken.user_id <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({DAY}) DO UPDATE SET lists = known.lists + excluded.lists, shown = known.shown + excluded.shown
"""
COUNT_ACTED = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment.id, news.user_id, {NAME}, news.day, 0, 0,
    count(*) FILTER (WHERE is_click), count(*) FILTER (WHERE converts)
FROM news JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE news.variant <> '' AND news.user_id <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({DAY}) DO UPDATE SET clicked = known.clicked + excluded.clicked,
    converted = known.converted + excluded.converted
"""

# Clicks that came after the start may be due to what the experiment shows.
COUNT_BEFORE = f"""
INSERT INTO recommender_experimentbaseline (experiment_id, user_id, {TOTALS})
SELECT %(experiment)s, list.user_id, count(*), sum(cardinality(list.items)),
    coalesce(sum(acted.clicked), 0), coalesce(sum(acted.converted), 0)
FROM recommender_servedlist AS list CROSS JOIN LATERAL (
    SELECT count(*) AS clicked, count(converted_at) FILTER (WHERE converted_at < %(start)s) AS converted
    FROM recommender_attribution AS act
    WHERE act.recommendation_id = list.recommendation_id AND act.served_at = list.served_at
        AND act.acted_at < %(start)s
) AS acted
WHERE list.placement = %(placement)s AND list.user_id <> ''
    AND list.served_at >= %(start)s - %(period)s AND list.served_at < %(start)s
GROUP BY list.user_id ON CONFLICT DO NOTHING
"""

MERGE_DAYS = f"""
WITH moved AS (DELETE FROM recommender_experimentday WHERE user_id = %(visitor)s RETURNING *)
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment_id, %(into)s, variant, day, {TOTALS} FROM moved
ON CONFLICT ({DAY}) DO UPDATE SET lists = known.lists + excluded.lists, shown = known.shown + excluded.shown,
    clicked = known.clicked + excluded.clicked, converted = known.converted + excluded.converted
"""
MERGE_BEFORE = f"""
WITH moved AS (DELETE FROM recommender_experimentbaseline WHERE user_id = %(visitor)s RETURNING *)
INSERT INTO recommender_experimentbaseline AS known (experiment_id, user_id, {TOTALS})
SELECT experiment_id, %(into)s, {TOTALS} FROM moved
ON CONFLICT (experiment_id, user_id) DO UPDATE SET lists = known.lists + excluded.lists,
    shown = known.shown + excluded.shown, clicked = known.clicked + excluded.clicked,
    converted = known.converted + excluded.converted
"""
