"""Signs with holdall and verifies with model_signing, and the other way round, on three curves.

After each good signature a file is changed, one is added, one is taken away, and another key is
tried: both programs must say no to each.
"""

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
FILES = {
    "model.bin": bytes(range(256)) * 64,
    "a-b.bin": b"sorts before a/b.bin by name and after it by component",
    "a/b.bin": b"nested",
    "a/.hidden": b"hidden",
    "empty.bin": b"",
    "config.json": b"{}\n",
    "gr\u00f6\u00dfe.txt": "beyond ASCII\n".encode(),
}


def make_keys(folder, curve, form):
    key = ec.generate_private_key(curve())
    private, public = folder / "key.pem", folder / "public.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def make_model(folder):
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def damages():
    yield "changed file", lambda model: (model / "a/b.bin").write_bytes(b"Nested")
    yield "added file", lambda model: (model / "extra.bin").write_bytes(b"x")
    yield "removed file", lambda model: (model / "config.json").unlink()
    yield "changed signature", damage_signature


def damage_signature(model):
    path = model / "model.sig"
    text = path.read_text(encoding="utf-8")
    at = text.index('"sig"') + len('"sig"')
    at = text.index('"', at) + 12  # inside of the base64 of r
    path.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:], encoding="utf-8")


class Programs:
    def __init__(self, holdall):
        self.holdall = holdall
        scripts = Path(sysconfig.get_path("scripts"))
        self.theirs = scripts / ("model_signing.exe" if os.name == "nt" else "model_signing")

    def call(self, *words):
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=120)
        lines = (done.stderr or done.stdout).strip().splitlines() or [""]
        return done.returncode, lines[-1]

    def sign(self, who, model, key):
        if who == "holdall":
            return self.call(self.holdall, "sign", model, "--key", key)
        signature = model / "model.sig"
        return self.call(self.theirs, "sign", "key", model, "--private_key", key, "--signature", signature)

    def verify(self, who, model, key):
        if who == "holdall":
            return self.call(self.holdall, "verify", model, "--key", key)
        signature = model / "model.sig"
        return self.call(self.theirs, "verify", "key", model, "--public_key", key, "--signature", signature)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--self", action="store_true", help="model_signing against itself, without holdall")
    options = parser.parse_args()
    if not options.self and not shutil.which(options.holdall):
        sys.exit(f"no holdall at {options.holdall}: build it, or set HOLDALL")
    programs = Programs(options.holdall)
    ways = [("holdall", "model_signing"), ("model_signing", "holdall")]
    if options.self:
        ways = [("model_signing", "model_signing")]
    print(f"model_signing {importlib.metadata.version('model_signing')}")

    failed = 0

    def line(what, good, text):
        nonlocal failed
        failed += not good
        print(f"{what:<66} {'ok' if good else 'FAIL':<5} {'' if good else text}", flush=True)

    forms = {
        "PKCS#8": serialization.PrivateFormat.PKCS8,
        "SEC1": serialization.PrivateFormat.TraditionalOpenSSL,
    }
    for curve_name, curve in CURVES.items():
        for form_name, form in forms.items():
            for signer, verifier in ways:
                with tempfile.TemporaryDirectory() as scratch:
                    scratch = Path(scratch)
                    private, public = make_keys(scratch, curve, form)
                    model = scratch / "model"
                    make_model(model)
                    what = f"{curve_name} {form_name}: {signer} signs"
                    status, text = programs.sign(signer, model, private)
                    good = status == 0 and (model / "model.sig").is_file()
                    line(what, good, f"exit {status}: {text}")
                    if not good:
                        continue
                    status, text = programs.verify(verifier, model, public)
                    line(f"{what}, {verifier} verifies", status == 0, f"exit {status}: {text}")
                    if form_name == "SEC1":
                        continue
                    (scratch / "other").mkdir()
                    _, other = make_keys(scratch / "other", curve, form)
                    for who in dict.fromkeys((signer, verifier)):
                        refused = 1 if who == "holdall" else None
                        status, text = programs.verify(who, model, other)
                        good = status == refused if refused else status != 0
                        line(f"{what}, another key: {who} says no", good, f"exit {status}: {text}")
                        for damage, change in damages():
                            copy = scratch / f"{who} {damage}"
                            shutil.copytree(model, copy)
                            change(copy)
                            status, text = programs.verify(who, copy, public)
                            good = status == refused if refused else status != 0
                            line(f"{what}, {damage}: {who} says no", good, f"exit {status}: {text}")
    print("all agree" if not failed else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
