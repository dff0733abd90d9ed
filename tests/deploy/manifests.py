"""Read the manifests that kustomize makes of each overlay, as they are committed."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from recsite.local.paths import PROJECT

K8S = PROJECT / "deploy" / "k8s"
RENDERED = K8S / "rendered"
OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir() if path.is_dir())
LIKE_PRODUCTION = [name for name in OVERLAYS if name != "development"]
COMPONENT = "app.kubernetes.io/component"
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")
Object = dict[str, Any]


# libyaml's: the one in Python takes ten times as long.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _read(overlay: str) -> list[Object]:
    return [one for one in yaml.load_all((RENDERED / f"{overlay}.yaml").read_text(), LOADER) if one]


def objects(overlay: str, *kinds: str) -> list[Object]:
    """Return the objects of an overlay, of these kinds or of all. They are to be read, and not changed."""
    return [one for one in _read(overlay) if not kinds or one["kind"] in kinds]


def one(overlay: str, kind: str, name: str) -> Object:
    return next(found for found in objects(overlay, kind) if found["metadata"]["name"] == name)


def named(found: Object) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def template(workload: Object) -> Object:
    """Return the template of a workload's pods."""
    spec = workload["spec"]
    return spec["jobTemplate"]["spec"]["template"] if workload["kind"] == "CronJob" else spec["template"]


def container(workload: Object) -> Object:
    return template(workload)["spec"]["containers"][0]


def ours(overlay: str) -> list[Object]:
    """Return the workloads that run our image."""
    return [found for found in objects(overlay, *WORKLOADS) if container(found)["name"] == "recsite"]


def images(overlay: str) -> set[str]:
    """Return every image that an overlay names."""
    boxes = [box for found in objects(overlay, *WORKLOADS) for box in template(found)["spec"]["containers"]]
    return {box["image"] for box in boxes} | {one["spec"]["imageName"] for one in objects(overlay, "Cluster")}


def component(workload: Object) -> str:
    return template(workload)["metadata"]["labels"][COMPONENT]


def settings(overlay: str) -> dict[str, str]:
    """Return the settings that all processes of ours get."""
    found = objects(overlay, "ConfigMap")
    return next(one["data"] for one in found if one["metadata"]["name"].startswith("recsite-settings-"))


def environment(overlay: str, workload: Object) -> dict[str, str]:
    """Return what a process finds in its environment, apart from secrets and its own address."""
    own = {entry["name"]: entry["value"] for entry in container(workload).get("env", []) if "value" in entry}
    return {**settings(overlay), **own}


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Tell if a selector of labels takes these."""
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    for rule in selector.get("matchExpressions") or []:
        assert rule["operator"] == "In", "another operator than this test knows"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def pods(overlay: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the component and the labels of each kind of pod of ours."""
    for workload in ours(overlay):
        yield component(workload), template(workload)["metadata"]["labels"]


def megabytes(quantity: str) -> float:
    """Return a quantity of memory in MiB."""
    for suffix, factor in (("Ki", 1 / 1024), ("Mi", 1.0), ("Gi", 1024.0), ("Ti", 1024.0**2)):
        if quantity.endswith(suffix):
            return float(quantity.removesuffix(suffix)) * factor
    raise ValueError(quantity)
