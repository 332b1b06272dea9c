"""plain.json: arithmetic, comparisons, casts, three-valued logic, and values of earlier rows, as numpy, scipy, pandas and,
for what C leaves open, Java have them.

    python make_plain.py
"""

import json
import math
from pathlib import Path

import jpype
import numpy as np
import pandas as pd
import scipy
from scipy import special

HERE = Path(__file__).parent
NUMPY, SCIPY, PANDAS = f"numpy {np.__version__}", f"scipy {scipy.__version__}", f"pandas {pd.__version__}"
rng = np.random.default_rng(11)


def plain(value):
    """Numbers that JSON has not are words; missing is null."""
    if value is None or value is pd.NA:
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def case(name, by, inputs, expected, **params):
    rows = lambda columns: {n: [plain(v) for v in column] for n, column in columns.items()}
    return {"case": name, "by": by, "inputs": rows(inputs), "expected": rows(expected), "params": params}


def of_one():
    x = np.concatenate([[0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 1e-12, -1e-12, 30.0, -30.0, 750.0, -750.0, np.nan, np.inf, -np.inf],
                        rng.normal(scale=3, size=20)])
    functions = {"neg": np.negative, "abs": np.abs, "exp": np.exp, "ln": np.log, "ln1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt,
                 "floor": np.floor, "ceil": np.ceil, "logistic": special.expit, "tanh": np.tanh, "is-nan": np.isnan}
    with np.errstate(all="ignore"):
        return [case(name, SCIPY if name == "logistic" else NUMPY, {"x": x}, {"y": f(x)}, family="unary") for name, f in functions.items()]


def of_two():
    special_values = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e300, np.inf, -np.inf, np.nan]
    pairs = np.array([(a, b) for a in special_values for b in special_values])
    pairs = np.concatenate([pairs, rng.normal(scale=4, size=(40, 2)).round(3)])
    a, b = pairs.T
    functions = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "min": np.minimum, "max": np.maximum,
                 "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
    with np.errstate(all="ignore"):
        made = [case(name, NUMPY, {"a": a, "b": b}, {"y": f(a, b)}, family="binary", kind="f64") for name, f in functions.items()]
    # Integers wrap.
    ends = [0, 1, -1, 7, -13, 2**62, -(2**62), 2**63 - 1, -(2**63)]
    a, b = np.array([(p, q) for p in ends for q in ends]).T
    with np.errstate(all="ignore"):
        return made + [case(name, NUMPY, {"a": a, "b": b}, {"y": functions[name](a, b)}, family="binary", kind="i64")
                       for name in ("add", "sub", "mul", "min", "max", "eq", "ne", "lt", "le", "gt", "ge")]


def logic():
    """Kleene's logic of pandas' nullable booleans."""
    states = [True, False, pd.NA]
    a = pd.array([p for p in states for _ in states], dtype="boolean")
    b = pd.array([q for _ in states for q in states], dtype="boolean")
    made = [case(name, PANDAS, {"a": a, "b": b}, {"y": y}, family="binary", kind="bool") for name, y in (("and", a & b), ("or", a | b), ("xor", a ^ b))]
    return [*made, case("not", PANDAS, {"x": a}, {"y": ~a}, family="unary")]


def lags():
    values = pd.Series([1.5, None, 3.0, -2.0, 0.25, 8.0, None, None, 1.0, 4.5, -6.0, 2.0], dtype="Float64")
    block = pd.Series(list("aaaabbbaabbb"))
    run = (block != block.shift()).cumsum()
    made = []
    for rows in (1, 2, 4):
        for blocks in (False, True):
            of = lambda f: values.groupby(run, group_keys=False).apply(f) if blocks else f(values)
            inputs = {"x": values} | ({"b": block} if blocks else {})
            made.append(case("lag", PANDAS, inputs, {"y": of(lambda s: s.shift(rows))}, family="lag", rows=rows, aggregate="none"))
            for name in ("sum", "mean", "min", "max", "median"):
                window = lambda s: getattr(s.astype("float64").shift(1).rolling(rows, min_periods=1), name)().astype("Float64")
                made.append(case("lag", PANDAS, inputs, {"y": [None if v is pd.NA or v != v else v for v in of(window)]}, family="lag", rows=rows, aggregate=name))
    return made


def casts():
    """Between kinds: numpy within the range of the result, beyond it and for NaN the Java language (JLS 5.1.3), which says
    what C leaves open."""
    if not jpype.isJVMStarted():
        jpype.startJVM()
    whole = lambda v: int(jpype.JClass("java.lang.Double").valueOf(float(v)).longValue())
    x = np.array([0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 1e-320, 16777217.0, 0.1, 1e300, -1e300, 3.4028235677973366e38, 9.2e18, 9.3e18, -9.3e18,
                  np.inf, -np.inf, np.nan, 1 + 2**-24, 1 + 2**-23 + 2**-24])
    n = np.array([0, 1, -1, 2**24 + 1, 2**53 + 1, 2**53 + 3, -(2**62) - 1, 2**63 - 1, -(2**63)])
    b = np.array([False, True])
    made = []
    with np.errstate(all="ignore"):
        for kind, values in (("f64", x), ("f32", x.astype(np.float32)), ("i64", n), ("bool", b)):
            for to, dtype in (("f32", np.float32), ("f64", np.float64), ("i64", np.int64)):
                floats = kind in ("f32", "f64") and to == "i64"
                expected = [whole(v) for v in values] if floats else values.astype(dtype)
                if floats:
                    inside = np.abs(values.astype(np.float64)) < 2.0**63
                    assert all(whole(v) == int(v.astype(np.int64)) for v in values[inside])
                by = f"{NUMPY}, Java {jpype.JClass('java.lang.System').getProperty('java.version')}" if floats else NUMPY
                made.append(case("cast", by, {"x": values}, {"y": expected}, family="cast", kind=kind, to=to))
    return made


if __name__ == "__main__":
    with open(HERE / "plain.json", "w", newline="\n") as file:
        file.write("[\n" + ",\n".join(json.dumps(c) for c in [*of_one(), *of_two(), *logic(), *lags(), *casts()]) + "\n]\n")
