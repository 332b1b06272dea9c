"""Measures how fast holdall and its peers score, and prints Markdown: see `run.py --help`.

Every round runs all programs one after another, so that other work on the machine meets them alike;
the best of all rounds counts. Needs `requirements.txt`; JPMML also a Java runtime.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
MODELS = {
    "xgboost": ("xgboost.json", "XGBoost, 1,000 trees of depth 8", "xgboost"),
    "lightgbm": ("lightgbm.txt", "LightGBM, 1,000 trees of 63 leaves", "lightgbm"),
    "forest": ("forest.joblib", "scikit-learn forest, 500 trees of depth 12", "sklearn"),
}
PACKAGES = ("xgboost", "lightgbm", "scikit-learn", "onnxruntime", "jpmml_evaluator", "numpy", "pyarrow")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where train.py has put models and rows")
    parser.add_argument("--holdall", type=pathlib.Path, default="target/release/holdall")
    parser.add_argument("--steady", type=pathlib.Path,
                        help="the bench program `steady` of tests/; by default the newest that was built beside holdall")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of a whole process")
    parser.add_argument("--steady-rows", type=int, default=100_000, help="rows that are in memory")
    parser.add_argument("--pmml-rows", type=int, default=10_000, help="rows for JPMML")
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--threads", nargs="*", type=int, default=[1, 2], help="of whole processes")
    parser.add_argument("--no-memory", action="store_true", help="leave rows in memory out")
    parser.add_argument("--no-pmml", action="store_true")
    return parser.parse_args()


def peak_of(process, peak):
    """Notes the peak of a process while it runs. What `wait4` says begins with the memory of this program, from which it was
    started."""
    status = pathlib.Path(f"/proc/{process.pid}/status")
    while process.returncode is None:
        try:
            lines = status.read_text().splitlines()
        except OSError:
            return
        found = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
        peak[:] = found or peak
        time.sleep(0.02)


def run(command):
    """Seconds, processor seconds, peak MiB and output of a process."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
    peak = [0.0]
    threading.Thread(target=peak_of, args=(process, peak), daemon=True).start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, peak[0], output.decode()


class Results:
    """All measured values of each figure."""

    def __init__(self):
        self.values = {}

    def add(self, key, value, memory=0.0):
        print(*key, round(value, 1), f"{memory:.0f} MiB" if memory else "", file=sys.stderr, flush=True)
        self.values.setdefault(key, []).append((value, memory))

    def best(self, key):
        return max(value for value, _ in self.values[key])

    def spread(self, key):
        values = [value for value, _ in self.values[key]]
        return 100 * (max(values) - min(values)) / max(values)

    def memory(self, key):
        return min(memory for _, memory in self.values[key])


def cut_rows(folder, most, work):
    """The first rows as CSV and as an array."""
    import numpy

    csv, npy = work / f"rows-{most}.csv", work / f"rows-{most}.npy"
    with open(folder / "rows.csv", encoding="utf-8") as whole, open(csv, "w", encoding="utf-8") as part:
        for _, line in zip(range(most + 1), whole):
            part.write(line)
    numpy.save(npy, numpy.load(folder / "rows.npy", mmap_mode="r")[:most])
    return csv, npy


def peers(folder, model):
    file, _, library = MODELS[model]
    return {library: folder / file, "onnxruntime": folder / f"{model}.onnx"}


def add_whole(results, key, rows, measured):
    seconds, processor, memory, _ = measured
    results.add((*key, "whole"), rows / seconds, memory)
    # Other work on the machine does not change how much processor a process takes.
    results.add((*key, "processor"), rows / processor, memory)


def whole(args, model, threads, rows, work, results):
    file = args.folder / MODELS[model][0]
    command = [args.holdall, "score", file, "--rows", rows, "--out", work / "out.csv", "--threads", threads]
    add_whole(results, (model, threads, "holdall"), args.rows, run([*command, "--quiet"]))
    for peer, path in peers(args.folder, model).items():
        command = [sys.executable, HERE / "peer.py", peer, path, rows, work / "out.csv", threads]
        add_whole(results, (model, threads, peer), args.rows, run(command))


def steady(args, model, rows, results):
    csv, npy = rows
    file = args.folder / MODELS[model][0]
    if args.steady:
        for line in run([args.steady, file, csv, args.steady_rows])[3].splitlines():
            said = json.loads(line)
            if "threads" in said:
                results.add((model, said["threads"], "holdall", "steady"), said["rows_per_second"])
            else:
                results.add((model, "single"), -said["single_row_microseconds"])
    for threads in (1, 2):
        for peer, path in peers(args.folder, model).items():
            command = [sys.executable, HERE / "peer.py", peer, path, npy, "-", threads, "steady"]
            said = json.loads(run(command)[3].splitlines()[-1])
            results.add((model, threads, peer, "steady"), said["rows_per_second"])


