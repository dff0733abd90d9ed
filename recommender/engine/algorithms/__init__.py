"""Register the algorithms: one entry of ALGORITHMS is all that the product needs to offer one.

Nothing heavy is imported before it is asked for.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, cast

from recommender.engine.lookup import find
from recommender.engine.types import Algorithm

HERE = "recommender.engine.algorithms"
TOKENS, SKIPS = "tokens", "skips"


@dataclass(frozen=True)
class Range:
    """Bound the values of a setting: whole numbers where both ends are, `log` for orders of magnitude."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Registration:
    """Describe an algorithm: its class, what staff read of it, what tuning may change, and its part in a release."""

    path: str
    """The dotted path of the settings class."""
    source: int
    """Its number in cached lists and impressions: never changed, and never given to another."""
    label: str
    """The ground of its lists, in one or two sentences for staff."""
    space: Mapping[str, Range] = field(default_factory=dict)
    """The settings that tuning searches; empty where the algorithm chooses for itself."""
    rating_order: int = 0
    """In a release, the model with the lowest number predicts the ratings; 0: it predicts none."""
    reads: frozenset[str] = frozenset()
    """The data it learns from besides events: TOKENS of items, SKIPS of what users were shown. Both read slowly."""
    weight: float = 0.0
    """Its weight in a release that has it for the first time: the heaviest leads, the others fill gaps."""


ALGORITHMS: Mapping[str, Registration] = {
    "svd": Registration(
        f"{HERE}.svd.SVD",
        source=0,
        label="What they would probably rate highest, as everybody's ratings tell.",
        space={
            "n_factors": Range(10, 150, log=True),
            "n_epochs": Range(10, 80),
            "lr": Range(0.002, 0.02, log=True),
            "reg": Range(0.01, 0.3, log=True),
        },
        rating_order=2,
        weight=1.0,
    ),
    "als": Registration(
        f"{HERE}.als.ALS",
        source=6,
        label="What users of a like taste choose, whatever they rate.",
        space={
            "n_factors": Range(16, 256, log=True),
            "n_epochs": Range(5, 30),
            "reg": Range(0.001, 10.0, log=True),
            "alpha": Range(0.5, 80.0, log=True),
            "passed_over": Range(0.0, 2.0),
        },
        reads=frozenset({SKIPS}),
    ),
    "baseline": Registration(
        f"{HERE}.baseline.Baseline",
        source=9,
        label="What most users rate highly, and how this user rates.",
        rating_order=4,
    ),
    "bpmf": Registration(
        f"{HERE}.bpmf.BPMF",
        source=8,
        label="What they would probably rate highest; how sure that is, is known as well.",
        space={"n_factors": Range(4, 30), "n_samples": Range(10, 40), "burn_in": Range(10, 60)},
        rating_order=1,
    ),
    "content": Registration(
        f"{HERE}.content.Content",
        source=12,
        label="Items that share creators, categories, tags and words with the user's items.",
        reads=frozenset({TOKENS}),
    ),
    "ease": Registration(
        f"{HERE}.ease.EASE",
        source=4,
        label="What goes with their items, all of them together.",
        space={"reg": Range(5.0, 2_000.0, log=True), "power": Range(0.5, 2.5)},
    ),
    "hybrid": Registration(
        f"{HERE}.hybrid.Hybrid",
        source=7,
        label="Several sources together: which one counts how much depends on how much is known of the user.",
        reads=frozenset({TOKENS, SKIPS}),
        weight=2.0,
    ),
    "item_knn": Registration(
        f"{HERE}.item_knn.ItemKNN",
        source=5,
        label="Items chosen by users who chose the user's items as well.",
        space={"k": Range(10, 400, log=True), "shrinkage": Range(0.0, 100.0), "power": Range(0.5, 2.5)},
    ),
    "nmf": Registration(
        f"{HERE}.nmf.NMF",
        source=11,
        label="What they would probably rate highest, by tastes that add up.",
        space={"n_factors": Range(10, 100), "n_epochs": Range(30, 150), "reg": Range(0.02, 0.4, log=True)},
        rating_order=3,
    ),
    "segment_popular": Registration(
        f"{HERE}.segment_popular.SegmentPopular",
        source=14,
        label="Items that users of the same age, country or the like choose.",
    ),
    "popular": Registration(
        f"{HERE}.popular.Popular",
        source=2,
        label="Items that most users liked, without those this user has seen. The score adds up all events.",
        space={"ceiling": Range(1.0, 30.0, log=True)},
    ),
    "trending": Registration(
        f"{HERE}.trending.Trending",
        source=10,
        label="Items with most recent events, without those this user has seen. The score counts events.",
        space={"half_life_days": Range(0.5, 60.0, log=True), "window_days": Range(7.0, 180.0, log=True)},
    ),
}
"""By name. What is served without a model has numbers of its own: see `recommender.cache.lists`."""

RATING_MODELS = tuple(
    sorted(
        (name for name, one in ALGORITHMS.items() if one.rating_order), key=lambda name: ALGORITHMS[name].rating_order
    )
)
"""The algorithms whose models predict ratings, the preferred one first."""


def create(name: str, **settings: Any) -> Algorithm:
    """Create the algorithm called `name`; ValueError where the name, a setting or a value is wrong."""
    algorithm = find({known: one.path for known, one in ALGORITHMS.items()}, name, "algorithm")
    known = [field.name for field in fields(algorithm)]
    for setting in settings:
        if setting not in known:
            raise ValueError(f"{name} has no setting {setting!r}; it has: {', '.join(known) or 'none'}.")
    created: Algorithm = algorithm(**settings)
    return created


def create_from_json(name: str, settings: Mapping[str, Any]) -> Algorithm:
    """Create an algorithm of settings as they are stored, lists for tuples; ValueError where a type is wrong."""
    usual = defaults(name)
    for setting, value in settings.items():
        if setting in usual:
            _check_type(setting, value, type(usual[setting]))
    return create(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()})


def defaults(name: str) -> dict[str, Any]:
    """Return the settings that an algorithm has where none are given, as they are stored; ValueError for no name."""
    return settings_of(create(name))


def settings_of(algorithm: Algorithm) -> dict[str, Any]:
    """Return the settings of an algorithm as they are stored."""
    own = asdict(cast(Any, algorithm))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}


def _check_type(setting: str, value: object, wanted: type) -> None:
    value = list(value) if isinstance(value, tuple) else value
    if type(value) is not wanted and not (wanted is float and type(value) is int):
        needed = {int: "a whole number", float: "a number", bool: "true or false", list: "a list of names"}.get(
            wanted, "a text"
        )
        raise ValueError(f"{setting} is {value!r}, but {needed} is needed.")
