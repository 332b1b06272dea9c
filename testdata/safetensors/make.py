"""Two files of the safetensors library, and files with one defect each in bad/.

    python3.11 -m venv env && env/bin/pip install -r requirements.txt && env/bin/python make.py
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import load, save

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

BAD = {}


def good(name, tensors, metadata, note):
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    raw = save(tensors, metadata=metadata)
    (folder / "model.safetensors").write_bytes(raw)
    read = load(raw)
    listing = {
        "metadata": metadata or {},
        "tensors": {
            key: {
                "dtype": str(value.dtype),
                "shape": list(value.shape),
                "sha256": hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest(),
            }
            for key, value in sorted(read.items())
        },
    }
    (folder / "expected.json").write_text(json.dumps(listing, indent=2, ensure_ascii=False) + "\n")
    keys = {
        "producer": "safetensors", "task": "weights", "models": ["model.safetensors"],
        "licence": fixture.LICENCE, "note": note,
    }
    versions = {"safetensors": safetensors.__version__, "numpy": np.__version__}
    fixture.write_case(folder, keys, versions)


def bad(name, code, note, header, data=b"", length=None):
    if not isinstance(header, bytes):
        header = json.dumps(header, separators=(",", ":")).encode()
    raw = struct.pack("<Q", len(header) if length is None else length) + header + data
    write_bad(name, code, note, raw)


def write_bad(name, code, note, raw):
    (HERE / "bad" / name).write_bytes(raw)
    try:
        load(raw)
    except Exception as error:  # noqa: BLE001 - what the library says is the point
        BAD[name] = (code, note, f"{error}")
    else:
        BAD[name] = (code, note, "accepted")


def entry(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def main():
    rng = np.random.default_rng(0)
    good(
        "mlp",
        {
            "layer.0.weight": rng.normal(size=(8, 4)).astype(np.float32),
            "layer.0.bias": rng.normal(size=8).astype(np.float32),
            "layer.1.weight": rng.normal(size=(2, 8)).astype(np.float32),
            "layer.1.bias": np.zeros(2, dtype=np.float32),
        },
        {"format": "np"},
        "weights of two dense layers",
    )
    good(
        "types",
        {
            "f64": np.array([1.5, -0.0, np.inf, np.nan]),
            "f16": np.arange(6, dtype=np.float16).reshape(2, 3),
            "i64": np.array([-(2**63), 2**63 - 1]),
            "i8": np.array([-128, 127], dtype=np.int8),
            "u8": np.arange(3, dtype=np.uint8),
            "bool": np.array([True, False]),
            "scalar": np.array(7, dtype=np.int32),
            "empty": np.zeros((0, 5), dtype=np.float32),
            "größe/ä": np.ones(1, dtype=np.float32),
        },
        None,
        "every kind of number numpy has, a scalar, an empty tensor, a name beyond ASCII, no metadata",
    )

    (HERE / "bad").mkdir(exist_ok=True)
    four = entry("F32", [1], 0, 4)
    bad("header_too_long.safetensors", "header length", "header length beyond the end of the file", {"a": four}, b"\0" * 4, length=1_000)
    bad("header_huge.safetensors", "header length", "header length 2^60", {"a": four}, b"\0" * 4, length=1 << 60)
    bad("overlap.safetensors", "overlap", "two tensors share bytes", {"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, b"\0" * 12)
    bad("hole.safetensors", "hole", "bytes between two tensors belong to none", {"a": four, "b": entry("F32", [1], 8, 12)}, b"\0" * 12)
    bad("wrong_size.safetensors", "size", "shape and type need 16 bytes, offsets give 8", {"a": entry("F64", [2], 0, 8)}, b"\0" * 8)
    bad("overflow.safetensors", "size", "the product of the shape wraps around 64 bits", {"a": entry("F32", [1 << 62, 4, 1 << 2], 0, 0)})
    bad("truncated.safetensors", "truncated", "the data ends early", {"a": entry("F32", [4], 0, 16)}, b"\0" * 10)
    bad("trailing.safetensors", "trailing", "bytes behind the last tensor", {"a": four}, b"\0" * 9)
    bad("backwards.safetensors", "offsets", "the end lies before the start", {"a": entry("F32", [1], 4, 0)}, b"\0" * 4)
    bad("unknown_type.safetensors", "dtype", "an element type nobody knows", {"a": entry("Q7", [1], 0, 4)}, b"\0" * 4)
    bad("not_json.safetensors", "header", "the header is no JSON", b"{\"a\": ", b"\0" * 4)
    bad("duplicate_name.safetensors", "duplicate", "one name twice", b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', b"\0" * 8)
    bad("negative_shape.safetensors", "shape", "a negative dimension", b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', b"\0" * 4)
    write_bad("short.safetensors", "truncated", "five bytes", b"\x08\0\0\0\0")
    write_bad("empty.safetensors", "truncated", "no byte at all", b"")
    lines = ["# One defect a file. `library` is what the safetensors library says, for comparison."]
    for name in sorted(BAD):
        code, note, library = BAD[name]
        lines += ["", f"[{json.dumps(name)}]", 'verdict = "malformed"', f"defect = {json.dumps(code)}", f"note = {json.dumps(note)}", f"library = {json.dumps(library)}"]
    (HERE / "bad" / "cases.toml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
