#!/usr/bin/env python3
"""Inspects models of 4 GB: one with its weights inside, one with them in a file beside it.

    python3 tests/bench/inspect_large.py --holdall target/release/holdall [--rounds 5] [--folder DIR]

Needs onnx for the comparison with `onnx.load(load_external_data=False)` and 8 GB of disk; removes what it made.
Prints milliseconds of whole processes (start-up included; Python's without the import) and peak memory, best of the
rounds. Protobuf in Python takes no message of 2 GiB or more, so it cannot open the first file at all.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT, ROWS, COLUMNS = 125, 4096, 2000
BYTES = 4 * ROWS * COLUMNS
BLOCK = os.urandom(1 << 20)

LOAD = """
import resource, sys, time
import onnx
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
try:
    onnx.load(sys.argv[1], load_external_data=False)
    print(f"{(time.perf_counter() - start) * 1e3:.1f} {base} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}")
except Exception as error:
    print("refused", type(error).__name__, " ".join(str(error).split())[:80])
"""


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, body):
    return varint(field << 3 | 2) + varint(len(body)) + body


def entry(key, value):
    return message(13, message(1, key) + message(2, value))


def tensor(index, external):
    head = number(1, ROWS) + number(1, COLUMNS) + number(2, 1) + message(8, b"w%d" % index)
    if external:
        return head + entry(b"location", b"weights.bin") + entry(b"offset", b"%d" % (index * BYTES)) + \
            entry(b"length", b"%d" % BYTES) + number(14, 1), 0
    return head + varint(9 << 3 | 2) + varint(BYTES), BYTES


def value(name, width):
    dims = message(1, message(2, b"N")) + message(1, number(1, width))
    return message(1, name) + message(2, message(1, number(1, 1) + message(2, dims)))


def write(path, external):
    nodes = b"".join(
        message(1, message(1, b"x") + message(1, b"w%d" % i) + message(2, b"y%d" % i) + message(4, b"MatMul")) for i in range(COUNT))
    nodes += message(2, b"g") + message(11, value(b"x", ROWS))
    nodes += b"".join(message(12, value(b"y%d" % i, COLUMNS)) for i in range(COUNT))
    parts = [tensor(i, external) for i in range(COUNT)]
    length = len(nodes) + sum(len(varint(5 << 3 | 2)) + len(varint(len(head) + more)) + len(head) + more for head, more in parts)
    with open(path, "wb") as file:
        file.write(number(1, 8) + message(8, number(2, 17)) + varint(7 << 3 | 2) + varint(length) + nodes)
        for head, more in parts:
            file.write(varint(5 << 3 | 2) + varint(len(head) + more) + head)
            fill(file, more)


def fill(file, count):
    while count:
        file.write(BLOCK[:min(count, len(BLOCK))])
        count -= min(count, len(BLOCK))


def measure(command):
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command} ended with {status}")
    return (time.perf_counter() - start) * 1e3, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default="target/release/holdall")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go, and are removed from")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        inline, external = Path(folder, "inline.onnx"), Path(folder, "external.onnx")
        write(inline, False)
        write(external, True)
        with open(Path(folder, "weights.bin"), "wb") as file:
            fill(file, COUNT * BYTES)
        for path in (inline, external):
            runs = [measure([options.holdall, "inspect", path, "--json"]) for _ in range(options.rounds)]
            print(f"holdall inspect {path.name:<14} {path.stat().st_size / 1e9:6.3f} GB  {min(r[0] for r in runs):8.1f} ms  peak {min(r[1] for r in runs):6.1f} MiB")
            rounds = [subprocess.run([sys.executable, "-c", LOAD, path], capture_output=True, text=True).stdout.split() for _ in range(options.rounds)]
            if rounds[0][0] == "refused":
                print(f"onnx.load       {path.name:<14} {' '.join(rounds[0])}")
            else:
                best = min(rounds, key=lambda r: float(r[0]))
                print(f"onnx.load       {path.name:<14} {path.stat().st_size / 1e9:6.3f} GB  {float(best[0]):8.1f} ms  peak {int(best[2]) / 1024:6.1f} MiB (import alone {int(best[1]) / 1024:.1f})")


if __name__ == "__main__":
    main()
