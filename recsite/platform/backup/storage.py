"""Hold backups in a folder or a bucket, read and written as streams, never held in memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from recsite.platform.bucket import Bucket
from recsite.platform.exceptions import UserFacingError

ALIAS = "backups"
PART_BYTES = 32 * 1024**2
"""A stream of unknown length goes up in parts of this size, 10,000 at most: 320 GB."""


class NoBackups(UserFacingError):
    """There is no place for backups."""

    def __init__(self) -> None:
        super().__init__("There is no place for backups: set BACKUP_STORAGE_PATH or BACKUP_STORAGE_BUCKET.")


class BackupFolder(FileSystemStorage):
    """Store backups in a folder that nobody else can read; what was said to be stored survives a power cut."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700, **options})

    def _save(self, name: str, content: File) -> str:
        saved = str(super()._save(name, content))  # type: ignore[misc]  # Django's own hook, not in its stubs
        path = Path(self.path(saved))
        for each in (path, path.parent):
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return saved


class BackupBucket(Bucket):
    """Store backups in a bucket; a server that is gone is noticed within seconds."""

    settings_named = "BACKUP_STORAGE"

    def __init__(self, **options: Any) -> None:
        about: dict[str, Any] = {
            "transfer_config": TransferConfig(multipart_chunksize=PART_BYTES, max_concurrency=2),
            "client_config": Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3}),
            "file_overwrite": False,
        }
        super().__init__(**{**about, **options})

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """Read a file from the beginning as it comes, without a copy on this machine."""
        with self._reached():
            try:
                body = self.bucket.Object(self._normalize_name(name)).get()["Body"]
            except ClientError as error:
                if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                    raise FileNotFoundError(name) from error
                raise
        try:
            yield body
        except BotoCoreError as error:
            with self._reached():
                raise error
        finally:
            body.close()


def place() -> Storage:
    """Return the storage of backups. Raises NoBackups."""
    try:
        return storages[ALIAS]
    except InvalidStorageError as error:
        raise NoBackups from error


def is_set_up() -> bool:
    """Tell whether there is a place for backups."""
    return ALIAS in storages.backends


@contextmanager
def reading(name: str) -> Iterator[IO[bytes]]:
    """Open a stored file to be read once, from the beginning. Raises FileNotFoundError."""
    where = place()
    if isinstance(where, BackupBucket):
        with where.stream(name) as body:
            yield body
    else:
        with where.open(name) as file:
            yield file


def names(folder: str) -> tuple[list[str], list[str]]:
    """Return the folders and the files in a folder; nothing where there is none."""
    try:
        return place().listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return [], []


def walk(folder: str) -> Iterator[str]:
    """Yield the paths of all files below a folder."""
    folders, files = names(folder)
    yield from (f"{folder}/{name}" for name in files if name)
    for one in folders:
        yield from walk(f"{folder}/{one}")


def remove(folder: str, first: str = "") -> None:
    """Delete a folder with its files, the one called `first` before all others."""
    where = place()
    for path in sorted(walk(folder), key=lambda path: path != f"{folder}/{first}"):
        where.delete(path)
    if isinstance(where, FileSystemStorage):
        for inner in sorted(Path(where.path(folder)).rglob("*"), reverse=True):
            inner.rmdir()
        where.delete(folder)
