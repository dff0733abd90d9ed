"""Where events are exported to and results of Spark's wait: a folder or a bucket, as a Django storage.

Files are written by the product through a temporary one, so that memory holds a part of one at a time.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from recsite.platform.backup.storage import BackupFolder
from recsite.platform.bucket import Bucket

STORAGE = "training"


@dataclass(frozen=True)
class Place:
    """Name a folder of a storage."""

    storage: Storage
    folder: str

    @classmethod
    def of(cls, folder: str) -> "Place":
        """Return a folder of the storage that the settings name."""
        return cls(storages[STORAGE], folder)

    @classmethod
    def at(cls, where: str, folder: str) -> "Place":
        """Return a folder below a path, or below s3://BUCKET/PREFIX, which is reached as the settings' bucket is."""
        if not where.startswith("s3://"):
            return cls(BackupFolder(location=str(Path(where).absolute())), folder)
        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        return cls(Bucket(**{**_reached(), "bucket_name": bucket, "location": prefix.strip("/")}), folder)

    def __truediv__(self, name: str) -> "Place":
        return Place(self.storage, f"{self.folder}/{name}" if self.folder else name)

    @property
    def uri(self) -> str:
        """Return the address by which Spark reaches it."""
        if isinstance(self.storage, FileSystemStorage):
            return Path(self.storage.path(self.folder or ".")).as_uri()
        bucket: Any = self.storage
        return "/".join(filter(None, (f"s3a://{bucket.bucket_name}", bucket.location.strip("/"), self.folder)))

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """Write a file, which is there once it is whole."""
        with TemporaryFile() as file:
            yield file
            file.seek(0)
            self.storage.save(f"{self.folder}/{name}", File(file))

    def folders(self) -> list[str]:
        """Return the names of the folders in it, sorted; none where it isn't there."""
        return sorted(name for name in self._listed()[0] if name)

    def files(self, ending: str = "") -> list[str]:
        """Return the paths of all files in it and below, sorted, from the storage's root."""
        folders, names = self._listed()
        own = [f"{self.folder}/{name}" for name in names if name.endswith(ending)]
        return sorted(own + [path for one in folders if one for path in (self / one).files(ending)])

    def remove(self) -> None:
        """Delete it with all that is in it; the parts of a folder that another process deleted don't matter."""
        if isinstance(self.storage, FileSystemStorage):
            shutil.rmtree(self.storage.path(self.folder), ignore_errors=True)
            return
        for path in self.files():
            self.storage.delete(path)

    def _listed(self) -> tuple[list[str], list[str]]:
        try:
            return self.storage.listdir(self.folder)
        except (FileNotFoundError, NotADirectoryError):
            return [], []


def _reached() -> dict[str, Any]:
    """Return the options by which the settings' own bucket is reached."""
    own = settings.STORAGES[STORAGE].get("OPTIONS", {})
    return dict(own) if "bucket_name" in own else {}
