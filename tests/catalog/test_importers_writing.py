"""Files as spreadsheets, old editors and careless exports write them."""

import zipfile
from pathlib import Path

import pytest

from catalog.importers.registry import open_format
from catalog.importers.rows import EventRow, ItemRow, UnreadableSource, UserRow
from tests.catalog.files import opened, read, read_format, write, zipped

RATED = [EventRow("u1", "i1", "rating", 5.0)]


@pytest.mark.parametrize("word", ["NULL", "nan", "None", "\\N", "undefined", ""])
def test_words_for_a_missing_id_are_refused_with_their_line(tmp_path: Path, word: str) -> None:
    text = f"user_id,item_id,type\n{word},i1,view\nu1,{word},view\nu1,i1,view\n"
    found = read_format("csv", write(tmp_path, {"events.csv": text}))
    assert [event.user_id for event in found.events] == ["u1"]
    assert [line for _, line, _ in found.reasons] == [2, 3]


@pytest.mark.parametrize("name", ["ratings.csv", "events.csv"])
def test_quotes_may_stand_behind_a_blank(tmp_path: Path, name: str) -> None:
    text = 'user_id, item_id, value\nu1, "i1", 5\nu2, "i,2", 4\n'
    found = read_format("csv", write(tmp_path, {name: text}))
    assert found.events == [*RATED, EventRow("u2", "i,2", "rating", 4.0)]


@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
def test_the_line_of_excel_that_names_the_separator_is_understood(tmp_path: Path, sign: str) -> None:
    text = f"sep={sign}\nuser_id,item_id,value\nu1,i1,5\nu2,i1,9\n".replace(",", sign)
    found = read_format("csv", write(tmp_path, {"events.csv": text}))
    assert found.events == RATED
    assert [line for _, line, _ in found.reasons] == [4]


def test_the_line_that_names_the_separator_may_stand_in_any_format(tmp_path: Path) -> None:
    text = "sep=;\nuserId;movieId;rating;timestamp\n1;31;2.5;1260759144\n"
    assert len(read_format("movielens", write(tmp_path, {"ratings.csv": text})).events) == 1


def test_a_separator_and_columns_by_number_go_together(tmp_path: Path) -> None:
    path = write(tmp_path, {"events.csv": "sep=;\nu1;i1;5\n"})
    mapping = {"user_id": "1", "item_id": "2", "value": "3"}
    assert read_format("csv", path, mapping=mapping).events == RATED


def test_lines_may_end_in_carriage_returns_alone(tmp_path: Path) -> None:
    found = read_format("csv", write(tmp_path, {"events.csv": "user_id,item_id,value\ru1,i1,5\ru2,i1,9\r"}))
    assert found.events == RATED
    assert [line for _, line, _ in found.reasons] == [3]


@pytest.mark.parametrize(
    "member", ["xl/workbook.xml", "xl/workbook.bin", "content.xml"], ids=["xlsx", "xlsb", "libreoffice"]
)
def test_a_workbook_is_called_one_and_the_way_out_is_named(tmp_path: Path, member: str) -> None:
    path = zipped(tmp_path / "ratings.xlsx", {"[Content_Types].xml": "<x/>", member: "<x/>"})
    with pytest.raises(UnreadableSource, match=r"is a workbook, not a text\. Save its sheet as CSV \(UTF-8\)"):
        opened("csv", path)


def test_an_old_workbook_is_called_one_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(UnreadableSource, match="is a workbook, not a text"):
        opened("csv", tmp_path / "ratings.csv")


def test_a_folder_of_workbooks_is_told_the_way_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ratings.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(UnreadableSource, match=r"Save the sheets of a workbook as CSV \(UTF-8\)"):
        opened("csv", tmp_path)


@pytest.mark.parametrize("name", ["customers.csv", "export.txt"])
def test_a_file_of_users_is_told_by_its_columns(tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: "customer_id,country,created_at\nana,PT,2024-01-15\n"})
    data = open_format("csv", tmp_path / name)
    assert len(read(data).users) == 1
    assert data.notes == [
        f"{name} has the columns of users and was read as such. If it holds events, name its columns with --map."
    ]


def test_a_file_of_users_in_json_lines_is_told_by_its_keys(tmp_path: Path) -> None:
    write(tmp_path, {"people.jsonl": '{"user_id": "ana", "country": "PT"}\n'})
    assert read_format("jsonl", tmp_path / "people.jsonl").users == [UserRow("ana", {"country": "PT"})]


def test_a_file_of_items_is_told_by_its_columns(tmp_path: Path) -> None:
    write(tmp_path, {"stock.csv": "product_id,name\np1,Emma\n"})
    assert read_format("csv", tmp_path / "stock.csv").items == [ItemRow("p1", "Emma")]


def test_a_folder_of_three_kinds_is_told_apart_by_columns(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "customers.csv": "customer_id,country\nana,PT\n",
        "orders.csv": "customer_id,product_id,quantity\nana,p1,3\n",
        "products.csv": "product_id,name\np1,Emma\n",
    }
    found = read_format("csv", write(tmp_path, files))
    assert (len(found.users), len(found.items)) == (1, 1)
    assert found.events == [EventRow("ana", "p1", "view", quantity=3)]


def test_a_file_beside_the_events_that_is_not_read_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "ratings.csv": "user_id,item_id,value\nu1,i1,5\n",
        "wishes.csv": "user_id,item_id\nu1,i2\n",
    }
    data = opened("csv", write(tmp_path, files))
    assert data.notes == ["Not read: wishes.csv. Give the path of one to import it as well."]


def test_a_mapped_file_holds_events_whatever_its_columns(tmp_path: Path) -> None:
    write(tmp_path, {"log.csv": "user_id,thing\nana,p1\n"})
    assert read_format("csv", tmp_path / "log.csv", mapping={"item_id": "thing"}).events == [
        EventRow("ana", "p1", "view")
    ]


def test_a_column_mapped_to_the_value_is_not_the_count_as_well(tmp_path: Path) -> None:
    path = write(tmp_path, {"events.csv": "user_id,item_id,type,plays\nu,i,view,7\n"})
    assert read_format("csv", path, mapping={"value": "plays"}).events == [EventRow("u", "i", "view", 7.0)]
    assert read_format("csv", path, mapping={"count": "plays"}).events == [EventRow("u", "i", "view", quantity=7)]


def test_where_values_are_no_ratings_they_are_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path, {"events.csv": "user_id,item_id,plays\nu,i,700\nu,j,many\n"})
    found = read_format("csv", path, mapping={"value": "plays"}, implicit=True)
    assert ([event.item_id for event in found.events], found.rejected) == (["i", "j"], [])
