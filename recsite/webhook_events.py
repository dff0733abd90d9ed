"""Name every event that webhooks tell, with what its `data` holds: the only such table, of which the docs are made."""

from typing import Any

from recsite.platform.webhooks.events import EventType

ID: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
TIME: dict[str, Any] = {"type": "string", "format": "date-time"}
MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
MAYBE_NUMBER: dict[str, Any] = {"type": ["number", "null"]}
MAYBE_ID: dict[str, Any] = {"type": ["integer", "null"]}
VERSIONS: dict[str, Any] = {"type": "object", "additionalProperties": ID}

ALERT: dict[str, Any] = {
    **dict.fromkeys(("key", "kind", "name"), TEXT),
    "severity": {"type": "string", "enum": ["down", "warning"]},
    **dict.fromkeys(("sentence", "means", "do", "link"), TEXT),
    "began_at": TIME,
    "ended_at": {"type": ["string", "null"], "format": "date-time"},
}
ALERT_EXAMPLE: dict[str, Any] = {
    "key": "queue-depth:training",
    "kind": "queue-depth",
    "name": "Queue",
    "severity": "warning",
    "sentence": "1,200 tasks wait in the queue training.",
    "means": "Tasks come faster than the worker does them.",
    "do": "Look at Jobs for one that hangs; start another worker.",
    "link": "/admin/platform/job/",
    "began_at": "2026-05-01T12:00:00+00:00",
    "ended_at": "2026-05-01T12:20:00+00:00",
}

WEBHOOK_EVENTS = {
    "model.promoted": EventType(
        "Another release is served: after a promotion, a scheduled training, or a roll back.",
        {"release": ID, "replaced": MAYBE_ID, "versions": VERSIONS},
        {"release": 8, "replaced": 7, "versions": {"hybrid": 41, "svd": 40}},
    ),
    "model.failed": EventType(
        "A model could not be trained. What is served stays as it is.",
        {"version_id": ID, "algorithm": TEXT, "error": TEXT},
        {"version_id": 42, "algorithm": "svd", "error": "There are no ratings to learn from."},
    ),
    "experiment.completed": EventType(
        "An experiment was stopped, or its planned end has come. The lift has an interval that may be looked at daily.",
        {
            "experiment": TEXT,
            "placement": TEXT,
            "winner": MAYBE_TEXT,
            "metric": TEXT,
            "decision": TEXT,
            "lift": MAYBE_NUMBER,
            "lift_low": MAYBE_NUMBER,
            "lift_high": MAYBE_NUMBER,
            "sentence": TEXT,
        },
        {
            "experiment": "home-page",
            "placement": "home",
            "winner": "more-content",
            "metric": "click_rate",
            "decision": "better",
            "lift": 0.08,
            "lift_low": 0.03,
            "lift_high": 0.13,
            "sentence": "more-content is better by 8 % (3 to 13), sure enough to ship.",
        },
    ),
    "drift.detected": EventType(
        "The latest events have begun to differ from those of the training. Said once until they don't any more.",
        {
            "distribution": {"type": "string", "enum": ["item", "category", "type", "value"]},
            "window_minutes": ID,
            "release": ID,
            "psi": NUMBER,
            "jensen_shannon": NUMBER,
            "threshold": NUMBER,
            "shifts": {"type": "array", "items": {"type": "array"}},
        },
        {
            "distribution": "category",
            "window_minutes": 1_440,
            "release": 8,
            "psi": 0.31,
            "jensen_shannon": 0.05,
            "threshold": 0.2,
            "shifts": [["Poetry", 0.05, 0.21]],
        },
    ),
    "job.failed": EventType(
        "Long work that somebody or the schedule started has failed.",
        {"id": ID, "kind": TEXT, "title": TEXT, "message": TEXT, "started_by": TEXT, "created_at": TIME},
        {
            "id": 17,
            "kind": "train",
            "title": "Train and promote",
            "message": "It failed unexpectedly; the log has the details.",
            "started_by": "Retrain and promote",
            "created_at": "2026-05-01T12:00:00+00:00",
        },
    ),
    "import.finished": EventType(
        "A file, or a folder of files, is imported to its end.",
        {"import": ID, "format": TEXT, "source": TEXT, "counts": VERSIONS, "started_at": TIME, "finished_at": TIME},
        {
            "import": 3,
            "format": "csv",
            "source": "ratings.csv",
            "counts": {"events": 100_000, "users": 943, "rejected": 2},
            "started_at": "2026-05-01T12:00:00+00:00",
            "finished_at": "2026-05-01T12:00:09+00:00",
        },
    ),
    "alert.began": EventType(
        "Something needs staff, and has for a minute: an alert of the first page of the admin.",
        ALERT,
        ALERT_EXAMPLE | {"ended_at": None},
    ),
    "alert.ended": EventType("It is over.", ALERT, ALERT_EXAMPLE),
}
