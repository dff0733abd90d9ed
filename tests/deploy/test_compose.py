"""The compose file is valid, each profile stands by itself, and everything that it names exists."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from recsite import env, process_roles
from recsite.local.paths import PROJECT
from tests.deploy.manifests import OVERLAYS, images

FOLDER = PROJECT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
PROFILES = ("core", "events", "monitoring")
EXAMPLE = re.compile(r"^#?([A-Z0-9_]+)=", re.MULTILINE)
FAKE_DOCKER = (
    '#!/bin/sh\nprintf "%s\\n" "$*" >> "$CALLS"\n[ "$FAILS" ] && case "$*" in *"$FAILS"*) exit 1;; esac\nexit 0\n'
)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def own(compose: dict[str, Any]) -> dict[str, Any]:
    """The services that run our image, by name."""
    return {name: one for name, one in compose["services"].items() if "recsite" in one["image"]}


def listed_images() -> set[str]:
    lines = (PROJECT / "deploy" / "images.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_it_is_valid_by_the_schema_of_compose() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("profiles", [("core",), ("core", "events"), ("core", "monitoring"), PROFILES])
def test_a_profile_waits_for_nothing_outside_it(compose: dict[str, Any], profiles: tuple[str, ...]) -> None:
    started = {name: one for name, one in compose["services"].items() if set(one["profiles"]) & set(profiles)}
    for name, one in started.items():
        for other, how in one.get("depends_on", {}).items():
            assert other in started, (name, other)
            if how["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][other], (name, other)


def test_every_role_runs_as_the_one_table_says(compose: dict[str, Any]) -> None:
    commands = {name: one["command"] for name, one in own(compose).items()}
    assert {command[0] for command in commands.values()} == {*process_roles.ROLES, "manage.py"}
    assert commands["topics"] == ["manage.py", "create_topics"]
    for name, one in own(compose).items():
        role = process_roles.ROLES.get(one["command"][0])
        if role and role.port:
            assert one["healthcheck"]["test"] == ["CMD", process_roles.HEALTHCHECK, role.name], name
            assert int(one["healthcheck"]["start_period"].rstrip("s")) >= role.start_secs, name
            assert int(one["stop_grace_period"].rstrip("s")) > role.stop_secs, name
        if role and role.needs_kafka:
            assert one["profiles"] == ["events"], name
    queues = {one["environment"]["WORKER_QUEUE"] for one in own(compose).values() if one["command"] == ["worker"]}
    assert queues == set(process_roles.QUEUES)


def test_limits_of_a_container_hold_what_its_worker_may_take(compose: dict[str, Any]) -> None:
    for name in ("worker", "training"):
        about = compose["services"][name]
        children = int(about["environment"]["WORKER_CONCURRENCY"]) * int(about["environment"]["WORKER_MAX_MEMORY_MB"])
        limit = about["deploy"]["resources"]["limits"]["memory"]
        assert int(limit.rstrip("g")) * 1024 > children, name


def test_what_lies_in_memory_fits_into_the_limit(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        sizes = re.findall(r"size=(\d+)([mg])", " ".join(one.get("tmpfs", [])))
        limit = re.fullmatch(r"(\d+)([mg])", one["deploy"]["resources"]["limits"]["memory"])
        assert limit
        assert sum(megabytes(*size) for size in sizes) < megabytes(*limit.groups()), name


def megabytes(number: str, unit: str) -> int:
    return int(number) * (1024 if unit == "g" else 1)


def test_every_setting_is_one_that_the_product_reads(compose: dict[str, Any]) -> None:
    known = set(EXAMPLE.findall((PROJECT / ".env.example").read_text(encoding="utf-8")))
    for name, one in own(compose).items():
        for setting in one["environment"]:
            plain = setting.removesuffix("_FILE")
            assert plain in known, (name, setting)
            assert setting == plain or plain in env.SECRETS, (name, setting)


def test_secrets_are_files_that_up_makes_and_no_value_stands_here(compose: dict[str, Any]) -> None:
    text = (FOLDER / "up").read_text(encoding="utf-8")
    for name, about in compose["secrets"].items():
        assert about == {"file": f"secrets/{name}"}
        assert f'"{name}"' in text, name
    for name, one in compose["services"].items():
        named = {value for value in (one.get("environment") or {}).values() if str(value).startswith("/run/secrets/")}
        assert {value.removeprefix("/run/secrets/") for value in named} <= set(one.get("secrets", [])), name


def test_every_path_exists(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        for mount in one.get("volumes", []):
            source = mount.split(":")[0]
            is_there = (FOLDER / source).exists() if source.startswith(".") else source in compose["volumes"]
            assert is_there, (name, source)
    assert (FOLDER / compose["services"]["migrate"]["build"]["context"]).resolve() == PROJECT


def test_nothing_runs_with_more_than_it_needs(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert one.get("read_only") or name == "kafka", name
        assert ":latest" not in one["image"]
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert published.keys() == {"nginx", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for name in ("prometheus", "grafana") for port in published[name])
    for one in own(compose).values():
        assert one["user"] == f"{process_roles.USER_ID}:{process_roles.USER_ID}"


def test_images_come_from_the_one_list(compose: dict[str, Any]) -> None:
    named = {one["image"] for one in compose["services"].values() if "recsite" not in one["image"]}
    named |= set(re.findall(r"^FROM (\S+)", (PROJECT / "deploy/docker/Dockerfile").read_text(), re.MULTILINE))
    named |= {image for overlay in OVERLAYS for image in images(overlay) if "recsite:" not in image}
    assert named == listed_images()
    assert all(re.search(r":[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?$", image) for image in named)


@pytest.fixture
def machine(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A copy of the folder, and a docker that only writes down what it was asked for."""
    folder = tmp_path / "compose"
    folder.mkdir()
    (folder / "up").write_bytes((FOLDER / "up").read_bytes())
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "docker"
    fake.write_text(FAKE_DOCKER)
    fake.chmod(0o755)
    environ = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls"), "FAILS": ""}
    return folder, {**environ, "RECSITE_HOST": "shop.example"}


