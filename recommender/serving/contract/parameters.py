"""Declare what each list can be asked for, once: the API, its schema, the docs' table and Kafka requests follow it.

To add a parameter: a line in PARAMETERS, and a field of `Request` that serving reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings

from catalog.filter_text import FilterText
from catalog.validation import Id
from recommender.serving.candidates import HYBRID, METHODS, MIN_SUPPORT, TRENDING
from recsite.platform.moments import Moment
from recsite.platform.values import Boolean, Choice, Integer, Many, Number, Text, ValueType

MOST_VALUES = 100
MOST_USERS = 100
LARGEST_OFFSET = 10_000
LONGEST_WINDOW_DAYS = 365
LARGEST_SUPPORT = 1_000_000
LARGEST_SCORE = 1_000_000
"""Far beyond any score, and within the numbers of four bytes that scores are."""

LARGEST_RELEASE = 2**31 - 1

LONGEST_NAME = 50
"""Characters of the name of an algorithm or of a placement."""

MESSAGE_VERSION = 1

# The names of the lists. Those of a batch and those that are asked for by message are users' lists.
USER, SESSION, SIMILAR, BOUGHT_TOGETHER = "user", "session", "similar", "bought-together"
POPULAR, LATEST, TRENDING_NOW = "popular", "latest", "trending"
TITLES = {
    USER: "users' lists (alone, in a batch, by message)",
    SESSION: "session",
    SIMILAR: "similar",
    BOUGHT_TOGETHER: "bought-together",
    POPULAR: "popular",
    LATEST: "latest",
    TRENDING_NOW: "trending",
}
EVERY = frozenset(TITLES)
PERSONAL = frozenset((USER, SESSION))
SCORED = EVERY - {BOUGHT_TOGETHER}
FIELDS = ("item_type", "categories", "tags", "creator", "group", "published_at", "price")
"""What the catalogue in memory holds of an item besides its title."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Limit a parameter to these values of another one, on lists that take the other one."""

    other: str
    values: tuple[str, ...]
    """"" stands for the other parameter not being given."""

    @property
    def words(self) -> str:
        """Return the condition in words, such as: algorithm=hybrid or no algorithm."""
        return " or ".join(f"{self.other}={value}" if value else f"no {self.other}" for value in self.values)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Declare one parameter of a request."""

    name: str
    type: ValueType
    description: str
    lists: frozenset[str] = EVERY
    """The lists that take it; the others refuse it."""
    default: Any = None
    """What counts where it isn't given; None where nothing does."""
    conditions: tuple[Condition, ...] = ()
    is_required: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """Return its JSON schema."""
        return {**self.type.schema(), **({} if self.default is None else {"default": self.default})}


STRINGS = Many(Text(), MOST_VALUES)
SHARE = Number(0, 1)
ONLY_HYBRID = (Condition("algorithm", (HYBRID, "")), Condition("method", (HYBRID, "")))

PARAMETERS = (
    Parameter(
        "limit",
        Integer(1, settings.MAX_RECOMMENDATION_COUNT),
        f"Length of the list. Default: as the placement says, else {settings.DEFAULT_RECOMMENDATION_COUNT}.",
    ),
    Parameter("offset", Integer(0, LARGEST_OFFSET), "Items to skip, for the next page of the same list.", default=0),
    Parameter("categories", STRINGS, "Only items of any of these categories."),
    Parameter("tags", STRINGS, "Only items with any of these tags."),
    Parameter("item_type", Text(), "Only items of this type."),
    Parameter(
        "filter",
        FilterText(),
        'Only items of which this expression is true, such as `category == "Poetry" and price < 20` (docs/FILTERS.md).',
    ),
    Parameter("exclude", Many(Id(), MOST_VALUES), "Items to leave out, by item_id."),
    Parameter(
        "placement",
        Text(LONGEST_NAME),
        "Where the list is shown: a placement that staff have made for this kind of list. Its settings hold where the "
        "request has none of its own.",
        default="default",
    ),
    Parameter(
        "algorithm",
        Text(LONGEST_NAME),
        "A model of the live release that leads the list, or one inside its hybrid, which then ranks alone; for users "
        "also `latest` and `trending`. Default: as the placement says, else the release's leader.",
        PERSONAL | {SIMILAR},
        conditions=(Condition("method", (*METHODS[:2], "")),),
    ),
    Parameter(
        "release",
        Integer(1, LARGEST_RELEASE),
        "The release that makes the list, live or not, by its number: to look at, so the list never counts as shown. "
        "For keys with the scope `operate`, and for staff who may operate.",
        PERSONAL | {SIMILAR},
    ),
    Parameter(
        "min_score",
        Number(-LARGEST_SCORE, LARGEST_SCORE),
        "Only items with at least this score, on the scale of the source that leads.",
        SCORED,
    ),
    Parameter(
        "max_per_category",
        Integer(1, MOST_VALUES),
        "At most this many items of any one category, on all pages; of this and the placement's, the smaller holds.",
    ),
    Parameter(
        "diversity",
        SHARE,
        "The weight of unlikeness beside rank in the first hundred positions. Default: as the placement says.",
    ),
    Parameter(
        "collaborative_weight",
        SHARE,
        "The weight of what users did in the hybrid; with `content_weight` it sums to 1.",
        PERSONAL | {SIMILAR},
        conditions=ONLY_HYBRID,
    ),
    Parameter(
        "content_weight",
        SHARE,
        "The weight of what items are in the hybrid. Default: as the placement says, else as learned.",
        PERSONAL | {SIMILAR},
        conditions=ONLY_HYBRID,
    ),
    Parameter(
        "window_days",
        Integer(1, LONGEST_WINDOW_DAYS),
        "How many days back it looks: `trending` and `popular` at events, `latest` at dates of publication.",
        frozenset((USER, POPULAR, LATEST, TRENDING_NOW)),
        conditions=(Condition("algorithm", (TRENDING, POPULAR, LATEST)),),
    ),
    Parameter(
        "method",
        Choice(METHODS),
        "Similar by what users did (`collaborative`), by what items are (`content`), or by both.",
        frozenset((SIMILAR,)),
        default=HYBRID,
    ),
    Parameter(
        "min_support",
        Integer(1, LARGEST_SUPPORT),
        "Only items that at least this many users bought as well.",
        frozenset((BOUGHT_TOGETHER,)),
        default=MIN_SUPPORT,
    ),
    Parameter(
        "explain",
        Boolean(),
        "Say of each item why it is there: `reason`, `because` and `sources`.",
        default=False,
    ),
    Parameter(
        "fields",
        Many(Choice(FIELDS), len(FIELDS), is_unique=True),
        "What to tell of each item besides its title, in `fields`.",
    ),
)
BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

