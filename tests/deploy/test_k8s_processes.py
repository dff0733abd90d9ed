"""What runs in the cluster is what the image can run: roles, ports, probes, settings, limits and the time to stop."""

import re
import tomllib

import pytest

from recsite import process_roles
from recsite.local.paths import PROJECT
from tests.deploy.manifests import (
    LIKE_PRODUCTION,
    OVERLAYS,
    Object,
    component,
    container,
    environment,
    megabytes,
    named,
    objects,
    one,
    ours,
    settings,
    template,
)

EXAMPLE = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
OF_THE_POD = {"POD_IP", "SITE_HOSTS"}
"""Names in the environment that only put others together."""

OF_THE_SERVERS = {"POSTGRES_PASSWORD"}
IMAGE = "registry.example.com/recsite"
ROOM_MB = 300
"""What the parent of a worker takes beside its children."""


def role_of(workload: Object) -> process_roles.Role | None:
    """Return the role that a workload runs; None for a command of manage.py."""
    arguments = container(workload)["args"]
    return process_roles.of(arguments[0]) if len(arguments) == 1 else None


def test_every_role_runs_in_every_overlay() -> None:
    for overlay in OVERLAYS:
        running = {role.name for found in ours(overlay) if (role := role_of(found))}
        assert running == set(process_roles.ROLES)
        queues = {environment(overlay, found).get("WORKER_QUEUE") for found in ours(overlay)} - {None}
        assert queues == set(process_roles.QUEUES)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_entry_point_is_that_of_the_image_and_commands_exist(overlay: str) -> None:
    for found in ours(overlay):
        assert container(found)["command"] == [f"/app/{process_roles.ENTRYPOINT}"]
        if role_of(found) is None:
            first, command, *_ = container(found)["args"]
            assert first == "manage.py"
            assert list(PROJECT.glob(f"*/**/management/commands/{command}.py")), named(found)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_the_port_and_paths_of_the_role(overlay: str) -> None:
    for found in objects(overlay, "Deployment"):
        role, box = role_of(found), container(found)
        assert role
        assert role.port
        assert [entry["containerPort"] for entry in box["ports"]] == [role.port.of(environment(overlay, found))]
        asked = {kind: box[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {entry["port"] for entry in asked.values()} == {box["ports"][0]["name"]}
        assert asked["startup"]["path"] == asked["liveness"]["path"] == role.liveness
        assert asked["readiness"]["path"] == role.readiness
        start = box["startupProbe"]
        assert start["periodSeconds"] * start["failureThreshold"] == role.start_secs
        # A loop that pauses as long as the role allows is not killed for it.
        assert box["livenessProbe"]["periodSeconds"] * box["livenessProbe"]["failureThreshold"] >= 30


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_stop_budget_holds(overlay: str) -> None:
    for found in objects(overlay, "Deployment"):
        values, pod = environment(overlay, found), template(found)["spec"]
        pre_stop = container(found)["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert int(values["DRAIN_SECS"]) < int(values["SHUTDOWN_TIMEOUT_SECS"])
        assert pre_stop + int(values["SHUTDOWN_TIMEOUT_SECS"]) < pod["terminationGracePeriodSeconds"]


def test_the_stop_budget_is_stated_once() -> None:
    files = [path.read_text() for path in (PROJECT / "deploy/k8s/base").rglob("*.*")]
    for word in ("terminationGracePeriodSeconds", "preStop:", "SHUTDOWN_TIMEOUT_SECS=", "DRAIN_SECS="):
        assert sum(text.count(word) for text in files) == 1, word


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_is_a_setting(overlay: str) -> None:
    known = set(EXAMPLE.findall((PROJECT / ".env.example").read_text())) | OF_THE_POD
    for found in ours(overlay):
        names = {entry["name"] for entry in container(found).get("env", [])} | set(settings(overlay))
        assert names <= known, named(found)
    for secret in objects(overlay, "ExternalSecret"):
        assert {entry["secretKey"] for entry in secret["spec"]["data"]} <= known


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_variable_made_of_others_comes_behind_them(overlay: str) -> None:
    """Kubernetes leaves a name in place that it has not met yet, and one from `envFrom`."""
    for found in ours(overlay):
        before: set[str] = set()
        for entry in container(found).get("env", []):
            assert set(re.findall(r"\$\((\w+)\)", entry.get("value", ""))) <= before
            before.add(entry["name"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_secret_stands_in_the_manifests(overlay: str) -> None:
    assert objects(overlay, "Secret") == []
    for found in ours(overlay):
        assert {"secretRef": {"name": "recsite-secrets"}} in container(found)["envFrom"]
        own = container(found).get("env", [])
        assert not [entry for entry in own if re.search("SECRET|PASSWORD|_KEY|_URL", entry["name"])]
    assert not [name for name in settings(overlay) if re.search("SECRET|PASSWORD|_KEY$|^DATABASE_URL|^REDIS_URL", name)]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_have_a_version_and_ours_that_of_the_code(overlay: str) -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    for found in objects(overlay, "Deployment", "StatefulSet", "Job", "CronJob"):
        pod = template(found)["spec"]
        assert not pod.get("initContainers")
        for box in pod["containers"]:
            name, _, tag = box["image"].partition("@")[0].rpartition(":")
            assert name
            assert re.search(r"\d+\.\d+", tag), f"{box['image']} is no exact version"
            assert box["name"] != "recsite" or box["image"] == f"{IMAGE}:{version}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_fit_the_restricted_standard_on_a_read_only_root(overlay: str) -> None:
    for found in objects(overlay, "Deployment", "StatefulSet", "Job", "CronJob"):
        pod = template(found)["spec"]
        own = pod["securityContext"]
        assert own["runAsNonRoot"]
        assert own["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert {kind for volume in pod["volumes"] for kind in set(volume) - {"name"}} <= {
            "emptyDir",
            "persistentVolumeClaim",
        }
        for box in pod["containers"]:
            rights = box["securityContext"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert rights["allowPrivilegeEscalation"] is False
            assert rights["readOnlyRootFilesystem"] is True
            assert not [port for port in box.get("ports", []) if "hostPort" in port]
    for found in ours(overlay):
        assert template(found)["spec"]["securityContext"]["runAsUser"] == process_roles.USER_ID


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_has_requests_and_limits(overlay: str) -> None:
    for found in objects(overlay, "Deployment", "StatefulSet", "Job", "CronJob"):
        for box in template(found)["spec"]["containers"]:
            for kind in ("requests", "limits"):
                assert {"cpu", "memory"} <= set(box["resources"][kind]), named(found)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_worker_may_take_what_its_children_may(overlay: str) -> None:
    for found in ours(overlay):
        if (queue := environment(overlay, found).get("WORKER_QUEUE")) is not None:
            own = process_roles.QUEUES[queue]
            limit = megabytes(container(found)["resources"]["limits"]["memory"])
            assert limit >= own.concurrency * own.max_memory_mb + ROOM_MB


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_folders_that_are_written_to_are_mounted(overlay: str) -> None:
    values = settings(overlay)
    for found in ours(overlay):
        mounts = {entry["mountPath"]: entry["name"] for entry in container(found)["volumeMounts"]}
        assert values["RECSITE_STATE"] == process_roles.STATE_FOLDER
        assert {process_roles.STATE_FOLDER, "/tmp"} <= set(mounts)
        assert set(mounts.values()) == {volume["name"] for volume in template(found)["spec"]["volumes"]}
        if component(found) in ("web", "worker", "worker-training"):
            assert mounts[values["UPLOAD_STORAGE_PATH"]] == "uploads"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_may_run_once_runs_once_and_is_never_doubled_by_a_rollout(overlay: str) -> None:
    for found in objects(overlay, "Deployment"):
        role = role_of(found)
        assert role
        if role.most == 1:
            assert found["spec"]["replicas"] == 1
            assert found["spec"]["strategy"] == {"type": "Recreate"}
        else:
            assert found["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_consumers_are_no_more_than_the_partitions(overlay: str) -> None:
    consumers = one(overlay, "Deployment", "recsite-consumer")["spec"]["replicas"]
    assert consumers <= int(settings(overlay)["KAFKA_PARTITIONS"])


@pytest.mark.parametrize("overlay", LIKE_PRODUCTION)
def test_secrets_come_from_outside_and_those_that_production_needs_are_there(overlay: str) -> None:
    (secret,) = objects(overlay, "ExternalSecret")
    assert secret["spec"]["target"]["name"] == "recsite-secrets"
    keys = {entry["secretKey"] for entry in secret["spec"]["data"]}
    assert {"SECRET_KEY", "ERASURE_KEY", "JWT_SECRET", "DATABASE_URL", "REDIS_URL"} <= keys


def test_the_example_stores_of_clouds_are_the_ones_that_the_secret_names() -> None:
    for overlay in ("production-eks", "production-gke"):
        (store,) = objects(overlay, "SecretStore")
        (secret,) = objects(overlay, "ExternalSecret")
        assert secret["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": store["metadata"]["name"]}
