"""Define what one rule of a placement says: when it holds, what it does to lists, and how it is read and told."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from catalog.expressions import USER, VIEWED, Expression, parse
from catalog.filter_text import FilterText
from recsite.platform.exceptions import Invalid
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.values import Choice, Integer, Number, Text, ValueType, WrongValue

PIN, PIN_BEST, BLOCK, BOOST, BURY, AT_MOST, AT_LEAST = (
    "pin",
    "pin_best",
    "block",
    "boost",
    "bury",
    "at_most",
    "at_least",
)
NEEDS: Mapping[str, tuple[str, ...]] = {
    PIN: ("item", "position"),
    PIN_BEST: ("filter", "position"),
    BLOCK: ("filter",),
    BOOST: ("filter", "factor"),
    BURY: ("filter", "factor"),
    AT_MOST: ("count", "property", "first"),
    AT_LEAST: ("count", "filter", "first"),
}
"""By what a rule does: the fields that say how. Others have no place in it."""

TITLES: Mapping[str, str] = {
    PIN: "pin an item",
    PIN_BEST: "pin the best of a filter",
    BLOCK: "block a filter",
    BOOST: "boost a filter",
    BURY: "bury a filter",
    AT_MOST: "at most so many of one value",
    AT_LEAST: "at least so many of a filter",
}
PROPERTIES = ("category", "tags", "item_type", "creator")
MOST_RULES = 50
LAST_POSITION = 50
"""The last position that a pin, a limit or a requirement may name."""

LARGEST_FACTOR = 10
UTC = "UTC"
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class Audience(FilterText):
    """Read an expression over some properties alone."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = scopes

    def from_text(self, text: str) -> str:
        found = super().from_text(text)
        if unknown := parse(found).scopes - {*self.scopes}:
            known = " and ".join(f"{scope}." for scope in self.scopes)
            raise WrongValue(f"It names properties of {', '.join(sorted(unknown))}; here only {known} is known.")
        return found


@dataclass(frozen=True)
class Day(ValueType):
    def from_json(self, value: Any) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError) as error:
            raise WrongValue("A date is needed, such as 2026-03-31.") from error

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Hour(ValueType):
    def from_json(self, value: Any) -> str:
        if not isinstance(value, str) or not _HOUR.fullmatch(value):
            raise WrongValue("A time of day is needed, such as 18:30.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_HOUR.pattern}$"}


@cache
def _zones() -> frozenset[str]:
    """Read the names of the time zones once: they are files."""
    return frozenset(available_timezones())


