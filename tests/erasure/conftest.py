from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interactions.partitions import EVENTS
from recsite.platform.months import Plan
from tests.admin.conftest import admin as admin
from tests.admin.conftest import viewer as viewer
from tests.erasure.places import MAY_1999
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.STATE_DIR = tmp_path
    yield tmp_path
    EVENTS.apply(Plan(detach=(MAY_1999,), drop=(MAY_1999,)))
