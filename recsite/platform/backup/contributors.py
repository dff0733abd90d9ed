"""Let apps add to a backup what they have beside their rows: this package knows none, the settings name them."""

from collections.abc import Iterable
from typing import IO, Any

from django.conf import settings
from django.utils.module_loading import import_string


class Contributor:
    """Add files to a backup, and bring them back. A class of an app's own has what it needs of this."""

    name = ""

    def files(self) -> Iterable[str]:
        """Name the files that belong to the rows of now. A name stands for the same bytes for ever."""
        return ()

    def open(self, name: str) -> IO[bytes]:
        """Open a file. Raises FileNotFoundError."""
        raise FileNotFoundError(name)

    def put_back(self, name: str, content: IO[bytes]) -> None:
        """Store a file of a backup in its place."""

    def facts(self) -> dict[str, Any]:
        """Return what a restore has to know, as JSON."""
        return {}

    def complaint(self, facts: dict[str, Any]) -> str:
        """Say in a sentence why a backup with these facts can't be restored here; empty where it can."""
        return ""

    def before_create(self) -> None:
        """Do what has to be stored beside the backups before the next one."""

    def after_restore(self) -> str:
        """Bring the restored rows in order; return what was done, in a sentence, or nothing."""
        return ""


def contributors() -> list[Contributor]:
    """Return those that the settings name, in their order."""
    return [import_string(path)() for path in settings.BACKUP_CONTRIBUTORS]
