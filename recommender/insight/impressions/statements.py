"""Hold the SQL of `rollup`, one statement a step; a temporary table hands the rows of one step to the next."""

from interactions.exclusions import COUNTS

GROUP = "day, kind, placement, placement_revision, algorithm, version, variant"
CURVE = 100
"""The last rank that has totals of its own: few users look further, and each rank costs a row a day."""

DAY_OF = "(served_at AT TIME ZONE 'UTC')::date"

HOUR_OF = "date_trunc('hour', served_at, 'UTC')"

TAKE_LISTS = f"""
CREATE TEMP TABLE taken ON COMMIT DROP AS
SELECT {DAY_OF} AS day, {HOUR_OF} AS hour, kind, placement, coalesce(placement_revision, 0) AS placement_revision,
    algorithm, coalesce(version, 0) AS version, variant, user_id, items, sources, first_rank
FROM recommender_servedlist WHERE id > %(after)s AND id <= %(until)s
"""

TOTALS = "lists, lists_clicked, lists_converted, places, places_clicked, places_converted, places_by_id, items"
COUNT_LISTS = f"""
INSERT INTO recommender_servedday AS served ({GROUP}, {TOTALS})
SELECT {GROUP}, count(*), 0, 0, sum(cardinality(items)), 0, 0, 0, 0 FROM taken GROUP BY {GROUP} ORDER BY {GROUP}
ON CONFLICT ({GROUP}) DO UPDATE SET lists = served.lists + excluded.lists, places = served.places + excluded.places
"""

HOUR = "hour, kind, placement, algorithm"
HOURLY = f"{HOUR}, lists, places, places_clicked, places_converted, answers, cache_hits, buckets"
COUNT_HOURS = f"""
INSERT INTO recommender_hourlyimpressions AS known ({HOURLY})
SELECT {HOUR}, count(*), sum(cardinality(items)), 0, 0, 0, 0, '{{}}' FROM taken GROUP BY {HOUR} ORDER BY {HOUR}
ON CONFLICT ({HOUR}) DO UPDATE SET lists = known.lists + excluded.lists, places = known.places + excluded.places
"""

PLACES = f"""
SELECT served.id AS served_id, place.item, place.source, taken.first_rank + place.number - 1 AS rank
FROM taken JOIN recommender_servedday AS served USING ({GROUP})
CROSS JOIN LATERAL unnest(taken.items, taken.sources) WITH ORDINALITY AS place (item, source, number)
"""
COUNT_PLACES = f"""
INSERT INTO recommender_servedrank AS one (served_id, rank, shown, clicked, converted)
SELECT served_id, rank, count(*), 0, 0 FROM ({PLACES}) AS place WHERE rank <= {CURVE} GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (served_id, rank) DO UPDATE SET shown = one.shown + excluded.shown
"""
COUNT_ITEMS = f"""
INSERT INTO recommender_serveditem AS one (served_id, item_id, shown, clicked, converted)
SELECT served_id, item, count(*), 0, 0 FROM ({PLACES}) AS place GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (served_id, item_id) DO UPDATE SET shown = one.shown + excluded.shown
"""
COUNT_DIFFERENT = f"""
UPDATE recommender_servedday AS served SET items = (
    SELECT count(*) FROM recommender_serveditem AS one WHERE one.served_id = served.id
) WHERE ({GROUP}) IN (SELECT DISTINCT {GROUP} FROM taken)
"""
# Of items that were erased meanwhile nothing is kept.
COUNT_EXPOSURES = """
INSERT INTO recommender_exposure AS one (item_id, day, shown)
SELECT item, day, count(*)
FROM taken CROSS JOIN LATERAL unnest(items, sources) AS place (item, source)
WHERE source = %(exploration)s AND EXISTS (SELECT FROM catalog_item WHERE id = item)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (item_id, day) DO UPDATE SET shown = one.shown + excluded.shown
"""

# A text that is no UUID names no list; casting it would end everything.
MATCH_FEEDBACK = f"""
CREATE TEMP TABLE matched ON COMMIT DROP AS
WITH act AS MATERIALIZED (
    SELECT event.event_id, event.item_id, event.occurred_at, person.user_id AS person, kind.is_conversion,
        CASE WHEN kind.is_conversion AND kind.scale_min IS NULL THEN event.value END AS amount,
        CASE WHEN context ->> 'recommendation_id' ~* '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
            THEN (context ->> 'recommendation_id')::uuid END AS named
    FROM interactions_interaction AS event
    JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    JOIN catalog_enduser AS person ON person.id = event.user_id
    WHERE event.id > %(after)s AND event.id <= %(until)s AND event.occurred_at >= event.received_at - %(late)s
        AND NOT event.undated AND NOT kind.is_negative AND kind.weight > 0
        AND {COUNTS.format(event="event")}
)
SELECT act.event_id, act.item_id, act.occurred_at, act.is_conversion, act.amount, list.by_id, list.recommendation_id,
    list.served_at, (list.served_at AT TIME ZONE 'UTC')::date AS day, list.kind, list.placement,
    coalesce(list.placement_revision, 0) AS placement_revision,
    list.algorithm, coalesce(list.version, 0) AS version, list.variant, list.user_id, list.teams,
    list.first_rank + array_position(list.items, act.item_id) - 1 AS rank
FROM act CROSS JOIN LATERAL (
    (SELECT true AS by_id, one.* FROM recommender_servedlist AS one
    WHERE one.recommendation_id = act.named AND act.item_id = ANY(one.items) LIMIT 1)
    UNION ALL
    (SELECT false, one.* FROM recommender_servedlist AS one
    WHERE one.user_id = act.person AND one.served_at <= act.occurred_at
        AND one.served_at > act.occurred_at - %(window)s AND act.item_id = ANY(one.items)
    ORDER BY one.served_at DESC, one.id DESC LIMIT 1)
    ORDER BY by_id DESC LIMIT 1
) AS list
"""

