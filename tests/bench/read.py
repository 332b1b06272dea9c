"""Reads the models of train.py with holdall and with the libraries that wrote them, side by side.

    python3.11 -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python train.py FOLDER && env/bin/python read.py FOLDER --holdall ../../target/release/holdall

Whole processes, from the file to a model that can answer: `holdall validate` beside a Python process that imports
the library and loads the file; the quickest of several runs, the slowest beside it. The library's loading alone,
without start-up and imports, is given as well. Prints a table in Markdown with the load average before and after.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

RUNS = 5


def load_xgboost(model):
    import xgboost

    start = time.perf_counter()
    xgboost.Booster(model_file=model)
    return time.perf_counter() - start


def load_lightgbm(model):
    import lightgbm

    start = time.perf_counter()
    lightgbm.Booster(model_file=model)
    return time.perf_counter() - start


def load_sklearn(model):
    import pickle

    import joblib
    import sklearn.ensemble  # noqa: F401

    start = time.perf_counter()
    if model.endswith(".joblib"):
        joblib.load(model)
    else:
        with open(model, "rb") as file:
            pickle.load(file)
    return time.perf_counter() - start


CASES = {
    "forest, 500 × depth 12, pickle": ("forest.pkl", load_sklearn, "scikit-learn"),
    "forest, 500 × depth 12, joblib": ("forest.joblib", load_sklearn, "scikit-learn"),
    "XGBoost, 1,000 × depth 8, JSON": ("xgboost.json", load_xgboost, "xgboost"),
    "XGBoost, 1,000 × depth 8, UBJ": ("xgboost.ubj", load_xgboost, "xgboost"),
    "LightGBM, 1,000 × 63 leaves, text": ("lightgbm.txt", load_lightgbm, "lightgbm"),
}


def complete(folder):
    """Writes the forms that train.py does not."""
    if not (folder / "xgboost.ubj").exists():
        import xgboost

        xgboost.Booster(model_file=folder / "xgboost.json").save_model(folder / "xgboost.ubj")
    if not (folder / "forest.pkl").exists():
        import pickle

        import joblib

        (folder / "forest.pkl").write_bytes(pickle.dumps(joblib.load(folder / "forest.joblib"), 5))


def measured(words):
    """Seconds, CPU seconds, peak memory in MiB and stdout of a process."""
    start = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{words} ended with status {status}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.decode().strip()


def nodes(holdall, model):
    said = json.loads(subprocess.run([holdall, "inspect", model, "--json"], check=True, capture_output=True).stdout)
    return said["summary"]["tree_nodes"]


def main():
    if sys.argv[1:2] == ["--complete"]:
        complete(pathlib.Path(sys.argv[2]))
        return
    if len(sys.argv) == 4 and sys.argv[1] == "--peer":
        print(CASES[sys.argv[2]][1](sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--holdall", default="target/release/holdall")
    options = parser.parse_args()
    # In a process of its own: a child's peak memory begins with that of its parent.
    subprocess.run([sys.executable, __file__, "--complete", options.folder], check=True)
    print(f"load average before: {os.getloadavg()[0]:.2f}")
    print("| model | reader | seconds (slowest) | CPU s | MB/s | million nodes/s | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    for name, (file, _, peer) in CASES.items():
        model = str(options.folder / file)
        size, count = os.path.getsize(model) / 1e6, nodes(options.holdall, model)
        turns = [
            ([options.holdall, "validate", model, "--quiet"], f"holdall | {size:.0f} MB, {count / 1e6:.2f} M nodes"),
            ([sys.executable, __file__, "--peer", name, model], f"{peer} |"),
        ]
        runs = [[], []]
        for _ in range(RUNS):
            for run, (words, _) in zip(runs, turns):
                run.append(measured(words))
        for run, (_, who) in zip(runs, turns):
            seconds, cpu, memory, said = min(run)
            who, _, what = who.partition(" |")
            first = f"{name} ({what.strip()})" if what.strip() else ""
            alone = "" if what.strip() else f" (loading alone {min(float(r[3]) for r in run):.3f} s)"
            print(
                f"| {first} | {who}{alone} | {seconds:.2f} ({max(r[0] for r in run):.2f}) | {cpu:.2f} "
                f"| {size / seconds:,.0f} | {count / seconds / 1e6:.2f} | {memory:.0f} |", flush=True
            )
    print(f"load average after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
