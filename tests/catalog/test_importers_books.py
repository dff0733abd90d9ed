from pathlib import Path

import pytest

from catalog.importers.rows import EventRow, UnreadableSource, UserRow
from tests.catalog.files import opened, read_format, write

BX: dict[str, str | bytes] = {
    "BX-Users.csv": '"User-ID";"Location";"Age"\r\n'
    '"1";"nyc, new york, usa";NULL\r\n"2";"köln, nordrhein-westfalen, germany";"18"\r\n'
    '"3";"n/a, n/a, n/a";"239"\r\n"4";"porto, v.n.gaia, ""portugal""";"17"\r\n',
    "BX-Books.csv": '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-S";'
    '"Image-URL-M";"Image-URL-L"\r\n'
    '"0195153448";"Classical Mythology";"Mark P. O. Morford";"2002";"Oxford University Press";"s";"m";"l"\r\n'
    '"0771074670";"The \\"J. Peterman\\"; a life";"Peterman &amp; Sons";"0";"Tr&amp;#252;ger";"s";"m";"l"\r\n'
    '"034545104x";"Flesh ""Tones"": A Novel";"M. J. Rose";"2002";"Ballantine";"s";"m";"l"\r\n'
    '"078946697X";"DK Readers\\";Michael Teitelbaum";"2000";"DK";"s";"m";"l"\r\n',
    "BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\r\n'
    '"276725";"034545104X";"0"\r\n"276726";" 0155061224 ";"5"\r\n"276727";"0446520802";"11"\r\n',
}


def test_book_crossing_is_read_as_first_published(tmp_path: Path) -> None:
    found = read_format("bookcrossing", write(tmp_path, BX, "latin-1"))
    assert found.users == [
        UserRow("1", {"country": "USA", "location": "nyc, new york, usa"}),
        UserRow("2", {"country": "Germany", "location": "köln, nordrhein-westfalen, germany", "age": 18}),
        UserRow("3"),
        UserRow("4", {"country": "Portugal", "location": "porto, v.n.gaia, portugal", "age": 17}),
    ]
    assert [(item.item_id, item.title) for item in found.items] == [
        ("0195153448", "Classical Mythology"),
        ("0771074670", 'The "J. Peterman"; a life'),
        ("034545104X", 'Flesh "Tones": A Novel'),
    ]
    assert found.items[0].features == {
        "creator": "Mark P. O. Morford",
        "publisher": "Oxford University Press",
        "year": 2002,
    }
    assert found.items[1].features == {"creator": "Peterman & Sons", "publisher": "Trüger"}
    assert found.reasons == [
        ("bx-books.csv", 5, "7 fields where 8 are expected"),
        ("bx-book-ratings.csv", 4, "rating 11 lies outside 1 to 10"),
    ]


def test_a_book_crossing_rating_of_zero_is_a_view(tmp_path: Path) -> None:
    found = read_format("bookcrossing", write(tmp_path, BX, "latin-1"))
    assert found.events == [
        EventRow("276725", "034545104X", "view"),
        EventRow("276726", "0155061224", "rating", 5.0),
    ]


def test_book_crossing_is_read_as_published_later(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "Users.csv": 'User-ID,Location,Age\n1,"köln, germany",18.0\n2,"nyc, new york, usa",\n',
        "Books.csv": "ISBN,Book-Title,Book-Author,Year-Of-Publication,Publisher,Image-URL-S,Image-URL-M,Image-URL-L\n"
        '0002005018,"The \\""Happy\\"" Place",Richard Bruce Wright,2001,HarperFlamingo,s,m,l\n',
        "Ratings.csv": "User-ID,ISBN,Book-Rating\n276725,0002005018,0\n276726,0002005018,10\n",
    }
    found = read_format("bookcrossing", write(tmp_path, files))
    assert found.rejected == []
    assert [user.demographics for user in found.users] == [
        {"country": "Germany", "location": "köln, germany", "age": 18},
        {"country": "USA", "location": "nyc, new york, usa"},
    ]
    assert found.items[0].title == 'The "Happy" Place'
    assert [event.type for event in found.events] == ["view", "rating"]


