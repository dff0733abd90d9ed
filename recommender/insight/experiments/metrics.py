"""Name what experiments measure: each metric is a ratio of two totals, per user or per answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ONE = "one"
"""Stands for the user: a metric that is divided by it is a mean per user."""

BEFORE = ("lists", "shown", "clicked", "converted", "acts", "amount")
"""The totals that are known of the weeks before as well."""

TOTALS = (*BEFORE, "varied")
"""The columns of the daily totals of a user."""

OF_BEFORE = "_before"
"""Follows the name of a total of the weeks before."""


@dataclass(frozen=True, slots=True)
class MetricKind:
    """Say how a metric is made of totals, and what it may be used for."""

    label: str
    numerator: str
    denominator: str = ONE
    unit: str = ""
    more_is_better: bool = True
    absolute: bool = False
    """Its guardrail's margin is in its own unit: it may well be 0, and then a share of it means nothing."""
    decides: bool = True
    """It may be the primary metric: what users do, not how lists are made."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Return its totals: of now, then of the weeks before; empty where these are not known."""
        parts = (self.numerator, self.denominator)
        return (*parts, *(f"{one}{OF_BEFORE}" if one in BEFORE else one if one == ONE else "" for one in parts))


OF_USERS: Mapping[str, MetricKind] = {
    "click_rate": MetricKind("clicks per item shown", "clicked", "shown"),
    "clicks_per_user": MetricKind("clicks per user", "clicked"),
    "conversion_rate": MetricKind("conversions per item shown", "converted", "shown"),
    "conversions_per_user": MetricKind("conversions per user", "converted"),
    "lists_per_user": MetricKind("lists per user", "lists"),
    "acts_per_user": MetricKind("acts per user", "acts"),
    "amount_per_user": MetricKind("amount per user", "amount"),
    "diversity": MetricKind("diversity", "varied", "lists", decides=False),
}
"""Users are the unit: each is one observation, with their totals so far."""

OF_ANSWERS: Mapping[str, MetricKind] = {
    "latency": MetricKind("latency", "milliseconds", "answers", "ms", more_is_better=False, decides=False),
    "errors": MetricKind("error rate", "errors", "asked", more_is_better=False, absolute=True, decides=False),
}
"""What a process made within about a second is the unit: answers of one moment are slow together."""

METRICS: Mapping[str, MetricKind] = {**OF_USERS, **OF_ANSWERS}
DECIDING = tuple(name for name, kind in METRICS.items() if kind.decides)
"""Those that may be the primary metric."""

Term = tuple[str, ...]


def term(*columns: str) -> Term | None:
    """Return what a sum or a product of columns is made of: no factor is a count, None is always 0."""
    return tuple(sorted(one for one in columns if one != ONE)) if all(columns) else None


def _terms(columns: tuple[str, ...]) -> Iterator[Term | None]:
    for number, one in enumerate(columns):
        yield term(one)
        for other in columns[number:]:
            yield term(one, other)


TERMS: tuple[Term, ...] = tuple(sorted({one for kind in OF_USERS.values() for one in _terms(kind.columns) if one}))
"""Every sum and product over users that some metric needs, once. Their order is that of `ExperimentSums.sums`."""

ANSWER_TERMS: tuple[Term, ...] = tuple(
    sorted({one for kind in OF_ANSWERS.values() for one in _terms(kind.columns) if one})
)
"""The same over what processes made. Their order is that of `ExperimentAnswers.sums`."""
