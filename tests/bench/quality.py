"""Compare the hybrid with its sources alone, on made data: `python -m tests.bench.quality [SHAPE ...]`.

Every source is judged as the hybrid is: what it can't say is filled by popularity.
"""

import sys

import numpy as np

from recommender.engine.algorithms.hybrid import Hybrid
from recommender.engine.evaluation.figures import gains
from recommender.engine.evaluation.metrics import Shares
from recommender.engine.evaluation.prepare import prepare
from recommender.engine.evaluation.protocol import Plan, divide
from recommender.engine.evaluation.task import Task
from recommender.engine.types import Dataset, Model
from tests.bench.made import SHAPES, made

SEEDS = (42, 43, 44)
SPLITS = ("moment", "random")
K = 10


def judged(dataset: Dataset, split: str, seed: int) -> dict[str, Shares]:
    """Return the nDCG of each user's list, by the hybrid and by each of its sources."""
    task = Task.of(divide(dataset, Plan(split), seed), K)

    def worth(model: Model) -> Shares:
        return gains(task.fill(task.rank(model, K)), task)

    hybrid = Hybrid().fit(task.split.train, np.random.default_rng(seed))
    return {"hybrid": worth(hybrid), **{name: worth(source) for name, source in hybrid.sources.items()}}


def lines(shape: str, split: str) -> list[str]:
    """Return a row of a table: the means over the seeds, and the hybrid's gain on the source that is best."""
    runs = [judged(prepare(made(SHAPES[shape], seed)), split, seed) for seed in SEEDS]
    names = [name for name in runs[0] if all(name in run for run in runs)]
    means = {name: float(np.mean([run[name].mean() for run in runs])) for name in names}
    best = max(names[1:], key=means.__getitem__)
    gain = np.concatenate([run["hybrid"] - run[best] for run in runs])
    half = 1.96 * gain.std() / np.sqrt(len(gain))
    figures = ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())
    return [f"{shape}, {split}: {figures}", f"  hybrid beside {best}: {gain.mean():+.4f} ± {half:.4f}"]


if __name__ == "__main__":
    for wanted in sys.argv[1:] or SHAPES:
        for how in SPLITS:
            for line in lines(wanted, how):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
