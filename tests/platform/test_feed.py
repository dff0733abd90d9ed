"""A feed gives every reader every row once: whoever dies, and however late a transaction ends."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from recsite.platform import feed
from recsite.platform.models import FeedCursor, Job

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
TABLE = "platform_job"


@pytest.fixture(autouse=True)
def begin_here() -> None:
    """Ids go on where the test before has left them."""
    here = feed.waiting("reader", TABLE)
    FeedCursor.objects.create(name="reader", position=here, safe_upto=here)


def add(*titles: str) -> None:
    for title in titles:
        Job.objects.create(kind="test", title=title)


def read(reader: str = "reader", most: int = 1_000_000) -> list[str]:
    with feed.next_batch(reader, TABLE, most) as batch:
        rows = Job.objects.filter(pk__gt=batch.after, pk__lte=batch.until).order_by("pk")
        return list(rows.values_list("title", flat=True))


def read_all(reader: str = "reader") -> list[str]:
    """As after a second look: what has settled meanwhile is in it."""
    return read(reader) + read(reader)


def test_rows_come_once_and_in_pieces() -> None:
    add("a", "b", "c")
    read()
    assert read(most=2) == ["a", "b"]
    assert read(most=2) == ["c"]
    assert read_all() == []
    add("d")
    assert read_all() == ["d"]


def test_the_very_first_row_is_not_missed() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SEQUENCE {TABLE}_id_seq RESTART")
    assert read_all("early") == []
    add("first")
    assert read_all("early") == ["first"]


def test_each_reader_has_a_position_of_its_own() -> None:
    add("a")
    assert read_all("one") == read_all("two") == ["a"]


def test_a_reader_that_fails_gets_the_same_rows_again() -> None:
    add("a", "b")
    read()
    with suppress(ZeroDivisionError), feed.next_batch("reader", TABLE, 100) as batch:
        assert batch
        1 / 0  # noqa: B018 - it falls over
    assert read() == ["a", "b"]


def test_a_row_whose_transaction_ends_late_is_not_missed() -> None:
    written, may_end = Event(), Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                add("slow")
                written.set()
                may_end.wait(20)
        finally:
            connection.close()

    thread = Thread(target=slow)
    thread.start()
    written.wait(20)
    add("quick")
    found = read_all() + read_all()
    assert found == [], "It took what stands behind a row that nobody can see yet."
    may_end.set()
    thread.join()
    assert read_all() == ["slow", "quick"]


def test_two_at_once_share_the_work_and_repeat_nothing() -> None:
    add(*(f"row {number}" for number in range(200)))
    read()
    found: list[list[str]] = []

    def work(batch: Callable[[], list[str]]) -> None:
        try:
            while FeedCursor.objects.get(name="reader").position < Job.objects.latest("pk").pk:
                found.append(batch())
        finally:
            connection.close()

    threads = [Thread(target=work, args=[lambda: read(most=7)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    titles = [title for part in found for title in part]
    assert sorted(titles) == sorted(f"row {number}" for number in range(200))


def test_what_waits_can_be_asked() -> None:
    add("a", "b")
    assert feed.waiting("reader", TABLE) == 2
    read_all()
    assert feed.waiting("reader", TABLE) == 0
