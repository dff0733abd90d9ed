"""Schedule the periodic tasks. Staff change them in the admin; these are the rows of a new database."""

from typing import Any


def beat_schedule(train_secs: int, rebuild_hours: int, incremental_secs: int) -> dict[str, dict[str, Any]]:
    """Return Celery's schedule by the name that staff see; intervals in seconds."""
    every: dict[str, tuple[str, float]] = {
        "Retrain and promote": ("recommender.tasks.train", train_secs),
        "Rebuild everything": ("recommender.tasks.rebuild", rebuild_hours * 3600),
        "Make the coming months' partitions": ("recsite.platform.tasks.keep_partitions", 6 * 3600),
        "Take in what is new": ("recommender.tasks.take_in", incremental_secs),
        "Add up what people do": ("interactions.tasks.add_up_behaviour", 60),
        "Announce the system's figures": ("recsite.tasks.announce_figures", 60),
        "Look for drift": ("recommender.tasks.look_for_drift", 600),
        "Forget rare pairs of items": ("recommender.tasks.forget_the_rare", 24 * 3600),
        "Add up what was shown and clicked": ("recommender.tasks.add_up", 30),
        "Clear up after interrupted jobs": ("recommender.tasks.reap", 60),
    }
    return {
        # A tick that waited longer than its own interval is stale: the next one does the work.
        name: {"task": task, "schedule": float(secs), "options": {"expire_seconds": int(secs)}}
        for name, (task, secs) in every.items()
    }