# `is_click`: the place was not clicked before; `converts`: nor converted. Only one process is here at a time.
FIND_NEW_FEEDBACK = """
CREATE TEMP TABLE news ON COMMIT DROP AS
WITH first AS (
    SELECT DISTINCT ON (recommendation_id, item_id) matched.*,
        min(occurred_at) FILTER (WHERE is_conversion) OVER (PARTITION BY recommendation_id, item_id) AS converted_at
    FROM matched ORDER BY recommendation_id, item_id, occurred_at, event_id
)
SELECT first.*, known.item_id IS NULL AS is_click,
    first.converted_at IS NOT NULL AND known.converted_at IS NULL AS converts
FROM first LEFT JOIN recommender_attribution AS known USING (recommendation_id, item_id, served_at)
WHERE known.item_id IS NULL OR (first.converted_at IS NOT NULL AND known.converted_at IS NULL)
"""
ATTRIBUTE = """
INSERT INTO recommender_attribution
    (recommendation_id, item_id, served_at, rank, event_id, acted_at, by_id, converted_at)
SELECT recommendation_id, item_id, served_at, rank, event_id, occurred_at, by_id, converted_at FROM news
ON CONFLICT (recommendation_id, item_id, served_at) DO UPDATE SET converted_at = excluded.converted_at
"""


def _count(flag: str) -> str:
    return f"count(*) FILTER (WHERE {flag})"


COUNT_PLACES_ACTED = f"""
INSERT INTO recommender_servedday AS served ({GROUP}, {TOTALS})
SELECT {GROUP}, 0, 0, 0, 0, {_count("is_click")}, {_count("converts")}, {_count("is_click AND by_id")}, 0
FROM news GROUP BY {GROUP} ORDER BY {GROUP}
ON CONFLICT ({GROUP}) DO UPDATE SET places_clicked = served.places_clicked + excluded.places_clicked,
    places_converted = served.places_converted + excluded.places_converted,
    places_by_id = served.places_by_id + excluded.places_by_id
"""
# A list counts with its first click and its first conversion, whatever place they are of.
COUNT_LISTS_ACTED = f"""
WITH list AS (
    SELECT {GROUP}, recommendation_id, bool_or(is_click) AS is_click, bool_or(converts) AS converts,
        count(*) FILTER (WHERE is_click) AS clicked, count(*) FILTER (WHERE converts) AS converted
    FROM news GROUP BY {GROUP}, recommendation_id
), known AS (
    SELECT recommendation_id, count(*) AS clicked, count(converted_at) AS converted
    FROM recommender_attribution WHERE recommendation_id IN (SELECT recommendation_id FROM list) GROUP BY 1
), first AS (
    SELECT {GROUP}, is_click AND list.clicked = known.clicked AS is_click,
        converts AND list.converted = known.converted AS converts
    FROM list JOIN known USING (recommendation_id)
), added AS (
    SELECT {GROUP}, {_count("is_click")} AS clicked, {_count("converts")} AS converted FROM first GROUP BY {GROUP}
)
UPDATE recommender_servedday AS served SET lists_clicked = served.lists_clicked + added.clicked,
    lists_converted = served.lists_converted + added.converted
FROM added WHERE ({", ".join(f"served.{name}" for name in GROUP.split(", "))})
    = ({", ".join(f"added.{name}" for name in GROUP.split(", "))})
"""
COUNT_RANKS_ACTED = f"""
INSERT INTO recommender_servedrank AS one (served_id, rank, shown, clicked, converted)
SELECT served.id, rank, 0, {_count("is_click")}, {_count("converts")}
FROM news JOIN recommender_servedday AS served USING ({GROUP}) WHERE rank <= {CURVE} GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (served_id, rank) DO UPDATE
    SET clicked = one.clicked + excluded.clicked, converted = one.converted + excluded.converted
"""
COUNT_ITEMS_ACTED = f"""
INSERT INTO recommender_serveditem AS one (served_id, item_id, shown, clicked, converted)
SELECT served.id, item_id, 0, {_count("is_click")}, {_count("converts")}
FROM news JOIN recommender_servedday AS served USING ({GROUP}) GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (served_id, item_id) DO UPDATE
    SET clicked = one.clicked + excluded.clicked, converted = one.converted + excluded.converted
"""
COUNT_HOURS_ACTED = f"""
INSERT INTO recommender_hourlyimpressions AS known ({HOURLY})
SELECT {HOUR_OF} AS hour, kind, placement, algorithm, 0, 0, {_count("is_click")}, {_count("converts")}, 0, 0, '{{}}'
FROM news GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT ({HOUR}) DO UPDATE SET places_clicked = known.places_clicked + excluded.places_clicked,
    places_converted = known.places_converted + excluded.places_converted
"""
COUNT_FEEDBACK = (COUNT_PLACES_ACTED, COUNT_LISTS_ACTED, COUNT_RANKS_ACTED, COUNT_ITEMS_ACTED, COUNT_HOURS_ACTED)
