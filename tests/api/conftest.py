import pytest

from tests.api.clients import ApiClient


@pytest.fixture
def api(db: None) -> ApiClient:
    return ApiClient()
