"""`prove --runtime`: the interpreter against a real onnxruntime, on every fixture converted to ONNX.

Needs a holdall that was built with `--features runtime`. The library is that of the installed wheel.
"""

import sys
import tempfile
from pathlib import Path

import onnxruntime
from _peers import ROOT, Refused, arguments, cases, convert, holdall


def library():
    place = Path(onnxruntime.__file__).parent / "capi"
    found = sorted(place.glob("libonnxruntime.so*")) or sorted(place.glob("libonnxruntime*.dylib"))
    if not found:
        sys.exit(f"the wheel of {onnxruntime.__version__} carries no library as a file")
    return found[0]


def main():
    options = arguments(__doc__).parse_args()
    lib, failed, counts = library(), 0, {}
    print(f"onnxruntime {onnxruntime.__version__}: {lib.name}")
    with tempfile.TemporaryDirectory() as scratch:
        # What is no library, and a process that ends, are failures like others.
        model = next(iter(sorted((options.testdata / "onnx").glob("*/model.onnx"))))
        rows = model.parent / "inputs.csv"
        for wrong in (ROOT / "Cargo.toml", Path(scratch) / "nothing.so"):
            done = holdall(options, "score", model, "--rows", rows, "--out", "-", "--runtime", wrong)
            if done.returncode != 2 or "error:" not in done.stderr:
                failed += 1
                print(f"FAIL {wrong.name} as a library: exit status {done.returncode}")
        for name, folder, keys, source in cases(options):
            target = Path(scratch) / (name.replace("/", "_").replace(" ", "_") + ".onnx")
            try:
                convert(options, source, target)
            except Refused:
                counts["not converted"] = counts.get("not converted", 0) + 1
                continue
            done = holdall(options, "prove", target, target, "--rows", folder / "inputs.csv", "--runtime", lib)
            result = {0: "alike", 1: "different"}.get(done.returncode, "FAIL")
            counts[result] = counts.get(result, 0) + 1
            if result != "alike":
                text = (done.stdout.strip() or done.stderr.strip()).splitlines()
                print(f"{name:<44} {result:<10} {text[-1] if text else ''}", flush=True)
            failed += result == "FAIL"
    print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
