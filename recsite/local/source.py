"""Choose the data the demo shows: its own, or the user's. The state remembers it, so that two never mix."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from recsite.local.paths import PROJECT, LocalError, write_private


@dataclass(frozen=True)
class Source:
    """Name a data set; `path` and `format` are empty for the demo's own, `complete` is False while it loads."""

    path: str = ""
    format: str = ""
    complete: bool = False

    def __str__(self) -> str:
        return f"{self.path} ({self.format})" if self.path else "the demo's own data"

    def is_same(self, other: "Source") -> bool:
        return (self.path, self.format) == (other.path, other.format)

    def remember(self, state: Path, complete: bool) -> None:
        write_private(state / "source.json", json.dumps(asdict(replace(self, complete=complete))) + "\n")

    @classmethod
    def remembered(cls, state: Path) -> Self | None:
        with suppress(OSError, ValueError, TypeError):
            return cls(**json.loads((state / "source.json").read_text()))
        return None

    @classmethod
    def asked_for(cls, environ: Mapping[str, str]) -> Self | None:
        """Return what DATA and FORMAT name, or None. Raises LocalError where they name nothing that is there."""
        data, form = environ.get("DATA", ""), environ.get("FORMAT", "")
        if not data and not form:
            return None
        if not data or not form:
            missing = "FORMAT" if data else "DATA"
            raise LocalError(f"{missing} is missing: say both, as in 'make demo DATA=../goodbooks FORMAT=goodbooks'.")
        path = Path(os.path.abspath(PROJECT / Path(data).expanduser()))
        if not path.exists():
            raise LocalError(f"DATA names {path}, which isn't there: give the path of a file or folder.")
        return cls(str(path), form)


def choose(asked: Source | None, held: Source | None) -> Source:
    """Return the source to show. Raises LocalError where another one has been loaded."""
    if asked and held and held.complete and not asked.is_same(held):
        raise LocalError(f"The database already holds {held}: 'make reset' throws it away, then run this again.")
    return asked or held or Source()
