"""Embed the texts of items, where requirements-embeddings.txt is installed."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from recommender.engine.tokens import NUMBER
from recommender.engine.types import CannotFit, FloatArray, Tokens


def encoded(name: str, items: Sequence[Tokens]) -> FloatArray:
    """Return the vectors (n, d) of items' tokens, by a Model2Vec model: a folder, or a name on its hub.

    Model2Vec averages the vectors of words, so what the tokens have left of a text is all it needs. Raises CannotFit
    where the library or the model is missing.
    """
    texts = [" ".join(token[1:] for token in tokens if token[0] != NUMBER) for tokens in items]
    return np.asarray(_encoder(name).encode(texts), np.float32).reshape(len(items), -1)


@lru_cache(maxsize=2)
def _encoder(name: str) -> Any:
    try:
        from model2vec import StaticModel
    except ImportError as missing:
        raise CannotFit(
            "The sentence encoder needs model2vec: pip install -r requirements-embeddings.txt."
        ) from missing
    try:
        return StaticModel.from_pretrained(name)
    except Exception as fault:
        # A folder, a download, a format: whatever is wrong with it, there is no such model here.
        raise CannotFit(f"The sentence encoder {name!r} can't be loaded: {fault}") from fault
