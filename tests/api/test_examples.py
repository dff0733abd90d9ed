"""Every example of the API's description is what its schema says: a reader may copy it."""

from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from tests.api.test_schema import OPERATIONS

Example = tuple[str, dict[str, Any], Any]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    return dict(generator().get_schema(public=True))


def examples(operation: dict[str, Any]) -> Iterator[Example]:
    """Where each stands, its schema, and its value."""
    bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for place, body in bodies.items():
        for content in body.get("content", {}).values():
            for name, example in content.get("examples", {}).items():
                yield f"{place}: {name}", content["schema"], example["value"]
    for parameter in operation.get("parameters", []):
        for example in parameter["schema"].get("examples", []):
            yield parameter["name"], parameter["schema"], example


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_every_example_fits_its_schema(described: dict[str, Any], method: str, path: str) -> None:
    found = list(examples(described["paths"][path][method]))
    assert found
    for place, schema, value in found:
        check = Draft202012Validator({**schema, "components": described["components"]})
        assert [error.message for error in check.iter_errors(value)] == [], place
