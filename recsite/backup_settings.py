"""Read the settings of backups; recsite.settings takes them all over."""

from typing import Any

from recsite import env
from recsite.bucket_settings import bucket_options
from recsite.platform.backup.keys import public_of

BACKUP_KEEP_DAYS = env.integer("BACKUP_KEEP_DAYS", 30, 1)
BACKUP_INTERVAL_HOURS = env.integer("BACKUP_INTERVAL_HOURS", 24, 0, 24 * 31)
ALERT_BACKUP_AGE_HOURS = env.decimal("ALERT_BACKUP_AGE_HOURS", 26.0, 0, 24 * 366)
POSTGRES_BIN = env.text("POSTGRES_BIN")
BACKUP_KEY = env.text("BACKUP_KEY")

try:
    public_of(BACKUP_KEY)
except ValueError as error:
    env.fail(f"BACKUP_KEY is no key of age: {error}. 'manage.py backup key' makes a pair.")


def _storages() -> dict[str, Any]:
    """Return the storage of backups under its name: a folder, or a bucket; nothing where no backups are made."""
    path, bucket = env.text("BACKUP_STORAGE_PATH"), env.text("BACKUP_STORAGE_BUCKET")
    about = {
        "endpoint_url": env.text("BACKUP_STORAGE_ENDPOINT"),
        "region_name": env.text("BACKUP_STORAGE_REGION"),
        "access_key": env.text("BACKUP_STORAGE_ACCESS_KEY"),
        "secret_key": env.text("BACKUP_STORAGE_SECRET_KEY"),
        "location": env.text("BACKUP_STORAGE_PREFIX"),
    }
    if bucket and path:
        env.fail("BACKUP_STORAGE_BUCKET and BACKUP_STORAGE_PATH are both set: backups are stored in one place.")
    options = bucket_options("BACKUP_STORAGE", bucket, about)
    if options is not None:
        return {"backups": {"BACKEND": "recsite.platform.backup.storage.BackupBucket", "OPTIONS": options}}
    folder = {"BACKEND": "recsite.platform.backup.storage.BackupFolder", "OPTIONS": {"location": path}}
    return {"backups": folder} if path else {}


BACKUPS = _storages()
