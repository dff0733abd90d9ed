"""Make large, plain catalogues: as many items as asked for, each made when it is read, so that none has to be held.

They are for measuring and for trying out: names are put together from a few words, and the first items of the events
are the most popular ones. The same numbers give the same data.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np

from catalog.importers.rows import EventRow, ItemRow, Located, NewType, RowStream, Scale

BLOCK = 10_000
CATEGORIES, TAGS, TYPES = 400, 5_000, ("article", "kit", "part", "service", "set")
ITEMS_OF_A_MAKER, VARIANTS, OWN_GROUPS = 50, 3, 10
"""Items of one creator; items of one group; of so many groups of items one is a group of variants."""

COLOURS = ("amber", "black", "blue", "brown", "golden", "green", "grey", "red", "silver", "violet", "white", "yellow")
THINGS = ("bench", "bottle", "chair", "clock", "desk", "drum", "kettle", "lamp", "ladder", "mirror", "rope", "scarf")
DAYS = 3_650
EVENTS = {"view": 0.8, "add_to_cart": 0.12, "purchase": 0.08}


class PlainDataSet:
    """Read made-up items, and events of made-up users with them; "bytes" are rows here."""

    format = "plain"
    source = "plain"
    scale = Scale(1, 5, 4)

    def __init__(self, items: int, people: int, events: int, seed: int, until: datetime) -> None:
        self.items, self.people, self.events, self.seed, self.until = items, people, events, seed, until
        self.location = f"plain data of {items:,} items, {events:,} events, seed {seed}, until {until:%Y-%m-%d}"
        self.notes: list[str] = []
        self._read = 0

    @property
    def total_bytes(self) -> int:
        return self.items + self.events

    @property
    def bytes_read(self) -> int:
        return self._read

    def fingerprint(self) -> str:
        return sha256(repr((self.location, self.people)).encode()).hexdigest()

    def new_types(self) -> tuple[NewType, ...]:
        return ()

    def rows(self) -> RowStream:
        self._read = 0
        parts: dict[str, Iterator[ItemRow | EventRow]] = {"items": self._items(), "events": self._events()}
        for part, rows in parts.items():
            for line, row in enumerate(rows, 1):
                self._read += 1
                yield Located(part, line, row)

    def _items(self) -> Iterator[ItemRow]:
        for start in range(0, self.items, BLOCK):
            rng = np.random.default_rng((self.seed, 1, start))
            # Squared: some categories and tags have far more items than others.
            categories = (rng.random((BLOCK, 2)) ** 2 * CATEGORIES).astype(int).tolist()
            tags = (rng.random((BLOCK, 3)) ** 2 * TAGS).astype(int).tolist()
            ages = rng.integers(0, DAYS * 86_400, BLOCK).tolist()
            for place in range(min(BLOCK, self.items - start)):
                yield self._item(start + place, categories[place], tags[place], ages[place])

    def _item(self, number: int, categories: list[int], tags: list[int], age: int) -> ItemRow:
        colour, thing = COLOURS[number % len(COLOURS)], THINGS[number // len(COLOURS) % len(THINGS)]
        group = number // VARIANTS
        return ItemRow(
            item_id=f"plain-{number}",
            title=f"{colour.capitalize()} {thing} No. {number:,}",
            description=f"A {colour} {thing}.",
            categories=tuple(dict.fromkeys(f"Department {category + 1}" for category in categories)),
            tags=tuple(dict.fromkeys(f"tag-{tag + 1}" for tag in tags)),
            features={"creator": f"Maker {number // ITEMS_OF_A_MAKER + 1:,}"},
            item_type=TYPES[number % len(TYPES)],
            group="" if group % OWN_GROUPS else f"plain-{group}",
            published_at=self.until - timedelta(seconds=age),
        )

    def _events(self) -> Iterator[EventRow]:
        names = list(EVENTS)
        for start in range(0, self.events, BLOCK):
            rng = np.random.default_rng((self.seed, 2, start))
            people = rng.integers(0, self.people, BLOCK).tolist()
            items = (rng.random(BLOCK) ** 4 * self.items).astype(int).tolist()
            types = rng.choice(len(names), BLOCK, p=list(EVENTS.values())).tolist()
            ages = np.sort(rng.integers(0, 180 * 86_400, BLOCK))[::-1].tolist()
            for place in range(min(BLOCK, self.events - start)):
                when = self.until - timedelta(seconds=ages[place] + 1)
                yield EventRow(
                    f"plain-user-{people[place]}",
                    f"plain-{items[place]}",
                    names[types[place]],
                    None,
                    when.astimezone(UTC),
                    {},
                )
