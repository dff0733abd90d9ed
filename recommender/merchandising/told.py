"""Say what a recorded change of a placement changed, for Activity: rules by what they do, not by their places."""

from collections.abc import Iterator, Mapping
from typing import Any

from recommender.merchandising.differences import Difference, changed_fields, differences
from recommender.merchandising.settings import ListSettings

REVISION = "revision"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each change by its name, what was and what is; of what came or went one of them is empty."""
    lines = []
    if REVISION in after:
        lines.append((REVISION, str(before.get(REVISION) or "none"), str(after[REVISION])))
    found = differences(ListSettings.stored(_set(before)), ListSettings.stored(_set(after)))
    return [*lines, *(line for one in found for line in _lines(one))]


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set: a revision that replaced none was before it as usual."""
    return {name: value for name, value in values.items() if value is not None}


def _lines(one: Difference) -> Iterator[tuple[str, str, str]]:
    if one.rules is None:
        yield one.label, one.before, one.after
        return
    was, now = one.rules
    if was is None:
        yield "rule added", "", str(now)
    elif now is None:
        yield "rule removed", "", str(was)
    elif was == now:
        yield "rule moved", "", f"{now} (before: {one.before})"
    else:
        said = ", ".join(f"{name} {old} → {new}" for name, old, new in changed_fields(was, now))
        yield "rule changed", "", f"{was}: {said}"
