import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.importers.rows import EventRow, ItemRow, Scale, UnreadableSource, UserRow
from tests.catalog.files import Read, opened, read_format, write

SPRING = datetime(2026, 3, 20, 12, tzinfo=UTC)


def read_events(folder: Path, text: str, name: str = "events.csv", **options: object) -> Read:
    return read_format("csv", write(folder, {name: text}), **options)


def test_the_usual_names_of_columns_are_known(tmp_path: Path) -> None:
    found = read_events(tmp_path, "User ID,product_id,Rating,Timestamp\nana,p1,4,2026-03-20T12:00:00Z\n")
    assert found.events == [EventRow("ana", "p1", "rating", 4.0, SPRING)]


def test_columns_are_mapped_by_name(tmp_path: Path) -> None:
    text = "who,what,how,when\nana,p1,purchase,1774008000\n"
    mapping = {"user_id": "who", "item_id": "what", "type": "how", "occurred_at": "when"}
    assert read_events(tmp_path, text, mapping=mapping).events == [EventRow("ana", "p1", "purchase", None, SPRING)]


def test_columns_are_mapped_by_number_where_there_is_no_header(tmp_path: Path) -> None:
    mapping = {"user_id": "2", "item_id": "1", "value": "3"}
    found = read_events(tmp_path, "p1,ana,4\np2,ana,5\n", mapping=mapping)
    assert found.events == [EventRow("ana", "p1", "rating", 4.0), EventRow("ana", "p2", "rating", 5.0)]


def test_a_header_is_noticed_also_where_columns_are_numbered(tmp_path: Path) -> None:
    mapping = {"user_id": "2", "item_id": "1", "value": "3"}
    found = read_events(tmp_path, "thing,who,points\np1,ana,4\n", mapping=mapping)
    assert (found.events, found.rejected) == ([EventRow("ana", "p1", "rating", 4.0)], [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = f'user_id,note,item_id,value\nana,"a{delimiter}b",p1,4\n'.replace(",", delimiter)
    assert read_events(tmp_path, text).events == [EventRow("ana", "p1", "rating", 4.0)]


def test_without_value_and_type_an_event_is_a_view(tmp_path: Path) -> None:
    assert read_events(tmp_path, "user,item\nana,p1\n").events == [EventRow("ana", "p1", "view")]


def test_types_other_than_rating_need_no_value_and_have_no_scale(tmp_path: Path) -> None:
    found = read_events(tmp_path, "user,item,type,value\nana,p1,purchase,99.5\nana,p2,view,\nana,p3,rating,\n")
    assert [(event.type, event.value) for event in found.events] == [("purchase", 99.5), ("view", None)]
    assert found.reasons == [("events.csv", 4, "rating '' is not a number")]


def test_the_scale_is_one_to_five_unless_told(tmp_path: Path) -> None:
    text = "user,item,rating\nana,p1,9\n"
    [(part, line, reason)] = read_events(tmp_path, text).reasons
    assert (part, line, reason.partition(":")[0]) == ("events.csv", 2, "rating 9 lies outside 1 to 5")
    assert read_events(tmp_path, text, scale=Scale.parse("0..10")).events[0].value == 9.0


def test_a_scale_counts_as_liked_from_three_quarters_up() -> None:
    assert Scale.parse("1..5") == Scale(1, 5, 4)


@pytest.mark.parametrize("text", ["5", "5..1", "a..b", "1..inf", "1..2..3", "1..nan"])
def test_a_wrong_scale_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSource, match=r"is not of the form MIN\.\.MAX"):
        Scale.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "1774008000",
        "1774008000.0",
        "1774008000000",
        "2026-03-20T12:00:00Z",
        "2026-03-20 13:00+01:00",
        "2026-03-20 12:00",
    ],
)
def test_times_are_unix_or_iso(tmp_path: Path, text: str) -> None:
    assert read_events(tmp_path, f"user,item,time\nana,p1,{text}\n").events[0].occurred_at == SPRING


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("253402300799", "time 253402300799 lies outside 1970-01-01 to 2026-06-02"),
        ("9999-01-01", "time 9999-01-01 lies outside 1970-01-01 to 2026-06-02"),
        ("9999-12-31T23:59:59-12:00", "time 9999-12-31T23:59:59-12:00 lies outside 1970-01-01 to 2026-06-02"),
        ("1969-12-31", "time 1969-12-31 lies outside 1970-01-01 to 2026-06-02"),
        ("20.03.2026", "time '20.03.2026' is neither ISO 8601 nor Unix seconds"),
        ("nan", "time 'nan' is not a time"),
    ],
)
def test_impossible_times_are_rejected(tmp_path: Path, text: str, reason: str) -> None:
    assert read_events(tmp_path, f"user,item,time\nana,p1,{text}\n").reasons == [("events.csv", 2, reason)]


