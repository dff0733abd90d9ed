"""Each row of the table of what still works names tests that are there, and each part of /health has a row."""

import re

from recsite.local.paths import PROJECT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
TABLE = (PROJECT / "docs" / "DEGRADED.md").read_text()
ROWS = [line for line in TABLE.splitlines() if line.startswith("|")][2:]


def test_each_row_names_a_test_that_is_there() -> None:
    for row in ROWS:
        named = NAMED.findall(row)
        assert named, row
        for path, test in named:
            assert f"\ndef {test}(" in (PROJECT / path).read_text(), test


def test_each_part_that_fails_by_itself_has_a_row() -> None:
    bold = set(re.findall(r"^\| \*\*([\w ]+)\*\*", TABLE, re.MULTILINE))
    assert bold == {
        *("Database", "Redis", "Kafka", "Store of models", "Worker", "Beat", "Consumer", "Relay", "Answers"),
        *("Disk", "Partitions", "Replica"),
    }
