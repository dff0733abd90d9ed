"""Expressions made at random, each beside what it means: a plain function of a plain item, without any code of ours.

An item is a dict: `categories`, `tags`, `item_type`, `creator`, `features` (as JSON), `published` and `added` in Unix
seconds. What is known of the user and of the viewed item is another dict.
"""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

Item = dict[str, Any]
Means = Callable[[Item, Item, float], bool]
Drawn = tuple[str, Means]
WORDS = ["Novels", "Poetry", "x", "y", "red", 'rot "é"', "7.90", "nothing", "Ödön", ""]
NUMBERS = [-1.0, 0.0, 7.9, 12.5, 38.0, 40.0, 320.0, 1815.0]
DAYS = [date(2019, 12, 31), date(2020, 1, 2), date(2026, 2, 28)]
KEYS = ["price", "sizes", "used", "page count", "colour", "year", "mixed", "unheard"]
DECIMAL = set("0123456789.-")


def known_values(value: Any) -> list[Any]:
    """What a feature holds, as a list of texts, numbers and booleans; a text that reads as a number is both."""
    found = value if isinstance(value, list) else [value]
    plain = [one for one in found if isinstance(one, bool | str | int | float)]
    return plain + [float(one) for one in plain if isinstance(one, str) and reads_as_number(one)]


def reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text != "" and set(text) <= DECIMAL and text[-1] != "." and text.lstrip("-")[0] != "."


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def features_named(key: str) -> Callable[[Item, Item, float], list[Any]]:
    return lambda item, _, __: known_values(item["features"].get(key))


def priced(item: Item, _: Item, __: float) -> list[Any]:
    return [one for one in known_values(item["features"].get("price")) if number(one)]


def days_old(item: Item, _: Item, now: float) -> list[Any]:
    since = item["added"] if item["published"] is None else item["published"]
    days = math.floor((now - since) / 86_400)
    return [days] if days >= 0 else []


def labelled(field: str) -> Callable[[Item, Item, float], list[Any]]:
    return lambda item, _, __: (
        list(item[field]) if isinstance(item[field], list) else [item[field]] if item[field] else []
    )


TEXTS = {
    "category": labelled("categories"),
    "tags": labelled("tags"),
    "item_type": labelled("item_type"),
    "creator": labelled("creator"),
}
FEATURES = {f'features."{key}"' if " " in key else f"features.{key}": features_named(key) for key in KEYS}
NUMERIC = {"price": priced, "age_days": days_old, **FEATURES}
ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}
CONTEXT_TEXTS = {
    "user.segment": "segment",
    "user.country": "country",
    "user.categories": "liked",
    "viewed.category": "categories",
    "viewed.creator": "creator",
}


def quoted(text: str) -> str:
    return '"' + "".join("\\" + letter if letter in '"\\' else letter for letter in text) + '"'


def same_text(value: Any, wanted: str) -> bool:
    return isinstance(value, str) and value == wanted


@st.composite
def text_term(draw: st.DrawFn) -> Drawn:
    name = draw(st.sampled_from([*TEXTS, *FEATURES]))
    read = {**TEXTS, **FEATURES}[name]
    wanted = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))

    def any_of(item: Item, context: Item, now: float) -> bool:
        return any(same_text(value, word) for value in read(item, context, now) for word in wanted)

    def all_of(item: Item, context: Item, now: float) -> bool:
        return all(any(same_text(value, word) for value in read(item, context, now)) for word in wanted)

    listed = "(" + ", ".join(map(quoted, wanted)) + ")"
    forms: list[Drawn] = [
        (f"{name} in {listed}", any_of),
        (f"{name} not in {listed}", lambda *given: not any_of(*given)),
    ]
    if name in ("category", "tags") or name in FEATURES:
        forms += [
            (f"{name} has any {listed}", any_of),
            (f"{name} has all {listed}", all_of),
            (f"{name} has none {listed}", lambda *given: not any_of(*given)),
        ]
    if len(wanted) == 1:
        one = quoted(wanted[0])
        forms = [(f"{name} == {one}", any_of), (f"{name} != {one}", lambda *given: not any_of(*given))]
    return draw(st.sampled_from(forms))