def test_a_context_is_a_json_object(tmp_path: Path) -> None:
    text = 'user,item,context\nana,p1,"{""source"": ""mail""}"\nana,p2,[1]\nana,p3,{\n'
    found = read_events(tmp_path, text)
    assert found.events[0].context == {"source": "mail"}
    assert [reason.partition(":")[0] for _, _, reason in found.reasons] == [
        "context is not a JSON object",
        "context is broken JSON, from character 2 on",
    ]


def test_a_folder_may_have_items_and_users_beside_the_events(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "events.csv": "user_id,item_id,type\nana,p1,view\n",
        "items.csv": "item_id,title,categories,tags,creator,year,published_at\n"
        'p1,Emma,Novel|Romance,"classic, irony",Jane Austen,1815,2026-03-20T12:00:00Z\np2,,,,,,\n',
        "users.csv": "user_id,created_at,country,preferences\n"
        'ana,2026-03-20T12:00:00Z,PT,"{""categories"": [""Novel""]}"\n',
    }
    found = read_format("csv", write(tmp_path, files))
    features = {"creator": "Jane Austen", "year": 1815}
    assert found.items == [
        ItemRow("p1", "Emma", "", ("Novel", "Romance"), ("classic", "irony"), features, published_at=SPRING)
    ]
    assert found.users == [UserRow("ana", {"country": "PT"}, {"categories": ["Novel"]}, SPRING)]
    assert found.reasons == [("items.csv", 3, "title is empty")]


def test_a_single_file_of_items_is_read_as_items(tmp_path: Path) -> None:
    write(tmp_path, {"items.csv": "id,name\np1,Emma\n"})
    assert read_format("csv", tmp_path / "items.csv").items == [ItemRow("p1", "Emma")]


def test_a_missing_column_is_named_with_what_was_found_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource) as refused:
        read_events(tmp_path, "visitor,thing,points\nana,p1,4\n")
    assert "events.csv has no column item_id; its first line is visitor, thing, points." in str(refused.value)
    assert "--map" in str(refused.value)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"has no column points; its first line is user, item, rating"):
        read_events(tmp_path, "user,item,rating\nana,p1,4\n", mapping={"value": "points"})


def test_a_column_number_past_the_last_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"has no column 7"):
        read_events(tmp_path, "ana,p1\n", mapping={"user_id": "1", "item_id": "7"})


def test_only_fields_of_events_can_be_mapped(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"--map doesn't know colour; it maps user_id, item_id, type"):
        opened("csv", write(tmp_path, {"events.csv": "user,item\n"}), mapping={"colour": "x"})


def test_several_files_that_may_hold_the_events_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"several files that may hold the events: april\.csv, may\.csv"):
        opened("csv", write(tmp_path, {"april.csv": "", "may.csv": ""}))


def test_utf16_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, {"events.csv": "user,item\nana,p1\n".encode("utf-16")})
    with pytest.raises(UnreadableSource, match=r"written in UTF-16. Save it as UTF-8"):
        read_format("csv", path)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"^events\.csv is empty\.$"):
        read_events(tmp_path, "")


