import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.importers.registry import open_format
from catalog.models import Category, EndUser, Item
from catalog.upserts import Upserted
from interactions import producers
from interactions.models import DeadLetter, ImportRun, Interaction
from interactions.partitions import EVENTS
from interactions.staging import Staging
from interactions.staging import Upserted as StagingUpserted
from recsite.platform.months import Month
from tests.catalog.files import REAL, write
from tests.interactions.data import FILMS, RATINGS, books, films, folder, lines, load, stored

pytestmark = pytest.mark.django_db
ESTIMATE = "(SELECT reltuples::int FROM pg_class WHERE oid = '{}'::regclass)"


def test_people_items_categories_and_events_are_loaded(tmp_path: Path) -> None:
    report = load(films(tmp_path))
    assert (report.counts.stored, report.counts.duplicates, report.counts.rejected) == (100, 0, 0)
    assert (report.counts.users, report.counts.items) == (Upserted(10), Upserted(10))
    assert Item.objects.get(item_id="3").title == "Film 3"
    assert list(Category.objects.values_list("name", flat=True)) == ["Drama", "War"]
    event = Interaction.objects.get(user__user_id="2", item__item_id="3")
    assert (event.type.name, event.value, event.undated, event.context) == ("rating", 1.0, False, None)
    assert event.occurred_at == datetime.fromtimestamp(802_000_003, UTC)
    assert EndUser.objects.get(user_id="2").last_active == datetime.fromtimestamp(802_000_010, UTC)


def test_the_months_of_the_events_get_their_partitions(tmp_path: Path) -> None:
    load(films(tmp_path))
    found = EVENTS.find()
    assert {Month(1995, 5), Month(1995, 8)} <= found.attached
    assert Month(1995, 12) not in found.attached
    assert found.stray == frozenset()


def test_the_size_of_batches_makes_no_difference(tmp_path: Path) -> None:
    load(films(tmp_path), batch_rows=7)
    by_seven = stored()
    Interaction.objects.all().delete()
    assert load(films(tmp_path), resume=False).counts.stored == 100
    assert stored() == by_seven


def test_the_same_file_again_is_left_alone(tmp_path: Path) -> None:
    load(films(tmp_path))
    before = stored()
    report = load(films(tmp_path))
    assert report.finished_before is not None
    assert "nothing was done" in str(report)
    assert stored() == before


def test_reading_it_again_changes_nothing(tmp_path: Path) -> None:
    load(films(tmp_path))
    before, people = stored(), list(EndUser.objects.order_by("id").values())
    report = load(films(tmp_path), resume=False)
    assert (report.counts.stored, report.counts.duplicates) == (0, 100)
    assert (report.counts.users, report.counts.items) == (Upserted(), Upserted())
    assert (stored(), list(EndUser.objects.order_by("id").values())) == (before, people)
    assert ImportRun.objects.count() == 1


def test_the_same_data_in_another_file_change_nothing(tmp_path: Path) -> None:
    load(films(tmp_path))
    before = stored()
    packed = write(tmp_path, {"movies.csv.gz": FILMS, "ratings.csv.gz": RATINGS})
    assert load(open_format("movielens", packed)).counts.duplicates == 100
    assert stored() == before


def test_events_without_times_get_one_stated_date_and_a_mark(tmp_path: Path) -> None:
    report = load(books(tmp_path))
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert {(row["occurred_at"], row["undated"]) for row in stored()} == {(midnight, True)}
    assert report.undated_at == midnight
    assert f"Events without a time are dated {midnight:%Y-%m-%d}" in str(report)
    assert not EndUser.objects.exclude(last_active=None).exists()


def test_events_without_times_keep_their_date_in_later_imports(tmp_path: Path) -> None:
    load(books(tmp_path))
    a_year_ago = timezone.now() - timedelta(days=365)
    Interaction.objects.update(occurred_at=a_year_ago)
    ImportRun.objects.update(undated_at=a_year_ago)
    more = "user_id,book_id,rating\n1,1,5\n2,1,3\n2,2,4\n3,2,5\n"
    report = load(books(tmp_path, more))
    assert (report.counts.stored, report.counts.duplicates) == (1, 3)
    assert {row["occurred_at"] for row in stored()} == {a_year_ago}


def test_of_ratings_that_are_given_again_the_last_line_counts(tmp_path: Path) -> None:
    report = load(books(tmp_path, "user_id,book_id,rating\n1,1,5\n1,1,5\n1,1,2\n"))
    assert (report.counts.stored, report.counts.repeated, report.counts.duplicates) == (1, 2, 0)
    assert [row["value"] for row in stored()] == [2.0]


def test_rejected_lines_are_in_a_file_with_number_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "out" / "bad.csv"
    report = load(books(tmp_path, "user_id,book_id,rating\n1,1,5\n2,1,9\n3,99,4\n4,2\n"), path)
    assert lines(path) == [
        ["ratings.csv", "3", "rating 9 lies outside 1 to 5", "2,1,9"],
        ["ratings.csv", "5", "2 fields where 3 are expected", "4,2"],
        ["ratings.csv", "4", "unknown item 99", "3,99,rating,4"],
    ]
    assert (report.counts.stored, report.counts.rejected, report.rejected_path) == (1, 3, path)
    assert "3 lines rejected: " in str(report)
    assert not EndUser.objects.filter(user_id="3").exists()
    assert not DeadLetter.objects.exists()


