"""Prints how often scikit-learn's nearest rows are others than the earliest, on points with many equal distances
(docs/tabular.md, "Equal distances").

    python equal_distances.py
"""

import numpy as np
import sklearn
from sklearn.neighbors import NearestNeighbors

rng = np.random.default_rng(0)
print("scikit-learn", sklearn.__version__)
for rows in (5, 20, 60, 300):
    for k in (1, 2, 3, 5):
        for algorithm in ("brute", "kd_tree", "ball_tree"):
            x, at = (rng.integers(0, 3, size=(count, 2)).astype(float) for count in (rows, 40))
            distances = np.sqrt(((at[:, None] - x[None]) ** 2).sum(-1))
            earliest = np.sort(np.argsort(distances, axis=1, kind="stable")[:, :k], axis=1)
            search = NearestNeighbors(n_neighbors=k, algorithm=algorithm).fit(x)
            found = np.sort(search.kneighbors(at, return_distance=False), axis=1)
            print(f"{rows} rows, k {k}, {algorithm}: {(found != earliest).any(axis=1).mean():.1%} of the queries")
