"""What a restore brings back is what was there: row by row, the models, the lists; erased users stay erased."""

import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from catalog import erasure, store
from catalog.models import EndUser, Erasure
from interactions import producers
from interactions.models import Interaction
from recsite.platform.audit import SYSTEM
from recsite.platform.backup import create, manifest, restore, tables, upkeep
from recsite.platform.backup.keys import new_pair
from recsite.platform.models import AuditEntry, BackupRun
from tests import factories
from tests.backup.conftest import SECRET
from tests.backup.places import empty_database, manage
from tests.recommender.fixtures import Shop, ask, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def lists(*user_ids: str) -> list[list[str]]:
    start_afresh()
    return [[one.item_id for one in ask(user_id).items] for user_id in user_ids]


def states() -> dict[str, Any]:
    with transaction.atomic():
        return dict(tables.states())


def replace(backup: manifest.Manifest) -> restore.Restored:
    return restore.restore(backup, actor=SYSTEM, replace=True)


def test_a_restore_brings_back_every_row_the_models_and_the_lists(shop: Shop, backups: Path) -> None:
    producers.produce([factories.event("cleo", shop.poems[0], "purchase"), factories.event("ada", shop.novels[1])])
    before, listed = states(), lists("ada", "ben", "cleo")
    made = create.create(actor=SYSTEM)
    assert made.tables == before
    assert [one for one in manifest.listed() if one == made]
    assert upkeep.verify(made) == "All files are as they were written, and the dump can be read to its end."

    producers.produce([factories.event("ada", shop.poems[3], "purchase")])
    factories.item("came later")
    shutil.rmtree(django_settings.STORAGES["models"]["OPTIONS"]["location"])
    shutil.rmtree(django_settings.MODEL_CACHE_DIR)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE left_over (id int)")
    done = replace(made)
    after = states()
    # What the restore itself writes: its own record, and numbers that tell processes to read anew.
    changed = {"platform_auditentry", "platform_epoch"}
    assert set(tables.differing(before, after)) <= changed
    assert (done.rows, done.migrated) == (sum(one.rows for one in before.values()), 0)
    assert lists("ada", "ben", "cleo") == listed
    assert AuditEntry.objects.filter(verb="backup.restore", object_id=made.name).exists()


def test_nothing_that_is_stored_can_be_read_without_the_key(shop: Shop, backups: Path) -> None:
    create.create(actor=SYSTEM)
    stored = {path: path.read_bytes() for path in backups.rglob("*") if path.is_file()}
    assert any(path.name == "database.pgdump" for path in stored)
    for path, content in stored.items():
        if path.name != manifest.FILE and path.parent.name != "erasures":
            assert content.startswith(b"age-encryption.org/v1"), path
        assert b"novel-0" not in content, path
        assert path.stat().st_mode & 0o077 == 0, path


def test_users_who_were_erased_after_a_backup_stay_erased(shop: Shop, backups: Path) -> None:
    store.erase_user_ids(["ben", "somebody"])
    made = create.create(actor=SYSTEM)
    producers.produce([factories.event("ada", shop.novels[0], "purchase")])
    store.erase_user_ids(["ada"])
    erasure.lift(["somebody"], actor=SYSTEM)
    done = replace(made)
    assert not EndUser.objects.filter(user_id__in=["ada", "ben"]).exists()
    assert not Interaction.objects.filter(user__user_id="ada").exists()
    assert erasure.erased_among(["ada", "ben", "cleo", "somebody"]) == {"ada", "ben"}
    assert done.sentences == ["Erasures: 2 known beside the backups, 1 user erased again."]


def test_an_erasure_is_done_where_it_can_not_be_written_beside_the_backups(
    shop: Shop, backups: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    backups.parent.mkdir(exist_ok=True)
    backups.write_text("no folder")
    store.erase_user_ids(["ada"])
    assert not EndUser.objects.filter(user_id="ada").exists()
    assert "could not be written beside the backups" in caplog.text
    backups.unlink()
    made = create.create(actor=SYSTEM)
    Erasure.objects.all().delete()
    factories.ada()
    replace(made)
    assert erasure.erased_among(["ada"]) == {"ada"}


def test_an_operator_brings_a_backup_to_another_server_by_the_command(shop: Shop, backups: Path) -> None:
    before = states()
    create.create(actor=SYSTEM)
    store.erase_user_ids(["ben"])
    with empty_database("restored_by_command") as address:
        given = {
            "DATABASE_URL": address,
            "BACKUP_STORAGE_PATH": str(backups),
            "BACKUP_KEY": SECRET,
            "ERASURE_KEY": django_settings.ERASURE_KEY,
            "MODEL_STORAGE_PATH": str(backups.parent / "other-models"),
        }
        done = manage("backup", "restore", **given)
        assert done.returncode == 0, done.stderr
        assert (
            f"{sum(one.rows for one in before.values()):,} rows in {len(before)} tables are as they were" in done.stdout
        )
        assert "1 user erased again." in done.stdout
        again = manage("backup", "restore", **given)
        assert again.returncode == 1
        assert again.stderr == (
            "CommandError: The database restored_by_command is not empty. Name an empty one in DATABASE_URL, or say "
            "--replace=restored_by_command: everything in it is deleted.\n"
        )
        other = manage("backup", "restore", **{**given, "ERASURE_KEY": "another-" + django_settings.ERASURE_KEY})
        assert "ERASURE_KEY is another one than when this backup was made" in other.stderr


def test_models_that_are_lost_come_back_without_the_database(shop: Shop, backups: Path, settings: Any) -> None:
    create.create(actor=SYSTEM)
    as_it_is, folder = states(), Path(settings.STORAGES["models"]["OPTIONS"]["location"])
    whole = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    call_command("backup", "restore", "--only-models", stdout=StringIO())
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == whole
    assert states() == as_it_is
    settings.BACKUP_KEY = new_pair()[1]
    with pytest.raises(CommandError, match="set BACKUP_KEY to the secret key"):
        call_command("backup", "restore", "--only-models")


def test_a_backup_that_does_not_fit_is_refused_in_a_sentence(shop: Shop, backups: Path, settings: Any) -> None:
    made = create.create(actor=SYSTEM)
    as_it_is = states()
    newer = manifest.Manifest(
        **{**{name: getattr(made, name) for name in made.__slots__}, "migrations": [["catalog", "9999_later"]]}
    )
    with pytest.raises(restore.CantRestore, match=r"made by a newer recsite .* \(catalog.9999_later\)"):
        replace(newer)
    with pytest.raises(restore.CantRestore, match="is not empty"):
        restore.restore(made, actor=SYSTEM)
    settings.BACKUP_KEY = new_pair()[0]
    with pytest.raises(restore.CantRestore, match="set BACKUP_KEY to the secret key that belongs to it"):
        replace(made)
    assert states() == as_it_is


def test_runs_and_their_age_are_known(shop: Shop, backups: Path, settings: Any) -> None:
    made = create.create(actor=SYSTEM)
    run = BackupRun.objects.get()
    assert (run.name, run.bytes, run.error) == (made.name, made.bytes, "")
    settings.POSTGRES_BIN = "/nowhere"
    with pytest.raises(Exception, match="There is no pg_dump, and the server is PostgreSQL"):
        create.create(actor=SYSTEM)
    assert "There is no pg_dump" in BackupRun.objects.first().error  # type: ignore[union-attr]
    assert [one.name for one in manifest.listed()] == [made.name]
