"""Start Spark and end it: its own Java process beside ours, and what its executors need of our code."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from django.conf import settings

from recsite.platform.exceptions import UserFacingError

JAVAS = (17, 21)
"""The versions of Java that Spark 4 runs on."""

ON_EXECUTORS = ("__init__.py", "engine", "spark/__init__.py", "spark/on_executors.py", "spark/tables.py")
"""What executors import, below `recommender`."""

USUAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    # Arrays come in Arrow's form, and a batch is handed over as soon as it holds so many rows.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
}
ON_THIS_MACHINE = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


class NoSpark(UserFacingError):
    """Spark is chosen, and can't be used here."""


def check() -> None:
    """Raise NoSpark, with what to install, where Spark can't run. Reaches no cluster."""
    if find_spec("pyspark") is None:
        raise NoSpark(
            "TRAINING_ENGINE=spark needs the package pyspark, which isn't here: install requirements-spark.txt, "
            "or set TRAINING_ENGINE=local."
        )
    found = _java_version()
    if found not in JAVAS:
        there = f"Java {found} is here" if found else "there is no Java here"
        raise NoSpark(
            f"TRAINING_ENGINE=spark needs Java 17 or 21, and {there}: install openjdk-17-jre-headless (or set "
            "JAVA_HOME), or set TRAINING_ENGINE=local."
        )


@contextmanager
def session() -> Iterator[Any]:
    """Run Spark for as long as the block lasts; one that runs in this process already is used, and left running.

    Raises NoSpark, also where the cluster doesn't answer.
    """
    check()
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    with TemporaryDirectory() as folder:
        spark = _start(SparkSession.builder.appName("recsite"))
        try:
            spark.sparkContext.addPyFile(_package(Path(folder)))
            yield spark
        finally:
            spark.stop()
            _end_java()


def _start(builder: Any) -> Any:
    is_here = settings.SPARK_MASTER.startswith("local")
    if is_here:
        # Workers run under the Python that has our packages. A cluster's have their own.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    options = {**USUAL, **(ON_THIS_MACHINE if is_here else {}), **_bucket_options(), **settings.SPARK_SETTINGS}
    for name, value in options.items():
        builder = builder.config(name, value)
    try:
        spark = builder.master(settings.SPARK_MASTER).getOrCreate()
    except Exception as error:  # py4j has an error of its own for each of Java's
        raise NoSpark(f"Spark can't be started on {settings.SPARK_MASTER}: {_first_line(error)}") from error
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def _bucket_options() -> dict[str, str]:
    """Return how Spark reaches the bucket of exports; nothing where they are in a folder."""
    about = settings.STORAGES["training"].get("OPTIONS", {})
    if "bucket_name" not in about:
        return {}
    names = {
        "endpoint_url": "endpoint",
        "region_name": "endpoint.region",
        "access_key": "access.key",
        "secret_key": "secret.key",
    }
    found = {f"spark.hadoop.fs.s3a.{its}": str(about[ours]) for ours, its in names.items() if about.get(ours)}
    is_path = about.get("addressing_style") == "path"
    return {**found, **({"spark.hadoop.fs.s3a.path.style.access": "true"} if is_path else {})}


def _package(folder: Path) -> str:
    """Write the part of our code that executors run as a package that Python imports."""
    root = Path(__file__).resolve().parents[1]
    path = folder / "recsite_on_executors.zip"
    with ZipFile(path, "w") as package:
        for name in ON_EXECUTORS:
            own = root / name
            for file in sorted(own.rglob("*.py")) if own.is_dir() else [own]:
                package.write(file, file.relative_to(root.parent))
    return str(path)


def _end_java() -> None:
    """End Spark's Java process, which would stay as long as ours: a worker trains once a day."""
    from pyspark import SparkContext

    gateway = getattr(SparkContext, "_gateway", None)
    if gateway is None:
        return
    process = getattr(gateway, "proc", None)
    gateway.shutdown()
    if process is not None:
        with suppress(OSError):
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    SparkContext._gateway = SparkContext._jvm = None


def _java_version() -> int:
    """Return the version of the Java that Spark would start; 0 where there is none."""
    home = os.environ.get("JAVA_HOME", "")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        return 0
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
