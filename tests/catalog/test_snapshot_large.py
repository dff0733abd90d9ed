"""A large catalogue lies in files that processes share, and is kept up to date by a thread."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from django.db import connection

from catalog import snapshot, store
from catalog.models import Item
from catalog.snapshot import Snapshot, changes, files, keeper, refresher
from recsite.local.paths import PROJECT
from recsite.platform import database, query_timeout
from recsite.platform.audit import SYSTEM
from recsite.platform.database import DatabaseDown
from tests import factories, outages
from tests.catalog.catalogues import described, summed_up
from tests.outages import wait_until
from tests.web import environment

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
READS = """
import django, sys
django.setup()
from catalog import snapshot
from catalog.snapshot import refresher
refresher.SMALL = 0
found = snapshot.current()
sys.stdout.write(f"{found.count} {found.titles[0]}")
"""


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Any catalogue counts as large here."""
    settings.CATALOGUE_CACHE_DIR = tmp_path / "catalogue"
    monkeypatch.setattr(refresher, "SMALL", 0)
    monkeypatch.setattr(keeper, "SECONDS_BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(keeper, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr("recsite.platform.generations.SECONDS_BETWEEN_LOOKS", 0.02)
    outages.start_afresh()
    snapshot.forget()
    yield settings.CATALOGUE_CACHE_DIR
    snapshot.forget()
    outages.start_afresh()


def bases(cache: Path) -> list[str]:
    return sorted(folder.name for folder in cache.iterdir() if not folder.name.startswith("."))


def shows(title: str) -> bool:
    return title in list(snapshot.current().titles)


def test_the_files_hold_what_memory_would(large: Path) -> None:
    for number in range(4):
        factories.item(f"grün-{number}", features={"creator": "Ödön"}, group="g" if number % 2 else "", tags=["x"])
    factories.item("bare", title="", categories=[], item_type="book")
    in_memory = Snapshot.of(files.built_in_memory().base, time.time())
    assert described(snapshot.current()) == described(in_memory)
    assert summed_up(snapshot.current()) == summed_up(in_memory)
    assert len(bases(large)) == 1


def test_an_empty_catalogue_can_be_kept_in_files(large: Path) -> None:
    found = files.newest_or_built(changes.position().table)
    assert len(Snapshot.of(found.base, time.time())) == 0


def test_a_process_reads_ahead_of_its_first_request(large: Path) -> None:
    factories.item(title="Emma")
    snapshot.prepare()
    wait_until(lambda: snapshot._copy._holder.held is not None)
    assert shows("Emma")


def test_an_edit_arrives_without_a_query_of_the_request(django_assert_num_queries: Any) -> None:
    emma = factories.item("emma", title="Emma")
    assert shows("Emma")
    emma.title = "Emma, or Matchmaking"
    store.save_item(emma, actor=SYSTEM)
    with django_assert_num_queries(0):
        wait_until(lambda: shows("Emma, or Matchmaking"))
    store.delete_items(Item.objects.all(), actor=SYSTEM)
    wait_until(lambda: snapshot.current().count == 0)


def test_processes_share_one_base(large: Path, tmp_path: Path) -> None:
    factories.item(title="Emma")
    factories.item()
    settings = {"RECSITE_STATE": str(tmp_path), "CATALOGUE_CACHE_DIR": str(large)}
    command = [sys.executable, "-c", READS]
    environ = {**environment(tmp_path, **settings), "DJANGO_SETTINGS_MODULE": "recsite.settings"}
    processes = [
        subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0] for process in processes] == ["2 Emma", "2 Emma"]
    assert len(bases(large)) == 1
    assert snapshot.current().count == 2
    assert len(bases(large)) == 1


def test_who_starts_later_reads_what_changed_since(large: Path) -> None:
    emma, gone = factories.item("emma"), factories.item("gone")
    snapshot.current()
    snapshot.forget()
    Item.objects.filter(pk=emma.pk).update(title="Revised")
    store.delete_items(Item.objects.filter(pk=gone.pk), actor=SYSTEM)
    found = snapshot.current()
    assert (found.titles[0], found.count) == ("Revised", 1)
    assert len(bases(large)) == 1


def test_another_base_is_made_while_the_old_one_serves(monkeypatch: pytest.MonkeyPatch, large: Path) -> None:
    monkeypatch.setattr("catalog.snapshot.holding.FEWEST_CHANGED", 2)
    items = factories.items(4)
    before = snapshot.current()
    for item in items:
        item.title = f"{item.item_id}, revised"
        store.save_item(item, actor=SYSTEM)
    wait_until(lambda: snapshot.current().base is not before.base)
    wait_until(lambda: shows(f"{items[-1].item_id}, revised"))
    assert len(bases(large)) == 2
    assert list(before.titles) == [f"The book of {item.item_id}" for item in items]
    assert snapshot.current().changed_since(before) is None


