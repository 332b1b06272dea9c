"""Writes pickle streams by hand, opcode by opcode, and cases.toml with the verdict on each.

    python3.11 -m venv env && env/bin/pip install -r requirements.txt && env/bin/python make.py

Nothing here loads a dangerous stream: they are only written, and read by tools that do not run
them. What they would run is the printing of one word.
"""

import array
import collections
import datetime
import decimal
import fractions
import json
import pickle
import struct
import uuid
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
CASES = {}

WORD = "echo holdall"


def proto(version):
    return b"\x80" + bytes([version])


def text(value):
    """SHORT_BINUNICODE"""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module, attribute):
    """GLOBAL"""
    return f"c{module}\n{attribute}\n".encode()


def stack_name(module, attribute):
    """two strings and STACK_GLOBAL"""
    return text(module) + text(attribute) + b"\x93"


MARK, STOP, TUPLE, TUPLE1, TUPLE2, REDUCE, EMPTY_TUPLE = b"(", b".", b"t", b"\x85", b"\x86", b"R", b")"
DICT, EMPTY_DICT, SETITEM, SETITEMS, BUILD, POP, DUP = b"d", b"}", b"s", b"u", b"b", b"0", b"2"
MEMOIZE, NEWOBJ, NEWOBJ_EX, OBJ = b"\x94", b"\x81", b"\x92", b"o"


def put(file, verdict, note, raw):
    """One file and what a scan has to say about it."""
    (HERE / file).write_bytes(raw)
    assert file not in CASES
    CASES[file] = (verdict, note)


