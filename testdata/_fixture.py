"""What the make.py scripts share: rows that hit a model where it hurts, and one way to write a case.

Only numpy and the standard library; runs under every Python and numpy the scripts are pinned to.
"""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib

LICENCE = "Apache-2.0 OR MIT"


def number(value):
    """A number as text that reads back as the same number; f32 is widened first (exact)."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    value = float(value)
    return "" if np.isnan(value) else repr(value)


def cell(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else number(value)


def write_table(path, header, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        for row in rows:
            row = [cell(value) for value in row]
            # A row of one empty cell would be an empty line, which is no row to most readers.
            file.write('""\n') if row == [""] else out.writerow(row)


def read_table(path):
    """Header and columns. A column of numbers is a list of floats (empty: NaN), any other one a
    list of strings (empty: NaN)."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    columns = []
    for column in zip(*rows):
        try:
            columns.append([float(text) if text else float("nan") for text in column])
        except ValueError:
            columns.append([text if text else float("nan") for text in column])
    return header, columns


def neighbours(value, single):
    """The value and its neighbours one ULP away in f64 and in f32; `single`: only those that f32
    can hold."""
    near = np.float32(value)
    found = [float(near)]
    with np.errstate(over="ignore"):
        found += [float(np.nextafter(near, np.float32(side))) for side in (-np.inf, np.inf)]
    if not single:
        found += [float(value)]
        found += [float(np.nextafter(np.float64(value), side)) for side in (-np.inf, np.inf)]
    return list(dict.fromkeys(found))


def split_rows(base, splits, rng, single=False, most=12, fixed=()):
    """Rows that sit exactly on a threshold or one ULP beside it. `splits`: (column, threshold)."""
    splits = sorted({(int(column), float(threshold)) for column, threshold in splits})
    splits = [split for split in splits if np.isfinite(split[1]) and split[0] not in fixed]
    if len(splits) > most:
        splits = [splits[i] for i in sorted(rng.choice(len(splits), most, replace=False))]
    rows = []
    for index, (column, threshold) in enumerate(splits):
        for value in neighbours(threshold, single):
            row = np.array(base[index % len(base)], dtype=np.float64)
            row[column] = value
            rows.append(row)
    return rows


def edge_rows(width, large):
    """Zero of either sign, and values far outside of the training data, all columns and one."""
    rows = [np.zeros(width), np.full(width, -0.0), np.full(width, large), np.full(width, -large)]
    for column in range(min(width, 3)):
        for value in (0.0, -0.0, large, -large):
            row = np.linspace(-0.5, 0.5, width)
            row[column] = value
            rows.append(row)
    return rows


def blank(rows, rng, share=0.15):
    """The rows with some cells made missing, one row with all of them missing."""
    rows = np.array(rows, dtype=np.float64)
    rows[rng.random(rows.shape) < share] = np.nan
    rows[-1] = np.nan
    return rows


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def write_case(folder, keys, versions):
    """case.toml. The tables `refused` and `known` are kept by hand: they survive a new run."""
    path = Path(folder) / "case.toml"
    kept = tomllib.loads(path.read_text()) if path.exists() else {}
    lines = [f"{key} = {toml(value)}" for key, value in keys.items()]
    tables = {"versions": versions}
    tables["sha256"] = {
        name: hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()
        for name in keys["models"]
    }
    tables.update({name: kept[name] for name in ("refused", "known") if name in kept})
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f"{json.dumps(k) if '.' in k else k} = {toml(v)}" for k, v in table.items()]
    path.write_text("\n".join(lines) + "\n")


def classifier_header(classes):
    return ["label"] + [f"probability_{name}" for name in classes]


def numbered(stem, count):
    return [stem] if count == 1 and stem == "prediction" else [f"{stem}_{i}" for i in range(count)]
