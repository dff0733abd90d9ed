"""The local Kafka broker: what a machine lacks for it is said in one sentence, and nothing half-fetched is used."""

from pathlib import Path

import pytest

from recsite.local import kafka
from recsite.local.home import Home
from recsite.local.kafka import Kafka, NotFetched
from tests.brokers import broker as broker


def programs(folder: Path, **scripts: str) -> str:
    """A PATH on which there are these programs alone, and the shell."""
    for name, script in scripts.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    return str(folder)


def broker_in(folder: Path) -> Kafka:
    (folder / "logs").mkdir()
    return Kafka(folder, Home(folder, folder, folder, None), durable=False)


JAVA_17 = """echo 'openjdk version "17.0.15" 2025-04-15' >&2"""
JAVA_11 = """echo 'openjdk version "11.0.2" 2019-01-15' >&2"""


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ({}, "A Kafka broker needs Java 17 and Maven, and this machine has no Java and no Maven."),
        ({"java": JAVA_17}, "A Kafka broker needs Java 17 and Maven, and this machine has no Maven."),
        ({"java": JAVA_11, "mvn": "true"}, "A Kafka broker needs Java 17, and this machine has 11."),
        ({"java": JAVA_17, "mvn": "true"}, ""),
    ],
    ids=["nothing", "no Maven", "an old Java", "both"],
)
def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: dict[str, str], sentence: str
) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path, **there))
    assert kafka.missing() == sentence


def test_a_download_that_fails_leaves_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    fails = 'for part in "$@"; do :; done; /bin/mkdir -p "${part#-DoutputDirectory=}"; echo "no route"; exit 1'
    monkeypatch.setenv("PATH", programs(bin_, java=JAVA_17, mvn=fails))
    server = broker_in(tmp_path)
    with pytest.raises(NotFetched, match=r"^Maven can't fetch Kafka's jars \(no route\): see .*kafka\.log\.$"):
        server._fetch()
    assert not (tmp_path / "kafka-libraries").exists()


def test_the_password_stays_out_of_the_command_line_and_of_others_sight(tmp_path: Path) -> None:
    server = broker_in(tmp_path)
    server._write_properties()
    path = server._properties
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert server.password in path.read_text()
    assert not any(server.password in str(part) for part in server._java("kafka.Kafka", path))
    assert server.environment["KAFKA_SASL_PASSWORD"] == server.password


def test_a_data_folder_is_made_whatever_the_name_of_the_cluster_begins_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: Kafka
) -> None:
    monkeypatch.setattr("recsite.local.kafka.secrets.token_urlsafe", lambda size: "-Rh3_nUDQ6yq0CbCX2Oblw")
    server = broker_in(tmp_path)
    server._libraries = broker._libraries
    server.prepare()
    assert "cluster.id=-Rh3_nUDQ6yq0CbCX2Oblw" in (tmp_path / "kafka" / "data" / "meta.properties").read_text()
