"""The rows of every page stand under `items`, but for the lists that the docs name."""

import re
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from recsite.local.paths import PROJECT

NEXT = ("next_cursor", "next_offset")


def pages() -> dict[str, str]:
    """The name of the rows by the path of the list."""
    schema: Any = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    found = {}
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            fields = schema["components"]["schemas"].get(name, {}).get("properties", {})
            if fields.keys() & set(NEXT):
                (found[path],) = (name for name, field in fields.items() if field.get("type") == "array")
    return found


def test_rows_stand_under_items_or_the_name_that_the_docs_tell() -> None:
    text = (PROJECT / "docs" / "API.md").read_text(encoding="utf-8").partition("## Pages")[2].partition("\n## ")[0]
    sentence = text.partition("Six lists name them after")[2]
    named = set(re.findall(r"`([a-z]+)`", sentence))
    assert len(named) == 6
    found = pages()
    assert {"/api/v1/items/search", "/api/v1/users/{user_id}/interactions", "/api/v1/items"} <= found.keys()
    others = {path: name for path, name in found.items() if name != "items"}
    assert set(others.values()) == named, "A new list has its rows under items."
    assert all(path.endswith(f"/{name}") for path, name in others.items())
