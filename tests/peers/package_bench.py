"""How long packing, hashing and signing take beside the tools that do a part of it.

    python tests/peers/package_bench.py --size 4096 --signer VENV/bin/model_signing

Makes a folder with one large file and 200 small ones of random bytes, then runs each command several times,
one after the other in every round so that a busy machine hits all of them alike, and prints seconds of wall
clock and of CPU (user and system, with children): the median, and the range. Nothing is measured before the
files are in the page cache. Standard library only.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def measure(command, cwd):
    """Wall and CPU seconds of a shell command that must succeed."""
    before, start = os.times(), time.monotonic()
    done = subprocess.run(["sh", "-c", command], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.monotonic() - start, os.times()
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode(errors='replace')}")
    user = after.children_user - before.children_user
    return wall, user + after.children_system - before.children_system


def peak(command, cwd):
    """Largest resident memory in MiB, by GNU time when it is there."""
    if not shutil.which("/usr/bin/time"):
        return "–"
    done = subprocess.run(["/usr/bin/time", "-f", "%M", "sh", "-c", command], cwd=cwd, capture_output=True, text=True)
    return f"{int(done.stderr.strip().splitlines()[-1]) / 1024:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--size", type=int, default=1024, help="MiB of the large file")
    parser.add_argument("--small", type=int, default=200, help="number of files of 64 KiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--signer", help="the program model_signing of the reference signer")
    parser.add_argument("--without", nargs="*", default=[], help="leave out commands with one of these words in their name")
    parser.add_argument("--folder", type=Path, help="where to work; the disk that is measured")
    options = parser.parse_args()
    holdall = str(Path(options.holdall).resolve())
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        scratch = Path(scratch)
        example = ROOT / "examples" / "breast_cancer" / "model.joblib"
        subprocess.run([holdall, "pack", example, "-o", scratch / "m", "-q"], check=True, stdout=subprocess.DEVNULL)
        model = scratch / "m"
        with (model / "weights.bin").open("wb") as file:
            for _ in range(options.size):
                file.write(os.urandom(1 << 20))
        for index in range(options.small):
            (model / f"part-{index:03}.bin").write_bytes(os.urandom(1 << 16))
        # A whole package, so that it can be verified as well.
        subprocess.run([holdall, "pack", model, "-o", scratch / "w", "-q"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(model)
        (scratch / "w").rename(model)
        subprocess.run([holdall, "sign", "--generate-key", "key.pem"], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        everything = "find m -type f -print0 | xargs -0"
        commands = [
            ("`sha256sum`", f"{everything} sha256sum > sums"),
            ("`openssl dgst -sha256`", f"{everything} openssl dgst -sha256 > sums"),
            ("`cp -r`", "cp -r m copy"),
            ("`tar c`", "tar cf x.tar m"),
            ("`tar c`, then `sync` of the file", "tar cf x.tar m && sync x.tar"),
            ("`tar c \\| gzip`", "tar c m | gzip > x.tar.gz"),
            ("`holdall pack` zip, signed", f"{holdall} pack m -o x.holdall --key key.pem"),
            ("`holdall pack` tar, signed", f"{holdall} pack m -o y.tar --key key.pem"),
            ("`holdall pack` OCI layout, signed", f"{holdall} pack m -o x.oci --key key.pem"),
            ("`holdall pack` tar.gz, signed", f"{holdall} pack m -o y.tar.gz --key key.pem"),
            ("`holdall pack` zip, signed, `--reuse-digests`", f"{holdall} pack m -o r.holdall --key key.pem --reuse-digests"),
            ("`holdall sign` of the folder", f"{holdall} sign m --key key.pem"),
            ("`holdall verify` of the folder", f"{holdall} verify m --key key.pub"),
        ]
        if options.signer:
            sign = f"{Path(options.signer).resolve()} sign key m --private_key key.pem --signature ref.sig"
            commands.insert(6, ("reference signer", sign))
        commands = [(name, command) for name, command in commands if not any(word in name for word in options.without)]
        measure(f"{everything} cat > /dev/null", scratch)
        print(f"{options.size} MiB in one file, {options.small} files of 64 KiB; {options.rounds} rounds; "
              f"load before {os.getloadavg()[0]:.1f}", flush=True)
        found = {name: [] for name, _ in commands}
        for _ in range(options.rounds):
            for name, command in commands:
                found[name].append(measure(command, scratch))
                for left in ("x.tar", "x.tar.gz", "x.holdall", "r.holdall", "y.tar", "y.tar.gz", "ref.sig"):
                    (scratch / left).unlink(missing_ok=True)
                shutil.rmtree(scratch / "x.oci", ignore_errors=True)
                shutil.rmtree(scratch / "copy", ignore_errors=True)
        print(f"load after {os.getloadavg()[0]:.1f}\n\n| what | wall s, median (range) | CPU s, median (range) | peak MiB |\n|---|---|---|---|")
        for name, command in commands:
            wall, cpu = ([pair[side] for pair in found[name]] for side in (0, 1))
            cell = lambda s: f"{statistics.median(s):.2f} ({min(s):.2f}–{max(s):.2f})"
            memory = peak(command, scratch) if "holdall" in name or "reference" in name else ""
            for left in ("x.holdall", "r.holdall", "y.tar", "y.tar.gz", "ref.sig"):
                (scratch / left).unlink(missing_ok=True)
            shutil.rmtree(scratch / "x.oci", ignore_errors=True)
            print(f"| {name} | {cell(wall)} | {cell(cpu)} | {memory} |")


if __name__ == "__main__":
    main()