@st.composite
def number_term(draw: st.DrawFn) -> Drawn:
    name, sign, wanted = (
        draw(st.sampled_from([*NUMERIC])),
        draw(st.sampled_from([*ORDER])),
        draw(st.sampled_from(NUMBERS)),
    )
    read, compare = NUMERIC[name], ORDER[sign]
    return f"{name} {sign} {wanted}", lambda *given: any(number(one) and compare(one, wanted) for one in read(*given))


@st.composite
def date_term(draw: st.DrawFn) -> Drawn:
    sign, day = draw(st.sampled_from([*ORDER])), draw(st.sampled_from(DAYS))

    def means(item: Item, _: Item, __: float) -> bool:
        if item["published"] is None:
            return False
        at = datetime.fromtimestamp(item["published"], UTC).date()
        return bool(ORDER[sign](at.toordinal(), day.toordinal()))

    return f"published_at {sign} {day}", means


@st.composite
def time_term(draw: st.DrawFn) -> Drawn:
    sign, day = draw(st.sampled_from([*ORDER])), draw(st.sampled_from(DAYS))
    at = datetime.combine(day, time(3, 4, 5), UTC)
    zoned = f"{(at + timedelta(hours=2)).replace(tzinfo=None).isoformat()}+02:00"

    def means(item: Item, _: Item, __: float) -> bool:
        return item["published"] is not None and ORDER[sign](math.floor(item["published"]), at.timestamp())

    return f"published_at {sign} {draw(st.sampled_from([zoned, at.strftime('%Y-%m-%dT%H:%M:%SZ')]))}", means


@st.composite
def flag_term(draw: st.DrawFn) -> Drawn:
    wanted = draw(st.booleans())
    name = draw(st.sampled_from([*FEATURES]))
    forms: list[Drawn] = [
        (f"{name} == {str(wanted).lower()}", lambda *given: any(one is wanted for one in FEATURES[name](*given))),
        ("is_new", lambda *given: any(days < 30 for days in days_old(*given))),
        ("is_new == false", lambda *given: not any(days < 30 for days in days_old(*given))),
    ]
    return draw(st.sampled_from(forms))


@st.composite
def missing_term(draw: st.DrawFn) -> Drawn:
    every: dict[str, Callable[[Item, Item, float], list[Any]]] = {**TEXTS, **NUMERIC}
    every["published_at"] = lambda item, _, __: [] if item["published"] is None else [1]
    name = draw(st.sampled_from([*every]))
    forms: list[Drawn] = [
        (f"{name} is missing", lambda *given: every[name](*given) == []),
        (f"{name} is not missing", lambda *given: every[name](*given) != []),
    ]
    return draw(st.sampled_from(forms))


@st.composite
def context_term(draw: st.DrawFn) -> Drawn:
    name, known = draw(st.sampled_from([*CONTEXT_TEXTS.items()]))
    word, left = draw(st.sampled_from(WORDS)), draw(st.sampled_from([*TEXTS]))

    def of_context(context: Item) -> list[Any]:
        value = context.get(known)
        return value if isinstance(value, list) else [] if value is None else [value]

    def shares(item: Item, context: Item, now: float) -> bool:
        return any(value in of_context(context) for value in TEXTS[left](item, context, now))

    def cheaper(item: Item, context: Item, now: float) -> bool:
        other = context.get("price")
        return other is not None and any(one <= other for one in priced(item, context, now))

    forms: list[Drawn] = [
        (f"{name} == {quoted(word)}", lambda _, context, __: word in of_context(context)),
        (f"{name} is missing", lambda _, context, __: of_context(context) == []),
        (f"{left} == {name}", shares),
        (f"{left} not in {name}", lambda *given: not shares(*given)),
        ("price <= viewed.price", cheaper),
    ]
    return draw(st.sampled_from(forms))


def joined(inner: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    def by(word: str, decide: Callable[[Any], bool]) -> Callable[[list[Drawn]], Drawn]:
        def join(parts: list[Drawn]) -> Drawn:
            text = f" {word} ".join(f"({part})" for part, _ in parts)
            return text, lambda *given: decide(means(*given) for _, means in parts)

        return join

    some = st.lists(inner, min_size=2, max_size=3)
    negated = inner.map(lambda part: (f"NOT ({part[0]})", lambda *given: not part[1](*given)))
    return st.one_of(some.map(by("and", all)), some.map(by("or", any)), negated)


TERMS = st.one_of(text_term(), number_term(), date_term(), time_term(), flag_term(), missing_term(), context_term())
EXPRESSIONS = st.recursive(TERMS, joined, max_leaves=8)