@dataclass(frozen=True)
class Zone(ValueType):
    def from_json(self, value: Any) -> str:
        if not isinstance(value, str) or value not in _zones():
            raise WrongValue("A time zone is needed, such as Europe/Vienna or UTC.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


FIELDS: Fields = {
    "does": Field(Choice(tuple(NEEDS)), "What the rule does.", is_required=True),
    "item": Field(Text(), "The item to pin."),
    "filter": Field(FilterText(), "The items that it is about, as an expression (docs/FILTERS.md)."),
    "position": Field(Integer(1, LAST_POSITION), "Where the item is pinned, from 1 on."),
    "factor": Field(Number(1, LARGEST_FACTOR), "An item at position p moves as if to p / factor; buried, p · factor."),
    "count": Field(Integer(1, LAST_POSITION), "At most, or at least, so many items."),
    "property": Field(Choice(PROPERTIES), "Of each value of this property."),
    "first": Field(Integer(1, LAST_POSITION), "Among so many first positions."),
    "audience": Field(Audience(USER), "Only for users of whom this is true. Default: everybody."),
    "context": Field(Audience(VIEWED), "Only where this is true of the item that is looked at."),
    "starts": Field(Day(), "The first day, in the time zone."),
    "ends": Field(Day(), "The last day, in the time zone."),
    "from_hour": Field(Hour(), "From this time of day on. Later than the end: over midnight."),
    "until_hour": Field(Hour(), "Until before this time of day."),
    "time_zone": Field(Zone(), "Whose days and hours these are.", UTC),
    "note": Field(Text(200), "Why, for your colleagues, and in explanations."),
    "owner": Field(Text(150), "Whom to ask."),
}


class WrongRule(WrongValue):
    """Refuse a rule; `errors` has a sentence for each wrong field, so that forms can say it beside the field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {said}" for name, said in errors.items()))
        self.errors = dict(errors)


@dataclass(frozen=True)
class Rule:
    """Hold one rule, checked. The fields are those of FIELDS."""

    does: str
    item: str | None = None
    filter: str | None = None
    position: int | None = None
    factor: float | None = None
    count: int | None = None
    property: str | None = None
    first: int | None = None
    audience: str | None = None
    context: str | None = None
    starts: str | None = None
    ends: str | None = None
    from_hour: str | None = None
    until_hour: str | None = None
    time_zone: str = UTC
    note: str | None = None
    owner: str | None = None

    @classmethod
    def read(cls, value: Any) -> Self:
        """Return the rule that an object says; null stands for what is not given. Raises WrongRule."""
        given = {name: v for name, v in value.items() if v is not None} if isinstance(value, dict) else value
        try:
            found = cls(**read_fields(FIELDS, given))
        except Invalid as error:
            raise WrongRule(error.errors) from error
        if wrong := dict(_misfits(found)):
            raise WrongRule(wrong)
        return found

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> Self:
        """Return the rule of a stored revision; what is unknown is passed by."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def as_json(self) -> dict[str, Any]:
        """Return what the rule says, without what it doesn't."""
        own = {name: getattr(self, name) for name in FIELDS}
        return {name: value for name, value in own.items() if value is not None}

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Return everything that it asks: of items, users and the viewed item."""
        return tuple(parse(text) for text in (self.filter, self.audience, self.context) if text)

    @cached_property
    def is_always(self) -> bool:
        """Tell if it holds for everybody, at any time."""
        return not (self.audience or self.context or self.starts or self.ends or self.from_hour)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def holds_at(self, now: datetime) -> bool:
        """Tell if its days and hours include a moment, by the clock on the wall of its time zone.

        Hours over midnight belong to the day on which they begin, so no night is cut. An hour that a change of clocks
        repeats counts twice, one that it leaves out never comes.
        """
        day, clock = self._day(now), now.astimezone(self._zone).time()
        if (self.starts and day < date.fromisoformat(self.starts)) or self.has_ended(now):
            return False
        start, end = self._hours
        if start and end and start > end:
            return clock >= start or clock < end
        return (start is None or clock >= start) and (end is None or clock < end)

    def has_ended(self, now: datetime) -> bool:
        """Tell if its last day is over in its time zone, with the night that begins on it."""
        return bool(self.ends) and self._day(now) > date.fromisoformat(str(self.ends))

    @cached_property
    def _hours(self) -> tuple[time | None, time | None]:
        start, end = (time.fromisoformat(one) if one else None for one in (self.from_hour, self.until_hour))
        return start, end

    def _day(self, now: datetime) -> date:
        """Return the day to which a moment belongs: after midnight, in hours that began before, the day before."""
        local, (start, end) = now.astimezone(self._zone), self._hours
        is_night = bool(start and end and start > end and local.time() < end)
        return local.date() - timedelta(days=1) if is_night else local.date()

    def __str__(self) -> str:
        what = {
            PIN: f"pin {self.item} at position {self.position}",
            PIN_BEST: f"pin the best of {self.filter} at position {self.position}",
            BLOCK: f"block {self.filter}",
            BOOST: f"boost {self.filter} by {self.factor:.12g}" if self.factor else "",
            BURY: f"bury {self.filter} by {self.factor:.12g}" if self.factor else "",
            AT_MOST: f"at most {self.count} of each {self.property} in the first {self.first}",
            AT_LEAST: f"at least {self.count} of {self.filter} in the first {self.first}",
        }[self.does]
        conditions = " and ".join(f"if {text}" for text in (self.audience, self.context) if text)
        said = ", ".join(part for part in (f"{what} {conditions}".strip(), self._times()) if part)
        told = "; ".join(part for part in (self.note, self.owner and f"ask {self.owner}") if part)
        return f"{said} ({told})" if told else said

    def _times(self) -> str:
        """Say its days and hours, and by whose clock. Rules that differ must read differently: so all of it."""
        days = " ".join(f"{word} {day}" for word, day in (("from", self.starts), ("until", self.ends)) if day)
        hours = f"{self.from_hour} to {self.until_hour}" if self.from_hour else ""
        said = ", ".join(part for part in (days, hours) if part)
        if said:
            return f"{said} {self.time_zone}"
        return "" if self.time_zone == UTC else f"by the clock of {self.time_zone}"


def _misfits(rule: Rule) -> Iterator[tuple[str, str]]:
    needed = NEEDS[rule.does]
    for name in ("item", "filter", "position", "factor", "count", "property", "first"):
        if name in needed and getattr(rule, name) is None:
            yield name, f"It is needed to {TITLES[rule.does]}."
        elif name not in needed and getattr(rule, name) is not None:
            yield name, f"It has no place in a rule that is to {TITLES[rule.does]}."
    if rule.starts and rule.ends and rule.starts > rule.ends:
        yield "ends", "It is before the first day."
    if rule.count and rule.first and rule.count > rule.first:
        yield "count", "It is more than the positions."
    if (rule.from_hour is None) != (rule.until_hour is None):
        yield "until_hour", "Hours need both, a beginning and an end."
    elif rule.from_hour and rule.from_hour == rule.until_hour:
        yield "until_hour", "It is the same as the beginning: leave both out for the whole day."


@dataclass(frozen=True)
class Rules(ValueType):
    """Read the ordered list of a revision's rules."""

    def from_json(self, value: Any) -> tuple[Rule, ...]:
        if not isinstance(value, list | tuple):
            raise WrongValue("A list of rules is needed.")
        if len(value) > MOST_RULES:
            raise WrongValue(f"At most {MOST_RULES} rules are possible; these are {len(value)}.")
        return tuple(self._one(number, one) for number, one in enumerate(value, 1))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": described(FIELDS)["application/json"], "maxItems": MOST_RULES}

    def _one(self, number: int, value: Any) -> Rule:
        try:
            return Rule.read(value)
        except WrongValue as wrong:
            raise WrongValue(f"Rule {number}: {wrong}") from wrong
