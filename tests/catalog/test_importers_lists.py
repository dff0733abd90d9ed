"""Lists in one cell, as other tools write them."""

import json
from pathlib import Path

import pytest

from catalog.importers.lists import read_list
from catalog.importers.rows import BadField
from tests.catalog.files import read_format, write


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("['Drama', 'Comedy']", ["Drama", "Comedy"]),
        ('["war", "love story"]', ["war", "love story"]),
        ("['Drama' 'Sci, Fi']", ["Drama", "Sci, Fi"]),
        ("['Drama'\n 'Comedy']", ["Drama", "Comedy"]),
        ("""["it's", 'x "y"']""", ["it's", 'x "y"']),
        ("('Drama', 'Comedy')", ["Drama", "Comedy"]),
        ("[Drama, Science Fiction]", ["Drama", "Science Fiction"]),
        ("[{'id': 18, 'name': 'Drama'}, {'id': 35, 'name': 'Comedy'}]", ["Drama", "Comedy"]),
        ('["Caf\\u00e9", null]', ["Café"]),
        ("['Drama', nan]", ["Drama"]),
        ("[1995, 2.5, NaN]", ["1995", "2.5"]),
        ("[]", []),
        ("nan", []),
        ("Drama|Comedy", ["Drama", "Comedy"]),
        ("(no genres listed)", ["(no genres listed)"]),
    ],
)
def test_a_list_is_a_list_whoever_wrote_it(text: str, entries: list[str]) -> None:
    assert read_list(text, "categories") == entries


@pytest.mark.parametrize("value", ["[[1]]", [1], [["a"]], [{"id": 3}]])
def test_a_list_of_something_else_is_refused(value: object) -> None:
    with pytest.raises(BadField, match="tags holds something that is not a text"):
        read_list(value, "tags")


def test_brackets_without_end_take_no_longer_than_their_length() -> None:
    assert len(read_list("[" * 100_000, "tags")) == 1
    assert len(read_list("[" + "'a' " * 100_000 + '"', "tags")) >= 1


def test_categories_and_tags_of_a_file_are_lists(tmp_path: Path) -> None:
    text = (
        "item_id,title,categories,tags\n"
        """b1,First,"['Drama', 'Comedy']","[""war"", ""love story""]"\n"""
        """b2,Second,"['Drama']","[]"\n"""
    )
    found = read_format("csv", write(tmp_path, {"items.csv": text}))
    assert [(item.categories, item.tags) for item in found.items] == [
        (("Drama", "Comedy"), ("war", "love story")),
        (("Drama",), ()),
    ]


def test_a_list_written_as_text_in_json_lines_is_a_list(tmp_path: Path) -> None:
    item = {"item_id": "b1", "title": "First", "categories": "['Drama', 'Comedy']", "tags": ["a, b"]}
    found = read_format("jsonl", write(tmp_path, {"items.jsonl": json.dumps(item)}))
    assert (found.items[0].categories, found.items[0].tags) == (("Drama", "Comedy"), ("a, b",))
