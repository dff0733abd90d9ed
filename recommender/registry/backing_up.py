"""The files of models in a backup: those that rows name."""

from collections.abc import Iterator
from contextlib import suppress
from typing import IO, cast

from django.core.files.base import File
from django.core.files.storage import storages

from recommender.models import ModelVersion
from recommender.registry.artifacts import files as artifacts
from recsite.platform.backup.contributors import Contributor

STATES = (ModelVersion.State.READY, ModelVersion.State.ARCHIVED)


class Models(Contributor):
    """Copy artifacts into a backup and back. Each has a folder that nothing else ever gets."""

    name = "models"

    def files(self) -> Iterator[str]:
        named = ModelVersion.objects.filter(state__in=STATES).exclude(artifact="").order_by("pk")
        for folder in named.values_list("artifact", flat=True):
            names = set[str]()
            with suppress(FileNotFoundError):
                names = set(storages["models"].listdir(folder)[1])
            # Where it is gone, that it isn't there is noticed when it is opened.
            yield from (f"{folder}/{name}" for name in sorted(names | {artifacts.MANIFEST}))

    def open(self, name: str) -> IO[bytes]:
        return cast(IO[bytes], storages["models"].open(name))

    def put_back(self, name: str, content: IO[bytes]) -> None:
        where = storages["models"]
        if where.exists(name):
            where.delete(name)
        where.save(name, File(content, name))
