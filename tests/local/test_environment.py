from pathlib import Path

import pytest

from recsite.local import demo, environment


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    for name in ("DATABASE_URL", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    ["DATABASE_URL=postgres://a@b/c", "export DATABASE_URL=postgres://a@b/c", " DATABASE_URL = 'postgres://a@b/c' "],
)
def test_a_server_named_in_the_env_file_counts_as_configured(project: Path, line: str) -> None:
    (project / ".env").write_text(f"# ours\n\n{line}\n#DATABASE_URL=postgres://old\n")
    assert environment.setting("DATABASE_URL") == "postgres://a@b/c"


def test_the_environment_wins_over_the_env_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text("DATABASE_URL=postgres://file\n")
    monkeypatch.setenv("DATABASE_URL", "postgres://environment")
    assert environment.setting("DATABASE_URL") == "postgres://environment"


def test_an_empty_value_is_no_server(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert environment.setting("DATABASE_URL") == ""
    assert not environment.is_production()


def test_port_and_state_may_be_named_in_the_env_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "RECSITE_STATE"):
        monkeypatch.delenv(name, raising=False)
    assert (demo.port(), environment.state_dir()) == (8000, project / ".local")
    (project / ".env").write_text("PORT=8123\nRECSITE_STATE=elsewhere\n")
    assert (demo.port(), environment.state_dir()) == (8123, project / "elsewhere")
    monkeypatch.setenv("PORT", "8124")
    assert demo.port() == 8124
