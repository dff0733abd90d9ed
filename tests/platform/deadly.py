"""A task that kills its worker, as the kernel does when memory runs out; `test_killed_worker` has a worker run it."""

import os
import signal

from recommender import tasks
from recsite.platform.jobs import Progress


@tasks.job_task(name="tests.deadly")
def deadly() -> None:
    def work(progress: Progress) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "Survived."

    tasks.run_as_job(None, "train", "Deadly", work)
