"""Masks say of each item what a slow interpreter says, on arrays and on changed rows, and are kept while they hold."""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.expressions import Context, parse
from catalog.expressions.tree import Node
from catalog.models import Item
from catalog.snapshot import Filter, Snapshot, advancing, changes, expressions, files, mask
from catalog.snapshot.base import NO_DATE
from catalog.snapshot.changes import Record
from tests import factories
from tests.catalog.catalogues import made, marked, record
from tests.catalog.slow_filters import EXPRESSIONS, WORDS, Drawn

pytestmark = pytest.mark.django_db
NOW = 1_790_000_040.0
FEATURES: list[Any] = [
    12.5,
    "7.90",
    [38, 40, "x"],
    True,
    [True, False],
    None,
    {"inner": 1},
    "red",
    'rot "é"',
    [],
    1815,
    "",
]
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"segment": ["x", "age:30-39"], "country": "red", "liked": ["Novels", "Poetry"]},
    {"categories": ["Novels", "x"], "creator": "Ödön", "price": 12.5},
]


def an_item(rng: random.Random) -> dict[str, Any]:
    features = {
        key: rng.choice(FEATURES) for key in ("price", "sizes", "used", "page count", "colour", "year", "mixed")
    }
    kept = {key: value for key, value in features.items() if rng.random() < 0.6}
    creator = rng.choice([{}, {"creator": "Ödön"}, {"creator": "red"}])
    return {
        "categories": rng.sample(["Novels", "Poetry", "x"], rng.randrange(3)),
        "tags": rng.sample(WORDS[:5], rng.randrange(3)),
        "item_type": rng.choice(["", "red", "x"]),
        "features": {**kept, **creator},
        "published_at": rng.choice(
            [None, datetime(2020, 1, 2, 3, 4, 5, 900_000, tzinfo=UTC), at(-40), at(-13.9), at(-14), at(0.001), at(3)]
        ),
        "created_at": rng.choice([at(-1), at(-100)]),
    }


def at(days: float) -> datetime:
    return datetime.fromtimestamp(NOW, UTC) + timedelta(days=days)


def plain(item: Item) -> dict[str, Any]:
    features = json.loads(json.dumps(item.features))
    return {
        "categories": item.categories,
        "tags": item.tags,
        "item_type": item.item_type,
        "creator": features.get("creator", ""),
        "features": features,
        "published": item.published_at and item.published_at.timestamp(),
        "added": item.created_at.timestamp(),
    }


def known(context: dict[str, Any]) -> Context:
    names = {"segment": "user.segment", "country": "user.country", "liked": "user.categories"}
    viewed = {"categories": "viewed.category", "creator": "viewed.creator", "price": "viewed.price"}
    return Context({name: context.get(key) for key, name in {**names, **viewed}.items()}, new_for_days=30)


