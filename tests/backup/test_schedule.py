"""A place for backups is enough: the schedule makes them, Health tells of them, and an old one is an alert."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from recsite import alerts
from recsite.console import backups as page
from recsite.local.paths import PROJECT
from recsite.platform import tasks
from recsite.platform.backup import manifest, runs
from recsite.platform.models import AuditEntry, BackupRun
from recsite.schedule import beat_schedule

PRINT = (
    "from recsite import settings; print('Back up' in settings.CELERY_BEAT_SCHEDULE, 'backups' in settings.STORAGES)"
)


def findings() -> list[str]:
    return [one.sentence for one in alerts.LOOKS["Backups"]()]


def test_the_schedule_has_backups_where_there_is_a_place_for_them(tmp_path: Path) -> None:
    for given, said in (({}, "False False"), ({"BACKUP_STORAGE_PATH": str(tmp_path)}, "True True")):
        environment = {"PATH": os.defpath, "DATABASE_URL": "postgres://a:b@127.0.0.1:1/x", **given}
        environment |= {"REDIS_URL": "redis://127.0.0.1:1/0", "RECSITE_STATE": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", PRINT], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == said
    assert beat_schedule(1, 1, 1, 7)["Back up"]["schedule"] == 7 * 3600


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"BACKUP_KEY": "secret"}, "BACKUP_KEY is no key of age: it begins with age1 (makes backups) or"),
        ({"BACKUP_STORAGE_ENDPOINT": "http://s3"}, "name it in BACKUP_STORAGE_BUCKET"),
        ({"BACKUP_STORAGE_BUCKET": "a", "BACKUP_STORAGE_PATH": "/b"}, "are both set: backups are stored in one place"),
        ({"BACKUP_STORAGE_BUCKET": "a", "BACKUP_STORAGE_ACCESS_KEY": "b"}, "go together: set both, or neither"),
    ],
)
def test_a_wrong_setting_is_one_sentence(given: dict[str, str], sentence: str, tmp_path: Path) -> None:
    environment = {"PATH": os.defpath, "DATABASE_URL": "postgres://a:b@127.0.0.1:1/x", **given}
    environment |= {"REDIS_URL": "redis://127.0.0.1:1/0", "RECSITE_STATE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.django_db
def test_health_and_the_alert_tell_of_the_last_one(backups: Path, settings: Any) -> None:
    assert findings() == ["There is no good backup."]
    now = timezone.now()
    runs.note("early", now - timedelta(hours=30), bytes=2_000_000, rows=70)
    (old,) = findings()
    assert re.fullmatch(r"The last good backup was made .+ ago\.", old)
    said = page.sentences()[0].replace("\xa0", " ")
    assert said == "The last good backup is early, of 1 day ago: 70 rows in 1.9 MB."
    BackupRun.objects.create(name="failed", began_at=now, error="The bucket is gone.")
    assert findings()[0].endswith(" The bucket is gone.")
    assert page.sentences()[1] == "The last one, just now, failed: The bucket is gone."
    settings.ALERT_BACKUP_AGE_HOURS = 31
    assert findings() == []
    settings.STORAGES = {name: one for name, one in settings.STORAGES.items() if name != "backups"}
    settings.ALERT_BACKUP_AGE_HOURS = 1
    assert findings() == []
    assert page.sentences()[0].startswith("No backups are made here")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_task_makes_one_and_is_quiet_where_there_is_no_place(backups: Path, settings: Any) -> None:
    tasks.back_up()
    (made,) = manifest.listed()
    entry = AuditEntry.objects.get(verb="backup.create")
    assert (entry.object_id, entry.actor) == (made.name, "Back up")
    assert runs.last_success() == made.made_at
    settings.STORAGES = {name: one for name, one in settings.STORAGES.items() if name != "backups"}
    tasks.back_up()
    assert BackupRun.objects.count() == 1
