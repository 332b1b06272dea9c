"""Writes the fixtures of this folder. Run once per environment, named as the argument:

    numpy1  Python 3.11, numpy 1.26.4, scikit-learn 1.2.2, joblib 1.3.2
    numpy2  Python 3.11, numpy 2.4.6, scikit-learn 1.9.1, joblib 1.6.0, lz4
"""

import collections
import datetime
import decimal
import pickle
import sys

import joblib
import numpy as np

name = sys.argv[1]


def values():
    shared = [1, 2]
    loop = [shared]
    loop.append(loop)
    return {
        "none": None,
        "flags": [True, False],
        "ints": [0, 255, 256, 65535, 65536, -1, 2**31, -(2**31) - 1, 2**63, -(2**63), 10**30],
        "floats": [0.5, -0.0, float("inf"), 1e-300],
        "text": "schön ☃ \U0001f600 'quoted' \\u0041\n",
        "bytes": b"\x00\xff'\\\n",
        "buffer": bytearray(b"ab"),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "sets": [{1}, frozenset({2})],
        "shared": [shared, shared],
        "loop": loop,
        "long": list(range(1500)),
        "ordered": collections.OrderedDict(a=1, b=2),
        "counted": collections.defaultdict(list, k=[3]),
        "moment": datetime.datetime(2024, 2, 29, 1, 2, 3),
        "money": decimal.Decimal("1.50"),
    }


def arrays():
    record = np.zeros(3, np.dtype([("i", "i4"), ("x", "f8"), ("bits", "u4", (2,))], align=True))
    record["i"] = [1, 2, 3]
    record["x"] = [0.5, 1.5, 2.5]
    record["bits"] = [[1, 2], [3, 4], [5, 6]]
    return {
        "c": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">f4"),
        "half": np.array([0.5, -2], "f2"),
        "i8": np.array([-1, 2**62]),
        "u8": np.array([0, 2**63], "u8"),
        "u1": np.array([0, 255], "u1"),
        "bool": np.array([True, False]),
        "text": np.array(["a", "schön", ""]),
        "octets": np.array([b"ab", b"c"]),
        "objects": np.array([None, "x", 2.5, [1]], dtype=object),
        "names": np.array([["p", "q"], ["r", "s"]], dtype=object, order="F"),
        "days": np.array(["1970-01-02", "NaT"], "M8[D]"),
        "record": record,
        "scalar": np.float32(1.25),
        "count": np.int64(-7),
        "yes": np.bool_(True),
        "word": np.str_("w"),
        "zero_d": np.array(3.5),
        "empty": np.zeros((0, 4)),
        "complex": np.array([1 + 2j]),
        "masked": np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False]),
        "recarray": np.rec.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
        "permuted": np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
        "cube": np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).copy(),
    }


def model():
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.RandomState(0)
    x = rng.randint(0, 3, (30, 3)).astype(float)
    y = (x.sum(axis=1) > 3).astype(int)
    prepare = ColumnTransformer([("s", StandardScaler(), [0, 1]), ("o", OneHotEncoder(), [2])])
    boosted = GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0)
    return {
        "logistic": Pipeline([("prepare", prepare), ("model", LogisticRegression())]).fit(x, y),
        "boosted": boosted.fit(x, y),
    }


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


if name == "numpy2":
    for protocol in range(6):
        write(f"values-p{protocol}.pkl", pickle.dumps(values(), protocol))
    buffers = []
    out_of_band = {"a": np.arange(4.0), "b": np.arange(3, dtype="i2")}
    write("out-of-band.pkl", pickle.dumps(out_of_band, 5, buffer_callback=buffers.append))
    for i, buffer in enumerate(buffers):
        write(f"out-of-band.{i}", buffer.raw())
    for method in ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"]:
        small = {"a": np.arange(4.0), "o": np.array(["t", 1], dtype=object)}
        joblib.dump(small, f"packed-{method}.joblib", compress=(method, 3))

for protocol in range(6):
    write(f"arrays-{name}-p{protocol}.pkl", pickle.dumps(arrays(), protocol))
joblib.dump(arrays(), f"arrays-{name}.joblib")
joblib.dump(arrays(), f"arrays-{name}-p0.joblib", protocol=0)
write(f"model-{name}.pkl", pickle.dumps(model(), 4))
write(f"model-{name}-p0.pkl", pickle.dumps(model(), 0))
joblib.dump(model(), f"model-{name}.joblib")

# As joblib wrote before 1.2: no alignment, no padding.
from joblib import numpy_pickle

made = numpy_pickle.NumpyPickler._create_array_wrapper


def unaligned(self, array):
    wrapper = made(self, array)
    del wrapper.numpy_array_alignment_bytes
    return wrapper


numpy_pickle.NumpyPickler._create_array_wrapper = unaligned
joblib.dump(arrays(), f"arrays-{name}-unaligned.joblib")
