from pathlib import Path

import pytest

from catalog.importers.registry import FORMATS, open_format, recognise
from catalog.importers.rows import UnreadableSource
from catalog.importers.source import Source
from tests.catalog.files import REAL, opened, read, write

RATINGS = "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n"

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real data sets are not in {REAL}")


def test_an_unknown_format_is_answered_with_the_known_ones_and_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as refused:
        open_format("movilens", write(tmp_path, {"ratings.csv": RATINGS}))
    assert str(refused.value) == (
        "Unknown format 'movilens'. Known: bookcrossing, csv, goodbooks, gorse, jsonl, movielens. "
        f"{tmp_path} looks like movielens."
    )


def test_a_format_that_does_not_fit_is_answered_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"doesn't look like goodbooks\. .* looks like movielens\.$"):
        open_format("goodbooks", write(tmp_path, {"ratings.csv": RATINGS, "books.csv": ""}))


def test_a_format_that_needs_other_files_is_answered_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"neither books\.csv nor ratings\.csv.* looks like csv\.$"):
        open_format("goodbooks", write(tmp_path, {"plays.csv": ""}))


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"There is no file or folder .*nowhere\."):
        open_format("csv", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("movielens", {"u.data": ""}),
        ("movielens", {"ratings.dat": "", "movies.dat": ""}),
        ("movielens", {"ratings.csv": RATINGS, "tags.csv": ""}),
        ("goodbooks", {"ratings.csv": "user_id,book_id,rating\n", "books.csv": ""}),
        ("bookcrossing", {"BX-Book-Ratings.csv": ""}),
        ("bookcrossing", {"Ratings.csv": "User-ID,ISBN,Book-Rating\n", "Books.csv": ""}),
        ("gorse", {"items.jsonl": '{"ItemId": "emma"}', "notes.txt": ""}),
        ("gorse", {"dump": b"\xff" * 8}),
        ("jsonl", {"events.jsonl": ""}),
        ("csv", {"log.csv": ""}),
        (None, {"notes.md": ""}),
    ],
)
def test_files_are_recognised(tmp_path: Path, name: str | None, files: dict[str, str | bytes]) -> None:
    assert recognise(Source(write(tmp_path, files))) == name


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_its_name(tmp_path: Path, name: str) -> None:
    smallest = {
        "movielens": "movies.csv",
        "bookcrossing": "bx-users.csv",
        "goodbooks": "books.csv",
        "csv": "log.csv",
        "gorse": "items.jsonl",
        "jsonl": "events.jsonl",
    }
    content = '{"ItemId": "emma"}' if name == "gorse" else ""
    assert opened(name, write(tmp_path, {smallest[name]: content})).format == name


@needs_real_data
def test_the_real_goodbooks_are_read_whole() -> None:
    found = read(opened("goodbooks", REAL / "goodbooks"))
    assert (len(found.items), len(found.events), found.rejected) == (10_000, 979_478, [])
    assert len({event.user_id for event in found.events}) == 53_424


@needs_real_data
def test_the_real_movielens_is_read_whole() -> None:
    found = read(opened("movielens", REAL / "ml-latest-small"))
    assert (len(found.items), len(found.events), found.rejected) == (9_125, 100_004, [])
    assert len({event.user_id for event in found.events}) == 671
    assert any(item.title == "The Matrix" and item.features == {"year": 1999} for item in found.items)
