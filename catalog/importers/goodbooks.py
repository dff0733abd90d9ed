"""Read goodbooks-10k: books and ratings without times. The first release calls a book's own number `id`."""

from heapq import heappush, heappushpop

from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import clean, identifier, labels, title, whole
from catalog.importers.rows import BadField, ItemRow, RowStream, Scale, UnreadableSource
from catalog.importers.source import Source
from catalog.importers.tables import Fields, Layout, Table, plain, rating_parser

TAGS_PER_BOOK = 10
_SHELVES = """
to-read currently-reading reading read favorites favourites owned i-own books-i-own owned-books own-it my-books library
my-library home-library wish-list wishlist to-buy default kindle ebook ebooks e-book e-books audiobook audiobooks audio
re-read reread all-time-favorites all-time-favourites favorite-books favorite books book did-not-finish dnf
"""
SHELVES = frozenset(_SHELVES.split())
"""Tags that say where a reader keeps the book, not what the book is."""

DETAILS = ("authors", "original_publication_year", "isbn", "language_code", "original_title")


class Goodbooks(FileDataSet):
    """Read books with authors, years and, where book_tags.csv is there, tags; ratings from 1 to 5."""

    format = "goodbooks"
    source = "goodbooks"
    scale = Scale(1, 5, 4)

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.refuse_options()
        if not (files.has("books.csv") or files.has("ratings.csv")):
            raise UnreadableSource(f"{files.path} has neither books.csv nor ratings.csv; it has {files.listing}.")
        self._has_tags = files.has("book_tags.csv", "tags.csv", "books.csv")
        names = ("tags.csv", "book_tags.csv") if self._has_tags else ()
        self.members = tuple(name for name in (*names, "books.csv", "ratings.csv") if files.has(name))

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return files.has("ratings.csv") and "book_id" in files.first_line("ratings.csv", "utf-8")

    def rows(self) -> RowStream:
        tags = BookTags()
        if self._has_tags:
            yield from self._table("tags.csv").named_rows(tags.name, ("tag_id", "tag_name"))
            yield from self._table("book_tags.csv").named_rows(tags.give, ("goodreads_book_id", "tag_id", "count"))
        if self.files.has("books.csv"):
            yield from self._books(tags)
        if self.files.has("ratings.csv"):
            parse = rating_parser(self.scale, self.options.now)
            ratings = Table(self.files, "ratings.csv", Layout(longest=1))
            yield from ratings.named_rows(parse, ("user_id", "book_id", "rating"))

    def _table(self, name: str) -> Table:
        return Table(self.files, name, Layout())

    def _books(self, tags: "BookTags") -> RowStream:
        header = [plain(name) for name in self.files.first_line("books.csv", "utf-8-sig").split(",")]
        own, goodreads = ("book_id", "goodreads_book_id") if "goodreadsbookid" in header else ("id", "book_id")

        def parse(fields: Fields) -> ItemRow:
            book_id, goodreads_id, name, *details = fields
            return ItemRow(
                identifier(book_id, "book id"),
                title(name),
                tags=tags.of(goodreads_id),
                features=_features(*details),
                item_type="book",
            )

        return self._table("books.csv").named_rows(parse, (own, goodreads, "title"), DETAILS)


def _features(authors: str, year: str, isbn: str, language: str, original_title: str) -> dict[str, object]:
    features = {
        "creator": clean(authors, "authors"),
        "year": whole(year),
        "isbn": clean(isbn, "isbn"),
        "language": clean(language, "language"),
        "original_title": clean(original_title, "original title"),
    }
    return {name: value for name, value in features.items() if value not in (None, "")}


class BookTags:
    """Collect the tags that most readers gave to each book."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._best: dict[str, list[tuple[int, str]]] = {}

    def name(self, fields: Fields) -> None:
        """Take a line of tags.csv; tags such as `to-read` are left out."""
        tag_id, text = fields
        if text not in SHELVES:
            self._names.update((tag_id, label) for label in labels([text], "tag"))

    def give(self, fields: Fields) -> None:
        """Take a line of book_tags.csv; each book keeps the few tags with the highest counts. Raises BadField."""
        book, tag_id, count_text = fields
        count = whole(count_text)
        if count is None:
            raise BadField(f"count {count_text[:50]!r} is not a number")
        if tag_id not in self._names:
            return
        best = self._best.setdefault(book, [])
        push = heappush if len(best) < TAGS_PER_BOOK else heappushpop
        push(best, (count, self._names[tag_id]))

    def of(self, book: str) -> tuple[str, ...]:
        """Return a book's tags, most given first."""
        return tuple(dict.fromkeys(tag for _, tag in sorted(self._best.get(book, []), reverse=True)))
