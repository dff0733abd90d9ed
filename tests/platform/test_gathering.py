"""What requests note is gathered in memory: nothing waits for PostgreSQL, and little is lost while it is away."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from recsite.platform import database, gathering
from recsite.platform.database import DatabaseDown
from recsite.platform.gathering import Gathering, Repeating
from recsite.platform.models import HeldAlert
from tests.outages import no_postgres, wait_until

pytestmark = pytest.mark.django_db
Store = Callable[[list[int]], object]


@contextmanager
def gathered(store: Store, **more: Any) -> Iterator[Gathering[int]]:
    """A gathering that leaves nothing behind."""
    lost = Counter("lost", "Lost.", registry=CollectorRegistry())
    made: Gathering[int] = Gathering("numbers", store, lost, **{"most": 10, **more})
    try:
        yield made
    finally:
        gathering._all.remove(made)


def lost(of: Gathering[int]) -> float:
    return float(of._lost._value.get())


def ask_and(stored: list[int]) -> Store:
    """A store that needs the database."""

    def store(batch: list[int]) -> None:
        HeldAlert.objects.exists()
        stored.extend(batch)

    return store


def test_it_is_stored_in_batches_in_its_order() -> None:
    batches: list[list[int]] = []
    with gathered(batches.append, batch=2) as numbers:
        for number in range(5):
            numbers.add(number)
        assert numbers.flush() == 5
    assert batches == [[0, 1], [2, 3], [4]]


def test_during_an_outage_it_waits_and_is_stored_then() -> None:
    stored: list[int] = []
    with gathered(ask_and(stored), batch=2) as numbers:
        for number in range(5):
            numbers.add(number)
        with no_postgres(), pytest.raises(DatabaseDown):
            numbers.flush()
        numbers.add(5)
        database.forget()
        assert numbers.flush() == 6
        assert (stored, lost(numbers)) == ([0, 1, 2, 3, 4, 5], 0)


def test_what_waits_is_summed_up() -> None:
    stored: list[int] = []
    with gathered(ask_and(stored), condense=lambda batch: [sum(batch)]) as numbers:
        for _ in range(3):
            for number in range(5):
                numbers.add(number)
            with no_postgres(), pytest.raises(DatabaseDown):
                numbers.flush()
            database.forget()
            assert len(numbers.waiting) == 1
        numbers.flush()
    assert stored == [30]


def test_beyond_the_most_the_oldest_are_dropped_and_counted() -> None:
    stored: list[int] = []
    with gathered(stored.extend, most=3) as numbers:
        for number in range(5):
            numbers.add(number)
        assert numbers.flush() == 3
        assert (stored, lost(numbers)) == ([2, 3, 4], 2)


def test_what_can_never_be_stored_holds_up_nothing() -> None:
    def store(batch: list[int]) -> None:
        if 0 in batch:
            raise ZeroDivisionError
        stored.extend(batch)

    stored: list[int] = []
    with gathered(store, batch=2) as numbers:
        for number in range(4):
            numbers.add(number)
        assert numbers.flush() == 2
        assert (stored, lost(numbers)) == ([2, 3], 2)


def test_the_thread_begins_with_the_first_and_goes_on_after_a_failure(settings: Any) -> None:
    def store(batch: list[int]) -> None:
        stored.extend(batch)

    stored: list[int] = []
    settings.GATHER_IN_BACKGROUND = True
    with gathered(store, every_secs=0.0) as numbers:
        numbers.add(1)
        wait_until(lambda: stored == [1], 10)
        numbers.add(2)
        wait_until(lambda: stored == [1, 2], 10)
        gathering.forget()


def test_a_process_that_ends_stores_what_is_left() -> None:
    stored: list[int] = []
    with gathered(stored.extend) as numbers:
        numbers.add(1)
        gathering.leave()
    assert stored == [1]


def test_what_can_t_be_stored_at_the_end_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with gathered(ask_and([])) as numbers, no_postgres():
        numbers.add(1)
        numbers.leave()
    assert "1 numbers are lost" in caplog.text


def test_a_forked_process_begins_with_nothing() -> None:
    with gathered(lambda batch: None) as numbers:
        numbers.add(1)
        child = os.fork()
        if not child:
            os._exit(len(numbers.waiting))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert list(numbers.waiting) == [1]


def test_what_repeats_survives_its_own_failures(caplog: pytest.LogCaptureFixture) -> None:
    rounds: list[int] = []

    def work() -> None:
        rounds.append(1)
        raise ZeroDivisionError

    repeating = Repeating("failing", 0.01, work)
    repeating.begin()
    repeating.begin()
    wait_until(lambda: len(rounds) > 2, 10)
    repeating.stop()
    assert "The thread 'failing' failed; it goes on." in caplog.text
