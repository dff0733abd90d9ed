from pathlib import Path

import pytest

from recsite.local.paths import PROJECT, LocalError
from recsite.local.source import Source, choose


def test_a_relative_path_starts_at_the_project_and_may_hold_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    asked = Source.asked_for({"DATA": str(folder), "FORMAT": "csv"})
    relative = Source.asked_for({"DATA": "tests/../tests", "FORMAT": "csv"})
    assert asked == Source(str(folder), "csv")
    assert relative == Source(str(PROJECT / "tests"), "csv")


def test_what_was_loaded_is_shown_again_without_asking(tmp_path: Path) -> None:
    Source("/data/mine", "csv").remember(tmp_path, complete=True)
    held = Source.remembered(tmp_path)
    assert choose(None, held) == Source("/data/mine", "csv", complete=True)
    assert choose(None, None) == Source()


def test_data_that_were_loaded_in_part_may_give_way_to_others() -> None:
    half = Source("/data/mine", "csv", complete=False)
    assert choose(Source("/data/yours", "csv"), half).path == "/data/yours"
    with pytest.raises(LocalError):
        choose(Source("/data/yours", "csv"), Source("/data/mine", "csv", complete=True))
