"""The interpreter on whole networks beside onnxruntime: milliseconds and the largest difference.

    python tests/bench/network.py BINARY [ROUNDS [THREADS]]

BINARY is that of `cargo bench -p holdall-exec --bench network --no-run`. The networks find, turn and read
lines of text: they lie in rapidocr-onnxruntime 1.4.4 (`pip install --no-deps`). The other packages are those of
tests/peers/requirements/onnx-1.31.1.txt. Prints Markdown.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

NETWORKS = [
    ("ch_ppocr_mobile_v2.0_cls_infer", (1, 3, 48, 192)),
    ("ch_PP-OCRv4_det_infer", (1, 3, 320, 320)),
    ("ch_PP-OCRv4_rec_infer", (1, 3, 48, 320)),
]


def main():
    binary = sys.argv[1]
    rounds, threads = [int(word) for word in sys.argv[2:4]] + [5, 1][len(sys.argv[2:4]):]
    package = importlib.util.find_spec("rapidocr_onnxruntime").submodule_search_locations[0]
    models = Path(package) / "models"
    print(f"load {os.getloadavg()[0]:.1f}, {threads} threads\n")
    print("| network | holdall, ms | onnxruntime, ms | ratio | largest difference |\n|---|---|---|---|---|")
    for name, shape in NETWORKS:
        model = models / f"{name}.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
        given = session.get_inputs()[0]
        x = np.random.default_rng(7).standard_normal(shape).astype(np.float32)
        theirs = []
        for _ in range(rounds):
            start = time.perf_counter()
            expected = session.run(None, {given.name: x})[0]
            theirs.append((time.perf_counter() - start) * 1e3)
        with tempfile.TemporaryDirectory() as scratch:
            source, target = Path(scratch) / "x", Path(scratch) / "y"
            source.write_bytes(x.tobytes())
            done = subprocess.run([binary, model, ",".join(map(str, shape)), source, target, str(rounds)], check=True,
                                  capture_output=True, text=True, env=dict(os.environ, RAYON_NUM_THREADS=str(threads)))
            made = np.frombuffer(target.read_bytes(), np.float32).reshape(expected.shape)
        ours = statistics.median(float(line) for line in done.stdout.split())
        other = statistics.median(theirs)
        most = np.abs(made - expected).max()
        print(f"| {name} | {ours:.1f} | {other:.1f} | {ours / other:.1f} | {most:.1e} |")


if __name__ == "__main__":
    main()
