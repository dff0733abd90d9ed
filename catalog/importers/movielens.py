"""Read MovieLens as GroupLens distributes it: 100K, 1M, 10M, and the CSV files of latest, 20M, 25M and 32M.

Harper and Konstan (2015), The MovieLens Datasets: History and Context, ACM TiiS 5(4).
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import clean, identifier, labels, title, whole
from catalog.importers.rows import ItemRow, RowStream, Scale, UnreadableSource, UserRow
from catalog.importers.source import Source
from catalog.importers.tables import Fields, Layout, Parse, Table, rating_parser
from catalog.importers.titles import split_year, spoken

STARS = Scale(1, 5, 4)
HALF_STARS = Scale(0.5, 5, 4)
TAGS_PER_ITEM = 10
TAG_VOCABULARY = 1000
TAG_MINIMUM = 3
"""Times that a tag must have been given, in the whole data set, to count as frequent."""

NO_GENRE = {"unknown", "(no genres listed)"}
_GENRES_100K = """
unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical Mystery
Romance Sci-Fi Thriller War Western
"""
GENRES_100K = _GENRES_100K.split()
AGES_1M = {"1": "under 18", "18": "18-24", "25": "25-34", "35": "35-44", "45": "45-49", "50": "50-55", "56": "56+"}
_OCCUPATIONS_1M = """
other, academic or educator, artist, clerical or admin, student, customer service, doctor or health care, executive,
farmer, homemaker, pupil, lawyer, programmer, retired, sales or marketing, scientist, self-employed,
technician or engineer, craftsman, unemployed, writer
"""
OCCUPATIONS_1M = {str(code): name.strip() for code, name in enumerate(_OCCUPATIONS_1M.split(","))}


def _film(fields: Fields) -> ItemRow:
    item_id, text, genres = fields
    name, year = split_year(title(text))
    return ItemRow(
        identifier(item_id, "item id"),
        spoken(name) or text,
        categories=labels([genre for genre in genres.split("|") if genre not in NO_GENRE], "genre"),
        features={} if year is None else {"year": year},
        item_type="film",
    )


def _film_100k(fields: Fields) -> ItemRow:
    item_id, text, released, _, _, *flags = fields
    genres = (name for name, flag in zip(GENRES_100K, flags, strict=True) if flag == "1")
    film = _film((item_id, text, "|".join(genres)))
    with suppress(ValueError):
        return replace(film, published_at=datetime.strptime(released, "%d-%b-%Y").replace(tzinfo=UTC))
    return film


def _user_100k(fields: Fields) -> UserRow:
    user_id, age, gender, occupation, zip_code = fields
    demographics = _without_empty(age=whole(age), gender=gender, occupation=occupation, zip_code=zip_code)
    return UserRow(identifier(user_id, "user id"), demographics)


def _user_1m(fields: Fields) -> UserRow:
    user_id, gender, age, code, zip_code = fields
    demographics = _without_empty(
        age_group=AGES_1M.get(age), gender=gender, occupation=OCCUPATIONS_1M.get(code), zip_code=zip_code
    )
    return UserRow(identifier(user_id, "user id"), demographics)


def _without_empty(**values: str | int | None) -> dict[str, Any]:
    cleaned = {name: clean(value, name) if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "")}


_CSV = Layout(longest=1)
_COLONS = Layout("latin-1", "::", quoted=False)
_COLONS_10M = Layout("utf-8", "::", quoted=False)


@dataclass(frozen=True)
class Shape:
    """Describe one of the forms in which MovieLens is distributed: its members, and the way to read them."""

    source: str
    scale: Scale
    ratings: str
    items: str
    users: str = ""
    tags: str = ""
    layout: Layout = _CSV
    item_layout: Layout = _CSV
    item_width: int = 3
    film: Callable[[Fields], ItemRow] = _film
    user: Callable[[Fields], UserRow] = _user_1m
    has_header: bool = False


ML_100K = Shape(
    "movielens-100k",
    STARS,
    "u.data",
    "u.item",
    "u.user",
    layout=Layout("latin-1", "\t", quoted=False),
    item_layout=Layout("latin-1", "|", quoted=False),
    item_width=5 + len(GENRES_100K),
    film=_film_100k,
    user=_user_100k,
)
ML_1M = Shape("movielens-1m", STARS, "ratings.dat", "movies.dat", "users.dat", "", _COLONS, _COLONS)
ML_10M = Shape("movielens-10m", HALF_STARS, "ratings.dat", "movies.dat", "", "tags.dat", _COLONS_10M, _COLONS_10M)
ML_CSV = Shape("movielens", HALF_STARS, "ratings.csv", "movies.csv", "", "tags.csv", has_header=True)

RATING_COLUMNS = ("userId", "movieId", "rating", "timestamp")
TAG_COLUMNS = ("userId", "movieId", "tag", "timestamp")
FILM_COLUMNS = ("movieId", "title", "genres")


class MovieLens(FileDataSet):
    """Read films, users (100K and 1M), ratings with their times, and the tags that were given often."""

    format = "movielens"

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.refuse_options()
        self.shape = _shape(files)
        self.source, self.scale = self.shape.source, self.shape.scale
        names = (self.shape.users, self.shape.tags, self.shape.items, self.shape.ratings)
        self.members = tuple(name for name in names if files.has(name))

    @classmethod
    def recognises(cls, files: Source) -> bool:
        if files.has("ratings.csv"):
            return "movieid" in files.first_line("ratings.csv", "utf-8").lower()
        return any(files.has(name) for name in ("u.data", "ratings.dat", "movies.csv"))

    def rows(self) -> RowStream:
        shape, tags = self.shape, ItemTags()
        if shape.users in self.members:
            yield from Table(self.files, shape.users, shape.item_layout).rows(shape.user, 5)
        if shape.tags in self.members:
            for _ in self._tag_lines(tags.weigh):
                pass  # Broken lines are the second pass's to report.
            yield from self._tag_lines(tags.give)
        if shape.items in self.members:
            yield from self._items(tags)
        if shape.ratings in self.members:
            parse = rating_parser(self.scale, self.options.now)
            yield from self._rows(shape.ratings, shape.layout, parse, RATING_COLUMNS, 4)

    def _rows(self, name: str, layout: Layout, parse: Parse, columns: tuple[str, ...], width: int) -> RowStream:
        table = Table(self.files, name, layout)
        return table.named_rows(parse, columns) if self.shape.has_header else table.rows(parse, width)

    def _tag_lines(self, take: Callable[[str, str], None]) -> RowStream:
        def parse(fields: Fields) -> None:
            for tag in labels([fields[2].lower()], "tag"):
                take(identifier(fields[1], "item id"), tag)

        return self._rows(self.shape.tags, self.shape.layout, parse, TAG_COLUMNS, 4)

    def _items(self, tags: "ItemTags") -> RowStream:
        def parse(fields: Fields) -> ItemRow:
            film = self.shape.film(fields)
            return replace(film, tags=tags.of(film.item_id))

        return self._rows(self.shape.items, self.shape.item_layout, parse, FILM_COLUMNS, self.shape.item_width)


class ItemTags:
    """Collect the tags of each item that are frequent in the whole data set. Its memory grows with the catalogue only:
    a first pass finds the frequent words, a second one counts them by item.
    """

    def __init__(self) -> None:
        self._overall: Counter[str] = Counter()
        self._by_item: dict[str, Counter[str]] = {}

    def weigh(self, item_id: str, tag: str) -> None:
        """Count a tag in the first pass, over the whole data set."""
        self._overall[tag] += 1

    @cached_property
    def _frequent(self) -> dict[str, str]:
        common = self._overall.most_common(TAG_VOCABULARY)
        return {tag: tag for tag, count in common if count >= TAG_MINIMUM}

    def give(self, item_id: str, tag: str) -> None:
        """Count a frequent tag in the second pass, by item."""
        if tag in self._frequent:
            self._by_item.setdefault(item_id, Counter())[self._frequent[tag]] += 1

    def of(self, item_id: str) -> tuple[str, ...]:
        """Return an item's most frequent tags, most frequent first."""
        counts = self._by_item.get(item_id)
        return tuple(tag for tag, _ in counts.most_common(TAGS_PER_ITEM)) if counts else ()


def _shape(files: Source) -> Shape:
    if files.has("u.data") or files.has("u.item"):
        return ML_100K
    if files.has("ratings.csv") or files.has("movies.csv"):
        return ML_CSV
    if files.has("ratings.dat") or files.has("movies.dat"):
        return ML_10M if files.has("tags.dat") else ML_1M
    raise UnreadableSource(
        f"{files.path} has none of MovieLens' files (u.data, ratings.dat, ratings.csv); it has {files.listing}."
    )