USER_ID = Parameter("user_id", Id(), "The user's id, as your own systems have it.", is_required=True)
ITEM_ID = Parameter("item_id", Id(), "The item's id, as your own systems have it.", is_required=True)


@dataclass(frozen=True)
class Operation:
    """Declare one way to ask for a list: the fields that it starts from, and the parameters that the list takes."""

    list: str
    starts_from: tuple[Parameter, ...] = ()
    """Fields of a body or a message; what stands in an address is read from there."""
    without: frozenset[str] = frozenset()
    """Parameters of the list that need a key, where nothing has one."""

    @cached_property
    def takes(self) -> Mapping[str, Parameter]:
        """Return all that may be given, by name."""
        taken = (one for one in PARAMETERS if self.list in one.lists and one.name not in self.without)
        return {one.name: one for one in (*self.starts_from, *taken)}

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters without the fields that it starts from."""
        return tuple(self.takes[name] for name in BY_NAME if name in self.takes)

    @cached_property
    def required(self) -> frozenset[str]:
        """Return the names of the fields that can't be left out."""
        return frozenset(one.name for one in self.starts_from if one.is_required)

    def conditions(self, parameter: Parameter) -> Iterator[Condition]:
        """Find the conditions of a parameter that can be broken on this list."""
        return (condition for condition in parameter.conditions if condition.other in self.takes)

    def refusal(self, name: str) -> str:
        """Return why the list has no parameter of this name, and where there is one."""
        if name not in BY_NAME:
            return f"There is no such parameter. Known: {', '.join(sorted(self.takes))}."
        if name in self.without:
            return "A message can't have it, since it needs a key: ask the API."
        meant = ", ".join(title for key, title in TITLES.items() if key in BY_NAME[name].lists)
        return f"This list does not take it. Lists that do: {meant}."


FOR_USER = Operation(USER)
FOR_USERS = Operation(
    USER,
    (
        Parameter(
            "user_ids",
            Many(Id(), MOST_USERS, 1, is_unique=True),
            "One list for each, in this order; each user once.",
            is_required=True,
        ),
    ),
)
FOR_SESSION = Operation(
    SESSION,
    (Parameter("items", Many(Id(), MOST_VALUES, 1), "The items viewed, by item_id, in that order.", is_required=True),),
)
FOR_EXPORT = Operation(
    USER,
    (
        Parameter("format", Choice(("jsonl", "csv", "parquet")), "Of the file.", default="jsonl"),
        Parameter("active_since", Moment(), "Only users who did something since then. Default: everybody."),
        Parameter("record", Boolean(), "Count the lists as shown, so that clicks can be told by them.", default=False),
    ),
)
BY_MESSAGE = Operation(
    USER,
    (
        Parameter("version", Choice((MESSAGE_VERSION,)), "The version of this form.", is_required=True),
        Parameter("request_id", Text(), "What the answer is found by.", is_required=True),
        USER_ID,
    ),
    without=frozenset(("release",)),
)
WHY_NOT = Operation(USER, (ITEM_ID,))
SIMILAR_ITEMS, ITEMS_BOUGHT_TOGETHER = Operation(SIMILAR), Operation(BOUGHT_TOGETHER)
POPULAR_ITEMS, LATEST_ITEMS, TRENDING_ITEMS = Operation(POPULAR), Operation(LATEST), Operation(TRENDING_NOW)
