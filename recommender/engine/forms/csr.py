"""Store sparse matrices as plain arrays: the parts of their CSR form, which can be memory-mapped."""

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.types import Arrays, Mask


def csr_parts(name: str, matrix: csr_array) -> Arrays:
    """Return the parts of a matrix, each under its name: `name_data`, `name_indices`, `name_starts`."""
    return {
        f"{name}_data": matrix.data.astype(np.float32, copy=False),
        f"{name}_indices": matrix.indices.astype(np.int32, copy=False),
        f"{name}_starts": matrix.indptr.astype(np.int32, copy=False),
    }


def csr_from_parts(name: str, arrays: Arrays, shape: tuple[int, int]) -> csr_array:
    """Build the matrix of this shape from its parts; ValueError where they contradict it or each other."""
    data = np.asarray(arrays[f"{name}_data"], np.float32)
    indices, starts = (np.asarray(arrays[f"{name}_{part}"], np.int32) for part in ("indices", "starts"))
    if starts.shape != (shape[0] + 1,) or len(data) != len(indices) or starts[-1] != len(data):
        raise ValueError(f"The parts of the {name} matrix don't have the shape that {shape} needs.")
    return csr_array((data, indices, starts), shape=shape)


def without_favour(profiles: csr_array) -> Mask:
    """Return which rows (m,) of profiles (m, n_items) hold evidence, all of it against its items."""
    rows = np.repeat(np.arange(profiles.shape[0]), np.diff(profiles.indptr))
    favours = np.bincount(rows[profiles.data > 0], minlength=profiles.shape[0])
    return (np.diff(profiles.indptr) > 0) & (favours == 0)


def favourable(profiles: csr_array) -> csr_array:
    """Return the part of profiles (m, n_items) that speaks for items."""
    kept = profiles.data > 0
    starts = np.zeros(len(kept) + 1, np.int32)
    np.cumsum(kept, out=starts[1:])
    # Made anew: eliminate_zeros() would write into the arrays of `profiles`, which may be mapped read-only.
    return csr_array((profiles.data[kept], profiles.indices[kept], starts[profiles.indptr]), shape=profiles.shape)
