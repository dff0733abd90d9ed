"""Describe items by dense vectors of their words, and users by the vectors of the items they chose."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from recommender.engine.algorithms.sentences import encoded
from recommender.engine.feedback import profiles
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.tokens import CATEGORY, CREATOR, NUMBER, TAG, WORD
from recommender.engine.types import CannotFit, Dataset, FloatArray, Progress, Tokens, silent

BUCKETS = 32_768
"""Numbers that tokens are hashed to: no vocabulary to keep, and a new item's new words do no harm."""

WEIGHTS = {CATEGORY: 1.0, TAG: 1.0, CREATOR: 0.7, WORD: 0.7, NUMBER: 0.3}
"""The weight of each kind of token: each is brought to length 1 first, however many there are of it."""


@dataclass(frozen=True)
class Content:
    """Describe items by vectors (n_items, n_factors) of the items' tokens: TF-IDF, then the leading singular vectors
    of that matrix.

    Latent semantic analysis: Deerwester et al., "Indexing by latent semantic analysis", 1990; weights
    ``(1 + log tf) * (log((1 + n) / (1 + df)) + 1)``. Tokens are hashed: Weinberger et al., "Feature hashing for large
    scale multitask learning", 2009. The vector of an item that came later needs nothing but its tokens.

    With an `encoder` half of the numbers come from sentence embeddings, reduced in the same way: what is said in other
    words is near as well.
    """

    n_factors: int = 128
    encoder: str = ""
    """A Model2Vec model: a folder, or a name on the Hugging Face hub (see `sentences`)."""

    def __post_init__(self) -> None:
        if self.n_factors < 1:
            raise ValueError(f"n_factors is {self.n_factors}; it must be 1 or more.")
        if self.encoder and self.n_factors < 2:
            raise ValueError("n_factors is 1; with an encoder it must be 2 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> VectorModel:
        """Fit the vectors of all items with tokens. CannotFit where there are no tokens."""
        described = dataset.item_tokens
        if described is None or not any(described.tokens):
            raise CannotFit("Nothing is known of the items themselves: no categories, tags, texts or features.")
        progress(0, "counting words")
        counts = counted(described.tokens)
        frequency = np.bincount(counts.indices, minlength=BUCKETS)
        idf = (np.log((1 + len(described.tokens)) / (1 + frequency)) + 1).astype(np.float32)
        weighted = csr_array((counts.data * idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape)
        progress(0.3, "finding the leading directions")
        n_sentence = self.n_factors // 2 if self.encoder else 0
        projection = _directions(weighted, self.n_factors - n_sentence, rng)
        vectors = normalised(np.asarray(weighted @ projection))
        encoder_projection = None
        if self.encoder:
            progress(0.6, "encoding what is said of the items")
            sentences = encoded(self.encoder, described.tokens)
            encoder_projection = _directions(csr_array(sentences), n_sentence, rng)
            vectors = _joined(vectors, sentences @ encoder_projection)
        progress(0.9, "describing the items")
        history = profiles(dataset)
        places = described.ids.rows(dataset.item_ids.ids)
        known = csr_array(
            (history.data, places[history.indices], history.indptr), shape=(history.shape[0], len(described.ids))
        )
        known.sort_indices()
        return VectorModel(
            dataset.user_ids, described.ids, vectors, known, idf, projection, self.encoder, encoder_projection
        )


def vectors_of(model: VectorModel, items: Sequence[Tokens]) -> FloatArray:
    """Return the vectors (n, d) of items that the model may never have seen, from their tokens; 0 where they say
    nothing.

    Raises CannotFit where the model's sentence encoder is not here.
    """
    counts = counted(items)
    weighted = csr_array((counts.data * model.idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape)
    vectors = normalised(np.asarray(weighted @ model.projection))
    if model.encoder_projection is None:
        return vectors
    return _joined(vectors, encoded(model.encoder, items) @ model.encoder_projection)


def _joined(words: FloatArray, sentences: FloatArray) -> FloatArray:
    """Join two descriptions of items (n, d) and (n, e) to one (n, d + e); 0 where there are no words."""
    both = np.hstack([words, np.where(words.any(axis=1, keepdims=True), normalised(sentences), 0)])
    return normalised(both)


def counted(items: Sequence[Tokens]) -> csr_array:
    """Return 1 + log of each token's count (n_items, BUCKETS); the tokens of each kind of an item brought to its
    weight.
    """
    entries = [_weights(tokens) for tokens in items]
    starts = np.concatenate([[0], np.cumsum([len(entry) for entry in entries])])
    cols = np.fromiter(chain.from_iterable(entries), np.int32, starts[-1])
    data = np.fromiter(chain.from_iterable(entry.values() for entry in entries), np.float32, starts[-1])
    matrix = csr_array((data, cols, starts), shape=(len(items), BUCKETS))
    matrix.sort_indices()
    return matrix


def normalised(vectors: FloatArray) -> FloatArray:
    """Scale each row to length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)


def _weights(tokens: Tokens) -> dict[int, float]:
    by_kind: dict[str, Counter[int]] = {}
    for token in tokens:
        by_kind.setdefault(token[0], Counter())[_bucket(token)] += 1
    found: dict[int, float] = {}
    for kind, counts in by_kind.items():
        values = {bucket: 1 + np.log(count) for bucket, count in counts.items()}
        length = sum(value**2 for value in values.values()) ** 0.5
        for bucket, value in values.items():
            found[bucket] = found.get(bucket, 0.0) + WEIGHTS.get(kind, 1.0) * value / length
    return found


@lru_cache(maxsize=200_000)
def _bucket(token: str) -> int:
    return zlib.crc32(token.encode()) % BUCKETS


def _directions(matrix: csr_array, n_factors: int, rng: np.random.Generator) -> FloatArray:
    """Return the leading right singular vectors (BUCKETS, n_factors); zeros where the matrix has fewer."""
    out = np.zeros((matrix.shape[1], n_factors), np.float32)
    used = np.unique(matrix.indices)
    k = min(n_factors, matrix.shape[0] - 1, len(used) - 1)
    if k < 1:
        out[used, 0] = 1
        return out
    narrow = csr_array(matrix[:, used]).astype(np.float64)
    start = rng.standard_normal(min(narrow.shape[0], len(used)))
    _, _, right = svds(narrow, k=k, v0=start)
    signs = np.sign(right[np.arange(k), np.abs(right).argmax(axis=1)])
    out[used, :k] = (right * signs[:, None])[::-1].T
    return out
