import pytest

from recsite.console import strip
from tests.admin.staff import Staff
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
from tests.recommender.fixtures import start_afresh


@pytest.fixture(autouse=True)
def nothing_waits(db: None) -> None:
    """No process has loaded anything, no task waits for a worker, and nobody has looked at what is down."""
    start_afresh()
    strip.forget()


@pytest.fixture
def admin(db: None) -> Staff:
    """A superuser."""
    return Staff("admin", is_superuser=True)


@pytest.fixture
def viewer(db: None) -> Staff:
    """Staff who may see everything of the product, and change nothing."""
    return Staff("viewer", "view")


@pytest.fixture
def operator(db: None) -> Staff:
    """Staff who may see models and operate them, and no more."""
    return Staff("operator", "recommender.view_modelversion", "recommender.operate")
