"""Backups in a bucket: made as a stream, shared, checked, restored, deleted; damage and half of one are noticed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from recommender import registry
from recsite import bucket_settings
from recsite.platform.audit import SYSTEM
from recsite.platform.backup import create, manifest, postgres, restore, storage, upkeep
from recsite.platform.backup.manifest import FILES, SETS
from recsite.platform.exceptions import UserFacingError
from tests.buckets import bucket_server
from tests.recommender.fixtures import Shop, popular, publish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_server("backups") as url:
        yield url


@pytest.fixture
def bucket(endpoint: str, settings: Any, tmp_path: Path) -> Any:
    about = {"endpoint_url": endpoint, "region_name": "us-east-1", "access_key": "test", "secret_key": "test"}
    options = bucket_settings.bucket_options("BACKUP_STORAGE", "backups", {**about, "location": tmp_path.name})
    one = {"BACKEND": "recsite.platform.backup.storage.BackupBucket", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "backups": one}
    settings.BACKUP_KEY = ""
    return settings


def test_backups_live_in_a_bucket(shop: Shop, bucket: Any) -> None:
    first = create.create(actor=SYSTEM)
    registry.promote(publish({"popular": popular(shop.items)}, promote=False), actor=SYSTEM)
    second = create.create(actor=SYSTEM)
    assert [one.name for one in manifest.listed()] == [second.name, first.name]
    shared = {one.path for one in first.files}
    assert shared < {one.path for one in second.files}
    assert upkeep.verify(second) == "All files are as they were written, and the dump can be read to its end."
    restore.restore(first, actor=SYSTEM, replace=True)

    # Nothing half-written is listed, and nothing that was killed long ago stays.
    killed, young = "20200101-000000-abc", f"{timezone.now():%Y%m%d-%H%M%S}-abc"
    for name in (killed, young):
        storage.place().save(f"{SETS}/{name}/database.pgdump", ContentFile(b"half"))
    assert len(manifest.listed()) == 2
    bucket.BACKUP_KEEP_DAYS = 30
    assert upkeep.prune(actor=SYSTEM) == upkeep.Pruning([], [killed], [])

    # One that is older than the limit goes, with what it alone needs.
    storage.place().delete(f"{SETS}/{second.name}/{manifest.FILE}")
    aged = manifest.Manifest(
        **{
            **{name: getattr(second, name) for name in second.__slots__},
            "made_at": second.made_at - timedelta(days=31),
        }
    )
    manifest.write(aged)
    done = upkeep.prune(actor=SYSTEM)
    assert [one.name for one in done.backups] == [second.name]
    assert set(done.files) == {one.path for one in second.files} - shared
    upkeep.verify(first)

    # The last one stays however old it is.
    bucket.BACKUP_KEEP_DAYS = -1
    assert upkeep.prune(actor=SYSTEM).backups == []


def test_damage_is_noticed_before_anything_is_changed(shop: Shop, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, where = create.create(actor=SYSTEM), storage.place()
    for victim in (made.files[0].path, made.database.path):
        with where.open(victim) as file:
            whole = file.read()
        where.delete(victim)
        with pytest.raises(upkeep.BackupDamaged, match="is gone: take another backup"):
            upkeep.verify(made)
        where.save(victim, ContentFile(whole[:-1] + bytes([whole[-1] ^ 1])))
        with pytest.raises(upkeep.BackupDamaged, match="is not what was written there"):
            restore.restore(made, actor=SYSTEM, replace=True)
        where.delete(victim)
        where.save(victim, ContentFile(whole))
    # What a check has missed is not stored either: rows come whole or not at all.
    monkeypatch.setattr(upkeep, "verify", lambda *_, **__: "")
    whole = where.open(made.database.path).read()
    where.delete(made.database.path)
    where.save(made.database.path, ContentFile(whole[: len(whole) // 2]))
    with pytest.raises(UserFacingError):
        restore.restore(made, actor=SYSTEM, replace=True)
    shop.ada.refresh_from_db()


def test_a_dump_that_fails_leaves_nothing(shop: Shop, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(storage.walk(SETS)) | set(storage.walk(FILES))
    monkeypatch.setattr(create, "_take_snapshot", lambda: "00000000-00000000-1")
    with pytest.raises(postgres.PostgresFailed, match="pg_dump failed: pg_dump: error"):
        create.create(actor=SYSTEM)
    assert set(storage.walk(SETS)) | set(storage.walk(FILES)) == before


def test_a_bucket_that_is_gone_is_one_sentence(shop: Shop, bucket: Any) -> None:
    options = {**bucket.STORAGES["backups"]["OPTIONS"], "bucket_name": "elsewhere"}
    one = {**bucket.STORAGES["backups"], "OPTIONS": options}
    bucket.STORAGES = {**bucket.STORAGES, "backups": one}
    with pytest.raises(UserFacingError, match=r"The bucket elsewhere can't be used: .*BACKUP_STORAGE_BUCKET"):
        create.create(actor=SYSTEM)