def up(folder: Path, environ: dict[str, str], *profiles: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "up"), *profiles]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_up_makes_secrets_once_and_starts_in_order(machine: tuple[Path, dict[str, str]]) -> None:
    folder, environ = machine
    done = up(folder, environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "https://shop.example/admin/" in done.stdout
    made = {path.name: path.read_text() for path in (folder / "secrets").iterdir()}
    assert made.keys() == yaml.safe_load(FILE.read_text())["secrets"].keys()
    assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700
    assert made["database_url"].strip().endswith("@postgres:5432/recsite")
    assert json.loads(made["redis_passwords"]) == {"redis://redis:6379": made["redis_password"].strip()}
    calls = Path(environ["CALLS"]).read_text().splitlines()
    wanted = ["config", "build", "--wait-timeout 300 postgres redis minio kafka", "run --rm migrate", "run --rm topics"]
    places = [next(place for place, call in enumerate(calls) if word in call) for word in wanted]
    assert places == sorted(places)
    assert calls[-1].endswith("up --detach --wait --wait-timeout 300")
    assert up(folder, environ).returncode == 0
    assert {path.name: path.read_text() for path in (folder / "secrets").iterdir()} == made


def test_up_without_events_makes_no_topics(machine: tuple[Path, dict[str, str]]) -> None:
    folder, environ = machine
    assert up(folder, environ, "core").returncode == 0
    calls = Path(environ["CALLS"])
    assert "topics" not in calls.read_text()
    assert "--profile events" not in calls.read_text()
    assert "KAFKA" not in (folder / ".env").read_text()
    assert up(folder, environ, "events").returncode == 0
    assert "\nKAFKA_BOOTSTRAP_SERVERS=kafka:9092\n" in (folder / ".env").read_text()
    calls.unlink()
    done = up(folder, environ, "core")
    assert "its profile is started as well" in done.stdout
    assert "--profile events" in calls.read_text()


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        ("compose version", "Docker has no compose plugin"),
        ("info", "Docker's engine doesn't answer"),
        ("run --rm migrate", "Bringing the tables up to date failed."),
    ],
)
def test_up_says_what_is_wrong(machine: tuple[Path, dict[str, str]], fails: str, sentence: str) -> None:
    folder, environ = machine
    done = up(folder, {**environ, "FAILS": fails})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_up_refuses_a_profile_that_there_is_not(machine: tuple[Path, dict[str, str]]) -> None:
    folder, environ = machine
    done = up(folder, environ, "everything")
    assert (done.returncode, done.stderr) == (
        1,
        "There is no profile everything: choose of core, events, monitoring.\n",
    )


def test_prometheus_asks_every_role_where_it_answers(compose: dict[str, Any]) -> None:
    asked = yaml.safe_load((PROJECT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"]: job for job in asked["scrape_configs"]}
    web = jobs["recsite-web"]["static_configs"][0]["targets"]
    assert web == [f"{name}:{process_roles.WEB_PORT.default}" for name in ("web-1", "web-2")]
    (others,) = jobs["recsite"]["dns_sd_configs"]
    fixed = {target for static in jobs["recsite-core"]["static_configs"] for target in static["targets"]}
    assert others["port"] == process_roles.METRICS_PORT.default
    with_port = {
        name
        for name, one in own(compose).items()
        if (role := process_roles.ROLES.get(one["command"][0])) and role.port is process_roles.METRICS_PORT
    }
    always = {name for name in with_port if compose["services"][name]["profiles"] == ["core"]}
    assert fixed == {f"{name}:{process_roles.METRICS_PORT.default}" for name in always}, "seen as down when they end"
    assert set(others["names"]) == with_port - always


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("promtool", ["check", "config", "--syntax-only", "deploy/prometheus/prometheus.yml"]),
        ("amtool", ["check-config", "deploy/prometheus/alertmanager.yml"]),
    ],
)
def test_the_tools_own_checkers_find_nothing(tool: str, arguments: list[str]) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} isn't installed (Debian's packages prometheus and prometheus-alertmanager)")
    done = subprocess.run([tool, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
