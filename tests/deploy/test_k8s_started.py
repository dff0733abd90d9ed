"""What the manifests say starts: settings of each overlay are taken, web answers its probes as the kubelet asks."""

import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from tests import web
from tests.deploy.manifests import OVERLAYS, Object, container, environment, objects, one, settings, template
from tests.outages import wait_until

ADDRESS = "127.0.0.1"
SECRETS = {
    "SECRET_KEY": "a-secret-of-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ERASURE_KEY": "another-secret-of-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
}
NOWHERE = {"DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
CHECK = "from recsite import process_roles, starting; starting.checked(process_roles.of('consumer'))"
"""As the entry point does before a role starts; the consumer needs what all need, and Kafka."""


def in_the_pod(overlay: str, workload: Object) -> dict[str, str]:
    """Return the environment of a pod, as Kubernetes fills in its address."""
    found = environment(overlay, workload)
    hosts = settings(overlay)["ALLOWED_HOSTS"]
    return {name: value.replace("$(SITE_HOSTS)", hosts).replace("$(POD_IP)", ADDRESS) for name, value in found.items()}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_of_an_overlay_are_taken(overlay: str, tmp_path: Path) -> None:
    own = in_the_pod(overlay, one(overlay, "Deployment", "recsite-web"))
    environ = {"PATH": os.defpath, **own, **SECRETS, **NOWHERE, "RECSITE_STATE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHECK],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def ask(port: int, path: str, host: str) -> int:
    connection = HTTPConnection(ADDRESS, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_web_answers_its_probes_under_the_address_of_its_pod_and_stops_in_time(tmp_path: Path) -> None:
    workload = one("production", "Deployment", "recsite-web")
    box, port = container(workload), free_port()
    environ = {**web.environment(tmp_path), **in_the_pod("production", workload), **SECRETS}
    environ |= {"PORT": str(port), "RECSITE_STATE": str(tmp_path), "UPLOAD_STORAGE_PATH": str(tmp_path)}
    # What is not on this machine is left out.
    environ |= dict.fromkeys(("KAFKA_BOOTSTRAP_SERVERS", "MODEL_STORAGE_BUCKET", "BACKUP_STORAGE_BUCKET"), "")
    environ |= {"PATH": f"{Path(sys.executable).parent}:{os.defpath}"}
    command = [part.replace("/app", str(PROJECT), 1) for part in box["command"]]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, *box["args"]], cwd=PROJECT, env=environ, stdout=log, stderr=log)
    try:
        # As the kubelet and Prometheus do: the pod's address is the host.
        here = f"{ADDRESS}:{port}"
        wait_until(lambda: ask(port, box["startupProbe"]["httpGet"]["path"], here) == 200, 120)
        for probe in ("livenessProbe", "readinessProbe"):
            assert ask(port, box[probe]["httpGet"]["path"], here) == 200
        (monitor,) = objects("production", "ServiceMonitor")
        assert ask(port, monitor["spec"]["endpoints"][0]["path"], here) == 200
        assert ask(port, "/ping", "elsewhere.example") == 400
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: ask(port, box["readinessProbe"]["httpGet"]["path"], here) == 503, 10)
        assert ask(port, box["livenessProbe"]["httpGet"]["path"], here) == 200
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(template(workload)["spec"]["terminationGracePeriodSeconds"])
    assert code == 0, (tmp_path / "log").read_text()[-2000:]