def test_a_stray_quote_costs_its_own_line(tmp_path: Path) -> None:
    lines = [f"u{number},p{number},4" for number in range(40)]
    for stray in ('u7,"p7,4', 'u7,p7,"4', '"u7,p7,4'):
        found = read_events(tmp_path, "\n".join(["user,item,rating", *lines[:7], stray, *lines[8:], ""]))
        assert [event.user_id for event in found.events] == [f"u{number}" for number in range(40) if number != 7]
        assert [(part, line) for part, line, _ in found.reasons] == [("events.csv", 9)]


def test_two_stray_quotes_cost_two_lines(tmp_path: Path) -> None:
    found = read_events(tmp_path, 'user,item,rating\nana,"p1,4\nben,p2,4\ncleo,"p3,4\ndora,p4,4\n')
    assert [event.user_id for event in found.events] == ["ben", "dora"]
    assert [line for _, line, _ in found.reasons] == [2, 4]


def test_a_quote_that_stays_open_for_long_is_given_up(tmp_path: Path) -> None:
    rest = "".join(f"p{number},Two,2\n" for number in range(3_000))
    found = read_format("csv", write(tmp_path, {"items.csv": f'item_id,title,size\np,"One,1\n{rest}'}))
    assert len(found.items) == 3_000
    assert found.reasons == [("items.csv", 2, "broken quoting: a quote is open for 1000 lines")]


def test_a_stray_quote_that_another_one_closes_costs_its_own_line(tmp_path: Path) -> None:
    found = read_events(tmp_path, 'user,item,rating\nana,p1,"4\nben,p2,4\ncleo,p3,5"\n')
    assert [event.user_id for event in found.events] == ["ben"]
    assert [(line, reason) for _, line, reason in found.reasons] == [
        (2, "broken quoting: a quote stays open"),
        (4, "rating '5\"' is not a number"),
    ]


def test_a_context_may_have_many_lines(tmp_path: Path) -> None:
    found = read_events(tmp_path, 'user,item,context\nana,p1,"{\n""n"": 1\n}"\nben,p2,\n')
    assert found.events == [EventRow("ana", "p1", "view", context={"n": 1}), EventRow("ben", "p2", "view")]


def test_a_description_may_have_many_lines(tmp_path: Path) -> None:
    write(
        tmp_path, {"items.csv": 'item_id,title,description\np1,One,"a\nb\nc"\np2,Two,\n', "events.csv": "user,item\n"}
    )
    found = read_format("csv", tmp_path)
    assert [(item.item_id, item.description) for item in found.items] == [("p1", "a\nb\nc"), ("p2", "")]


def test_columns_that_nothing_uses_are_named_and_slips_of_the_pen_guessed(tmp_path: Path) -> None:
    data = opened("csv", write(tmp_path, {"e.csv": "user,item,rate,colour\nana,p1,4,red\n"}))
    assert [row.row for row in data.rows()] == [EventRow("ana", "p1", "view")]  # type: ignore[union-attr]
    assert data.notes == ["e.csv: nothing uses the columns rate, colour. If rate is the value: --map value=rate."]


def test_a_file_whose_columns_are_all_used_needs_no_word(tmp_path: Path) -> None:
    data = opened("csv", write(tmp_path, {"e.csv": "user,item,rating\nana,p1,4\n"}))
    list(data.rows())
    assert data.notes == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"^e\.csv is empty\.$"),
        (b"\xef\xbb\xbf", r"^e\.csv is empty\.$"),
        (b"\n  \n", r"^e\.csv is empty\.$"),
        (gzip.compress(b"", mtime=0), r"^e\.csv is empty\.$"),
        (b"\x7fELF\x02\x01\x00\x00\n1,2\n", r"^e\.csv is not text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), r"^e\.csv is not text"),
    ],
    ids=["empty", "byte-order-mark", "blank-lines", "gzip-of-nothing", "elf", "png"],
)
def test_a_file_that_is_no_table_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "e.csv").write_bytes(content)
    with pytest.raises(UnreadableSource, match=said):
        list(opened("csv", tmp_path / "e.csv").rows())