def dangerous():
    call = text(WORD) + TUPLE1 + REDUCE
    put("global.pkl", "dangerous", "GLOBAL os.system, REDUCE", proto(2) + name("os", "system") + b"X" + struct.pack("<I", len(WORD)) + WORD.encode() + TUPLE1 + REDUCE + STOP)
    put("global_p0.pkl", "dangerous", "protocol 0: text opcodes only", name("os", "system") + b"(V" + WORD.encode() + b"\ntR.")
    put("stack_global.pkl", "dangerous", "STACK_GLOBAL posix.system, REDUCE", proto(4) + stack_name("posix", "system") + call + STOP)
    put("stack_global_joined.pkl", "dangerous", "a dotted attribute: STACK_GLOBAL of os and path.os.system", proto(4) + stack_name("os", "path.os.system") + call + STOP)
    put("inst.pkl", "dangerous", "INST os system", b"(V" + WORD.encode() + b"\nios\nsystem\n.")
    put("obj.pkl", "dangerous", "OBJ with os.system as the class", b"(" + name("os", "system") + b"V" + WORD.encode() + b"\no.")
    put("newobj.pkl", "dangerous", "NEWOBJ with os.system as the class", proto(2) + name("os", "system") + text(WORD) + TUPLE1 + NEWOBJ + STOP)
    put("newobj_ex.pkl", "dangerous", "NEWOBJ_EX with subprocess.Popen", proto(4) + stack_name("subprocess", "Popen") + text(WORD) + TUPLE1 + EMPTY_DICT + text("shell") + b"\x88" + SETITEM + NEWOBJ_EX + STOP)
    put("eval.pkl", "dangerous", "builtins.eval of an expression", proto(4) + stack_name("builtins", "eval") + text("print('holdall')") + TUPLE1 + REDUCE + STOP)
    put("exec_python2.pkl", "dangerous", "__builtin__.eval, the name of Python 2, which loaders map", name("__builtin__", "eval") + b"(V" + b"print('holdall')" + b"\ntR.")
    put("build_setstate.pkl", "dangerous", "BUILD hands a state to an object whose __setstate__ the stream set to os.system",
        proto(4) + stack_name("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE + EMPTY_DICT + text("__setstate__") + stack_name("os", "system") + SETITEM + BUILD + text(WORD) + BUILD + STOP)
    put("getattr.pkl", "dangerous", "builtins.getattr on an imported module",
        proto(4) + stack_name("builtins", "getattr") + stack_name("builtins", "__import__") + text("os") + TUPLE1 + REDUCE + text("system") + TUPLE2 + REDUCE + call + STOP)
    put("attrgetter.pkl", "dangerous", "operator.attrgetter('system') of the module os",
        proto(4) + stack_name("operator", "attrgetter") + text("system") + TUPLE1 + REDUCE + stack_name("importlib", "import_module") + text("os") + TUPLE1 + REDUCE + TUPLE1 + REDUCE + call + STOP)
    put("resolve_name.pkl", "dangerous", "pkgutil.resolve_name: a name as a string",
        proto(4) + stack_name("pkgutil", "resolve_name") + text("os:system") + TUPLE1 + REDUCE + call + STOP)
    put("ctypes.pkl", "dangerous", "ctypes.CDLL loads a library", proto(4) + stack_name("ctypes", "CDLL") + text("libholdall-none.so") + TUPLE1 + REDUCE + STOP)
    put("numpy_dotted.pkl", "dangerous", "a dotted path inside of a package that models use",
        proto(4) + stack_name("numpy", "testing._private.utils.runstring") + text("print('holdall')") + EMPTY_DICT + TUPLE2 + REDUCE + STOP)
    put("numpy_load.pkl", "dangerous", "numpy.load reads another file, pickles included",
        proto(4) + stack_name("numpy", "load") + text("other.npy") + TUPLE1 + REDUCE + STOP)
    put("joblib_load.pkl", "dangerous", "joblib.load: the next pickle comes from elsewhere",
        proto(4) + stack_name("joblib", "load") + text("other.joblib") + TUPLE1 + REDUCE + STOP)
    put("memo_swap.pkl", "dangerous", "the name is put into the memo, overwritten there, and fetched: os.system comes out",
        proto(4) + stack_name("collections", "OrderedDict") + b"q\x01" + POP + stack_name("os", "system") + b"q\x01" + POP + b"h\x01" + call + STOP)
    put("memo_far.pkl", "dangerous", "module and attribute come out of the memo by LONG_BINGET",
        proto(4) + text("system") + b"r" + struct.pack("<I", 70000) + POP + text("os") + b"r" + struct.pack("<I", 70001) + POP + b"j" + struct.pack("<I", 70001) + b"j" + struct.pack("<I", 70000) + b"\x93" + call + STOP)
    put("dup_pop.pkl", "dangerous", "DUP, POP and POP_MARK around the name", proto(4) + stack_name("os", "system") + DUP + POP + MARK + stack_name("math", "sqrt") + b"1" + call + STOP)
    put("hidden_in_safe.pkl", "dangerous", "a dict of floats, one value of which is a call",
        proto(4) + EMPTY_DICT + MARK + text("a") + b"G" + struct.pack(">d", 1.5) + text("b") + stack_name("os", "system") + call + SETITEMS + STOP)
    put("dropped.pkl", "dangerous", "the result of the call is popped: what is left is None", proto(4) + stack_name("os", "system") + call + POP + b"N" + STOP)
    put("truncated_after_call.pkl", "dangerous", "ends right after the call, without STOP: a loader has run it by then", proto(4) + stack_name("os", "system") + call)
    put("broken_after_call.pkl", "dangerous", "an unknown opcode follows the call: a loader has run it by then", proto(4) + stack_name("os", "system") + call + b"\xff" + STOP)
    put("second_stream.pkl", "dangerous", "a safe stream, then another one behind its STOP", pickle.dumps({"a": 1.0}, 4) + proto(4) + stack_name("os", "system") + call + STOP)
    inner = proto(4) + stack_name("os", "system") + call + STOP
    put("nested_loads.pkl", "dangerous", "pickle.loads of bytes within", proto(4) + stack_name("pickle", "loads") + b"C" + bytes([len(inner)]) + inner + TUPLE1 + REDUCE + STOP)
    put("nested_inert.pkl", "review", "bytes that are a dangerous pickle themselves, and nothing that loads them", proto(4) + EMPTY_DICT + text("payload") + b"C" + bytes([len(inner)]) + inner + SETITEM + STOP)
    put("frames_lie.pkl", "dangerous", "FRAME says 3 bytes, the call lies beyond", proto(4) + b"\x95" + struct.pack("<Q", 3) + stack_name("os", "system") + call + STOP)
    put("computed_name.pkl", "dangerous", "the module name is the result of a call, not a constant",
        proto(4) + stack_name("builtins", "str") + text("os") + TUPLE1 + REDUCE + text("system") + b"\x93" + call + STOP)
    put("map_lazy.pkl", "dangerous", "builtins.map of os.system over a list, drained by builtins.list",
        proto(4) + stack_name("builtins", "list") + stack_name("builtins", "map") + stack_name("os", "system") + b"]" + text(WORD) + b"a" + TUPLE2 + REDUCE + TUPLE1 + REDUCE + STOP)
    put("partial.pkl", "dangerous", "functools.partial of os.system, then called",
        proto(4) + stack_name("functools", "partial") + stack_name("os", "system") + text(WORD) + TUPLE2 + REDUCE + EMPTY_TUPLE + REDUCE + STOP)
    put("class_only.pkl", "dangerous", "os.system is only named and kept, not called", proto(4) + stack_name("os", "system") + STOP)


def review():
    put("unknown_class.pkl", "review", "an object of a class nobody knows", proto(2) + name("mymodels", "Scorer") + EMPTY_TUPLE + NEWOBJ + EMPTY_DICT + text("w") + b"K\x05" + SETITEM + BUILD + STOP)
    put("unknown_call.pkl", "review", "a function nobody knows is called", proto(4) + stack_name("mymodels", "make") + text("x") + TUPLE1 + REDUCE + STOP)
    put("ext1.pkl", "dangerous", "EXT1: a code of the copyreg registry", proto(2) + b"\x82\x2a" + EMPTY_TUPLE + REDUCE + STOP)
    put("ext2.pkl", "dangerous", "EXT2", proto(2) + b"\x83" + struct.pack("<H", 4242) + EMPTY_TUPLE + REDUCE + STOP)
    put("ext4.pkl", "dangerous", "EXT4", proto(2) + b"\x84" + struct.pack("<i", 424242) + EMPTY_TUPLE + REDUCE + STOP)
    put("persistent_id.pkl", "review", "PERSID outside of torch", b"Pholdall\n.")
    put("persistent_bin.pkl", "review", "BINPERSID outside of torch", proto(2) + text("storage") + TUPLE1 + b"Q" + STOP)
    put("out_of_band.pkl", "review", "NEXT_BUFFER: the data is not in the file", proto(5) + b"\x97" + STOP)


def malformed():
    put("empty.pkl", "malformed", "no byte at all", b"")
    put("no_stop.pkl", "malformed", "ends without STOP, nothing called", proto(4) + EMPTY_DICT)
    put("bad_opcode.pkl", "malformed", "an unknown opcode, nothing called", proto(4) + EMPTY_DICT + b"\xfe" + STOP)
    put("underflow.pkl", "malformed", "REDUCE on an empty stack", proto(4) + REDUCE + STOP)
    put("no_mark.pkl", "malformed", "TUPLE without a mark", proto(4) + b"K\x01" + TUPLE + STOP)
    put("memo_missing.pkl", "malformed", "BINGET of a number never put", proto(4) + b"h\x09" + STOP)
    put("length_claim.pkl", "malformed", "BINBYTES8 claims 2^60 bytes", proto(4) + b"\x8e" + struct.pack("<Q", 1 << 60) + b"abc" + STOP)
    put("length_claim_text.pkl", "malformed", "BINUNICODE8 claims 2^60 bytes", proto(4) + b"\x8d" + struct.pack("<Q", 1 << 60) + b"abc" + STOP)
    put("length_claim_frame.pkl", "malformed", "FRAME claims 2^60 bytes", proto(4) + b"\x95" + struct.pack("<Q", 1 << 60) + b"N")
    put("length_negative.pkl", "malformed", "LONG4 claims -1 bytes", proto(2) + b"\x8b" + struct.pack("<i", -1) + STOP)
    put("bad_utf8.pkl", "malformed", "a text that is no UTF-8", proto(4) + b"\x8c\x02\xc3\x28" + STOP)
    put("bad_float.pkl", "malformed", "FLOAT of a word", b"Fholdall\n.")
    put("bad_proto.pkl", "malformed", "protocol 77", proto(77) + b"N" + STOP)
    put("setitems_odd.pkl", "malformed", "SETITEMS with an odd number of values", proto(4) + EMPTY_DICT + MARK + b"K\x01K\x02K\x03" + SETITEMS + STOP)
    put("not_a_pickle.pkl", "malformed", "a line of prose", b"This is not a pickle.\n")
    put("memo_huge_index.pkl", "review", "LONG_BINPUT at 2^32 - 1: CPython's memo is an array of that length, 64 GB", proto(2) + b"N" + b"r" + struct.pack("<I", 0xFFFFFFFF) + STOP)
    put("deep.pkl", "review", "lists nested 100 000 deep: past the budget of a reader, crashes recursive ones", proto(2) + b"]" * 100_000 + b"a" * 99_999 + STOP)
    sharing = proto(4) + b"]" + MEMOIZE + b"N" + b"a"
    for index in range(64):
        sharing += b"0" if index == 0 else b""
        sharing += b"]" + MEMOIZE + MARK + b"h" + bytes([index]) + b"h" + bytes([index]) + b"e"
        sharing += b"" if index == 63 else b"0"
    put("sharing.pkl", "safe", "each of 64 lists holds the one before twice: 2^64 paths, 65 objects", sharing + STOP)
    put("cycle.pkl", "safe", "a list that holds itself", proto(4) + b"]" + MEMOIZE + b"h\x00a" + STOP)
    digits = b"9" * 100_000
    put("long_digits.pkl", "review", "LONG in decimal with 100 000 digits: slow in quadratic readers, past the budget", b"L" + digits + b"L\n.")


def safe():
    for protocol in range(6):
        put(f"floats_p{protocol}.pkl", "safe", f"a dict of floats, protocol {protocol}",
            pickle.dumps({"a": 1.5, "b": -0.0, "c": float("inf"), "d": [1e308, 5e-324], "nan": float("nan")}, protocol))
    put("builtins.pkl", "safe", "every built-in type that needs no class",
        pickle.dumps([None, True, False, 0, -1, 255, 65536, 2**31, -(2**63), 2**200, "", "ä€𝄞", b"", b"\x00\xff", bytearray(b"ab"), (), (1,), (1, 2, 3, 4), {}, {1: {2: 3}}, set(), {1, 2}, frozenset({3}), complex(1, -2), range(1, 9, 2), slice(1, None, 2)], 5))
    put("datetime.pkl", "safe", "datetime, date, time, timedelta, timezone",
        pickle.dumps([datetime.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=datetime.timezone.utc), datetime.date(1999, 12, 31), datetime.time(1, 2, 3), datetime.timedelta(days=-1, seconds=5)], 4))
    put("ordered_dict.pkl", "safe", "collections.OrderedDict and defaultdict", pickle.dumps([collections.OrderedDict([("b", 1), ("a", 2)]), collections.defaultdict(list, {"k": [1]})], 4))
    put("counters.pkl", "safe", "Counter, deque, Decimal, Fraction, UUID, array",
        pickle.dumps([collections.Counter("abca"), collections.deque([1, 2], 5), decimal.Decimal("1.10"), fractions.Fraction(1, 3), uuid.UUID(int=5), array.array("d", [1.5])], 4))
    for protocol in (0, 2, 5):
        put(f"numpy_p{protocol}.pkl", "safe", f"NumPy arrays and scalars, protocol {protocol}",
            pickle.dumps({"f8": np.arange(6.0).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6, dtype="i4").reshape(2, 3)), "u1": np.arange(3, dtype="u1"), "text": np.array(["a", "bcd"]), "object": np.array(["x", 1, None], dtype=object), "big": np.arange(3, dtype=">f4"), "record": np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]), "scalar": np.float64(1.5), "bool": np.bool_(True), "empty": np.zeros((0, 4))}, protocol))


def main():
    for old in HERE.glob("*.pkl"):
        old.unlink()
    dangerous()
    review()
    malformed()
    safe()
    lines = ["# Written by make.py: what `holdall scan` says about each file."]
    for file in sorted(CASES):
        verdict, note = CASES[file]
        lines += ["", f"[{json.dumps(file)}]", f"verdict = {json.dumps(verdict)}", f"note = {json.dumps(note, ensure_ascii=False)}"]
    (HERE / "cases.toml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