def test_bytes_of_another_encoding_are_kept_in_the_file(tmp_path: Path) -> None:
    data = write(tmp_path, {"ratings.csv": b"user_id,book_id,rating\n\xe9va,1,5\n"})
    load(open_format("goodbooks", data), tmp_path / "bad.csv")
    assert lines(tmp_path / "bad.csv")[0][3] == "\\udce9va,1,5"


def test_without_rejected_lines_there_is_no_file(tmp_path: Path) -> None:
    load(books(tmp_path), tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()


def test_a_type_that_is_unknown_here_is_rejected(tmp_path: Path) -> None:
    events = "user_id,item_id,type\nada,p1,view\nada,p1,hum\n"
    data = open_format("csv", folder(tmp_path / "shop", events=events, items="item_id,title\np1,Emma\n"))
    report = load(data, tmp_path / "bad.csv")
    assert report.counts.stored == 1
    assert lines(tmp_path / "bad.csv") == [["events.csv", "3", "unknown type hum", "ada,p1,hum,"]]


def test_unknown_items_are_made_up_where_the_policy_says_so(tmp_path: Path, settings: Settings) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    report = load(books(tmp_path, "user_id,book_id,rating\n1,99,5\n"))
    assert (report.counts.stored, report.counts.rejected) == (1, 0)
    assert report.counts.items.added == 3
    assert Item.objects.get(item_id="99").is_available
    assert "1 item made for ids that nothing describes: they are recommended" in str(report)


def test_a_context_that_is_too_large_is_rejected(tmp_path: Path, settings: Settings) -> None:
    settings.MAX_EVENT_CONTEXT_BYTES = 64
    small, large = ('{"user_id": "a", "item_id": "p1", "context": {"n": "%s"}}\n' % ("x" * n) for n in (20, 90))
    path = write(tmp_path, {"events.jsonl": small + large, "items.jsonl": '{"item_id": "p1", "title": "Emma"}'})
    report = load(open_format("jsonl", path), tmp_path / "bad.csv")
    assert (report.counts.stored, report.counts.rejected) == (1, 1)
    assert lines(tmp_path / "bad.csv")[0][2] == "context has 99 bytes; MAX_EVENT_CONTEXT_BYTES allows 64"


def test_the_report_passes_on_what_the_reader_noted(tmp_path: Path) -> None:
    events, items = "user_id,item_id,colour\nada,p1,red\n", "item_id,title\np1,Emma\n"
    report = load(open_format("csv", folder(tmp_path / "shop", events=events, items=items)), tmp_path / "bad.csv")
    assert "events.csv: nothing uses the column colour." in str(report)


def test_values_contexts_and_odd_ids_arrive_as_they_were(tmp_path: Path) -> None:
    events = (
        '{"user_id": "a\\"b\\\\,c", "item_id": "p1", "type": "purchase", "value": 12.5, "context": {"n": "é\\n"}}\n'
        '{"user_id": "\\\\.", "item_id": "p1", "type": "view"}\n'
    )
    path = write(tmp_path, {"events.jsonl": events, "items.jsonl": '{"item_id": "p1", "title": "Emma"}'})
    load(open_format("jsonl", path))
    found = {row["user__user_id"]: (row["value"], row["context"]) for row in stored()}
    assert found == {'a"b\\,c': (12.5, {"n": "é\n"}), "\\.": (None, None)}


def test_every_process_hears_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr("catalog.snapshot.bump", lambda: heard.append("items"))
    monkeypatch.setattr(producers, "stored_in_bulk", lambda: heard.append("events"))
    load(films(tmp_path))
    assert heard == ["items", "events"]


def test_progress_ends_at_the_last_byte_and_row(tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    data = films(tmp_path)
    load(data, batch_rows=10, progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1] == (data.total_bytes, data.total_bytes, 110)


def test_the_run_says_what_was_done(tmp_path: Path) -> None:
    load(films(tmp_path))
    run = ImportRun.objects.get()
    assert run.counts == {
        "events": 100,
        "changed": 0,
        "repeated": 0,
        "capped": 0,
        "duplicates": 0,
        "rejected": 0,
        "items": 10,
        "placeholders": 0,
        "users": 10,
    }
    assert run.progress == {"movies.csv": 11, "ratings.csv": 101}
    assert (run.format, run.undated_at) == ("movielens", None)
    assert run.source.endswith("films")
    assert run.finished_at is not None


def test_the_planner_knows_how_full_the_tables_are_before_events_are_joined_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[tuple[int, int]] = []
    upsert = Staging.upsert

    def looking(staging: Staging, since: datetime) -> StagingUpserted:
        staging.cursor.execute(f"SELECT {', '.join(map(ESTIMATE.format, ('catalog_enduser', 'catalog_item')))}")
        rows.append(staging.cursor.fetchone())
        return upsert(staging, since)

    monkeypatch.setattr(Staging, "upsert", looking)
    load(films(tmp_path))
    assert rows == [(10, 10)]


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real data sets are not in {REAL}")
def test_the_real_movielens_is_imported_whole(tmp_path: Path) -> None:
    report = load(open_format("movielens", REAL / "ml-latest-small"), tmp_path / "bad.csv", batch_rows=20_000)
    assert (report.counts.stored, report.counts.duplicates, report.counts.rejected) == (100_004, 0, 0)
    assert (report.counts.users.added, report.counts.items.added) == (671, 9_125)
    assert EVENTS.find().stray == frozenset()


def test_a_packed_file_is_the_same_as_an_unpacked_one(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(b"user_id,item_id\nada,1\n"))
    load(films(tmp_path))
    report: Any = load(open_format("csv", path))
    assert report.counts.stored == 1
