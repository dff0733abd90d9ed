"""Hold the SQL of experiments' daily totals; `insight.impressions.rollup` runs the first ones with its own batches."""

from interactions.exclusions import COUNTS
from recommender.models.experiment import SEPARATOR
from recsite.platform.histogram import adding

KEY = f"split_part(variant, '{SEPARATOR}', 1)"
NAME = f"split_part(variant, '{SEPARATOR}', 2)"
DAY = "experiment_id, user_id, variant, day"
BEFORE = "lists, shown, clicked, converted, acts, amount"
TOTALS = f"{BEFORE}, varied"
FIRST = 10
"""The items of a list by which its diversity is told: few users look further, and pairs grow with the square."""

# The share of pairs of its items that have no category in common.
DIVERSITY = f"""(
    WITH item AS (
        SELECT number, categories FROM unnest(list.items[1:{FIRST}]) WITH ORDINALITY AS place (pk, number)
        JOIN catalog_item ON catalog_item.id = place.pk
    )
    SELECT coalesce(avg((NOT one.categories && other.categories)::int), 0)
    FROM item AS one JOIN item AS other ON one.number < other.number
)"""
ADD_SHOWN = f"""
ON CONFLICT ({DAY}) DO UPDATE SET lists = known.lists + excluded.lists, shown = known.shown + excluded.shown,
    varied = known.varied + excluded.varied
"""

# Users who are erased or opted out have no name in impressions, so they count for no variant.
SHOWN_TO = f"""
SELECT DISTINCT experiment.id AS experiment_id, list.user_id
FROM taken AS list JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE list.variant <> '' AND list.user_id <> ''
"""
COUNT_LISTS = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment.id, list.user_id, {NAME}, list.day, count(*), sum(cardinality(items)), 0, 0, 0, 0, sum({DIVERSITY})
FROM taken AS list JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE list.variant <> '' AND list.user_id <> '' AND experiment.shown_by = 'answer'
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
{ADD_SHOWN}
"""

# Where clients tell what users saw: each item of a list once, however often it is told.
TAKE_SEEN = f"""
CREATE TEMP TABLE seen ON COMMIT DROP AS
WITH told AS MATERIALIZED (
    SELECT DISTINCT event.user_id, event.item_id, event.type_id, lower(context ->> 'recommendation_id') AS named
    FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    WHERE event.id > %(after)s AND event.id <= %(until)s AND event.occurred_at >= event.received_at - %(late)s
        AND kind.name = 'impression' AND NOT event.undated AND {COUNTS.format(event="event")}
        AND context ->> 'recommendation_id' ~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
), earlier AS (
    SELECT told.*, list.recommendation_id, list.items, list.user_id AS shown_to,
        (list.served_at AT TIME ZONE 'UTC')::date AS day, {NAME} AS variant, experiment.id AS experiment_id,
        before.items AS items_before
    FROM told JOIN recommender_servedlist AS list
        ON list.recommendation_id = told.named::uuid AND told.item_id = ANY(list.items)
    JOIN recommender_experiment AS experiment ON experiment.key = {KEY} AND experiment.shown_by = 'event'
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(event.item_id), '{{}}') AS items FROM interactions_interaction AS event
        WHERE event.user_id = told.user_id AND event.type_id = told.type_id AND event.id <= %(after)s
            AND event.occurred_at >= list.served_at - %(skew)s
            AND lower(event.context ->> 'recommendation_id') = told.named
    ) AS before
    WHERE list.variant <> '' AND list.user_id <> ''
)
SELECT experiment_id, shown_to AS user_id, variant, day, recommendation_id, items,
    count(*) AS shown, bool_and(cardinality(items_before) = 0) AS is_new
FROM earlier WHERE NOT item_id = ANY(items_before) GROUP BY 1, 2, 3, 4, 5, 6
"""
SEEN_BY = "SELECT DISTINCT experiment_id, user_id FROM seen"
COUNT_SEEN = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment_id, user_id, variant, day, count(*) FILTER (WHERE is_new), sum(shown), 0, 0, 0, 0,
    coalesce(sum({DIVERSITY}) FILTER (WHERE is_new), 0)
FROM seen AS list GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
{ADD_SHOWN}
"""

ACTED_BY = f"""
SELECT DISTINCT experiment.id AS experiment_id, matched.user_id
FROM matched JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE matched.variant <> '' AND matched.user_id <> ''
"""
COUNT_ACTED = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment.id, user_id, {NAME}, day, 0, 0,
    count(*) FILTER (WHERE is_click), count(*) FILTER (WHERE converts), 0, 0, 0
FROM news JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE variant <> '' AND user_id <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({DAY}) DO UPDATE SET clicked = known.clicked + excluded.clicked,
    converted = known.converted + excluded.converted
