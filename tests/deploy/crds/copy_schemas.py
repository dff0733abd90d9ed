"""Copy the schemas of custom resources from the manifests of their projects: python copy_schemas.py FILE:VERSION ...

What only people read (descriptions, defaults) is left out, and names that a schema doesn't know are forbidden, as the
API server's strict field validation does. README.md says where each file is from.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

LEFT_OUT = ("description", "default", "example")


def strict(schema: Any, is_names: bool = False) -> Any:
    """Return a schema without prose, that refuses unknown names."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: strict(value, name == "properties" and not is_names)
        for name, value in schema.items()
        if is_names or (name not in LEFT_OUT and (not name.startswith("x-kubernetes-") or value is True))
    }
    if not is_names and "properties" in kept and not kept.get("x-kubernetes-preserve-unknown-fields"):
        kept.setdefault("additionalProperties", False)
    return kept


def copy(path: Path, version: str, to: Path) -> None:
    definition = next(one for one in yaml.safe_load_all(path.read_text()) if one)["spec"]
    schema = next(one for one in definition["versions"] if one["name"] == version)["schema"]["openAPIV3Schema"]
    kept = strict(schema)
    # Kubernetes' own, the same for every kind.
    kept["properties"]["metadata"] = {"type": "object"}
    kept["properties"].pop("status", None)
    name = f"{definition['group']}_{version}_{definition['names']['kind']}.json"
    (to / name).write_text(json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        file, _, version = argument.rpartition(":")
        copy(Path(file), version, Path(__file__).parent)
