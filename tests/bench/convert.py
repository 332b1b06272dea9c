"""Converts the models of train.py to ONNX with holdall and with the converters people use, side by side.

    python3.11 -m venv env && env/bin/pip install -r requirements.txt
    env/bin/python train.py FOLDER && env/bin/python convert.py FOLDER --holdall ../../target/release/holdall

Whole processes, start-up and imports included: seconds and peak memory of the quickest of several runs, the
slowest beside it, and the size of what is written. The peers' conversion alone, without imports and reading, is
given as well. Prints a table in Markdown with the load average before and after.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

RUNS = 3


def xgboost_peer(model, target):
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    booster = xgboost.XGBClassifier()
    booster.load_model(model)
    start = time.perf_counter()
    made = onnxmltools.convert_xgboost(booster, initial_types=[("X", FloatTensorType([None, 30]))])
    return write(made, target, start)


def lightgbm_peer(model, target):
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    booster = lightgbm.Booster(model_file=model)
    start = time.perf_counter()
    made = onnxmltools.convert_lightgbm(booster, initial_types=[("X", FloatTensorType([None, 30]))], zipmap=False)
    return write(made, target, start)


def forest_peer(model, target):
    import joblib
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType

    forest = joblib.load(model)
    start = time.perf_counter()
    types = [("X", FloatTensorType([None, 30]))]
    made = skl2onnx.convert_sklearn(forest, initial_types=types, options={"zipmap": False})
    return write(made, target, start)


def write(made, target, start):
    data = made.SerializeToString()
    pathlib.Path(target).write_bytes(data)
    return time.perf_counter() - start


CASES = {
    "XGBoost, 1,000 × depth 8": ("xgboost.json", xgboost_peer, "onnxmltools"),
    "LightGBM, 1,000 × 63 leaves": ("lightgbm.txt", lightgbm_peer, "onnxmltools"),
    "forest, 500 × depth 12": ("forest.joblib", forest_peer, "skl2onnx"),
}


def measured(words):
    """Seconds, peak memory in MiB and stdout of a process."""
    start = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{words[0]} ended with status {status}")
    return seconds, usage.ru_maxrss / 1024, said.decode()


def best(words, target):
    runs = [measured(words) for _ in range(RUNS)]
    seconds, memory, said = min(runs)
    return seconds, max(run[0] for run in runs), memory, os.path.getsize(target) / 2**20, said.strip()


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "--peer":
        print(CASES[sys.argv[2]][1](sys.argv[3], sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--holdall", default="target/release/holdall")
    options = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f}")
    print("| model | writer | seconds (slowest of 3) | peak MiB | file MiB |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for name, (file, _, peer) in CASES.items():
            model, target = str(options.folder / file), os.path.join(scratch, "m.onnx")
            theirs = best([sys.executable, __file__, "--peer", name, model, target], target)
            for form, to in (("", "onnx"), (", `sums=fast`", "onnx:sums=fast")):
                words = [options.holdall, "convert", model, target, "--to", to, "--allow", "approximate", "--quiet"]
                if os.path.exists(target):
                    os.remove(target)
                ours = best(words, target)
                print(f"| {name} | holdall{form} | {ours[0]:.2f} ({ours[1]:.2f}) | {ours[2]:.0f} | {ours[3]:.1f} |")
            alone = float(theirs[4].splitlines()[-1])
            print(
                f"| | {peer} (conversion alone {alone:.2f} s) | {theirs[0]:.2f} ({theirs[1]:.2f}) "
                f"| {theirs[2]:.0f} | {theirs[3]:.1f} |", flush=True
            )
    print(f"load average after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
