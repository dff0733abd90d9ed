"""GitHub's workflows: well formed by the published schema and by actionlint, pinned, and calling only what is there."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import validators

from recsite.local.paths import PROJECT

FOLDER = PROJECT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
EXACT = re.compile(r"[\w.-]+(/[\w.-]+)+@v\d+\.\d+\.\d+")


def read(path: Path) -> dict[str, Any]:
    # As GitHub reads it: `on` is a name, and not the word for true.
    loaded: dict[str, Any] = yaml.load(path.read_text(), yaml.BaseLoader)
    return loaded


def uses(path: Path) -> list[str]:
    jobs = read(path)["jobs"].values()
    return [part["uses"] for job in jobs for part in [job, *job.get("steps", [])] if "uses" in part]


def commands(path: Path) -> str:
    return "\n".join(step.get("run", "") for job in read(path)["jobs"].values() for step in job.get("steps", []))


@pytest.mark.parametrize(
    ("path", "schema"),
    [*((path, "vendor.github-workflows") for path in WORKFLOWS), (FOLDER / "dependabot.yml", "vendor.dependabot")],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_it_is_what_the_published_schema_allows(path: Path, schema: str) -> None:
    wanted = get_builtin_schema(schema)
    found = yaml.safe_load(path.read_text().replace("\non:", '\n"on":'))
    assert [error.message for error in validators.validator_for(wanted)(wanted).iter_errors(found)] == []


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint isn't here (go install, see ci.yml).")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint"], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_their_exact_version_and_own_workflows_are_there(path: Path) -> None:
    for used in uses(path):
        if used.startswith("./"):
            assert (PROJECT / used).is_file(), used
        else:
            assert EXACT.fullmatch(used), f"{used}: name its exact version, such as v6.0.2."


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nobody_gets_more_rights_than_reading_but_by_name(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values() if "uses" not in job)


def test_an_image_is_built_of_what_was_checked_and_production_gets_what_staging_has() -> None:
    jobs = read(FOLDER / "workflows" / "ci.yml")["jobs"]
    assert {"check", "test"} <= set(jobs["image"]["needs"])
    assert "staging" in jobs["production"]["needs"]
    assert jobs["staging"]["with"]["image"] == jobs["production"]["with"]["image"]
    names = [step.get("name") for step in jobs["image"]["steps"]]
    assert names.index("Scan") < names.index("Push")


def test_the_audit_reads_every_file_of_pins() -> None:
    job = read(FOLDER / "workflows" / "audit.yml")["jobs"]["packages"]
    assert sorted(job["strategy"]["matrix"]["requirements"]) == sorted(
        path.name for path in PROJECT.glob("requirements*.txt")
    )


def test_a_release_takes_its_notes_from_the_changelog(tmp_path: Path) -> None:
    (line,) = re.findall(r"^awk .*$", commands(FOLDER / "workflows" / "release.yml"), re.MULTILINE)
    headings = re.findall(r"^## (\d+\.\d+\.\d+) ", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    (tmp_path / "CHANGELOG.md").write_text((PROJECT / "CHANGELOG.md").read_text())
    subprocess.run(["sh", "-c", f"version={headings[0]}\n{line}"], cwd=tmp_path, check=True, timeout=20)
    notes = (tmp_path / "notes.md").read_text()
    assert notes.strip()
    assert "\n## " not in notes, "Another version's notes are among them."


def test_the_image_is_built_with_what_its_dockerfile_asks_for() -> None:
    (step,) = (
        step for step in read(FOLDER / "workflows" / "ci.yml")["jobs"]["image"]["steps"] if step.get("name") == "Build"
    )
    asked = set(re.findall(r"^ARG (\w+)", (PROJECT / step["with"]["file"]).read_text(), re.MULTILINE))
    given = {line.partition("=")[0] for line in step["with"]["build-args"].splitlines()}
    assert given <= asked


def test_a_deployment_calls_the_rollout_and_knows_its_overlays() -> None:
    assert "deploy/k8s/rollout " in commands(FOLDER / "workflows" / "deploy.yml")
    for name in ("staging", "production"):
        job = read(FOLDER / "workflows" / "ci.yml")["jobs"][name]
        assert (PROJECT / "deploy" / "k8s" / "overlays" / job["with"]["overlay"]).is_dir()
