"""Import a model that was trained elsewhere, and let the quality gate judge it before anybody can promote it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from recommender import registry
from recommender.dataset import load_everything
from recommender.engine.evaluation.evaluate import evaluate
from recommender.engine.evaluation.given import GivenModel
from recommender.engine.types import CannotFit, Progress, silent
from recommender.models import ModelVersion
from recommender.registry import Imported, artifacts
from recommender.training.gate import Gate, refuse_unfit_leader
from recommender.training.train import SEED
from recsite.platform.audit import SYSTEM, Actor

UNJUDGED = "There are no events here that it could be judged by."
SEEN = " It may have been trained on the events it is judged by: the figures flatter it."


def import_model(
    folder: Path, by: AbstractBaseUser | None = None, progress: Progress = silent, *, actor: Actor = SYSTEM
) -> Imported:
    """Import a model as a candidate release, judged as it is by the role it would take.

    Raises ArtifactDamaged where the files are not what their manifest says, CannotImport where the model can't serve.
    """
    made = registry.import_artifact(folder, by, actor=actor)
    return replace(made, version=judge(made.version, progress))


def judge(version: ModelVersion, progress: Progress = silent) -> ModelVersion:
    """Judge a version's files, not its settings, on the events that are here; store figures and verdict."""
    gate = Gate.of_version(version)
    dataset = load_everything()
    if not len(dataset):
        return registry.record_verdict(version, _unjudged(gate))
    try:
        model = artifacts.load(version.artifact, version.checksum).model
        found = evaluate(GivenModel(model), dataset, SEED, beside=gate.beside, progress=progress)
    except CannotFit:
        return registry.record_verdict(version, _unjudged(gate))
    verdict = gate.verdict(found)
    if verdict and verdict["passed"]:
        verdict["sentence"] += SEEN
    registry.record_verdict(version, verdict, gate.figures(found))
    refuse_unfit_leader([version])
    return version


def _unjudged(gate: Gate) -> dict[str, Any]:
    return {"passed": True, "sentence": UNJUDGED} if gate.role else {}
