"""Keep bodies that wait for a worker in a storage that web servers and workers share (`STORAGES["uploads"]`)."""

from contextlib import suppress
from datetime import timedelta
from typing import IO

import uuid_utils
from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

FOLDER = "bulk"
KEPT_FOR = timedelta(days=7)
"""What no job has worked through by then is of a job that never came."""


def keep(file: IO[bytes]) -> str:
    """Store a file, and return the name that it has from then on."""
    file.seek(0)
    return storages["uploads"].save(f"{FOLDER}/{uuid_utils.uuid7()}.ndjson", File(file))


def opened(name: str) -> File:
    """Open a stored file for reading; a `with` closes it."""
    return storages["uploads"].open(name)


def discard(name: str) -> None:
    """Delete a stored file, and those that nobody came for."""
    storage = storages["uploads"]
    storage.delete(name)
    with suppress(FileNotFoundError):
        for other in storage.listdir(FOLDER)[1]:
            if storage.get_modified_time(f"{FOLDER}/{other}") < timezone.now() - KEPT_FOR:
                storage.delete(f"{FOLDER}/{other}")
