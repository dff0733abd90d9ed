"""Take files that staff bring: in pieces, into the folder of uploads that web servers and workers share."""

import fcntl
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.text import get_valid_filename

from interactions.models import FileImport
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError

FOLDER = "imports"
LONGEST_NAME = 120
CHECKED, IMPORTED = "check", "import"
"""What wrote a file of rejected lines."""

GONE = "The file is not kept any more: bring it again."


class CannotTake(UserFacingError):
    """Refuse a file, or a piece of one; the sentence says what to do."""


class WrongPiece(CannotTake):
    """Refuse a piece that doesn't follow what has come; `received` is where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received:,} bytes have come: go on from there.")
        self.received = received


def begin(name: str, size: int, mark: str = "", *, actor: Actor) -> FileImport:
    """Note a file that is about to come; return the one that broke off, where it is the same. Raises CannotTake."""
    name = safe_name(name)
    if size <= 0:
        raise CannotTake(f"{name} is empty.")
    if size > settings.IMPORT_MAX_BYTES:
        most = filesizeformat(settings.IMPORT_MAX_BYTES)
        raise CannotTake(
            f"{name} has {filesizeformat(size)}; IMPORT_MAX_BYTES allows {most}. Compress it, or divide it."
        )
    broken_off = FileImport.objects.filter(
        name=name, size=size, mark=mark[:50], by=actor.name, received__lt=size, discarded_at=None
    )
    if mark and (known := broken_off.first()):
        return known
    row = FileImport(name=name, size=size, mark=mark[:50], by=actor.name)
    folder = folder_of(row)
    try:
        (folder / "sent").mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise CannotTake(f"The folder of uploads can't be written: {error.strerror}.") from error
    if free < size:
        raise CannotTake(f"The server's disk has {filesizeformat(free)} free: too little for {name}.")
    row.save()
    return row


def append(row: FileImport, offset: int, pieces: Iterable[bytes]) -> int:
    """Add bytes that follow those that have come; return how many these are then.

    Raises WrongPiece where they don't follow, as after a piece that was sent twice, and CannotTake.
    """
    try:
        with file_of(row).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.tell() != offset:
                raise WrongPiece(file.tell())
            for piece in pieces:
                if file.tell() + len(piece) > row.size:
                    raise CannotTake(f"More bytes came than the {row.size:,} that {row.name} has.")
                file.write(piece)
            row.received = file.tell()
    except OSError as error:
        raise CannotTake(f"The folder of uploads can't be written: {error.strerror}.") from error
    row.save(update_fields=["received"])
    return row.received


def take_path(text: str, *, actor: Actor) -> FileImport:
    """Note a file or folder on the server. Raises CannotTake for what IMPORT_FOLDERS doesn't hold."""
    # Resolved: neither .. nor a link leads out of the folders.
    path = Path(text.replace("\0", "")).resolve()
    if not any(path.is_relative_to(folder.resolve()) for folder in settings.IMPORT_FOLDERS):
        raise CannotTake("The server may not read there: IMPORT_FOLDERS names the folders whose files may be imported.")
    try:
        size = sum(one.stat().st_size for one in path.iterdir()) if path.is_dir() else path.stat().st_size
    except OSError as error:
        raise CannotTake(f"{text} can't be read: {error.strerror}.") from error
    if not size:
        raise CannotTake(f"{path.name} is empty.")
    return FileImport.objects.create(name=path.name, path=str(path), size=size, received=size, by=actor.name)


def file_of(row: FileImport) -> Path:
    """Return where a file lies."""
    return Path(row.path) if row.path else folder_of(row) / "sent" / row.name


def folder_of(row: FileImport) -> Path:
    """Return the folder of a file that was sent (in a folder of its own) and of rejected lines."""
    return Path(storages["uploads"].path(f"{FOLDER}/{row.folder}"))


def rejected_of(row: FileImport, by: str) -> Path:
    """Return where the lines are that the check, or the import, could not use."""
    return folder_of(row) / f"rejected-by-{by}.csv"


def discard(row: FileImport, *, actor: Actor) -> None:
    """Delete a file that was sent, and its rejected lines; what it brought stays."""
    shutil.rmtree(folder_of(row), ignore_errors=True)
    row.discarded_at = timezone.now()
    row.save(update_fields=["discarded_at"])
    audit.record(actor, "file_import.discard", "file import", row.pk)


def discard_stale(*, actor: Actor) -> int:
    """Delete the files that came longer ago than IMPORT_KEPT_DAYS, and at which no job is; return how many."""
    before = timezone.now() - timedelta(days=settings.IMPORT_KEPT_DAYS)
    rows = [
        row
        for row in FileImport.objects.select_related("job").filter(created_at__lt=before, discarded_at=None)
        if not row.is_at_work
    ]
    for row in rows:
        discard(row, actor=actor)
    return len(rows)


def safe_name(name: str) -> str:
    """Return the name of a file without folders and odd characters; its end tells the format."""
    last = name.replace("\\", "/").rpartition("/")[2].lstrip(".")
    try:
        return get_valid_filename(last)[-LONGEST_NAME:].lstrip(".") or "file"
    except ValueError:
        return "file"
