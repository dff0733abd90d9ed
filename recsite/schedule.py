"""Schedule the periodic tasks of a new database. Staff change them in the admin, and `recsite.beat` keeps that."""

from typing import Any


def beat_schedule(
    train_secs: int, rebuild_hours: int, incremental_secs: int, backup_hours: int = 0
) -> dict[str, dict[str, Any]]:
    """Return Celery's schedule by the name that staff see; no backups where `backup_hours` is 0."""
    every: dict[str, tuple[str, float]] = {
        "Retrain and promote": ("recommender.tasks.train", train_secs),
        "Rebuild everything": ("recommender.tasks.rebuild", rebuild_hours * 3600),
        "Maintain partitions": ("recsite.platform.tasks.keep_partitions", 6 * 3600),
        "Incremental update": ("recommender.tasks.incremental_update", incremental_secs),
        "Roll up behaviour": ("interactions.tasks.add_up_behaviour", 60),
        "Publish system metrics": ("recsite.tasks.announce_figures", 60),
        "Sample levels": ("recsite.tasks.sample_levels", 60),
        "Tell of alerts": ("recsite.tasks.tell_alerts", 60),
        "Thin series": ("recsite.platform.tasks.thin_series", 24 * 3600),
        "Check drift": ("recommender.tasks.check_drift", 600),
        "Prune rare co-visits": ("recommender.tasks.prune_covisits", 24 * 3600),
        "Deliver webhooks": ("recsite.platform.tasks.send_webhooks", 5),
        "Prune webhook deliveries": ("recsite.platform.tasks.prune_webhooks", 24 * 3600),
        "Prune history": ("recommender.tasks.prune_history", 24 * 3600),
        "Roll up impressions": ("recommender.tasks.roll_up_impressions", 30),
        "Sum up items": ("recommender.tasks.summing.sum_up_items", 300),
        "Forget repeated requests": ("recsite.platform.tasks.forget_requests", 3600),
        "Discard stale uploads": ("interactions.tasks.discard_stale_uploads", 24 * 3600),
        "Fail dead jobs": ("recommender.tasks.fail_dead_jobs", 60),
    }
    if backup_hours:
        every["Back up"] = ("recsite.platform.tasks.back_up", backup_hours * 3600)
    return {
        # A tick that waited longer than its own interval is stale: the next one does the work.
        name: {"task": task, "schedule": float(secs), "options": {"expire_seconds": int(secs)}}
        for name, (task, secs) in every.items()
    }
