"""The image's own commands, run outside a container on the tree that goes into it; digests; what it is made of."""

import fnmatch
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from recsite import probing
from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from tests.outages import wait_until
from tests.web import environment

DOCKERFILE = PROJECT / "deploy" / "docker" / "Dockerfile"
INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$")
PYTHON = "/opt/venv/bin/python"
DIGEST = f"sha256:{'ab' * 32}"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile, one instruction a row, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", "", text)
    return [(found[1], found[2]) for line in joined.splitlines() if (found := INSTRUCTION.match(line))]


def context() -> list[str]:
    """The files that .dockerignore lets in, of those that git has or would have."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    rules = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    refused = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    return [
        path
        for path in listed
        if any(path == rule or path.startswith(f"{rule}/") for rule in allowed)
        and not any(fnmatch.fnmatch(part, rule) for part in Path(path).parts for rule in refused)
    ]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's /app, made by the commands of the Dockerfile that need no network."""
    folder = tmp_path_factory.mktemp("image") / "app"
    for path in context():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PROJECT / path).read_bytes())
        target.chmod((PROJECT / path).stat().st_mode & 0o777)
    (run,) = [text for name, text in instructions() if name == "RUN" and "collectstatic" in text]
    command = run.replace(PYTHON, shlex.quote(sys.executable)).replace("/tmp/state", str(folder.parent / "state"))
    command = command.replace("$(python ", f"$({shlex.quote(sys.executable)} ")
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def listing(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*")}


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_in_the_context() -> None:
    paths = context()
    for name, text in instructions():
        source = text.split()[0]
        if name == "COPY" and source not in {".", "--from=build"}:
            assert source in paths
    assert not [path for path in paths if path.startswith(("tests", "docs", ".", "clients")) or "secret" in path]


def test_it_runs_as_nobody_special_and_keeps_no_secret(tree: Path) -> None:
    found = dict(instructions())
    assert found["USER"] == "10001:10001"
    assert found["STOPSIGNAL"] == "SIGTERM"
    environ = " ".join(text for name, text in instructions() if name in {"ENV", "ARG", "LABEL"})
    assert not re.search(r"SECRET|PASSWORD|_KEY", environ)
    assert (tree / "staticfiles" / "staticfiles.json").is_file()
    assert [path for path in tree.rglob("*") if "secret_key" in path.name or path.name == "erasure_key"] == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_web_role_runs_on_it_and_writes_nothing_there(tree: Path, tmp_path: Path) -> None:
    (entry,) = [json.loads(text) for name, text in instructions() if name == "ENTRYPOINT"]
    (role,) = [json.loads(text) for name, text in instructions() if name == "CMD"]
    port, before = free_port(), listing(tree)
    production = {
        "ENVIRONMENT": "production",
        "DJANGO_SETTINGS_MODULE": "recsite.settings",
        "SECRET_KEY": "a-secret-of-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
        "ERASURE_KEY": "another-secret-of-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "127.0.0.1",
        "BIND": f"127.0.0.1:{port}",
        "PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "HOME": str(tmp_path),
    }
    state = tmp_path / "state"
    state.mkdir()
    environ = {**environment(state), **production}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*entry, *role], cwd=tree, env=environ, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/ping"), 120)
        probe = subprocess.run(
            ["deploy/docker/healthcheck", "web"], cwd=tree, env=environ, capture_output=True, text=True, check=False
        )
        assert (probe.returncode, probe.stdout) == (0, "The web works.\n")
        static = json.loads((tree / "staticfiles" / "staticfiles.json").read_text())["paths"]["storefront/shop.css"]
        assert static.startswith("storefront/shop.")
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(45)
    assert code == 0, (tmp_path / "log").read_text()[-2000:]
    assert listing(tree) == before


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_container_knows_its_own_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tmp_path / "environ"
    first.write_bytes(b"PATH=/bin\0RECSITE_ROLE=beat\0HOME=/tmp\0")
    assert probing.running_role(first) == "beat"
    assert probing.running_role(tmp_path / "none") == ""


FAKE_DOCKER = f"""#!/bin/sh
case "$*" in *redis*) echo "ERROR: docker.io/library/redis:8.2.1: not found" >&2; exit 1;; esac
echo {DIGEST}
"""


def test_pin_writes_the_digests_that_a_registry_answers_and_says_which_it_has_not(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "images.txt").write_text("# all\nnginx:1.28.0\nprom/prometheus:v3.5.0\nredis:8.2.1\n")
    other = tmp_path / "deploy" / "compose.yaml"
    other.write_text("image: nginx:1.28.0\nimage: nginx:1.28.0-alpine\nimage: redis:8.2.1\n")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(FAKE_DOCKER)
    docker.chmod(0o755)
    environ = {"PATH": f"{docker.parent}:{os.defpath}"}
    command = [sys.executable, str(PROJECT / "deploy/docker/pin"), "--project", str(tmp_path)]
    shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert "nginx:1.28.0@" in shown.stdout
    assert "@" not in other.read_text()
    for _ in range(2):
        done = subprocess.run([*command, "--write"], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr == "redis:8.2.1: ERROR: docker.io/library/redis:8.2.1: not found\n"
    assert other.read_text() == f"image: nginx:1.28.0@{DIGEST}\nimage: nginx:1.28.0-alpine\nimage: redis:8.2.1\n"
    assert f"prom/prometheus:v3.5.0@{DIGEST}" in (tmp_path / "deploy" / "images.txt").read_text()
    docker.unlink()
    alone = subprocess.run(command, env={"PATH": str(docker.parent)}, capture_output=True, text=True, check=False)
    assert (alone.returncode, alone.stderr.startswith("Docker asks the registries")) == (1, True)


def test_the_list_of_what_is_inside_has_every_package_with_its_version() -> None:
    done = subprocess.run([PROJECT / "deploy/docker/sbom"], capture_output=True, text=True, check=True)
    listed = {f"{one['name']}=={one['version']}" for one in json.loads(done.stdout)["components"]}
    pinned = {
        found
        for name in ("requirements.txt", "requirements-tracing.txt")
        for found in re.findall(r"^([\w.-]+==[\w.+!-]+)", (PROJECT / name).read_text(), re.MULTILINE)
    }
    assert pinned <= listed
