"""Read the demo catalogue: one work per line in `shelves/*.jsonl`; descriptions follow from the fields."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SHELVES = Path(__file__).parent / "shelves"

CATEGORIES = (
    "Children",
    "Classics",
    "Crime",
    "Fantasy",
    "Graphic Novels",
    "Historical Fiction",
    "History",
    "Horror",
    "Love Stories",
    "Memoir",
    "Modern Fiction",
    "Philosophy",
    "Plays",
    "Poetry",
    "Science",
    "Science Fiction",
    "Society",
)

ITEM_TYPES = {
    "comics": "graphic-novel",
    "epic poem": "poetry",
    "graphic novel": "graphic-novel",
    "play": "play",
    "poetry": "poetry",
}
"""By form; every other form is a book."""

FIRST_PRINTED = 1450
"""A work from before the printing press was written, not published; its year is what scholars estimate."""


@dataclass(frozen=True, slots=True)
class Work:
    """Describe a real work: `year` is that of its first publication, negative before Christ."""

    id: str
    title: str
    creator: str
    year: int
    form: str
    categories: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def item_type(self) -> str:
        return ITEM_TYPES.get(self.form, "book")

    @property
    def features(self) -> dict[str, Any]:
        return {"creator": self.creator, "year": self.year}

    @property
    def description(self) -> str:
        """Return one sentence with form, creator and year, and the subjects."""
        return f"{self.form.capitalize()} by {self.creator}, {self._origin}. Subjects: {', '.join(self.subjects)}."

    @property
    def _origin(self) -> str:
        if self.year < 0:
            return f"written around {-self.year} BC"
        if self.year < FIRST_PRINTED:
            return f"written around {self.year} AD"
        return f"first published in {self.year}"


@cache
def read_works() -> tuple[Work, ...]:
    """Return every work of the catalogue, shelf by shelf; always in the same order."""
    paths = sorted(SHELVES.glob("*.jsonl"))
    return tuple(_work(line) for path in paths for line in path.read_text("utf-8").splitlines())


def _work(line: str) -> Work:
    facts = json.loads(line)
    return Work(**facts | {"categories": tuple(facts["categories"]), "subjects": tuple(facts["subjects"])})
