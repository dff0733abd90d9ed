"""Every kind of bad line is rejected alone, with its line number, its reason and itself."""

from pathlib import Path

import pytest

from catalog.importers.rows import UnreadableSource
from tests.catalog.files import read_format, write

HEADER = "userId,movieId,rating,timestamp\n"
GOOD = "1,31,2.5,1260759144\n"
LONG = "x" * 256


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,31,2.5", "3 fields where 4 are expected"),
        ("1,31,2.5,1260759144,9", "5 fields where 4 are expected"),
        ("1,31,five,1260759144", "rating 'five' is not a number"),
        ("1,31,nan,1260759144", "rating 'nan' is not a number"),
        ("1,31,inf,1260759144", "rating 'inf' is not a number"),
        ("1,31,4_0,1260759144", "rating '4_0' is not a number"),
        ("1,31,,1260759144", "rating '' is not a number"),
        ("1,31,5.5,1260759144", "rating 5.5 lies outside 0.5 to 5"),
        ("1,31,0,1260759144", "rating 0 lies outside 0.5 to 5"),
        (",31,2.5,1260759144", "user id is empty"),
        ("1,  ,2.5,1260759144", "item id is empty"),
        (f"{LONG},31,2.5,1260759144", "user id is longer than 255 characters"),
        ("1,3\x001,2.5,1260759144", "item id holds a NUL character"),
        ("1,3\t1,2.5,1260759144", "item id holds a control character (U+0009)"),
        ("NULL,31,2.5,1260759144", "user id is 'NULL', which stands for a missing value"),
        ("1,31,2.5,253370764800", "time 253370764800 lies outside 1970-01-01 to 2026-06-02"),
        ("1,31,2.5,1780444801", "time 1780444801 lies outside 1970-01-01 to 2026-06-02"),
        ("1,31,2.5,-1", "time '-1' is neither a date (20240115, 2024-01-15) nor a Unix time of after 1973"),
        ("1,31,2.5,yesterday", "time 'yesterday' is neither ISO 8601 nor Unix seconds"),
        ('1,"31"x,2.5,1260759144', "broken quoting: ',' expected after '\"'"),
    ],
)
def test_a_bad_line_is_rejected_alone(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path, {"ratings.csv": HEADER + GOOD + line + "\n" + GOOD})
    found = read_format("movielens", path)
    assert found.reasons == [("ratings.csv", 3, reason)]
    assert found.rejected[0].raw == line
    assert len(found.events) == 2


def test_a_quote_that_never_closes_is_rejected_at_the_end(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER + GOOD + '1,"31,2.5,1260759144\n'}))
    assert found.reasons == [("ratings.csv", 3, "broken quoting: a quote stays open")]
    assert len(found.events) == 1


def test_a_time_up_to_a_day_ahead_is_kept(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER + "1,31,2.5,1780358400\n"}))
    assert found.rejected == []


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER + "\n" + GOOD + "\r\n"}))
    assert (len(found.events), found.rejected) == (1, [])


def test_bytes_that_are_not_utf8_reject_a_rating(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER.encode() + b"\xff1,31,2.5,1260759144\n"}))
    assert found.reasons == [("ratings.csv", 2, "user id holds bytes that are no text in its encoding")]


def test_titles_and_labels_are_cut_to_what_can_be_stored(tmp_path: Path) -> None:
    films = f"movieId,title,genres\n1,{'t' * 600} (1999),{'g' * 150}|Drama|Drama| |\n"
    film = read_format("movielens", write(tmp_path, {"movies.csv": films})).items[0]
    assert len(film.title) <= 500
    assert film.categories == ("g" * 100, "Drama")


def test_a_very_long_bad_line_is_kept_in_part(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER + "y" * 50_000 + "\n"}))
    assert len(found.rejected[0].raw) == 2000


@pytest.mark.parametrize(
    ("name", "ratings", "quoted"),
    [
        ("movielens", f"{HEADER}1,31,2.5,1260759144\n", '1,31,2.5,"1260759144\n'),
        ("goodbooks", "user_id,book_id,rating\n1,31,2\n", '1,31,"2\n'),
        ("bookcrossing", "User-ID,ISBN,Book-Rating\n1,31,2\n", '1,31,"2\n'),
    ],
)
def test_a_stray_quote_costs_its_own_line_also_where_another_closes_it(
    tmp_path: Path, name: str, ratings: str, quoted: str
) -> None:
    header, good = ratings.splitlines(keepends=True)
    closing = good.rstrip() + '"\n'
    found = read_format(name, write(tmp_path, {"ratings.csv": header + quoted + good * 20 + closing + good}))
    assert (len(found.events), [line for _, line, _ in found.reasons]) == (21, [2, 23])


@pytest.mark.parametrize("name", ["movielens", "goodbooks", "bookcrossing"])
def test_an_empty_file_and_one_that_is_no_text_are_called_so(tmp_path: Path, name: str) -> None:
    header = {
        "movielens": HEADER,
        "goodbooks": "user_id,book_id,rating\n",
        "bookcrossing": "User-ID,ISBN,Book-Rating\n",
    }
    for content, said in ((b"", r"is empty\.$"), (bytes(range(256)), "is not text")):
        items = "movies.csv" if name == "movielens" else "books.csv"
        path = write(tmp_path, {items: content, "ratings.csv": header[name]})
        with pytest.raises(UnreadableSource, match=f"^{items} {said}"):
            read_format(name, path)


def test_a_few_odd_bytes_cost_their_lines_alone(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, {"ratings.csv": HEADER + GOOD + "1,\x00,2.5,1260759144\n" * 3}))
    assert (len(found.events), len(found.rejected)) == (1, 3)
