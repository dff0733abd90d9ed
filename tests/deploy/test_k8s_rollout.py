"""A rollout applies everything once, migrates before anything new starts, and goes back where that fails."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recsite.local.paths import PROJECT
from tests.deploy.manifests import COMPONENT, K8S, RENDERED, named, objects

IMAGE = "registry.example.com/recsite:1.2.3"


@pytest.fixture
def kubectl(tmp_path: Path) -> Path:
    """Put a stand-in for kubectl in front of the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in = folder / "kubectl"
    stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} {PROJECT}/tests/deploy/fake_kubectl.py "$@"\n')
    stand_in.chmod(0o755)
    return folder


def rollout(
    folder: Path, *arguments: str, fails: str = "", rendered: Path = RENDERED / "production.yaml"
) -> tuple[subprocess.CompletedProcess[str], list[Any]]:
    log = folder / "log"
    environ = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "FAKE_LOG": str(log),
        "FAKE_OVERLAY": str(rendered),
        "FAKE_FAILS": fails,
    }
    done = subprocess.run([K8S / "rollout", *arguments], env=environ, capture_output=True, text=True, check=False)
    return done, [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_everything_is_applied_once_and_the_migration_ends_before_anything_new_starts(kubectl: Path) -> None:
    done, log = rollout(kubectl, "production", IMAGE)
    assert done.returncode == 0, done.stderr
    applied = [entry["apply"] for entry in log if "apply" in entry]
    assert sorted(name for names in applied for name in names) == sorted(named(one) for one in objects("production"))
    settings, migrate, topics, processes = applied
    assert not [name for name in settings if name.split("/")[0] in ("Deployment", "Job", "CronJob")]
    assert (migrate, topics) == (["Job/recsite-migrate"], ["Job/recsite-topics"])
    assert "Deployment/recsite-web" in processes
    steps = [entry.get("do", "apply") for entry in log]
    ended = steps.index("wait job recsite-migrate -n recsite --for=condition=complete --timeout=5s")
    assert ended < max(number for number, entry in enumerate(log) if "apply" in entry)
    assert "delete job recsite-migrate -n recsite --ignore-not-found --wait" in steps
    assert "rollout status deployment.apps/recsite-web -n recsite --timeout=600s" in steps
    assert not [step for step in steps if "undo" in step]


@pytest.mark.parametrize(
    ("image", "chosen"),
    [
        (IMAGE, {"newName": "registry.example.com/recsite", "newTag": "1.2.3"}),
        ("localhost:5000/recsite:1.2.3", {"newName": "localhost:5000/recsite", "newTag": "1.2.3"}),
        (f"ghcr.io/a/recsite@sha256:{'0' * 64}", {"newName": "ghcr.io/a/recsite", "digest": f"sha256:{'0' * 64}"}),
    ],
)
def test_the_image_that_is_named_is_the_one_that_runs(kubectl: Path, image: str, chosen: dict[str, str]) -> None:
    done, log = rollout(kubectl, "production", image)
    assert done.returncode == 0, done.stderr
    assert log[0]["kustomization"]["resources"] == ["../overlays/production"]
    assert log[0]["kustomization"]["images"] == [{"name": "registry.example.com/recsite", **chosen}]


def test_without_kafka_no_job_makes_topics(kubectl: Path, tmp_path: Path) -> None:
    parts = (RENDERED / "production.yaml").read_text().split("\n---\n")
    kept = tmp_path / "kept.yaml"
    kept.write_text("\n---\n".join(part for part in parts if "name: recsite-topics" not in part))
    done, log = rollout(kubectl, "production", IMAGE, rendered=kept)
    assert done.returncode == 0, done.stderr
    assert [entry["apply"] for entry in log if "apply" in entry][1] == ["Job/recsite-migrate"]
    assert not [entry for entry in log if "topics" in entry.get("do", "")]


def test_a_failed_migration_stops_before_any_process(kubectl: Path) -> None:
    done, log = rollout(kubectl, "production", IMAGE, fails="recsite-migrate")
    assert done.returncode == 1
    assert "recsite-migrate failed, so nothing was rolled out: the version before serves on." in done.stderr
    applied = [name for entry in log for name in entry.get("apply", [])]
    assert not [name for name in applied if name.startswith(("Deployment", "CronJob", "Service/"))]
    assert [entry for entry in log if entry.get("do", "").startswith("logs job/recsite-migrate")]


def test_a_version_that_does_not_come_up_is_taken_back(kubectl: Path) -> None:
    done, log = rollout(kubectl, "production", IMAGE, fails="deployment.apps/recsite-web")
    assert done.returncode == 1
    assert "deployment.apps/recsite-web doesn't come up: back to the version before." in done.stderr
    undone = [entry["do"] for entry in log if entry.get("do", "").startswith("rollout undo")]
    assert undone == [f"rollout undo deployment.apps/recsite-{name} -n recsite" for name in ("web", "beat")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say which overlay and which image"),
        (("moon", IMAGE), "There is no overlay moon"),
        (("production", "registry.example.com/recsite:latest"), "not one version"),
        (("production", "registry.example.com:5000/recsite"), "names no version"),
    ],
)
def test_wrong_use_is_a_sentence_and_touches_nothing(kubectl: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done, log = rollout(kubectl, *arguments)
    assert (done.returncode, log) == (64, [])
    assert sentence in done.stderr


def test_every_object_is_in_one_of_the_steps() -> None:
    """What has no component goes first: none of it may be a process of ours."""
    for found in objects("development"):
        if COMPONENT not in found["metadata"].get("labels", {}):
            assert found["kind"] not in ("Deployment", "Job", "CronJob")
