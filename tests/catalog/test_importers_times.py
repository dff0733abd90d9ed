"""One reading of times, in files of events, users and items."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.importers.rows import BadField
from catalog.importers.times import event_time, latest_event, published_time
from tests.catalog.files import NOW, read_format, write

NEW_YEAR = datetime(2024, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20240115",
        " 20240115 ",
        "20240115.0",
        "2024-01-15",
        "1705276800",
        "1705276800000",
        "1705276800000000",
        "1705276800000000000",
    ],
    ids=["date", "blanks", "pandas", "iso", "seconds", "milliseconds", "microseconds", "nanoseconds"],
)
def test_a_time_is_what_its_writer_meant(text: str) -> None:
    assert event_time(text, latest_event(NOW)) == NEW_YEAR
    assert published_time(text) == NEW_YEAR


@pytest.mark.parametrize("text", ["0", "5", "1999", "20240230", "20241301", "99999999", "nan", "inf", "-20240115"])
def test_a_time_that_no_source_can_mean_is_refused(text: str) -> None:
    for read in (published_time, lambda text: event_time(text, latest_event(NOW))):
        with pytest.raises(BadField, match=r"^time "):
            read(text)


def test_dates_in_a_file_of_events_are_these_dates(tmp_path: Path) -> None:
    text = "user_id,item_id,value,date\nu1,i1,5,20240115\nu2,i1,4,19690101\nu3,i1,4,7\n"
    found = read_format("csv", write(tmp_path, {"events.csv": text}))
    assert [event.occurred_at for event in found.events] == [NEW_YEAR]
    assert [line for _, line, _ in found.reasons] == [3, 4]


def test_a_number_in_json_lines_is_read_by_the_same_rule(tmp_path: Path) -> None:
    text = '{"user_id": "u", "item_id": "i", "time": 20240115}\n{"user_id": "u", "item_id": "i", "time": 20240199}\n'
    found = read_format("jsonl", write(tmp_path, {"events.jsonl": text}))
    assert [event.occurred_at for event in found.events] == [NEW_YEAR]
    assert [line for _, line, _ in found.reasons] == [2]


def test_movielens_reads_times_by_the_same_rule(tmp_path: Path) -> None:
    text = "userId,movieId,rating,timestamp\n1,1,4,20240115\n1,2,4,12\n"
    found = read_format("movielens", write(tmp_path, {"ratings.csv": text}))
    assert [event.occurred_at for event in found.events] == [NEW_YEAR]
    assert [line for _, line, _ in found.reasons] == [3]


def test_items_are_published_by_the_same_rule_also_before_computers(tmp_path: Path) -> None:
    text = "item_id,title,published_at\na,A,20240115\nb,B,1951-06-01\nc,C,18151223\nd,D,7\ne,E,2031-01-01\n"
    found = read_format("csv", write(tmp_path, {"items.csv": text}))
    assert [(item.item_id, item.published_at) for item in found.items] == [
        ("a", NEW_YEAR),
        ("b", datetime(1951, 6, 1, tzinfo=UTC)),
        ("c", datetime(1815, 12, 23, tzinfo=UTC)),
        ("e", datetime(2031, 1, 1, tzinfo=UTC)),
    ]
    assert [line for _, line, _ in found.reasons] == [5]


def test_users_registered_by_the_same_rule(tmp_path: Path) -> None:
    found = read_format("csv", write(tmp_path, {"users.csv": "user_id,signup_date\na,20240115\nb,3\n"}))
    assert [user.created_at for user in found.users] == [NEW_YEAR]
    assert [line for _, line, _ in found.reasons] == [3]
