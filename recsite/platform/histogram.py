"""Count durations in buckets, which add up over processes, minutes and days; the one definition of the buckets."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate, zip_longest

EDGES = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the buckets in seconds; the last bucket has none.

Stored sums begin at the first bucket, so edges may be added behind these, and none between them. The last bucket of
sums from before an edge was added holds what took longer than the edge that was the last one then.
"""

SIZE = len(EDGES) + 1


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket of a duration."""
    return bisect_left(EDGES, seconds)


def added(*histograms: Iterable[int]) -> list[int]:
    """Return the sum of histograms, of whatever lengths."""
    return [sum(column) for column in zip_longest(*histograms, fillvalue=0)]


def adding(column: str) -> str:
    """Return the SQL that adds a row's histogram to the stored one, in an upsert that calls the stored row `known`."""
    return f"""{column} = (
        SELECT coalesce(array_agg(coalesce(old, 0) + coalesce(new, 0) ORDER BY number), '{{}}')
        FROM unnest(known.{column}, excluded.{column}) WITH ORDINALITY AS pair (old, new, number)
    )"""


def summing(column: str) -> str:
    """Return the SQL columns that sum a histogram over rows, bucket by bucket."""
    return ", ".join(f"coalesce(sum({column}[{number}]), 0)::bigint" for number in range(1, SIZE + 1))


def quantile(buckets: Sequence[int], share: float) -> float | None:
    """Return the seconds below which this share of the durations lies; linear within a bucket. None without any."""
    total = sum(buckets)
    if not total:
        return None
    wanted, ends = share * total, (0.0, *EDGES, EDGES[-1])
    for number, reached in enumerate(accumulate(buckets)):
        if reached >= wanted and buckets[number]:
            within = 1 - (reached - wanted) / buckets[number]
            return ends[number] + within * (ends[number + 1] - ends[number])
    return ends[-1]
