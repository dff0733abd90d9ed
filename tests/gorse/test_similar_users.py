import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.serving import similar_users
from recommender.serving.similar_users import _cosines
from tests import factories
from tests.gorse.client import GorseClient
from tests.recommender.fixtures import Shop, publish, start_afresh, svd

VECTORS = np.array([[1, 0], [2, 0], [1, 1], [0, 3], [0, 0]], np.float32)


@pytest.mark.parametrize("vectors", [VECTORS, csr_array(VECTORS)])
def test_cosines_of_dense_and_sparse_vectors(vectors: object) -> None:
    assert _cosines(vectors, 0) == pytest.approx([1, 1, 2**-0.5, 0, 0])


@pytest.mark.django_db
def test_the_nearest_users_come_first_and_one_is_no_neighbour_of_oneself(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [factories.person(name) for name in ("ada", "ben", "near", "far")]
    model = svd(shop.novels, shop.poems, people[:2])
    order = np.argsort([person.pk for person in people])
    factors = np.array([[1, 0], [0, 1], [1, 0.1], [1, 1]], np.float32)[order]
    users = type(model.user_ids)(np.array([person.pk for person in people])[order])
    bias = np.zeros(4, np.float32)
    fields = {**vars(model), "user_ids": users, "user_factors": factors, "user_bias": bias}
    publish({"svd": type(model)(**fields)})
    start_afresh()
    assert [name for name, _ in similar_users.similar_users("ada", 10)] == ["near", "far"]
    assert similar_users.similar_users("ada", 1, 1) == [("far", 0.7071)]
    assert GorseClient().told("user/ada/neighbors", n=1) == [{"Id": "near", "Score": 0.995}]
