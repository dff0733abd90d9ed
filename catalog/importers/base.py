"""Share what the readers of all formats need."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import ClassVar

from catalog.importers.rows import NewType, RowStream, Scale, UnreadableSource
from catalog.importers.source import Source


@dataclass(frozen=True)
class Options:
    """Hold the choices of whoever imports. `now` bounds the times of events; with `implicit` a value is no rating."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    scale: Scale | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    implicit: bool = False
    positive: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    """For gorse: its settings of these names, such as ("like", "read>=3")."""
    kind: str = ""
    """For csv and jsonl: what the one file holds (users, items or events), whose columns are mapped then; where it is
    empty, names and columns tell, and those of events are mapped."""

    @property
    def mapped(self) -> str:
        """Return the kind of rows whose columns are mapped."""
        return self.kind or "events"


class FileDataSet:
    """Read a data set in files. A format names the members it reads and turns them into rows; `scale` is its own."""

    format: ClassVar[str]
    source: str
    scale: Scale
    members: tuple[str, ...]

    def __init__(self, files: Source, options: Options) -> None:
        self.files, self.options = files, options
        self.notes: list[str] = []

    @classmethod
    def recognises(cls, files: Source) -> bool:
        """Return True where the files look like this format."""
        raise NotImplementedError

    def new_types(self) -> Collection[NewType]:
        return ()

    def rows(self) -> RowStream:
        raise NotImplementedError

    @property
    def location(self) -> str:
        return str(self.files.path)

    @property
    def total_bytes(self) -> int:
        return self.files.size(*self.members)

    @property
    def bytes_read(self) -> int:
        return self.files.bytes_read

    def fingerprint(self) -> str:
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        kind = (self.options.kind,) if self.options.kind else ()
        reading = repr((self.format, sorted(self.options.mapping.items()), self.scale, *kind))
        return hashlib.sha256(reading.encode() + self.files.digest(*self.members)).hexdigest()

    def refuse_options(self) -> None:
        """Refuse --map and --scale for a format whose columns and scale are fixed. Raises UnreadableSource."""
        if self.options.mapping or self.options.scale:
            raise UnreadableSource(f"--map and --scale are for csv and jsonl: {self.format} has columns and a scale.")
