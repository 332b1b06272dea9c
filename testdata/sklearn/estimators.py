"""Writes estimators.txt: every public estimator of the scikit-learn it finds (1.9.1), as `module class`.

    env/bin/python estimators.py
"""

import warnings
from pathlib import Path

from sklearn.utils import all_estimators

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lines = [f"{found.__module__} {name}\n" for name, found in all_estimators()]
(Path(__file__).resolve().parent / "estimators.txt").write_text("".join(lines))
