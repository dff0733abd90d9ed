"""Offer the simulation as a data set, so that it is imported like any file."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np

from catalog.importers.rows import EventRow, ItemRow, Located, NewType, RowStream, Scale, UserRow
from storefront.simulation.behaviour import RATING, TYPES
from storefront.simulation.people import Person
from storefront.simulation.simulate import MAIL, SOURCES, Simulation, simulate
from storefront.works.works import Work, read_works


class DemoDataSet:
    """Read the users, items and events of a simulation; "bytes" are rows here."""

    format = "demo"
    source = "demo"
    scale = Scale(1, 5, 4)

    def __init__(self, simulation: Simulation, location: str) -> None:
        self.simulation, self.location = simulation, location
        self.notes: list[str] = []
        self._read = 0

    @property
    def total_bytes(self) -> int:
        return len(self.simulation.people) + len(self.simulation.works) + len(self.simulation.log)

    @property
    def bytes_read(self) -> int:
        return self._read

    def new_types(self) -> tuple[NewType, ...]:
        return ()

    def rows(self) -> RowStream:
        self._read = 0
        parts: dict[str, Iterator[UserRow | ItemRow | EventRow]] = {
            "people": map(_user, self.simulation.people),
            "works": map(_item, self.simulation.works, self.simulation.published.tolist()),
            "events": self._events(),
        }
        for part, rows in parts.items():
            for line, row in enumerate(rows, 1):
                self._read += 1
                yield Located(part, line, row)

    def _events(self) -> Iterator[EventRow]:
        log, people, works = self.simulation.log, self.simulation.people, self.simulation.works
        columns = (log.users, log.items, log.types, log.values, log.times, log.sources, log.visits)
        for user, item, kind, number, time, source, visit in zip(*(column.tolist() for column in columns), strict=True):
            value = number if kind == RATING else None
            context = {"source": SOURCES[source]}
            if source != MAIL:
                context["session_id"] = f"demo-{visit}"
            yield EventRow(people[user].user_id, works[item].id, TYPES[kind], value, _moment(time), context)

    def fingerprint(self) -> str:
        whole = sha256(repr((self.simulation.works, self.simulation.people)).encode())
        whole.update(self.simulation.published.tobytes())
        for column in vars(self.simulation.log).values():
            whole.update(column.tobytes())
        return whole.hexdigest()


def make_demo(people: int, items: int, events: int, seed: int, until: datetime) -> DemoDataSet:
    """Make the demo data: `items` works of the catalogue, chosen by the seed, and simulated users.

    Raises ValueError where there are more events than `most_events` allows, or more items than works.
    """
    location = (
        f"demo data of {people:,} people, {items:,} works, {events:,} events, seed {seed}, until {until:%Y-%m-%d}"
    )
    return DemoDataSet(simulate(chosen_works(items, seed), people, events, seed, until), location)


def chosen_works(items: int, seed: int) -> list[Work]:
    """Return so many works of the catalogue, chosen by the seed."""
    works = read_works()
    chosen = np.sort(np.random.default_rng(seed).choice(len(works), items, replace=False))
    return [works[row] for row in chosen]


def _user(person: Person) -> UserRow:
    return UserRow(
        user_id=person.user_id,
        demographics={"age_group": person.age_group, "country": person.country},
        preferences={"categories": list(person.preferences)} if person.preferences else {},
        created_at=_moment(person.joined),
    )


def _item(work: Work, published: int) -> ItemRow:
    return ItemRow(
        item_id=work.id,
        title=work.title,
        description=work.description,
        categories=work.categories,
        tags=work.subjects,
        features=work.features,
        item_type=work.item_type,
        published_at=_moment(published),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