def test_old_bases_go_but_for_the_one_before(large: Path) -> None:
    factories.item()
    table = changes.position().table
    number, first = 0, files.newest_or_built(table)
    for _ in range(3):
        number = files.newest_or_built(table, after=number).number
    assert len(bases(large)) == files.KEPT
    assert first.base.titles[0]


@pytest.mark.parametrize("name", ["title_block.bin", "ids.bin", files.MANIFEST])
@pytest.mark.parametrize("damage", [b"", b"\xff"])
def test_a_damaged_base_is_put_aside_and_another_built(large: Path, name: str, damage: bytes) -> None:
    factories.item(title="Emma")
    snapshot.current()
    snapshot.forget()
    (folder,) = bases(large)
    raw = (large / folder / name).read_bytes()
    (large / folder / name).write_bytes(damage + raw[1:])
    assert list(snapshot.current().titles) == ["Emma"]
    assert bases(large) != [folder]


def test_where_nothing_can_be_written_it_serves_from_memory_and_says_so(large: Path, settings: Any) -> None:
    factories.item(title="Emma")
    large.parent.joinpath("file").write_text("")
    settings.CATALOGUE_CACHE_DIR = large.parent / "file" / "catalogue"
    assert shows("Emma")
    assert "CATALOGUE_CACHE_DIR" in snapshot.fault()
    Item.objects.update(title="Emma, or Matchmaking")
    snapshot.bump()
    wait_until(lambda: shows("Emma, or Matchmaking"))
    assert snapshot.fault()


def test_a_full_disk_is_no_outage_and_leaves_no_half_of_a_base(monkeypatch: pytest.MonkeyPatch, large: Path) -> None:
    factories.item(title="Emma")

    def fail(*_: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.InFiles, "finish", fail)
    assert shows("Emma")
    assert "No space left on device" in snapshot.fault()
    assert [path.name for path in large.iterdir() if path.is_dir()] == []


def test_while_the_database_is_gone_the_old_snapshot_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.item(title="Emma")
    before = snapshot.current()

    def fail(*_: Any) -> NoReturn:
        raise DatabaseDown(database.UNREACHABLE)

    with monkeypatch.context() as outage:
        outage.setattr(changes, "since", fail)
        Item.objects.update(title="Revised")
        snapshot.bump()
        wait_until(lambda: bool(snapshot.fault()))
        assert snapshot.current() is before
    wait_until(lambda: shows("Revised"))
    assert not snapshot.fault()


def test_a_request_does_not_wait_for_the_first_reading_of_a_large_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.item(title="Emma")
    stop = time.monotonic() + 1.0
    build = files.newest_or_built

    def slowly(*given: Any) -> files.Stored:
        time.sleep(max(0.0, stop - time.monotonic()))
        return build(*given)

    monkeypatch.setattr(files, "newest_or_built", slowly)
    monkeypatch.setattr(query_timeout._process, "limit", 0.05)
    with pytest.raises(DatabaseDown, match="Try again in a few seconds"):
        snapshot.current()
    monkeypatch.setattr(query_timeout._process, "limit", None)
    assert shows("Emma")


def test_a_thread_that_died_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.item(title="Emma")
    snapshot.current()
    snapshot._copy._keeper.stop()
    snapshot._copy._keeper.start_afresh()
    Item.objects.update(title="Revised")
    snapshot.bump()
    wait_until(lambda: shows("Revised"))


def test_a_fork_keeps_what_is_mapped_and_has_a_thread_of_its_own() -> None:
    factories.item(title="Emma")
    before = snapshot.current()
    child = os.fork()
    if not child:
        # Nothing of the parent's may be touched here: its connection, and pytest's own end.
        try:
            connection._connection_pools.clear()  # type: ignore[attr-defined]  # Django has no public way
            is_same = snapshot.current() is before
            wait_until(lambda: shows("Revised"))
            os._exit(0 if is_same else 1)
        finally:
            os._exit(2)
    Item.objects.update(title="Revised")
    snapshot.bump()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_catalogue_that_grows_large_is_kept_by_the_thread_from_then_on(
    monkeypatch: pytest.MonkeyPatch, large: Path
) -> None:
    monkeypatch.setattr(refresher, "SMALL", 3)
    monkeypatch.setattr("catalog.snapshot.holding.FEWEST_CHANGED", 2)
    factories.items(3)
    assert snapshot.current().count == 3
    assert not large.exists()
    factories.items(3)
    snapshot.bump()
    wait_until(lambda: snapshot.current().count == 6 and large.exists() and len(bases(large)) == 1)


def test_a_table_that_was_restored_is_read_anew(large: Path) -> None:
    factories.items(3)
    before = snapshot.current()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_item CASCADE")
    factories.item(title="Restored")
    snapshot.bump()
    wait_until(lambda: list(snapshot.current().titles) == ["Restored"])
    assert snapshot.current().base is not before.base
    assert np.array_equal(snapshot.current().exists, [True])
