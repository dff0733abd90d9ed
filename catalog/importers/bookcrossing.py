"""Read Book-Crossing: BX-Users, BX-Books and BX-Book-Ratings as first published, and the later Users, Books, Ratings.

Ziegler, McNee, Konstan and Lausen (2005), Improving Recommendation Lists Through Topic Diversification.
"""

import re
from html import unescape

from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import clean, identifier, number, rating, title, whole
from catalog.importers.rows import BadField, EventRow, ItemRow, RowStream, Scale, UnreadableSource, UserRow
from catalog.importers.source import Source
from catalog.importers.tables import LONGEST_RECORD, Fields, Layout, Table

AGES = range(5, 101)
YEARS = range(1400, 2101)
FIRST_PUBLISHED = ("bx-users.csv", "bx-books.csv", "bx-book-ratings.csv")
LATER = ("users.csv", "books.csv", "ratings.csv")
NO_COUNTRY = {"", "n/a", "null", "none", "unknown", "far away"}
ENTITY = re.compile(r"&(?:#?\w+);")


class BookCrossing(FileDataSet):
    """Read users with country and age, books with author and year, ratings from 1 to 10; a rating of 0 is a view."""

    format = "bookcrossing"
    source = "bookcrossing"
    scale = Scale(1, 10, 8)

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.refuse_options()
        first = any(files.has(name) for name in FIRST_PUBLISHED)
        self._names = FIRST_PUBLISHED if first else LATER
        self._encoding = "latin-1" if first else "utf-8-sig"
        self.members = tuple(name for name in self._names if files.has(name))
        if not self.members:
            expected = ", ".join((*FIRST_PUBLISHED, *LATER))
            raise UnreadableSource(f"{files.path} has none of {expected}; it has {files.listing}.")

    @classmethod
    def recognises(cls, files: Source) -> bool:
        if files.has("ratings.csv"):
            return "isbn" in files.first_line("ratings.csv", "latin-1").lower()
        return files.has("bx-book-ratings.csv")

    def rows(self) -> RowStream:
        users, books, ratings = self._names
        if users in self.members:
            yield from self._table(users).named_rows(_user, ("User-ID", "Location", "Age"))
        if books in self.members:
            wanted = ("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher")
            yield from self._table(books).named_rows(_book, wanted)
        if ratings in self.members:
            yield from self._table(ratings, longest=1).named_rows(self._rating, ("User-ID", "ISBN", "Book-Rating"))

    def _table(self, name: str, longest: int = LONGEST_RECORD) -> Table:
        first = self.files.first_line(name, self._encoding)
        delimiter = ";" if first.count(";") > first.count(",") else ","
        escape = "\\" if delimiter == ";" else None
        return Table(self.files, name, Layout(self._encoding, delimiter, escape=escape, longest=longest))

    def _rating(self, fields: Fields) -> EventRow:
        user, book, value = fields
        user_id, item_id = identifier(user, "user id"), _isbn(book)
        if number(value, "rating") == 0:
            return EventRow(user_id, item_id, "view")
        return EventRow(user_id, item_id, "rating", rating(value, self.scale))


def _user(fields: Fields) -> UserRow:
    user, location, age_text = fields
    demographics: dict[str, object] = {}
    places = [part.strip(' ".') for part in clean(unescape(location), "location").split(",")]
    country = places[-1]
    if country.lower() not in NO_COUNTRY:
        demographics["country"] = country.upper() if len(country) <= 3 else country.title()
        # Region and city as well: what is popular near by says more than what is in the country.
        if known := [place for place in places[:-1] if place.lower() not in NO_COUNTRY]:
            demographics["location"] = ", ".join([*known, country])
    if (age := whole(age_text)) in AGES:
        demographics["age"] = age
    return UserRow(identifier(user, "user id"), demographics)


def _book(fields: Fields) -> ItemRow:
    isbn, name, author, year_text, publisher = fields
    features: dict[str, object] = {"creator": _text(author, "author"), "publisher": _text(publisher, "publisher")}
    if (year := whole(year_text)) in YEARS:
        features["year"] = year
    features = {name: value for name, value in features.items() if value != ""}
    return ItemRow(_isbn(isbn), title(_text(name, "title")), features=features, item_type="book")


def _isbn(text: str) -> str:
    """Return an ISBN as both files have it: the originals differ in blanks and in the case of the check digit."""
    isbn = identifier(text, "ISBN").upper()
    if not any(character.isalnum() for character in isbn):
        raise BadField(f"ISBN {text[:50]!r} has neither digits nor letters")
    return isbn


def _text(text: str, what: str) -> str:
    """Return a text with its entities resolved, also where they were escaped twice (`&amp;#39;`)."""
    text = clean(text, what).replace('\\"', '"')
    return unescape(unescape(text)) if ENTITY.search(text) else text
