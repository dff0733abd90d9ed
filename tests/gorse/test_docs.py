"""docs/FROM_GORSE.md names what there is."""

import re

from interactions.management.commands.import_data import FEEDBACK_TYPES
from recommender.api.gorse.urls import ROUTES
from recsite import route_table
from recsite.local.paths import PROJECT

TEXT = (PROJECT / "docs" / "FROM_GORSE.md").read_text(encoding="utf-8")


def test_every_route_stands_in_the_table_and_no_other() -> None:
    table = TEXT.partition("## The routes")[2].partition("`n` is 10 by default")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {route for cell in cells for route in re.findall(r"`([^`]+)`", cell)}
    assert named == {re.sub(r"<str:(\w+)>", r"{\1}", route) for route, _, _ in ROUTES}


def test_the_options_of_the_command_are_named() -> None:
    assert all(f"--{name}-feedback-types" in TEXT for name in FEEDBACK_TYPES)


def test_the_table_of_scopes_is_the_one_that_requests_are_checked_by() -> None:
    assert route_table.gorse_table() in TEXT, f"Put this table into docs/FROM_GORSE.md:\n{route_table.gorse_table()}"
