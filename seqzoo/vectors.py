"""Word vectors from the training texts alone: positive pointwise mutual information, factorized."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_SCALE = 0.25  # standard deviation; about that of an embedding after training
_SMOOTHING = 0.75


def ppmi_svd(
    sequences: Iterable[np.ndarray], vocabulary_size: int, dim: int, window: int = 5, special: int = 3
) -> np.ndarray:
    """Factorize how often words stand near each other.

    Args:
        sequences: (time,) int32 ids, one array for each text; special ids are left out of the counts.
        vocabulary_size: number of ids.
        dim: length of a vector; what a small vocabulary cannot fill stays 0.
        window: words up to so many steps apart count, weighted by 1 / distance.
        special: the first ids, which are no words.

    Returns:
        (vocabulary_size, dim) float32; rows of words without neighbours, and of special ids, are 0.

    Source: Levy, Goldberg and Dagan 2015, Improving distributional similarity.
    """
    from sklearn.utils.extmath import randomized_svd

    u, s, _ = randomized_svd(
        _ppmi(sequences, vocabulary_size, window, special), min(dim, vocabulary_size - 1), n_iter=3, random_state=0
    )
    vectors = np.zeros((vocabulary_size, dim))
    vectors[:, : len(s)] = u * np.sqrt(s)
    return np.asarray(vectors / (vectors.std() or 1.0) * _SCALE, np.float32)


def _ppmi(sequences: Iterable[np.ndarray], size: int, window: int, special: int):  # type: ignore[no-untyped-def]
    from scipy.sparse import coo_matrix, csr_matrix

    gap = np.zeros(window, np.int32)
    stream = np.concatenate([part for one in sequences for part in (one, gap)])
    near = csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, window + 1):
        left, right = stream[:-distance], stream[distance:]
        words = (left >= special) & (right >= special)
        weight = np.full(int(words.sum()), 1 / distance, np.float32)
        near = near + csr_matrix((weight, (left[words], right[words])), shape=(size, size))
    pairs = coo_matrix(near + near.T)
    row = np.asarray(pairs.sum(1)).ravel()
    context = row**_SMOOTHING
    context /= context.sum() or 1.0
    information = np.log(pairs.data / (row[pairs.row] * context[pairs.col]))
    keep = information > 0
    return csr_matrix((information[keep], (pairs.row[keep], pairs.col[keep])), shape=(size, size))
