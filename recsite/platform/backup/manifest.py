"""Keep what a backup says of itself. It is written last, so that a backup without it is none."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from django.core.files.base import File

from recsite.platform.backup import storage
from recsite.platform.exceptions import UserFacingError

FORMAT = 1
FILE = "manifest.json"
SETS, FILES = "sets", "files"
"""Folders: of backups, and of what several of them share."""

LARGEST = 256 * 1024**2


class NoSuchBackup(UserFacingError):
    """There is no backup of that name, or it can't be read."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Name a file of a backup. Checksum and size are those of what is stored, so that no key is needed to check."""

    owner: str
    """The contributor that it belongs to; empty for the database."""
    name: str
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class TableState:
    """Tell the rows of a table apart from others: their number, and a hash that doesn't depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Describe a backup."""

    name: str
    made_at: datetime
    """When its rows were what they are in it."""
    seconds: float
    version: str
    postgres: int
    """The major version of the server."""
    key: str
    """The public key of age that its files are encrypted for; empty where they are not."""
    migrations: list[list[str]]
    tables: dict[str, TableState]
    database: StoredFile
    files: list[StoredFile] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Files that rows name and that were not there any more."""
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return self.database.bytes + sum(one.bytes for one in self.files)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def all_files(self) -> list[StoredFile]:
        return [self.database, *self.files]


def write(manifest: Manifest) -> None:
    """Store the manifest: from now on there is a backup."""
    about = {"format": FORMAT, **asdict(manifest), "made_at": manifest.made_at.isoformat()}
    raw = json.dumps(about, indent=1, sort_keys=True).encode()
    storage.place().save(f"{SETS}/{manifest.name}/{FILE}", File(BytesIO(raw)))


def read(name: str) -> Manifest:
    """Read the manifest of a backup. Raises NoSuchBackup."""
    if not name or "/" in name or name.startswith("."):
        raise NoSuchBackup(f"{name!r} is no name of a backup: 'manage.py backup list' has them.")
    try:
        with storage.reading(f"{SETS}/{name}/{FILE}") as file:
            about = json.loads(file.read(LARGEST))
    except FileNotFoundError as error:
        raise NoSuchBackup(f"There is no backup {name}: 'manage.py backup list' has them.") from error
    except ValueError as error:
        raise NoSuchBackup(f"The manifest of {name} is damaged: take another backup.") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise NoSuchBackup(f"{name} was made by another version of recsite, whose format is not known here.")
    try:
        return _parse(about)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise NoSuchBackup(f"The manifest of {name} is damaged: take another backup.") from error


def _parse(about: dict[str, Any]) -> Manifest:
    plain = {name: value for name, value in about.items() if name != "format"}
    return Manifest(
        **{
            **plain,
            "made_at": datetime.fromisoformat(about["made_at"]),
            "tables": {name: TableState(**state) for name, state in about["tables"].items()},
            "database": StoredFile(**about["database"]),
            "files": [StoredFile(**one) for one in about["files"]],
        }
    )


def listed() -> list[Manifest]:
    """Return all backups that are whole, the newest first; one whose manifest can't be read is left out."""
    return sorted(_readable(), key=lambda one: one.made_at, reverse=True)


def _readable() -> Iterator[Manifest]:
    for name in storage.names(SETS)[0]:
        try:
            yield read(name)
        except NoSuchBackup:
            continue
