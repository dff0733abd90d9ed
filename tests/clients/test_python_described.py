"""The Python client has each operation of the API, under its name, at its address and with its parameters."""

import inspect
import re
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from recsite_client import answers
from recsite_client.answers import ItemFields, ListOptions, UserFields
from recsite_client.calls import Call, get
from recsite_client.operations import Operations
from recsite_client.talks import Send

RENAMED = {"from": "since", "to": "until"}
"""`from` is a word of Python."""

STREAMED = {"format", "gzip"}
"""The client reads NDJSON, which is packed on the way."""

TYPE = {"weight", "is_negative", "marks_seen", "needs_item", "is_conversion", "scale_min", "scale_max", "relevant_at"}
ANY = {
    "load_items": {"items"},
    "load_users": {"users"},
    "create_interaction_type": TYPE | {"amount_min", "amount_max"},
    "put_interaction_type": TYPE | {"amount_min", "amount_max"},
}
"""Rows are streamed instead; what an interaction type is made of is any `**fields`."""

KEPT = {"created_at", "updated_at", "last_active", "opted_out_at", "id"}
KEPT |= {"paused_because", "failing_since", "former_secret_ends_at", "warning"}
KEPT |= {"based_on", "saved_at", "saved_by", "number", "note", "published_at", "published_by", "reverts_to"}
"""The server keeps these: they may stand in a body that was read before, and change nothing."""

EXAMPLES: dict[str, Any] = {"rows": [], "events": [], "items": [], "user_ids": [], "into": "ada", "type": "view"}


def described() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Operations by their ids: method, path below /api/v1/, description."""
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return {
        operation["operationId"]: (method.upper(), path.removeprefix("/api/v1/"), operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/")
    }


def call_of(name: str) -> Call[Any]:
    """What the method of this name would send first."""
    describe = inspect.getattr_static(Operations, name).describe
    needed = [
        one.name
        for one in inspect.signature(describe).parameters.values()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    ]
    step = next(describe(**{one: EXAMPLES.get(one, "1") for one in needed})(None))
    assert isinstance(step, Send)
    return step.call


def takes(name: str) -> set[str]:
    """Names of the arguments of a method; of `**options`, those that they may have."""
    names: set[str] = set()
    for one in inspect.signature(inspect.getattr_static(Operations, name).describe).parameters.values():
        options = {"ListOptions": ListOptions, "ItemFields": ItemFields, "UserFields": UserFields}
        if one.kind is not one.VAR_KEYWORD:
            names.add(one.name)
        elif found := re.search(r"Unpack\[(\w+)\]", str(one.annotation)):
            names |= set(options[found[1]].__annotations__)
    return names


def fields(operation: dict[str, Any]) -> set[str]:
    """Names that the body of an operation may have."""
    content = operation.get("requestBody", {}).get("content", {})
    return set(content.get("application/json", {}).get("schema", {}).get("properties", ()))


@pytest.mark.parametrize("name", sorted(described()))
def test_an_operation_is_a_method(name: str) -> None:
    method, path, operation = described()[name]
    assert hasattr(Operations, name), f"Add {name} ({method} {path}) to clients/python/recsite_client/operations.py."
    call = call_of(name)
    assert (call.method, call.path) == (method, re.sub(r"\{\w+\}", "{}", path))
    known = takes(name)
    wanted = {RENAMED.get(one["name"], one["name"]) for one in operation.get("parameters", []) if one["in"] != "header"}
    assert wanted - STREAMED <= known
    assert fields(operation) <= known | KEPT | ANY.get(name, set())


ANSWERS = {
    "ListedFields": {"Fields"},
    "Listed": {"Recommended", "BoughtItem"},
    "Recommendations": {"Recommendations", "List", "Bought"},
    "Batch": {"Batch"},
    "StoredEvent": {"StoredEvent"},
    "Accepted": {"Accepted"},
    "RowResult": {"OneOfMany"},
    "EventResults": {"Events"},
    "Item": {"Item"},
    "User": {"User"},
    "Tokens": {"Tokens"},
    "Job": {"Job"},
}
"""Types of the client, and the shapes (without `Out`) of the description that they stand for."""


@pytest.mark.parametrize("name", ANSWERS)
def test_a_type_has_every_field_of_the_answers(name: str) -> None:
    shapes = SchemaGenerator().get_schema(public=True)["components"]["schemas"]  # type: ignore[no-untyped-call]
    told = {field for shape in ANSWERS[name] for field in shapes[f"{shape}Out"]["properties"]}
    assert told - set(getattr(answers, name).__annotations__) == set()


def test_ids_and_parameters_are_escaped() -> None:
    assert get("items/{}", "a/b?c").address == "items/a%2Fb%3Fc"
    assert get("items/{}", "..").address == "items/%2E%2E"
    assert get("items", tags=["a", "b"], explain=True, limit=None).pairs == [
        ("tags", "a"),
        ("tags", "b"),
        ("explain", "true"),
    ]
