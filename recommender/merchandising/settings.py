"""Define what a revision of a placement may set, once: API, forms, serving and history follow this table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from django.conf import settings

from catalog.filter_text import FilterText
from recommender.engine.algorithms import ALGORITHMS
from recommender.merchandising.rules import Rule, Rules
from recommender.models import Placement, ShownBy
from recsite.platform.exceptions import Invalid
from recsite.platform.request_fields import Field, Fields, read_fields
from recsite.platform.values import Choice, Integer, Many, Number

Kind = Placement.Kind
HYBRID = "hybrid"
IMPERSONAL = ("popular", "latest", "trending")
"""Sources that rank everything for everybody: these may follow where what leads has too little."""

LARGEST_SHARE = 0.5
LARGEST_RANDOMISED = 0.2
COOLEST, HOTTEST = 0.1, 2.0
LARGEST_CAP = 100
LONGEST_NEW_DAYS = 3_650
MOST_IMPRESSIONS = 1_000_000_000
EVERY = frozenset(Kind.values)
LED = frozenset((Kind.ANY, Kind.USER, Kind.SESSION, Kind.SIMILAR))
"""Kinds of lists that a model leads."""

FILLED = EVERY - {Kind.BOUGHT_TOGETHER}
EXPLORING = frozenset((Kind.ANY, Kind.USER))


LEADERS = tuple(dict.fromkeys((*ALGORITHMS, *IMPERSONAL)))
TABLE: Mapping[str, tuple[Field, frozenset[str], str]] = {
    "algorithm": (
        Field(
            Choice(LEADERS),
            "What leads the list: a model of the live release, or one inside its hybrid; for users also `latest` and "
            "`trending`. Where the live release has none such, and by default, what the release leads with.",
        ),
        LED,
        "leads",
    ),
    "content_weight": (
        Field(
            Number(0, 1),
            "The weight of what items are in the hybrid, beside what users did. Default: as `CONTENT_BASED_WEIGHT` "
            "says, else as learned.",
        ),
        LED,
        "content weight",
    ),
    "filter": (
        Field(
            FilterText(),
            'Only items of which this expression is true, such as `category == "Poetry" and price < 20`, beside what a '
            "request filters (docs/FILTERS.md).",
        ),
        EVERY,
        "filter",
    ),
    "diversity": (
        Field(Number(0, 1), "The weight of unlikeness beside rank in the first hundred positions.", 0.0),
        EVERY,
        "diversity",
    ),
    "max_per_category": (
        Field(Integer(1, LARGEST_CAP), "At most this many items of any one category, on all pages."),
        EVERY,
        "most of one category",
    ),
    "count": (
        Field(
            Integer(1, settings.MAX_RECOMMENDATION_COUNT),
            f"The length of a list whose request has no `limit`. Default: {settings.DEFAULT_RECOMMENDATION_COUNT}.",
        ),
        EVERY,
        "length",
    ),
    "fallbacks": (
        Field(
            Many(Choice(IMPERSONAL), len(IMPERSONAL), is_unique=True),
            "What follows, in this order, where what leads has too little. Popular items and then new ones come last "
            "in any case, so that no list stays empty.",
            (),
        ),
        FILLED,
        "followed by",
    ),
    "new_item_share": (
        Field(
            Number(0, LARGEST_SHARE),
            "The share of the positions that new items get: 0.1 is every tenth. 0: none.",
            0.1,
        ),
        EXPLORING,
        "share for new items",
    ),
    "new_for_days": (
        Field(Integer(1, LONGEST_NEW_DAYS), "For so many days an item counts as new.", 14),
        EXPLORING,
        "an item is new for days",
    ),
    "new_for_impressions": (
        Field(Integer(1, MOST_IMPRESSIONS), "After so many impressions as a new item it is new no longer.", 1_000),
        EXPLORING,
        "or until it has impressions",
    ),
    "randomised_share": (
        Field(
            Number(0, LARGEST_RANDOMISED),
            "The share of the answers whose order is drawn at random, so that releases and drafts can be estimated "
            "before anybody sees them (docs/ESTIMATES.md): 0.05 is every twentieth. 0: none.",
            0.0,
        ),
        EXPLORING,
        "randomised share",
    ),
    "temperature": (
        Field(
            Number(COOLEST, HOTTEST),
            "How far these answers stray from the order: at 0.1 hardly, at 0.5 the first item leads in six of ten "
            "lists, at 2 nearly everything may be anywhere.",
            0.5,
        ),
        EXPLORING,
        "temperature of randomised answers",
    ),
    "shown_by": (
        Field(
            Choice(tuple(ShownBy.values)),
            "What counts as shown in experiments: every `answer`, or only what clients name in an event of the type "
            "`impression` (`event`). An experiment keeps what it had at its start.",
            ShownBy.ANSWER.value,
        ),
        FILLED,
        "counts as shown",
    ),
    "rules": (Field(Rules(), "Rules, in order: of equals the first counts (docs/PLACEMENTS.md).", ()), EVERY, "rules"),
}
"""By name: the field, the kinds of lists that have it, and its label for staff."""


@dataclass(frozen=True, slots=True)
class ListSettings:
    """Hold the settings of one revision, checked. The fields are those of TABLE."""

    algorithm: str | None = None
    content_weight: float | None = None
    filter: str | None = None
    diversity: float = 0.0
    max_per_category: int | None = None
    count: int | None = None
    fallbacks: tuple[str, ...] = ()
    new_item_share: float = 0.1
    new_for_days: int = 14
    new_for_impressions: int = 1_000
    randomised_share: float = 0.0
    temperature: float = 0.5
    shown_by: str = ShownBy.ANSWER.value
    rules: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, kind: str, values: Any) -> Self:
        """Return the settings that somebody sends for a placement of this kind; null stands for the default.

        Raises Invalid with a sentence for everything that is wrong, also for what lists of this kind don't have.
        """
        given = {name: v for name, v in values.items() if v is not None} if isinstance(values, dict) else values
        found = cls(**read_fields(fields_of(), given))
        if wrong := dict(_misfits(kind, found)):
            raise Invalid(wrong)
        return found

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings of a stored revision: what it doesn't name is as usual, what is unknown is passed by."""
        known = {one.name for one in fields(cls)}
        own: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items() if n in known}
        own["rules"] = tuple(map(Rule.stored, own.get("rules", ())))
        return cls(**own)

    def as_json(self) -> dict[str, Any]:
        """Return the settings as they are stored and answered, all of them, in the order of TABLE."""
        own = {name: getattr(self, name) for name in TABLE} | {"rules": [rule.as_json() for rule in self.rules]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}


