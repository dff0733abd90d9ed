"""Share what the forms with latent factors have in common."""

from collections.abc import Mapping

import numpy as np

from recommender.engine.types import UNKNOWN, FloatArray, Histories, Mask, RowArray

NAN = np.float32(np.nan)


def cosines(factors: FloatArray, knows: Mask, cols: RowArray) -> FloatArray:
    """Return the cosine (m, n_items) of item factors (n_items, d), -1..1; NaN for an item that it doesn't know."""
    lengths = np.where(knows, np.sqrt(np.einsum("id,id->i", factors, factors)), NAN)
    mine = np.where(cols == UNKNOWN, NAN, lengths[cols])
    return (factors[cols] @ factors.T) / np.maximum(mine[:, None] * lengths, np.finfo(np.float32).tiny)


def unexplained(history: Histories, cols: RowArray) -> FloatArray:
    """Return NaN (n, n_profile): a rating comes from the whole user, whose factors all ratings have shaped together."""
    return np.full((len(cols), history.profiles.nnz), NAN)


def check_shapes(model: object, wanted: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ValueError where an array of the model has another shape than its ids and factors ask for."""
    for name, shape in wanted.items():
        if getattr(model, name).shape != shape:
            raise ValueError(f"{name} has the shape {getattr(model, name).shape} where {shape} was expected.")