BOOKS = (
    "book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,original_publication_year,"
    "original_title,title,language_code,average_rating\n"
    '1,2767052,2767052,279,272,439023483,9E+12,Suzanne Collins,2008.0,The Hunger Games,"The Hunger Games, 1",en,4.34\n'
    '2,3,3,4640799,491,,,"J.K. Rowling, Mary GrandPré",,,Stone,,4.44\n7,1381,1,1,1,,,Homer,-720.0,,The Odyssey,,3.7\n'
)
RATINGS = "user_id,book_id,rating\n314,1,5\n439,1,3\n"


def test_goodbooks_is_read_as_distributed(tmp_path: Path) -> None:
    found = read_format("goodbooks", write(tmp_path, {"books.csv": BOOKS, "ratings.csv": RATINGS}))
    assert found.rejected == []
    assert [item.features for item in found.items] == [
        {
            "creator": "Suzanne Collins",
            "year": 2008,
            "isbn": "439023483",
            "language": "en",
            "original_title": "The Hunger Games",
        },
        {"creator": "J.K. Rowling, Mary GrandPré"},
        {"creator": "Homer", "year": -720},
    ]
    assert found.events == [EventRow("314", "1", "rating", 5.0), EventRow("439", "1", "rating", 3.0)]


def test_goodbooks_first_release_names_its_columns_otherwise(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "books.csv": "id,book_id,authors,title\n1,2767052,Suzanne Collins,The Hunger Games\n",
        "ratings.csv": "book_id,user_id,rating\n1,314,5\n",
    }
    found = read_format("goodbooks", write(tmp_path, files))
    assert [item.item_id for item in found.items] == ["1"]
    assert found.events == [EventRow("314", "1", "rating", 5.0)]


def test_goodbooks_tags_leave_out_where_readers_keep_a_book(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "books.csv": BOOKS,
        "tags.csv": "tag_id,tag_name\n1,to-read\n2,fantasy\n3,dystopia\n",
        "book_tags.csv": "goodreads_book_id,tag_id,count\n2767052,1,900\n2767052,2,5\n2767052,3,70\n3,2,x\n",
    }
    found = read_format("goodbooks", write(tmp_path, files))
    assert [item.tags for item in found.items] == [("dystopia", "fantasy"), (), ()]
    assert found.reasons == [("book_tags.csv", 5, "count 'x' is not a number")]


def test_goodbooks_keeps_ten_tags_a_book(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "books.csv": BOOKS,
        "tags.csv": "tag_id,tag_name\n" + "".join(f"{tag},tag-{tag}\n" for tag in range(30)),
        "book_tags.csv": "goodreads_book_id,tag_id,count\n" + "".join(f"3,{tag},{tag}\n" for tag in range(30)),
    }
    found = read_format("goodbooks", write(tmp_path, files))
    assert found.items[1].tags == tuple(f"tag-{tag}" for tag in range(29, 19, -1))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path, {"ratings.csv": "user_id,book,stars\n1,2,3\n"})
    with pytest.raises(
        UnreadableSource, match=r"ratings\.csv has no column book_id, rating; it has user_id, book, stars"
    ):
        read_format("goodbooks", path)


@pytest.mark.parametrize(
    ("name", "file"), [("goodbooks", "books.csv"), ("bookcrossing", "bx-users.csv"), ("movielens", "movies.csv")]
)
def test_formats_with_their_own_columns_take_no_mapping(tmp_path: Path, name: str, file: str) -> None:
    path = write(tmp_path, {file: ""})
    with pytest.raises(UnreadableSource, match=r"--map and --scale are for csv and jsonl"):
        opened(name, path, mapping={"user_id": "a"})
