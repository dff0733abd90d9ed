"""Give the lines of files by member name: from a folder, a single file or a zip archive, gzipped or not."""

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from catalog.importers.rows import UnreadableSource

LONGEST_LINE = 1 << 20
"""Characters. A file without line breaks is read in pieces of this size, never as a whole."""

HEAD = 1 << 13
"""Characters by which it is judged whether a file holds text."""

BUFFER = 1 << 18
UTF16 = ("\udcff\udcfe", "\udcfe\udcff")
FEW = 3
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b]")
GZIP_MAGIC = b"\x1f\x8b"
LINE_END = re.compile(r"\r\n?|\n")
SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
"""The first line by which Excel tells itself how the fields of a CSV file are divided."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
"""Members of the zip archives that Excel and LibreOffice write."""

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)


@dataclass(frozen=True, slots=True)
class _Member:
    path: str
    size: int


class Source:
    """Read a folder, a file or a zip archive. Members are named by their last part, in lower case and without `.gz`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._positions: dict[str, int] = {}
        try:
            self._is_archive = path.is_file() and zipfile.is_zipfile(path)
            _refuse_workbook(path, self._is_archive)
            self._members = dict(_archive_members(path) if self._is_archive else _file_members(path))
        except (OSError, zipfile.BadZipFile) as error:
            raise UnreadableSource(f"{path} can't be read: {getattr(error, 'strerror', None) or error}.") from error
        if not self._members:
            raise UnreadableSource(f"{path} is empty. Give the folder or archive that holds the data files.")

    @property
    def names(self) -> list[str]:
        """Return the members' names."""
        return sorted(self._members)

    @property
    def listing(self) -> str:
        """Return the members' names for a message."""
        return ", ".join(self.names[:12]) + (", ..." if len(self.names) > 12 else "")

    def has(self, *names: str) -> bool:
        """Return True where all of these members are there."""
        return all(name in self._members for name in names)

    def size(self, *names: str) -> int:
        """Return the bytes to read for these members."""
        return sum(self._members[name].size for name in names)

    @property
    def bytes_read(self) -> int:
        """Return how many of those bytes have been read; a member read twice counts once."""
        return sum(self._positions.values())

    def lines(self, name: str, encoding: str) -> "Lines":
        """Return the lines of a member."""
        return Lines(self, name, encoding)

    def first_line(self, name: str, encoding: str) -> str:
        """Return a member's first line of data without its end; empty where the member is empty."""
        for line in Lines(self, name, encoding, counted=False):
            first = line.rstrip("\r\n")
            if not SEPARATOR.fullmatch(first):
                return first
        return ""

    def separator(self, name: str) -> str:
        """Return the sign that a first line such as `sep=;` names, or nothing where there is no such line."""
        found = SEPARATOR.fullmatch(LINE_END.split(self._head(name), 1)[0])
        return found[1] if found else ""

    def opening(self, name: str) -> str:
        """Return the first line of data of a member in UTF-8, without its end.

        Raises UnreadableSource where the member is empty or no text: one stray byte is a line's mistake, many are not.
        """
        head = self._head(name)
        odd = len(CONTROL.findall(head))
        first, *others = LINE_END.split(head, 2)
        if SEPARATOR.fullmatch(first):
            first = others[0] if others else ""
        if not head.strip():
            raise UnreadableSource(f"{name} is empty.")
        if head.startswith(UTF16):
            raise UnreadableSource(f"{name} is written in UTF-16. Save it as UTF-8.")
        if CONTROL.search(first) or odd > FEW + len(head) // 20:
            raise UnreadableSource(f"{name} is not text: it holds bytes that no text has.")
        return first

    def _head(self, name: str) -> str:
        """Return how a member begins; where it is damaged, what stands before the damage."""
        head = ""
        try:
            for line in Lines(self, name, "utf-8-sig", counted=False):
                head += line
                if len(head) >= HEAD:
                    break
        except UnreadableSource:
            if not head:
                raise
        return head

    def digest(self, *names: str) -> bytes:
        """Return the SHA-256 of the SHA-256 of each of these members, as they lie on the disk."""
        whole = hashlib.sha256()
        paths = [str(self.path)] if self._is_archive else [self._members[name].path for name in sorted(names)]
        try:
            for path in paths:
                with open(path, "rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise UnreadableSource(f"{self.path} can't be read: {error}.") from error
        return whole.digest()

    def open(self, name: str, stack: ExitStack, *, counted: bool = True) -> IO[bytes]:
        """Open a member's bytes, unpacked; `stack` closes whatever was opened for it."""
        counter = _Counter(self._open_raw(self._members[name].path, stack), self._positions if counted else {}, name)
        buffered = stack.enter_context(io.BufferedReader(counter, BUFFER))
        if buffered.peek(2)[:2] != GZIP_MAGIC:
            return buffered
        return stack.enter_context(cast(BinaryIO, gzip.GzipFile(fileobj=buffered)))

    def _open_raw(self, path: str, stack: ExitStack) -> IO[bytes]:
        if not self._is_archive:
            return stack.enter_context(Path(path).open("rb"))
        return stack.enter_context(stack.enter_context(zipfile.ZipFile(self.path)).open(path))


class Lines:
    """Yield the lines of one member, ends included; `current` is the one last given.

    Bytes that are not of the encoding come as lone surrogates, so that the line that holds them can be rejected.
    """

    def __init__(self, source: Source, name: str, encoding: str, *, counted: bool = True) -> None:
        self._source, self._name, self._encoding, self._counted = source, name, encoding, counted
        self.number = 0
        self.current = ""

    def __iter__(self) -> Iterator[str]:
        try:
            with ExitStack() as stack:
                raw = self._source.open(self._name, stack, counted=self._counted)
                text = stack.enter_context(io.TextIOWrapper(raw, self._encoding, "surrogateescape", newline=""))
                for line in iter(partial(text.readline, LONGEST_LINE), ""):
                    self.number += 1
                    self.current = line
                    yield line
        except DAMAGE as error:
            raise UnreadableSource(self._broken_off()) from error
        except (OSError, RuntimeError, NotImplementedError) as error:
            raise UnreadableSource(f"{self._name} in {self._source.path} can't be read: {error}.") from error

    def _broken_off(self) -> str:
        return (
            f"{self._name} in {self._source.path} breaks off or is damaged after line {self.number}. "
            "Fetch the file again."
        )


class _Counter(io.RawIOBase):
    """Pass bytes on, and write down how far it has come."""

    def __init__(self, raw: IO[bytes], positions: dict[str, int], name: str) -> None:
        self._raw, self._positions, self._name = raw, positions, name
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer has no len()
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        self._positions[self._name] = max(self._positions.get(self._name, 0), self._position)
        return len(data)


def _member_name(path: str) -> str:
    return PurePosixPath(path).name.lower().removesuffix(".gz")


def _file_members(path: Path) -> Iterator[tuple[str, _Member]]:
    files = sorted(path.iterdir(), reverse=True) if path.is_dir() else [path]
    # In this order an unpacked file is given after its .gz, and so wins.
    for file in files:
        if file.is_dir() or file.name.startswith("."):
            continue
        yield _member_name(file.name), _Member(str(file), file.stat().st_size)


def _archive_members(path: Path) -> Iterator[tuple[str, _Member]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name = PurePosixPath(info.filename).name
            if not info.is_dir() and not name.startswith(".") and not info.filename.startswith("__MACOSX/"):
                yield _member_name(name), _Member(info.filename, info.file_size)


def _refuse_workbook(path: Path, is_archive: bool) -> None:
    """Raise UnreadableSource where a file is a workbook of Excel or LibreOffice."""
    if is_archive:
        with zipfile.ZipFile(path) as archive:
            is_workbook = any(name in WORKBOOKS for name in archive.namelist())
    else:
        is_workbook = path.is_file() and _begins_with(path, OLD_EXCEL)
    if is_workbook:
        raise UnreadableSource(f"{path} is a workbook, not a text. Save its sheet as CSV (UTF-8), and give that file.")


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
