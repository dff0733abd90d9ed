"""A bucket of S3, or of a server that speaks its language, as a Django storage that says plainly when it is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from recsite.platform.exceptions import Unavailable


class Bucket(S3Storage):
    """Store files in a bucket. Raises Unavailable, with a sentence, where it can't be reached or refuses."""

    settings_named = "MODEL_STORAGE"
    """What the names of its settings begin with."""

    def open(self, name: str, mode: str = "rb") -> File:
        """Open a file and fetch it whole: reading it later would fail where nobody expects it."""
        with self._reached():
            file: Any = super().open(name, mode)
            if "r" in mode:
                _ = file.file
        opened: File = file
        return opened

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        with self._reached():
            return str(super().save(name, content, max_length))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with self._reached():
            folders, files = super().listdir(path)
            return folders, files

    def exists(self, name: str) -> bool:
        with self._reached():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with self._reached():
            super().delete(name)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(
                f"The bucket {self.bucket_name} can't be used: {error}. "
                f"Check {self.settings_named}_ENDPOINT, {self.settings_named}_BUCKET and the keys, then try again."
            ) from error
