"""Threads share what modules hold: it stands in instances and in modules, never in an attribute of a class."""

import ast
from collections.abc import Iterator

from tests.test_architecture import modules


def rebound(text: str) -> Iterator[str]:
    """Attributes of classes that a module of this text gives another value than the one they were born with."""
    tree = ast.parse(text)
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)} | {"cls"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store | ast.Del):
            continue
        if isinstance(node.value, ast.Name) and node.value.id in classes:
            yield f"{node.value.id}.{node.attr}"


def test_no_class_attribute_gets_another_value() -> None:
    """While the old value is freed, other threads may find it half gone (CPython before 3.13)."""
    found = {name: list(rebound(path.read_text(encoding="utf-8"))) for name, path in modules().items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_rule_finds_what_it_is_for() -> None:
    text = (
        "class A:\n    x = 1\n    @classmethod\n    def go(cls): cls.y = 2\nA.x, b = 3, 4\ndel A.x\na = A()\na.x = 5\n"
    )
    assert sorted(rebound(text)) == ["A.x", "A.x", "cls.y"]