def pmml(args, model, rows, work, results):
    csv, npy = rows
    file = args.folder / f"{model}.pmml"
    if not file.exists():
        run([args.holdall, "convert", args.folder / MODELS[model][0], file, "--allow", "approximate", "--quiet"])
    command = [args.holdall, "score", file, "--rows", csv, "--out", work / "out.csv", "--threads", 1]
    # JPMML takes seconds a thousand rows: the figures are of rates, and the number of rows is said with them.
    seconds, _, memory, _ = run([*command, "--by-position", "--quiet"])
    results.add((model, "pmml", "holdall", "whole"), args.pmml_rows / seconds, memory)
    if args.steady:
        said = json.loads(run([args.steady, file, csv, args.pmml_rows])[3].splitlines()[0])
        results.add((model, "pmml", "holdall", "steady"), said["rows_per_second"])
    command = [sys.executable, HERE / "peer.py", "jpmml", file, npy, "-", 1, "steady"]
    _, _, memory, output = run(command)
    said = json.loads(output.splitlines()[-1])
    results.add((model, "pmml", "jpmml", "steady"), said["rows_per_second"], memory)


def thousands(value):
    if value < 100:
        return f"{value / 1000:,.3f}"
    return f"{value / 1000:,.1f}" if value < 100_000 else f"{value / 1000:,.0f}"


def table(args, results, how, title):
    if not any(key[2:] == ("holdall", how) for key in results.values):
        return
    print(f"\n{title}\n")
    print("| model | threads | holdall | " + "producing library | onnxruntime | best peer × | MiB: holdall, library, onnxruntime |"
          if how == "whole" else
          "| model | threads | holdall | producing library | onnxruntime | best peer × |")
    print("|---|---|---|---|---|---|" + ("---|" if how == "whole" else ""))
    for model in args.models:
        library = MODELS[model][2]
        for threads in (1, 2):
            keys = [(model, threads, name, how) for name in ("holdall", library, "onnxruntime")]
            if any(key not in results.values for key in keys):
                continue
            rates = [results.best(key) for key in keys]
            cells = [f"{thousands(rate)} ± {results.spread(key):.0f} %" for rate, key in zip(rates, keys)]
            line = [MODELS[model][1], str(threads), *cells, f"{rates[0] / max(rates[1:]):.1f}"]
            if how == "whole":
                line.append(", ".join(f"{results.memory(key):,.0f}" for key in keys))
            print("| " + " | ".join(line) + " |")


def report(args, results, load):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "?")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    print(f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; Python {platform.python_version()}, {versions}.")
    print(f"Best of {args.rounds} rounds, in thousands of rows a second; ± is how far the worst round was below.")
    print(f"Load averages during the rounds: {', '.join(f'{value:.1f}' for value in load)}.")
    table(args, results, "whole", f"Whole processes: {args.rows:,} rows of CSV in, CSV out.")
    table(args, results, "processor", "The same, in thousands of rows for each second of processor time.")
    if not args.no_memory:
        table(args, results, "steady", f"{args.steady_rows:,} rows in memory, scored again and again.")
    singles = [model for model in args.models if (model, "single") in results.values]
    if singles:
        print("\nOne row by itself, in memory, in microseconds: " + ", ".join(
            f"{MODELS[model][1]} {-results.best((model, 'single')):.1f}" for model in singles) + ".")
    if not args.no_pmml:
        print(f"\nPMML, {args.pmml_rows:,} rows in memory on one thread (holdall's whole process beside it).\n")
        print("| model | holdall | JPMML | × | holdall, whole process | MiB: holdall, JPMML |\n|---|---|---|---|---|---|")
        for model in args.models:
            ours, theirs, process = ((model, "pmml", *rest) for rest in (("holdall", "steady"), ("jpmml", "steady"), ("holdall", "whole")))
            said = lambda key: f"{thousands(results.best(key))} ± {results.spread(key):.0f} %" if key in results.values else "–"
            cells = [said(ours), said(theirs), f"{results.best(ours) / results.best(theirs):.0f}" if ours in results.values else "–", said(process),
                     f"{results.memory(process):,.0f}, {results.memory(theirs):,.0f}"]
            print(f"| {MODELS[model][1]} | " + " | ".join(cells) + " |")


def main():
    args = arguments()
    if not args.no_pmml and not shutil.which("java"):
        sys.exit("no java: install a Java runtime, or give --no-pmml")
    if not args.steady:
        built = [path for path in args.holdall.parent.glob("deps/steady-*") if not path.suffix and os.access(path, os.X_OK)]
        args.steady = max(built, key=lambda path: path.stat().st_mtime, default=None)
    if not args.steady:
        print("no `steady`: rows in memory are measured for the peers alone", file=sys.stderr)
    results, load = Results(), []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        rows, _ = cut_rows(args.folder, args.rows, work)
        in_memory = cut_rows(args.folder, args.steady_rows, work)
        few = cut_rows(args.folder, args.pmml_rows, work)
        for _ in range(args.rounds):
            for model in args.models:
                load.append(os.getloadavg()[0])
                if not args.no_memory:
                    steady(args, model, in_memory, results)
                for threads in args.threads:
                    whole(args, model, threads, rows, work, results)
                if not args.no_pmml:
                    pmml(args, model, few, work, results)
    report(args, results, load)


if __name__ == "__main__":
    main()
