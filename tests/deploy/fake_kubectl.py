"""Stand in for kubectl: write down what is asked, and answer as a cluster would that the environment describes.

FAKE_LOG: where to write; FAKE_OVERLAY: what kustomize renders; FAKE_FAILS: a job or a Deployment that doesn't come up.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

ARGUMENTS = sys.argv[1:]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
COMPONENT = "app.kubernetes.io/component"


def fits(found: dict[str, Any], selector: str) -> bool:
    component = found["metadata"].get("labels", {}).get(COMPONENT)
    if selector == f"!{COMPONENT}":
        return component is None
    if selector == f"{COMPONENT},{COMPONENT} notin (migrate, topics)":
        return component not in (None, "migrate", "topics")
    if selector.startswith(f"{COMPONENT}="):
        return component == selector.partition("=")[2]
    raise SystemExit(f"What is {selector}?")


def option(name: str) -> str:
    return ARGUMENTS[ARGUMENTS.index(name) + 1]


def main() -> int:
    fails, done = os.environ.get("FAKE_FAILS", ""), " ".join(ARGUMENTS)
    if ARGUMENTS[0] == "kustomize":
        chosen = (Path(ARGUMENTS[1]) / "kustomization.yaml").read_text()
        sys.stdout.write(Path(os.environ["FAKE_OVERLAY"]).read_text())
        return note({"kustomization": yaml.safe_load(chosen)})
    if ARGUMENTS[0] == "apply":
        taken = [
            one for one in yaml.load_all(Path(option("-f")).read_text(), LOADER) if one and fits(one, option("-l"))
        ]
        return note({"apply": [f"{one['kind']}/{one['metadata']['name']}" for one in taken]})
    note({"do": done})
    if ARGUMENTS[:2] == ["get", "deployments"]:
        sys.stdout.write("deployment.apps/recsite-web\ndeployment.apps/recsite-beat\n")
    if ARGUMENTS[0] == "wait":
        is_failure = "--for=condition=failed" in ARGUMENTS
        return 0 if is_failure == (ARGUMENTS[2] == fails) else 1
    return int(ARGUMENTS[:2] == ["rollout", "status"] and ARGUMENTS[2] == fails)


def note(what: dict[str, Any]) -> int:
    with Path(os.environ["FAKE_LOG"]).open("a") as log:
        log.write(json.dumps(what) + "\n")
    return 0


sys.exit(main())
