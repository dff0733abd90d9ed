from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.importers.rows import EventRow, Scale, UnreadableSource
from catalog.importers.titles import split_year, spoken
from tests.catalog.files import opened, read_format, write

FLAGS = "0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0"


def test_100k_is_read_as_distributed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "u.data": "196\t242\t3\t881250949\n186\t302\t5\t891717742\n",
        "u.item": f"1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)|{FLAGS}\n"
        f"543|Misérables, Les (1995)|01-Jan-1995||http://us.imdb.com|{'0|' * 8}1{'|0' * 10}\n"
        f"267|unknown||||1{'|0' * 18}\n",
        "u.user": "1|24|M|technician|85711\n",
        "u.genre": "unknown|0\nAction|1\n",
    }
    folder = write(tmp_path, files, "latin-1")
    found = read_format("movielens", folder)
    toys, miserables, unknown = found.items
    assert found.rejected == []
    assert (toys.title, toys.features, toys.item_type) == ("Toy Story", {"year": 1995}, "film")
    assert toys.categories == ("Animation", "Children's", "Comedy")
    assert toys.published_at == datetime(1995, 1, 1, tzinfo=UTC)
    assert miserables.title == "Les Misérables"
    assert (unknown.title, unknown.categories, unknown.published_at) == ("unknown", (), None)
    assert found.users[0].demographics == {"age": 24, "gender": "M", "occupation": "technician", "zip_code": "85711"}
    assert found.events[0] == EventRow("196", "242", "rating", 3.0, datetime.fromtimestamp(881250949, UTC))


def test_1m_is_read_as_distributed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "ratings.dat": "1::1193::5::978300760\n",
        "movies.dat": "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n73::Misérables, Les (1995)::Drama|War\n",
        "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n",
    }
    found = read_format("movielens", write(tmp_path, files, "latin-1"))
    assert found.rejected == []
    assert [item.title for item in found.items] == ["One Flew Over the Cuckoo's Nest", "Les Misérables"]
    assert found.items[1].categories == ("Drama", "War")
    assert found.users[0].demographics == {
        "age_group": "under 18",
        "gender": "F",
        "occupation": "pupil",
        "zip_code": "48067",
    }
    assert found.users[1].demographics["occupation"] == "self-employed"
    assert [event.item_id for event in found.events] == ["1193"]


def test_10m_has_half_stars_and_tags(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "ratings.dat": "1::122::0.5::838985046\n",
        "movies.dat": "122::Boomerang (1992)::Comedy|Romance\n",
        "tags.dat": "".join(f"{person}::122::Dating::1215184630\n" for person in (15, 16, 17)),
    }
    found = read_format("movielens", write(tmp_path, files))
    assert found.events[0].value == 0.5
    assert found.items[0].tags == ("dating",)


LATEST: dict[str, str | bytes] = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n",
    "movies.csv": "movieId,title,genres\n31,Dangerous Minds (1995),Drama\n"
    '11,"American President, The (1995)",Comedy|Drama|Romance\n108548,"Big Bang Theory, The (2007-)",Comedy\n'
    "143410,Hyena Road,(no genres listed)\n",
    "links.csv": "movieId,imdbId,tmdbId\n31,0112792,9909\n",
}


def test_the_csv_files_are_read_as_distributed(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, LATEST))
    assert found.rejected == []
    assert [(item.title, item.features.get("year")) for item in found.items] == [
        ("Dangerous Minds", 1995),
        ("The American President", 1995),
        ("The Big Bang Theory", 2007),
        ("Hyena Road", None),
    ]
    assert found.items[3].categories == ()
    assert found.events == [EventRow("1", "31", "rating", 2.5, datetime.fromtimestamp(1260759144, UTC))]


def test_tags_that_were_given_often_become_tags_most_given_first(tmp_path: Path) -> None:
    given = [("31", "school")] * 2 + [("31", "Teacher")] * 3 + [("11", "school"), ("11", "once only")]
    lines = "".join(f"{person},{film},{tag},1138537770\n" for person, (film, tag) in enumerate(given))
    found = read_format("movielens", write(tmp_path, LATEST | {"tags.csv": "userId,movieId,tag,timestamp\n" + lines}))
    assert {item.item_id: item.tags for item in found.items if item.tags} == {
        "31": ("teacher", "school"),
        "11": ("school",),
    }


def test_a_broken_line_of_tags_is_reported_once(tmp_path: Path) -> None:
    found = read_format("movielens", write(tmp_path, LATEST | {"tags.csv": "userId,movieId,tag,timestamp\n1,31\n"}))
    assert found.reasons == [("tags.csv", 2, "2 fields where 4 are expected")]


@pytest.mark.parametrize(
    ("files", "source", "scale"),
    [
        ({"u.data": ""}, "movielens-100k", Scale(1, 5, 4)),
        ({"ratings.dat": "", "users.dat": ""}, "movielens-1m", Scale(1, 5, 4)),
        (LATEST, "movielens", Scale(0.5, 5, 4)),
    ],
)
def test_each_distribution_has_its_own_name_and_scale(
    tmp_path: Path, files: dict[str, str | bytes], source: str, scale: Scale
) -> None:
    data = opened("movielens", write(tmp_path, files))
    assert (data.source, data.scale) == (source, scale)


def test_files_that_are_not_movielens_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"none of MovieLens' files .*; it has plays\.txt"):
        opened("movielens", write(tmp_path, {"plays.txt": ""}))


@pytest.mark.parametrize(
    ("sorted_title", "title"),
    [
        ("Matrix, The", "The Matrix"),
        ("Avventura, L' (Adventure, The)", "L'Avventura (The Adventure)"),
        (
            "City of Lost Children, The (Cité des enfants perdus, La)",
            "The City of Lost Children (La Cité des enfants perdus)",
        ),
        ("Good, the Bad and the Ugly, The", "The Good, the Bad and the Ugly"),
        (
            "Shop Around the Corner, The (a.k.a. Budapest Shop, A)",
            "The Shop Around the Corner (a.k.a. A Budapest Shop)",
        ),
        ("I, Robot", "I, Robot"),
        ("Me, Myself & Irene", "Me, Myself & Irene"),
    ],
)
def test_articles_move_to_the_front(sorted_title: str, title: str) -> None:
    assert spoken(sorted_title) == title


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jumanji (1995)", ("Jumanji", 1995)),
        ("Rocky VI (1986) ", ("Rocky VI", 1986)),
        ("Fawlty Towers (1975-1979)", ("Fawlty Towers", 1975)),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", 1968)),
        ("Hyena Road", ("Hyena Road", None)),
    ],
)
def test_the_year_comes_off_the_title(text: str, parts: tuple[str, int | None]) -> None:
    assert split_year(text) == parts
