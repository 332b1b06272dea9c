"""Measures how fast a large PMML forest is loaded, and prints Markdown: `load_pmml.py FOLDER [--holdall PATH]`.

The first run trains a scikit-learn random forest and has `holdall convert` write it: 300 MB, one element a line,
with indents. Then every round runs, as whole processes one after another: `holdall inspect`, `holdall score` of
one row, Python's expat as a bare tokeniser, and the JPMML evaluator, which loads the document and scores the row.
Needs numpy, scikit-learn, pandas and jpmml_evaluator of `requirements.txt`, and a Java runtime for JPMML.
"""

import argparse
import importlib.metadata
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

FEATURES = 20
NAMES = [f"x{i}" for i in range(FEATURES)]
TREES = 106
TRAINING_ROWS = 26_000

EXPAT = """
import sys, xml.parsers.expat
parser = xml.parsers.expat.ParserCreate()
parser.buffer_text = True
with open(sys.argv[1], "rb") as file:
    parser.ParseFile(file)
"""

JPMML = """
import sys, jpmml_evaluator, pandas
evaluator = jpmml_evaluator.make_evaluator(sys.argv[1]).verify()
print(evaluator.evaluateAll(pandas.read_csv(sys.argv[2])).to_csv(index=False))
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where the document is, or is put")
    parser.add_argument("--holdall", type=pathlib.Path, default=pathlib.Path("target/release/holdall"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jpmml-rounds", type=int, default=1, help="0 leaves JPMML out")
    parser.add_argument("--trees", type=int, default=TREES, help="of a document that is still to be made")
    return parser.parse_args()


def make(args, document, row):
    """The forest as PMML, and one row of its features."""
    import joblib
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    x, y = make_classification(
        n_samples=TRAINING_ROWS, n_features=FEATURES, n_informative=12, n_redundant=4,
        n_clusters_per_class=8, flip_y=0.2, random_state=7,
    )
    forest = RandomForestClassifier(n_estimators=args.trees, random_state=7, n_jobs=2)
    forest.fit(x, y)
    model = args.folder / "forest.joblib"
    joblib.dump(forest, model)
    command = [args.holdall, "convert", model, document, "--allow", "approximate,drop", "--quiet"]
    subprocess.run(command, check=True)
    row.write_text(",".join(NAMES) + "\n" + ",".join(repr(float(v)) for v in x[0]) + "\n")


def run(command):
    """Seconds, processor seconds, peak MiB and output of a process."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.decode()


def cell(values, digits):
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def main():
    args = arguments()
    args.holdall = args.holdall.resolve()
    args.folder.mkdir(parents=True, exist_ok=True)
    document, row = args.folder / "forest.pmml", args.folder / "row.csv"
    if not document.exists() or not row.exists():
        make(args, document, row)
    programs = {
        "`holdall inspect`": ([args.holdall, "inspect", document, "--json"], args.rounds),
        "`holdall score`, one row": ([args.holdall, "score", document, "--rows", row, "--out", "-", "--by-position", "--quiet"], args.rounds),
        "expat, tokens alone": ([sys.executable, "-c", EXPAT, document], args.rounds),
        "JPMML evaluator, one row": ([sys.executable, "-c", JPMML, document, row], args.jpmml_rounds),
    }
    measured, load = {name: [] for name in programs}, []
    for turn in range(max(args.rounds, args.jpmml_rounds)):
        load.append(os.getloadavg()[0])
        for name, (command, rounds) in programs.items():
            if turn < rounds:
                measured[name].append(run(command))
                print(name, *(round(value, 2) for value in measured[name][-1][:3]), file=sys.stderr, flush=True)
    size = document.stat().st_size
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("scikit-learn", "jpmml_evaluator"))
    print(f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; Python {platform.python_version()}, {versions}.")
    print(f"{size / 1e6:,.0f} MB ({size / 2**20:,.0f} MiB). Load averages: {', '.join(f'{value:.1f}' for value in load)}.\n")
    print("| whole process | rounds | wall s, median (range) | CPU s, median (range) | peak MiB |\n|---|---|---|---|---|")
    for name, runs in measured.items():
        if runs:
            wall, processor, memory = ([run[i] for run in runs] for i in range(3))
            print(f"| {name} | {len(runs)} | {cell(wall, 2)} | {cell(processor, 2)} | {max(memory):,.0f} |")


if __name__ == "__main__":
    main()
