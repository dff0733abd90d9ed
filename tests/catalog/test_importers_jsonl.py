import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.importers.rows import EventRow, ItemRow, UnreadableSource, UserRow
from tests.catalog.files import Read, opened, read_format, write

SPRING = datetime(2026, 3, 20, 12, tzinfo=UTC)


def read_lines(folder: Path, *lines: str | dict[str, Any], **options: object) -> Read:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return read_format("jsonl", write(folder, {"events.jsonl": text}), **options)


def test_one_object_a_line_is_an_event(tmp_path: Path) -> None:
    line = {
        "user_id": "ana",
        "item_id": 17,
        "type": "click",
        "occurred_at": "2026-03-20T12:00:00Z",
        "context": {"n": 1},
    }
    assert read_lines(tmp_path, line).events == [EventRow("ana", "17", "click", None, SPRING, {"n": 1})]


def test_an_object_without_type_is_a_rating_if_it_has_a_value_and_a_view_if_not(tmp_path: Path) -> None:
    found = read_lines(tmp_path, {"user": 1, "item": 2, "rating": 4.5}, {"user": 1, "item": 3})
    assert found.events == [EventRow("1", "2", "rating", 4.5), EventRow("1", "3", "view")]


def test_keys_are_mapped(tmp_path: Path) -> None:
    line = {"who": "ana", "what": "p1", "at": 1774008000}
    mapping = {"user_id": "who", "item_id": "what", "occurred_at": "at"}
    assert read_lines(tmp_path, line, mapping=mapping).events == [EventRow("ana", "p1", "view", None, SPRING)]


def test_a_key_that_was_not_mapped_counts_for_nothing(tmp_path: Path) -> None:
    line = {"who": "ana", "user_id": "x", "item_id": "p1"}
    assert read_lines(tmp_path, line, mapping={"user_id": "who"}).events == [EventRow("ana", "p1", "view")]


def test_keys_that_nothing_uses_are_named_once_and_slips_of_the_pen_guessed(tmp_path: Path) -> None:
    lines = ['{"user": "ana", "item": "p1", "rate": 4}', '{"user": "ben", "item": "p1", "rate": 4, "colour": "red"}']
    data = opened("jsonl", write(tmp_path, {"e.jsonl": "\n".join(lines)}))
    list(data.rows())
    assert data.notes == ["e.jsonl: nothing uses the columns rate, colour. If rate is the value: --map value=rate."]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"user_id": "ana", ', "the line is broken JSON, from character 19 on"),
        ('"ana"', "the line is not a JSON object"),
        ('{"user_id": "ana"}', "item_id is empty"),
        ('{"user_id": true, "item_id": "p1"}', "user_id is neither a text nor a number"),
        ('{"user_id": {"id": 1}, "item_id": "p1"}', "user_id is neither a text nor a number"),
        ('{"user_id": "a", "item_id": "p1", "rating": NaN}', "the line is broken JSON"),
        ('{"user_id": "a\\u0000", "item_id": "p1"}', "user_id holds a NUL character"),
        ('{"user_id": "a", "item_id": "p1", "context": {"x": "\\u0000"}}', "context holds a NUL character"),
        (
            '{"user_id": "a", "item_id": "p1", "context": {"x": "\\ud800"}}',
            "context holds bytes that are not of the file's encoding",
        ),
        ("[" * 100_000, "the line is nested too deeply"),
        ('{"user_id": "a", "item_id": "p1", "context": {"x": 1e999}}', "the line is broken JSON"),
        (
            '{"user_id": "a", "item_id": "p1", "context": ' + '{"x":' * 200 + "1" + "}" * 200 + "}",
            "context is nested too deeply",
        ),
        ('{"user_id": ' + "9" * 5_000 + ', "item_id": "p1"}', "the line is broken JSON"),
    ],
)
def test_a_bad_line_is_rejected_alone(tmp_path: Path, line: str, reason: str) -> None:
    good = {"user_id": "ana", "item_id": "p1"}
    found = read_lines(tmp_path, good, "", line, good)
    (rejected,) = found.rejected
    assert (rejected.part, rejected.line) == ("events.jsonl", 3)
    assert rejected.reason.partition(":")[0] == reason
    assert "sys." not in rejected.reason
    assert len(found.events) == 2


def test_items_and_users_lie_beside_the_events(tmp_path: Path) -> None:
    item = {"item_id": "p1", "title": "Emma", "categories": ["Novel"], "tags": ["irony"], "year": 1815, "group": "emma"}
    user = {"user_id": "ana", "age": 40, "preferences": {"tags": ["irony"]}}
    files: dict[str, str | bytes] = {
        "events.jsonl": json.dumps({"user_id": "ana", "item_id": "p1"}),
        "items.jsonl": json.dumps(item) + '\n{"item_id": "p2", "title": "Sanditon", "tags": [1]}\n',
        "users.jsonl": json.dumps(user),
    }
    found = read_format("jsonl", write(tmp_path, files))
    assert found.items == [ItemRow("p1", "Emma", "", ("Novel",), ("irony",), {"year": 1815}, group="emma")]
    assert found.users == [UserRow("ana", {"age": 40}, {"tags": ["irony"]})]
    assert found.reasons == [("items.jsonl", 2, "tags holds something that is not a text")]


def test_a_json_array_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"events\.jsonl is one JSON array\. Write one object a line"):
        read_lines(tmp_path, '[{"user_id": 1}]')
