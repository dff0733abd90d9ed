"""The committed manifests are what kustomize makes of the overlays, and what Kubernetes' own schemas allow."""

import json
import os
import shutil
import subprocess
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from kubernetes_validate import utils
from referencing import Registry, Resource

from recsite import process_roles
from recsite.local.paths import PROJECT
from tests.deploy.manifests import K8S, LIKE_PRODUCTION, OVERLAYS, RENDERED, named, objects

CRDS = PROJECT / "tests" / "deploy" / "crds"
OLDEST, NEWEST = "1.32", "1.37"
"""The versions of Kubernetes that are checked."""

BUILTIN = ("v1", "apps/v1", "batch/v1", "autoscaling/v2", "policy/v1", "networking.k8s.io/v1")


def kustomize() -> list[str]:
    """Return the command that renders a folder; skip where there is none."""
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if not shutil.which("kubectl"):
        pytest.skip("Neither kustomize nor kubectl is here: the committed files are tested as they are.")
    return ["kubectl", "kustomize"]


def test_the_rendered_files_are_those_of_the_overlays(tmp_path: Path) -> None:
    kustomize()
    subprocess.run([K8S / "render", tmp_path], check=True)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_text() for path in RENDERED.iterdir()}
    assert committed == made, "Run deploy/k8s/render, and commit what it wrote."


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_the_schema_of_its_kind(overlay: str, version: str) -> None:
    for found in objects(overlay):
        validator(found["apiVersion"], found["kind"], version).validate(found)


@cache
def validator(api_version: str, kind: str, kubernetes: str) -> jsonschema.Draft202012Validator:
    """Return what checks a kind: Kubernetes' own schema, or that of the project that it is from."""
    group, _, version = api_version.partition("/")
    if api_version not in BUILTIN:
        own = json.loads((CRDS / f"{group}_{version}_{kind}.json").read_text())
        return jsonschema.Draft202012Validator(own)
    # The files are named by the first word of the group: ingress-networking-v1, but pod-v1.
    name = "-".join([kind.lower(), *([group.partition(".")[0]] if version else []), version or group])
    schema = utils.schema_contents(f"{folder_of(kubernetes)}/{name}.json", kubernetes)
    return jsonschema.Draft202012Validator(schema, registry=definitions(kubernetes))


def folder_of(kubernetes: str) -> str:
    exact = [version for version in utils.all_versions() if utils.major_minor(version) == kubernetes][-1]
    return f"kubernetes-json-schema/v{exact}-local-strict"


@cache
def definitions(kubernetes: str) -> Any:
    found = Resource.from_contents(utils.schema_contents(f"{folder_of(kubernetes)}/_definitions.json", kubernetes))
    registry: Registry[Any] = Registry()
    return (found @ registry).crawl()


@pytest.mark.parametrize(
    ("kind", "right", "wrong"), [("Certificate", "dnsNames", "dnsName"), ("Deployment", "selector", "selectors")]
)
def test_a_misspelt_name_would_be_found(kind: str, right: str, wrong: str) -> None:
    found = deepcopy(objects("production", kind)[0])
    found["spec"][wrong] = found["spec"].pop(right)
    with pytest.raises(jsonschema.ValidationError, match=f"{wrong}|{right}"):
        validator(found["apiVersion"], kind, NEWEST).validate(found)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_is_in_the_namespace_of_the_overlay_and_there_once(overlay: str) -> None:
    found = objects(overlay)
    namespace = next(one["metadata"]["name"] for one in found if one["kind"] == "Namespace")
    assert {one["metadata"].get("namespace") for one in found if one["kind"] != "Namespace"} == {namespace}
    assert len({named(one) for one in found}) == len(found)


def test_the_patch_of_the_cron_job_is_that_of_the_other_pods() -> None:
    pod, cron = (yaml.safe_load((K8S / "base/patches" / name).read_text()) for name in ("pod.yaml", "cron-pod.yaml"))
    assert cron["spec"]["jobTemplate"]["spec"] == pod["spec"]


def test_the_cluster_gets_every_dashboard() -> None:
    folder = PROJECT / "deploy" / "grafana"
    (made,) = yaml.safe_load((folder / "kustomization.yaml").read_text())["configMapGenerator"]
    assert made["files"] == sorted(f"dashboards/{path.name}" for path in (folder / "dashboards").glob("*.json"))


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_the_alerts_are_those_of_the_one_rules_file(overlay: str) -> None:
    (rules,) = objects(overlay, "PrometheusRule")
    files = [yaml.safe_load(path.read_text()) for path in sorted((PROJECT / "deploy/prometheus/rules").glob("*.yml"))]
    assert rules["spec"]["groups"] == [group for file in files for group in file["groups"]]


def test_without_kafka_what_is_for_kafka_alone_is_gone(tmp_path: Path) -> None:
    chosen = {name: os.path.relpath(K8S / name, tmp_path.resolve()) for name in ("overlays", "components")}
    (tmp_path / "kustomization.yaml").write_text(
        f"resources: [{chosen['overlays']}/production]\ncomponents: [{chosen['components']}/without-kafka]\n"
    )
    done = subprocess.run([*kustomize(), tmp_path], capture_output=True, text=True, check=True)
    found = [one for one in yaml.safe_load_all(done.stdout) if one]
    gone = {named(one) for one in objects("production")} - {named(one) for one in found}
    assert {name for name in gone if not name.startswith("ConfigMap")} == {
        *(f"Deployment/recsite-{role.name}" for role in process_roles.ROLES.values() if role.needs_kafka),
        *(f"PodDisruptionBudget/recsite-{name}" for name in ("consumer", "answers")),
        "Job/recsite-topics",
        "NetworkPolicy/to-kafka",
    }
    (settings,) = [one["data"] for one in found if one["kind"] == "ConfigMap"]
    assert settings["KAFKA_BOOTSTRAP_SERVERS"] == ""
