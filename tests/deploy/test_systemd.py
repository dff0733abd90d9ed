"""The units for a bare machine: systemd accepts them, roles and ports are those of the product."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recsite import process_roles
from recsite.local.paths import PROJECT

FOLDER = PROJECT / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
SETTINGS = re.compile(r"^#?([A-Z0-9_]+)=", re.MULTILINE)


def values(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd isn't installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_a_unit(unit: Path, tmp_path: Path) -> None:
    for path in UNITS:
        # What it starts lies elsewhere on this machine.
        text = path.read_text(encoding="utf-8").replace("/opt/recsite", str(PROJECT))
        (tmp_path / path.name).write_text(text.replace("Group=recsite\n", "").replace("User=recsite", "User=root"))
    name = unit.name.replace("@.", "@beat.")
    (tmp_path / name).write_text((tmp_path / unit.name).read_text())
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_units_start_what_the_one_table_says() -> None:
    started = {unit.name: values(unit, "ExecStart") for unit in UNITS}
    entry = f"/opt/recsite/{process_roles.ENTRYPOINT}"
    assert started == {
        "recsite-migrate.service": [f"{entry} migrate"],
        "recsite-worker@.service": [f"{entry} worker"],
        "recsite@.service": [f"{entry} %i"],
    }
    known = SETTINGS.findall((PROJECT / ".env.example").read_text(encoding="utf-8"))
    for unit in UNITS:
        named = {value.partition("=")[0] for value in values(unit, "Environment")} - {"PATH"}
        assert named <= {*known, "RECSITE_STATE"}, unit.name


def test_a_stop_takes_longer_than_the_role_needs_and_wrong_settings_start_nothing_anew() -> None:
    longest = max(role.stop_secs for role in process_roles.ROLES.values())
    for unit in UNITS[1:]:
        assert all(int(secs) > longest for secs in values(unit, "TimeoutStopSec"))
        codes = f"{process_roles.WRONG_USE} {process_roles.WRONG_SETTINGS}"
        assert values(unit, "RestartPreventExitStatus") == [codes]


def test_to_migrate_anew_stops_no_role() -> None:
    for unit in UNITS[1:]:
        assert "recsite-migrate.service" in " ".join(values(unit, "Wants")), unit.name
        assert "recsite-migrate.service" in " ".join(values(unit, "After")), unit.name
        assert values(unit, "Requires") == [], "systemd would stop it, too"


def test_each_role_of_a_machine_has_a_port_of_its_own() -> None:
    ports = {path.stem: path.read_text(encoding="utf-8").strip() for path in (FOLDER / "ports").glob("*.env")}
    others = {role.name for role in process_roles.ROLES.values() if role.port is process_roles.METRICS_PORT}
    workers = {f"worker-{queue}" for queue in process_roles.QUEUES}
    assert ports.keys() == (others - {process_roles.WORKER}) | workers
    assert len(set(ports.values())) == len(ports)
    assert all(re.fullmatch(r"METRICS_PORT=\d+", text) for text in ports.values())
