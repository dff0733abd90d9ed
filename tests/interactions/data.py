"""Small data sets to import."""

import csv
from pathlib import Path
from typing import Any

from catalog.importers.registry import open_format
from catalog.importers.rows import DataSet
from interactions import importing
from interactions.importing import ImportReport
from interactions.models import Interaction
from tests.catalog.files import write

FILMS = "movieId,title,genres\n" + "".join(f"{film},Film {film} (1995),Drama|War\n" for film in range(1, 11))
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(
    f"{person},{film},{(person + film) % 5 + 1},{800_000_000 + 1_000_000 * person + film}\n"
    for person in range(1, 11)
    for film in range(1, 11)
)
"""Each of ten people rates each of ten films, in 1995."""


def folder(path: Path, **files: str) -> Path:
    """A folder with `ratings.csv` and whatever else is given, keyed by the name before `.csv`."""
    path.mkdir(parents=True, exist_ok=True)
    return write(path, {f"{name}.csv": text for name, text in files.items()})


def films(path: Path, ratings: str = RATINGS) -> DataSet:
    """A small MovieLens."""
    return open_format("movielens", folder(path / "films", movies=FILMS, ratings=ratings))


def books(path: Path, ratings: str = "user_id,book_id,rating\n1,1,5\n2,1,3\n2,2,4\n") -> DataSet:
    """A small goodbooks, which has no times."""
    titles = "book_id,goodreads_book_id,title\n1,11,Emma\n2,12,Persuasion\n"
    return open_format("goodbooks", folder(path / "books", books=titles, ratings=ratings))


def load(data: DataSet, rejected: Path | None = None, **options: Any) -> ImportReport:
    return importing.load(data, rejected or Path(data.location).parent / "rejected.csv", **options)


def stored() -> list[dict[str, Any]]:
    """Every event without what differs from one import to the next."""
    fields = ("event_id", "user__user_id", "item__item_id", "type__name", "value", "occurred_at", "undated", "context")
    return list(Interaction.objects.order_by("event_id").values(*fields))


def lines(path: Path) -> list[list[str]]:
    """The rejected lines in a file."""
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]
