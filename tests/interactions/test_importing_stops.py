"""An import that is cut short keeps what was committed, says how to go on, and goes on there."""

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from psycopg.errors import AdminShutdown, DiskFull

from catalog.importers.registry import open_format
from interactions.importing import ImportStopped
from interactions.importing.ahead import one_ahead
from interactions.models import ImportRun, Interaction
from interactions.staging import Staging, Upserted
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.locks import exclusive
from tests.catalog.files import write
from tests.interactions.data import RATINGS, books, films, lines, load, stored


def fail_at(monkeypatch: pytest.MonkeyPatch, batch: int, error: Exception) -> None:
    """PostgreSQL fails as it stores that batch of events."""
    upsert, calls = Staging.upsert, iter(range(1, 1000))

    def failing(staging: Staging, since: datetime) -> Upserted:
        if next(calls) == batch:
            raise OperationalError("could not extend file: No space left on device\nHINT: ...") from error
        return upsert(staging, since)

    monkeypatch.setattr(Staging, "upsert", failing)


@pytest.mark.django_db
def test_a_full_disk_rolls_the_batch_back_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, 3, DiskFull())
    with pytest.raises(ImportStopped) as stopped:
        load(films(tmp_path), batch_rows=30)
    assert str(stopped.value) == (
        "PostgreSQL's disk is full, so the last batch was rolled back: free some space. "
        "What was committed stays (60 events by this run). Run the same command again to go on."
    )
    assert Interaction.objects.count() == 60
    run = ImportRun.objects.get()
    assert (run.progress["ratings.csv"], run.finished_at) == (61, None)


@pytest.mark.django_db
def test_a_database_that_goes_away_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, 1, AdminShutdown())
    with pytest.raises(ImportStopped, match=r"PostgreSQL stopped working for us \(could not extend file"):
        load(films(tmp_path))


@pytest.mark.django_db
def test_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(films(tmp_path / "whole"))
    whole = stored()
    Interaction.objects.all().delete()
    ImportRun.objects.all().delete()
    with monkeypatch.context() as patch:
        fail_at(patch, 3, DiskFull())
        with pytest.raises(ImportStopped):
            load(films(tmp_path), batch_rows=30)
    report = load(films(tmp_path), batch_rows=30)
    assert (report.goes_on, report.counts.rows, report.counts.stored, report.counts.duplicates) == (True, 40, 40, 0)
    assert stored() == whole
    assert ImportRun.objects.get().counts["events"] == 100


@pytest.mark.django_db
def test_rejected_lines_of_both_parts_are_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ratings = "user_id,book_id,rating\n1,1,9\n1,1,5\n2,1,3\n2,2,9\n2,2,4\n"
    with monkeypatch.context() as patch:
        fail_at(patch, 2, DiskFull())
        with pytest.raises(ImportStopped):
            load(books(tmp_path, ratings), tmp_path / "bad.csv", batch_rows=3)
    load(books(tmp_path, ratings), tmp_path / "bad.csv", batch_rows=3)
    assert {line[1] for line in lines(tmp_path / "bad.csv")} == {"2", "5"}


@pytest.mark.django_db
def test_a_file_that_breaks_off_is_loaded_up_to_there(tmp_path: Path) -> None:
    text = "user_id,book_id,rating\n" + "".join(f"{person},1,4\n" for person in range(50_000))
    packed = gzip.compress(text.encode())
    titles = "book_id,goodreads_book_id,title\n1,11,Emma\n"
    path = write(tmp_path, {"books.csv": titles, "ratings.csv": packed[: len(packed) // 2]})
    with pytest.raises(ImportStopped, match=r"breaks off or is damaged after line .*Fetch the file again\. What was"):
        load(open_format("goodbooks", path), batch_rows=10_000)
    assert Interaction.objects.count() > 10_000
    write(tmp_path, {"ratings.csv": text})
    report = load(open_format("goodbooks", path))
    assert report.counts.stored + report.counts.duplicates == 50_000
    assert Interaction.objects.count() == 50_000


@pytest.mark.django_db
def test_a_file_of_rejected_lines_that_cannot_be_written_stops_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = books(tmp_path, "user_id,book_id,rating\n1,1,9\n")
    with pytest.raises(Exception, match=r"bad\.csv can't be written .* Give another file"):
        load(bad, tmp_path / "file" / "bad.csv")


@pytest.mark.django_db
def test_the_same_file_is_not_imported_twice_at_once(tmp_path: Path) -> None:
    data = films(tmp_path)
    with exclusive(f"import {data.fingerprint()}"), pytest.raises(AlreadyRunning):
        load(data)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_killed_import_goes_on_where_it_stopped(tmp_path: Path) -> None:
    people = "".join(f"{person},{film},4,{800_000_000 + person}\n" for person in range(1000) for film in range(1, 11))
    films(tmp_path, RATINGS.split("\n")[0] + "\n" + people)
    command = ["import_data", str(tmp_path / "films"), "--format", "movielens", "--batch-rows", "100"]
    first = start(command)
    wait_for(lambda: Interaction.objects.count() > 300)
    first.send_signal(signal.SIGKILL)
    first.wait()
    committed = Interaction.objects.count()
    assert 300 < committed < 10_000
    assert ImportRun.objects.get().counts["events"] == committed
    second = start(command)
    output, _ = second.communicate()
    assert second.returncode == 0
    assert f"{10_000 - committed:,} events stored, 0 changed, 0 known already" in output
    assert Interaction.objects.count() == 10_000


def start(command: list[str]) -> "subprocess.Popen[str]":
    """A command in a process of its own, on the tests' database."""
    base, name = os.environ["DATABASE_URL"].rsplit("/", 1)[0], connection.settings_dict["NAME"]
    environment = os.environ | {"DATABASE_URL": f"{base}/{name}"}
    program = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), *command]
    return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(is_so: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def test_one_ahead_keeps_the_order_and_ends() -> None:
    assert list(one_ahead(iter([1, 2, 3]))) == [1, 2, 3]
    assert list(one_ahead(iter([]))) == []


def test_one_ahead_passes_on_what_went_wrong_after_the_entries_before() -> None:
    def broken() -> Any:
        yield 1
        raise ValueError("lost")

    entries = one_ahead(broken())
    assert next(entries) == 1
    with pytest.raises(ValueError, match="lost"):
        next(entries)
