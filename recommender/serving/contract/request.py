"""Read requests for lists from the values of a query string, a body or a message."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.merchandising.rules import Rule
from recommender.serving.candidates import METHODS, MIN_SUPPORT
from recommender.serving.contract.parameters import Operation
from recsite.platform.exceptions import Invalid
from recsite.platform.values import ValueType, WrongValue, unknown_names

NEEDED = "It is needed."


class UnknownAlgorithm(Invalid):
    """Refuse an algorithm that can't lead the list."""

    def __init__(self, name: str, known: Collection[str], release: int = 0) -> None:
        named, where = ", ".join(sorted(known)), f"release {release}" if release else "the live release"
        super().__init__({"algorithm": f"There is no algorithm {name!r} in {where}. Known: {named}."})


class UnknownItem(Invalid):
    """Refuse items that the catalogue doesn't have; `sentence` is without the field's name."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"items": sentence})
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request for a list; `parameters` has the bounds, which the doors check."""

    user_id: str = ""
    """Whose list it is, or who is going to see it; empty where nobody is named."""
    limit: int = 0
    """0 for the length that the placement says."""
    offset: int = 0
    model: int = 0
    """The model that leads the live release's lists in the place of its like, as staff look at it; 0 for none."""
    items: Sequence[str] = ()
    """The items that the list starts from, by the ids of the outside: of a session, or the one others are like."""
    algorithm: str = ""
    """What leads the list; empty for what the release leads with."""
    release: int = 0
    """The release that makes the list, live or not; 0 for the live one. A list of a named one is never recorded."""
    categories: Collection[str] = ()
    every_category: Collection[str] = ()
    """Only items of all of these categories."""
    tags: Collection[str] = ()
    item_type: str = ""
    filter: str = ""
    """An expression that is true of the items, in its one form; empty for all."""
    placement_filter: str = ""
    """The expression of the placement, which has to be true as well."""
    rules: Sequence[tuple[int, Rule]] = ()
    """The placement's rules whose days and hours are now, by their numbers."""
    exclude: Collection[str] = ()
    """Items, by the ids of the outside."""
    min_score: float | None = None
    max_per_category: int = 0
    """0 for any number. Where the placement has a cap as well, the smaller one holds."""
    diversity: float | None = None
    """None for that of the placement."""
    content_weight: float | None = None
    """The weight of content in the hybrid, of 1; None for the weight of the placement, or the learned one."""
    window_days: int = 0
    """0 for the usual window."""
    placement: str = ""
    """Empty for `default`."""
    kind: str = ""
    """The kind of list that is asked for, by the names of `parameters.TITLES`; empty: a user's."""
    method: str = METHODS[0]
    """How similar items are found: one of `candidates.METHODS`."""
    min_support: int = MIN_SUPPORT
    explain: bool = False
    """With it each item has its reason, for which the user's history is read."""
    fields: Sequence[str] = ()
    """What is told of each item besides its title: see `parameters.FIELDS`."""
    known: Collection[str] = ()
    """Digests of lists that the client has: such a list is not sent again, so it isn't recorded as shown."""
    is_shown: bool = True
    """False for staff, whose look-ups count nowhere."""
    is_shown_cold: bool = True
    """False where a list isn't shown to a user of whom nothing is known."""

    @property
    def is_recorded(self) -> bool:
        """Tell if the list counts as shown: one of a release or a model that somebody named is only looked at."""
        return self.is_shown and not self.release and not self.model

    @property
    def has_filters(self) -> bool:
        return bool(self.categories or self.every_category or self.tags or self.item_type or self.exclude)


Values = dict[str, Any]


def from_query(operation: Operation, given: Iterable[tuple[str, Sequence[str]]]) -> Values:
    """Return the checked values of a query string, given the texts of each parameter. Raises Invalid."""
    return _read(operation, given, lambda type_, texts: type_.from_query(texts))


def from_json(operation: Operation, body: Any) -> Values:
    """Return the checked values of an object of JSON. Raises Invalid."""
    if not isinstance(body, dict):
        raise Invalid({"body": "An object is needed."})
    return _read(operation, body.items(), lambda type_, value: type_.from_json(value))


def _read(operation: Operation, given: Iterable[tuple[str, Any]], read: Callable[[ValueType, Any], Any]) -> Values:
    values: Values = {}
    wrong: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in given:
        if (parameter := operation.takes.get(name)) is None:
            unknown.append(name)
            continue
        try:
            values[name] = read(parameter.type, value)
        except WrongValue as error:
            wrong[name] = str(error)
    if unknown:
        wrong.update(unknown_names(unknown, operation.refusal))
    for name in operation.required - values.keys() - wrong.keys():
        wrong[name] = NEEDED
    wrong = dict(_broken_conditions(operation, values)) | wrong
    if "collaborative_weight" in values:
        values["content_weight"] = _content_weight(values, wrong)
    if wrong:
        raise Invalid(wrong)
    return values


def _broken_conditions(operation: Operation, values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Find parameters that do not fit the values of others."""
    for name in values:
        for condition in operation.conditions(operation.takes[name]) if name in operation.takes else ():
            if values.get(condition.other, "") not in condition.values:
                yield name, f"It can be given only with {condition.words}."


def _content_weight(values: Values, wrong: dict[str, str]) -> float | None:
    """Return the weight of content that either weight, or both, ask for."""
    collaborative, content = values.pop("collaborative_weight"), values.get("content_weight")
    if content is not None and abs(collaborative + content - 1) > 1e-6:
        wrong["content_weight"] = "It and collaborative_weight must sum to 1."
    return round(1 - collaborative, 6)