"""
COUNT_ACTS = f"""
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS})
SELECT experiment.id, user_id, {NAME}, day, 0, 0, 0, 0, count(*), coalesce(sum(amount), 0), 0
FROM matched JOIN recommender_experiment AS experiment ON experiment.key = {KEY}
WHERE variant <> '' AND user_id <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({DAY}) DO UPDATE SET acts = known.acts + excluded.acts, amount = known.amount + excluded.amount
"""

ADD_ANSWERS = f"""
INSERT INTO recommender_experimentanswers AS known (experiment_id, variant, day, moments, sums, buckets)
SELECT id, %s, %s, 1, %s::float8[], %s::bigint[] FROM recommender_experiment WHERE key = %s
ON CONFLICT (experiment_id, variant, day) DO UPDATE SET moments = known.moments + 1,
    sums = (
        SELECT array_agg(old + new ORDER BY number)
        FROM unnest(known.sums, excluded.sums) WITH ORDINALITY AS pair (old, new, number)
    ),
    {adding("buckets")}
"""

# An item of the second ranking counts 1, one of the first -1. A list is won by the ranking with more clicks; what it
# was before the clicks that came now is taken back.
WON = "first_won, second_won"
CREDIT = "CASE substr(list.teams, act.rank - list.first_rank + 1, 1) WHEN '2' THEN 1 WHEN '1' THEN -1 ELSE 0 END"
COUNT_WON = f"""
WITH clicked AS (
    SELECT recommendation_id, served_at, item_id FROM news WHERE is_click AND teams <> '' AND user_id <> ''
), credited AS (
    SELECT list.recommendation_id, list.variant, list.user_id, (list.served_at AT TIME ZONE 'UTC')::date AS day,
        sum({CREDIT}) AS now, coalesce(sum({CREDIT}) FILTER (WHERE clicked.item_id IS NULL), 0) AS before
    FROM (SELECT DISTINCT recommendation_id, served_at FROM clicked) AS touched
    JOIN recommender_servedlist AS list USING (recommendation_id, served_at)
    JOIN recommender_attribution AS act USING (recommendation_id, served_at)
    LEFT JOIN clicked USING (recommendation_id, served_at, item_id)
    GROUP BY 1, 2, 3, 4
), counted AS (
    SELECT experiment.id AS experiment_id, user_id, {NAME} AS variant, day,
        sum((now < 0)::int - (before < 0)::int) AS first_won, sum((now > 0)::int - (before > 0)::int) AS second_won
    FROM credited JOIN recommender_experiment AS experiment ON experiment.key = {KEY} GROUP BY 1, 2, 3, 4
)
UPDATE recommender_experimentday AS known
SET first_won = known.first_won + counted.first_won, second_won = known.second_won + counted.second_won
FROM counted WHERE ({", ".join(f"known.{name}" for name in DAY.split(", "))})
    = ({", ".join(f"counted.{name}" for name in DAY.split(", "))})
"""

# Clicks that came after the start may be due to what the experiment shows.
COUNT_BEFORE = f"""
INSERT INTO recommender_experimentbaseline (experiment_id, user_id, {BEFORE})
SELECT %(experiment)s, shown.*, coalesce(done.acts, 0), coalesce(done.amount, 0) FROM (
    SELECT list.user_id, count(*) AS lists, sum(cardinality(list.items)) AS shown,
        coalesce(sum(acted.clicked), 0) AS clicked, coalesce(sum(acted.converted), 0) AS converted
    FROM recommender_servedlist AS list CROSS JOIN LATERAL (
        SELECT count(*) AS clicked, count(converted_at) FILTER (WHERE converted_at < %(start)s) AS converted
        FROM recommender_attribution AS act
        WHERE act.recommendation_id = list.recommendation_id AND act.served_at = list.served_at
            AND act.acted_at < %(start)s
    ) AS acted
    WHERE list.placement = %(placement)s AND list.user_id <> ''
        AND list.served_at >= %(start)s - %(period)s AND list.served_at < %(start)s
    GROUP BY list.user_id
) AS shown LEFT JOIN (
    SELECT person.user_id, count(*) AS acts,
        sum(event.value) FILTER (WHERE kind.is_conversion AND kind.scale_min IS NULL) AS amount
    FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    JOIN catalog_enduser AS person ON person.id = event.user_id
    WHERE event.occurred_at >= %(start)s - %(period)s AND event.occurred_at < %(start)s
        AND NOT event.undated AND NOT kind.is_negative AND kind.weight > 0 AND {COUNTS.format(event="event")}
    GROUP BY person.user_id
) AS done USING (user_id) ON CONFLICT DO NOTHING
"""


def _added(names: str) -> str:
    return ", ".join(f"{name} = known.{name} + excluded.{name}" for name in names.split(", "))


MERGE_DAYS = f"""
WITH moved AS (DELETE FROM recommender_experimentday WHERE user_id = %(visitor)s RETURNING *)
INSERT INTO recommender_experimentday AS known ({DAY}, {TOTALS}, {WON})
SELECT experiment_id, %(into)s, variant, day, {TOTALS}, {WON} FROM moved
ON CONFLICT ({DAY}) DO UPDATE SET {_added(TOTALS)}, {_added(WON)}
"""
MERGE_BEFORE = f"""
WITH moved AS (DELETE FROM recommender_experimentbaseline WHERE user_id = %(visitor)s RETURNING *)
INSERT INTO recommender_experimentbaseline AS known (experiment_id, user_id, {BEFORE})
SELECT experiment_id, %(into)s, {BEFORE} FROM moved
ON CONFLICT (experiment_id, user_id) DO UPDATE SET {_added(BEFORE)}
"""