def fields_of(kind: str | None = None) -> Fields:
    """Return the fields that lists of this kind have, by name; of all kinds without one."""
    return {name: one for name, (one, kinds, _) in TABLE.items() if kind is None or kind in kinds}


def _misfits(kind: str, found: ListSettings) -> Any:
    usual = ListSettings()
    for name, (_, kinds, _) in TABLE.items():
        if kind not in kinds and getattr(found, name) != getattr(usual, name):
            titles = ", ".join(str(Kind(one).label) for one in Kind.values if one in kinds)
            yield name, f"Lists of this kind ({Kind(kind).label}) don't have it. Those that do: {titles}."
    if found.algorithm in IMPERSONAL and kind in (Kind.SESSION, Kind.SIMILAR):
        yield (
            "algorithm",
            f"{found.algorithm} is the same for everybody, so it can't lead a list that starts from items.",
        )
    if found.content_weight is not None and found.algorithm not in (None, HYBRID):
        yield "content_weight", f"It can be given only with {HYBRID} or no algorithm."


def in_words(name: str, value: Any) -> str:
    """Return the value of a setting in words for staff."""
    if value is None or value == ():
        return NOT_SET[name]
    if name == "shown_by":
        return str(ShownBy(value).label)
    if name in SHARES:
        return f"{round(100 * value, 1):g}%" if value else "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", then ".join(map(str, value)) if name != "rules" else "; ".join(_numbered(value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _numbered(rules: Sequence[Rule]) -> list[str]:
    return [f"{number}. {rule}" for number, rule in enumerate(rules, 1)]


SHARES = ("content_weight", "diversity", "new_item_share", "randomised_share")
NOT_SET: Mapping[str, str] = {
    "algorithm": "what the release leads with",
    "content_weight": "as learned",
    "filter": "none",
    "max_per_category": "any number",
    "count": f"{settings.DEFAULT_RECOMMENDATION_COUNT}, as usual",
    "fallbacks": "popular, then latest, as usual",
    "rules": "none",
}
