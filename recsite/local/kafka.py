"""Run Apache Kafka where there is none: one broker in KRaft mode, on 127.0.0.1, with a password.

Maven fetches the jars once for each state folder (43 MB, kept in Maven's own cache as well); Java runs them.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from recsite.local.home import Home
from recsite.local.paths import LocalError
from recsite.local.server import Server, free_port

USER = "recsite"
POM = Path(__file__).with_name("kafka.xml")
OLDEST_JAVA = 17
JAVA_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # Starts with two thirds of the processor time, and a broker on one machine waits for others anyhow.
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
OPTIONS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENT",
    "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "controlled.shutdown.enable": "false",
}


FETCH_SECS = 300


class NotFetched(LocalError):
    """Say that Maven can't get the jars, as on a machine without a way to its repository."""


def missing() -> str:
    """Say in one sentence what a local broker lacks here; empty where nothing is missing."""
    lacking = [name for name, program in (("Java", "java"), ("Maven", "mvn")) if not shutil.which(program)]
    if lacking:
        return f"A Kafka broker needs Java {OLDEST_JAVA} and Maven, and this machine has no {' and no '.join(lacking)}."
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = said.partition('"')[2].partition(".")[0]
    if version.isdigit() and int(version) < OLDEST_JAVA:
        return f"A Kafka broker needs Java {OLDEST_JAVA}, and this machine has {version}."
    return ""


class Kafka(Server):
    name = "Kafka"
    variable = "KAFKA_BOOTSTRAP_SERVERS"
    pid_file = "kafka.pid"
    quick_stop = signal.SIGTERM
    start_seconds = 240.0

    def __init__(self, state: Path, home: Home, durable: bool = True) -> None:
        super().__init__(state, home, durable)
        self._libraries = home.data / "kafka-libraries"

    @property
    def workdir(self) -> Path:
        return self.folder

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            self.variable: self.url,
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_SASL_USERNAME": USER,
            "KAFKA_SASL_PASSWORD": self.password,
        }

    def answers(self) -> bool:
        """Tell if our broker runs, and lets clients in."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=3):
            return self.running()
        return False

    def prepare(self) -> None:
        if reason := missing():
            raise LocalError(reason)
        self._fetch()
        (self.workdir / self.pid_file).unlink(missing_ok=True)
        self._write_properties()
        if not (self.workdir / "data" / "meta.properties").is_file():
            # One word with its option: one id in 64 begins with "-", and would be read as an option of its own.
            cluster = f"--cluster-id={secrets.token_urlsafe(16)}"
            done = self.home.run(self._java("kafka.tools.StorageTool", "format", cluster, "-c", self._properties))
            if done.returncode != 0:
                raise LocalError(f"Kafka can't make its data folder: {(done.stderr or done.stdout).strip()[-300:]}")

    def launch(self) -> "subprocess.Popen[bytes]":
        process = self.home.spawn(self._java("kafka.Kafka", self._properties), self.log, cwd=self.workdir)
        (self.workdir / self.pid_file).write_text(f"{process.pid}\n")
        return process

    def ask_to_stop(self) -> None:
        with suppress(ProcessLookupError, OSError, ValueError):
            os.kill(int((self.workdir / self.pid_file).read_text()), signal.SIGTERM)

    @property
    def _properties(self) -> Path:
        return self.workdir / "server.properties"

    def _java(self, main: str, *arguments: str | Path) -> list[str | Path]:
        java = shutil.which("java") or "java"
        return [java, *JAVA_OPTIONS, "-cp", f"{self._libraries}/*", main, *arguments]

    def _fetch(self) -> None:
        """Fetch the jars beside their final place, so that an interrupted download is never taken for the whole."""
        if self._libraries.is_dir():
            return
        fresh = self._libraries.with_name("kafka-libraries-new")
        shutil.rmtree(fresh, ignore_errors=True)
        command: list[str | Path] = ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={fresh}"]
        with self.log.open("ab") as output:
            try:
                subprocess.run(command, stdout=output, stderr=output, check=True, timeout=FETCH_SECS)
            except (OSError, subprocess.SubprocessError) as fault:
                raise NotFetched(f"Maven can't fetch Kafka's jars ({self._last_words()}): see {self.log}.") from fault
        fresh.chmod(0o755)
        for jar in fresh.iterdir():
            jar.chmod(0o644)
        fresh.rename(self._libraries)

    def _write_properties(self) -> None:
        controller = free_port()
        login = (
            "org.apache.kafka.common.security.plain.PlainLoginModule required "
            f'username="{USER}" password="{self.password}" user_{USER}="{self.password}";'
        )
        own = {
            "listeners": f"CLIENT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{self.port}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listener.name.client.plain.sasl.jaas.config": login,
            "listener.name.controller.plain.sasl.jaas.config": login,
            "log.dirs": str(self.workdir / "data"),
        }
        text = "".join(f"{name}={value}\n" for name, value in {**OPTIONS, **own}.items())
        with os.fdopen(os.open(self._properties, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        self.home.hand_over(self._properties)
