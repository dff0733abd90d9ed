"""Read the settings of the engine that trains; recsite.settings takes them all over."""

import re
from pathlib import Path
from typing import Any

from recsite import env

LOCAL, SPARK = "local", "spark"
TRAINING_ENGINE = env.choice("TRAINING_ENGINE", LOCAL, (LOCAL, SPARK))
SPARK_MASTER = env.text("SPARK_MASTER", "local[*]")
SPARK_SETTINGS = env.pairs("SPARK_SETTINGS")
_BUCKET = "recsite.platform.bucket.Bucket"

if not re.fullmatch(r"local(\[(\*|[1-9]\d*)\])?|(spark|k8s)://\S+|yarn", SPARK_MASTER):
    env.fail(
        f"SPARK_MASTER is {SPARK_MASTER!r}, but local[*], spark://HOST:PORT, k8s://https://HOST:PORT or yarn is needed."
    )
if wrong := [name for name in SPARK_SETTINGS if not name.startswith("spark.")]:
    env.fail(f"SPARK_SETTINGS holds {wrong[0]!r}, but names of Spark's own are needed, such as spark.driver.memory=4g.")


def training_storage(state: Path, models: dict[str, Any]) -> dict[str, Any]:
    """Return the storage of exported events: a folder, s3://BUCKET/PREFIX, or, by default, beside the models.

    A bucket is reached as that of the models is, where they are in one: the same endpoint, region and keys.
    """
    path = env.text("TRAINING_STORAGE_PATH")
    reached: dict[str, Any] = models["OPTIONS"] if "bucket_name" in models["OPTIONS"] else {}
    if path.startswith("s3://"):
        bucket, _, prefix = path.removeprefix("s3://").partition("/")
        if not bucket:
            env.fail(f"TRAINING_STORAGE_PATH is {path!r}, but s3://BUCKET/PREFIX or a folder is needed.")
        return {"BACKEND": _BUCKET, "OPTIONS": {**reached, "bucket_name": bucket, "location": prefix.strip("/")}}
    if path or not reached:
        folder = Path(path or state / "training").absolute()
        return {"BACKEND": "recsite.platform.backup.storage.BackupFolder", "OPTIONS": {"location": str(folder)}}
    location = "/".join(filter(None, (reached.get("location", ""), "training")))
    return {"BACKEND": _BUCKET, "OPTIONS": {**reached, "location": location}}
