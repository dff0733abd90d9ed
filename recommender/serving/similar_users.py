"""Find the users whose tastes are nearest to one's: by the vectors that the live release has of them."""

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from catalog.models import EndUser
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import FloatArray, IdMap
from recommender.serving.candidates.loaded_release import LoadedRelease, live
from recsite.platform import database


def similar_users(user_id: str, limit: int, offset: int = 0) -> list[tuple[str, float]]:
    """Return users and the cosines of their vectors with that of one user, the nearest first.

    By factors where a model has some, else by what the users chose. Empty where the user is unknown to it.
    """
    person = database.ask(EndUser.objects.filter(user_id=user_id).values_list("pk", flat=True).first)
    found = _vectors(live())
    if person is None or found is None:
        return []
    users, vectors = found
    row = int(users.rows(np.array([person]))[0])
    if row < 0:
        return []
    cosines = _cosines(vectors, row)
    cosines[row] = -np.inf
    end = min(offset + limit, len(cosines) - 1)
    nearest = np.argpartition(-cosines, end - 1)[:end] if 0 < end < len(cosines) else np.empty(0, np.int64)
    nearest = nearest[np.argsort(-cosines[nearest], kind="stable")][offset:]
    pks = users.ids[nearest].tolist()
    names = database.ask(lambda: dict(EndUser.objects.filter(pk__in=pks).values_list("pk", "user_id")))
    pairs = zip(pks, cosines[nearest].tolist(), strict=True)
    return [(names[pk], round(float(cosine), 4)) for pk, cosine in pairs if pk in names and cosine > 0]


def _vectors(release: LoadedRelease) -> tuple[IdMap, Any] | None:
    """Return users and their vectors (n_users, d), dense or sparse; None where no model has any."""
    models = [member.model for member in release.members.values()]
    models += [source for model in models if isinstance(model, HybridModel) for source in model.sources.values()]
    for name in ("user_factors", "profiles"):
        for model in models:
            vectors = getattr(model, name, None)
            if vectors is not None and vectors.shape[0]:
                return model.user_ids, vectors
    return None


def _cosines(vectors: Any, row: int) -> FloatArray:
    """Return the cosines (n_users,) of all vectors with one; 0 for those without any length."""
    if isinstance(vectors, csr_array):
        lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1))
        products = (vectors @ vectors[[row]].T).toarray()[:, 0]
    else:
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        products = vectors @ vectors[row]
    scale = np.asarray(lengths, np.float32) * np.float32(lengths[row])
    cosines: FloatArray = np.divide(products, scale, out=np.zeros(len(scale), np.float32), where=scale > 0)
    return cosines
