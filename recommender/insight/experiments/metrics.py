"""Name what experiments measure: each metric is a ratio of two totals per user."""

from collections.abc import Mapping
from dataclasses import dataclass

ONE = "one"
"""Stands for the user: a metric that is divided by it is a mean per user."""

TOTALS = ("lists", "shown", "clicked", "converted")
"""The columns of the daily totals."""


@dataclass(frozen=True, slots=True)
class MetricKind:
    """Say how a metric is made of a user's totals. More of each is better."""

    label: str
    numerator: str
    denominator: str = ONE


METRICS: Mapping[str, MetricKind] = {
    "click_rate": MetricKind("clicks per item shown", "clicked", "shown"),
    "clicks_per_user": MetricKind("clicks per user", "clicked"),
    "conversion_rate": MetricKind("conversions per item shown", "converted", "shown"),
    "conversions_per_user": MetricKind("conversions per user", "converted"),
    "lists_per_user": MetricKind("lists per user", "lists"),
}
