"""Writes the fixtures of this folder: Python 3.11, numpy 2.4.6, xgboost 3.2.0.

The same booster as UBJSON and as JSON, small enough to be mutated thousands of times.
"""

import numpy as np
import xgboost

rng = np.random.RandomState(0)
x = rng.rand(60, 3)
y = rng.randint(0, 3, 60)
x[::7, 1] = np.nan
data = xgboost.DMatrix(x, label=y, feature_names=["a", "b", "c"])
parameters = {"objective": "multi:softprob", "num_class": 3, "max_depth": 2, "nthread": 1}
booster = xgboost.train(parameters, data, 2)
booster.save_model("booster.ubj")
booster.save_model("booster.json")