def test_masks_say_what_a_slow_interpreter_says(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(13)
    for _ in range(40):
        factories.item(**an_item(rng))
    stored = files.built_in_memory()
    before = Snapshot.of(stored.base, NOW)
    for item in Item.objects.order_by("pk")[:12]:
        Item.objects.filter(pk=item.pk).update(**an_item(rng))
    for _ in range(8):
        factories.item(**an_item(rng))
    found = changes.since(stored.position)
    assert found is not None
    patched = advancing.patched(before, found)
    monkeypatch.setattr(expressions, "clock", lambda: NOW)
    items = {item.item_id: plain(item) for item in Item.objects.all()}
    whole = Snapshot.of(files.built_in_memory().base, NOW)
    truths = set()

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(EXPRESSIONS, st.sampled_from(CONTEXTS))
    def check(drawn: Drawn, context: dict[str, Any]) -> None:
        text, means = drawn
        expression = parse(text)
        assert parse(expression.text) == expression
        wanted = {name for name, item in items.items() if means(item, context, end_of_minute(NOW))}
        truths.add(len(wanted))
        # Arrays alone; records alone, for the rows that changed; and a kept mask of before, patched in them.
        mask(before, expression, known(context))
        for catalogue in (whole, patched):
            held = mask(catalogue, expression, known(context))
            assert marked(catalogue, held.mask) == wanted, (text, str(expression))
            assert held.count == len(wanted)

    check()
    assert len(truths) > 20, "The expressions told little apart."


def end_of_minute(now: float) -> float:
    return (now // 60 + 1) * 60


def test_an_expression_joins_the_other_filters_and_what_is_available() -> None:
    catalogue = made(
        [
            record(1, categories=("Novels",), features=(("price", 5.0),)),
            record(2, categories=("Novels",), features=(("price", 50.0),)),
            record(3, features=(("price", 5.0),)),
            record(4, categories=("Novels",), features=(("price", 5.0),), switched_on=False),
            record(5, categories=("Novels",), features=(("price", 5.0),), group="g"),
            record(6, categories=("Novels",), features=(("price", 5.0),), group="g"),
        ]
    )
    beside = Filter(frozenset(["Novels"]), frozenset(), "")
    found = mask(catalogue, parse("price < 10"), None, beside)
    assert (marked(catalogue, found.mask), found.count) == ({"1", "5", "6"}, 2)
    everything = mask(catalogue, parse("price < 10 or price >= 10 or user.country is missing"), None, beside)
    assert marked(catalogue, everything.mask) == {"1", "2", "5", "6"}
    nothing = mask(catalogue, parse('user.country == "AT"'), None, beside)
    assert (marked(catalogue, nothing.mask), nothing.count) == (set(), 0)


def test_a_mask_is_kept_and_patched_in_the_rows_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [record(number, features=(("price", float(number)),)) for number in range(1, 9)]
    catalogue = made(rows)
    cheap = parse("price <= 3 and age_days >= 0")
    first = mask(catalogue, cheap)
    assert mask(catalogue, parse("(price <= 3)   and age_days >= 0")) is first
    evaluated = list[int]()
    passes = expressions._passes

    def noted(node: Node, one: Record, now: int) -> bool:
        evaluated.append(one.pk)
        return passes(node, one, now)

    monkeypatch.setattr(expressions, "_passes", noted)
    dear = changes.Changes(changes.Position("", 0, (), 0.0), [rows[1]._replace(features=(("price", 99.0),))], [])
    after = advancing.patched(catalogue, dear)
    assert marked(after, mask(after, cheap).mask) == {"1", "3"}
    assert evaluated == [2]
    assert marked(catalogue, first.mask) == {"1", "2", "3"}


def test_an_age_passes_within_the_minute_though_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    midnight = datetime(2026, 5, 2, tzinfo=UTC).timestamp()
    catalogue = made([record(1, published=int(midnight) - 7 * 86_400), record(2, added=int(midnight) - 86_400 - 3_600)])
    week, new = parse("age_days < 7"), parse("is_new")

    def listed(now: float, expression: Any = week, **context: Any) -> set[str]:
        monkeypatch.setattr(expressions, "clock", lambda: now)
        return marked(catalogue, mask(catalogue, expression, Context(**context)).mask)

    assert listed(midnight - 61) == {"1", "2"}
    assert listed(midnight + 1) == {"2"}
    assert listed(midnight + 6 * 86_400 - 3_661) == {"2"}
    assert listed(midnight + 6 * 86_400 - 3_599) == set()
    assert listed(midnight, new) == {"1", "2"}
    assert listed(midnight, new, new_for_days=3) == {"2"}
    assert listed(midnight + 30 * 86_400, new) == set()


def test_what_is_published_soon_has_no_age_until_then(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = made([record(1, published=6_000)])
    for now, is_out in ((5_900, False), (6_001, True)):
        monkeypatch.setattr(expressions, "clock", lambda now=now: float(now))
        assert mask(catalogue, parse("is_new")).count == is_out
        assert mask(catalogue, parse("age_days is missing")).count == (not is_out)
        assert mask(catalogue, parse("is_new is missing")).count == 0


def test_a_mask_of_age_is_not_made_again_within_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = made([record(1, published=0)])
    monkeypatch.setattr(expressions, "clock", lambda: 120.0)
    first = mask(catalogue, parse("age_days < 7"))
    monkeypatch.setattr(expressions, "clock", lambda: 179.9)
    assert mask(catalogue, parse("age_days < 7")) is first
    monkeypatch.setattr(expressions, "clock", lambda: 180.0)
    assert mask(catalogue, parse("age_days < 7")) is not first


def test_dates_without_a_publication_are_missing() -> None:
    catalogue = made([record(1, published=NO_DATE), record(2, published=-10_000_000_000)])
    for text, wanted in (
        ("published_at < 2026-01-01", {"2"}),
        ("published_at != 2026-01-01", {"1", "2"}),
        ("not published_at < 2026-01-01", {"1"}),
        ("published_at is missing", {"1"}),
    ):
        assert marked(catalogue, mask(catalogue, parse(text)).mask) == wanted


def test_the_price_of_an_item_is_its_feature_where_that_is_a_number() -> None:
    given_, prices = [9.5, "7.90", "cheap", [3.0, 4.0]], [9.5, 7.9, None, 3.0]
    rows = [
        record(number, features=tuple(("price", one) for one in (value if isinstance(value, list) else [value])))
        for number, value in enumerate(given_, 1)
    ]
    catalogue = made([*rows, record(9)])
    assert [expressions.price_of(catalogue, row) for row in range(5)] == [*prices, None]


def test_long_lists_and_long_texts_are_bounded() -> None:
    factories.item("a", features={"note": "é" * 600, "vector": [0.1] * 101, "n" * 101: 1, "f": [0.1] * 100})
    factories.item("b", features={f"f{number}": number for number in range(300)})
    catalogue = Snapshot.of(files.built_in_memory().base, time.time())
    assert [len(catalogue.features[row]) for row in (0, 1)] == [101, 200]
    for text, is_true in (
        ("features.note is missing", False),
        ('features.note == "x"', False),
        ("features.vector is missing", True),
        ("features.f == 0.1", True),
    ):
        assert bool(mask(catalogue, parse(text)).mask[0]) is is_true, text
