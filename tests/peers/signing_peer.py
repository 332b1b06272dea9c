"""Signs with holdall and verifies with model_signing, and the other way round: keys on three curves,
certificates, encrypted keys, several signatures and attestations on one model.

After each good signature a file is changed, one is added, one is taken away, and another key or root is
tried: both programs must say no to each. Where holdall is stricter on purpose, that is checked as well.
`--speed MIB` times both programs, `sha256sum` and `openssl` on one file of that size and on 200 small ones.
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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


def make_chain(folder, curve, days=30, extended=ExtendedKeyUsageOID.CODE_SIGNING):
    """A root, an authority below it, and a certificate for a new key; `days` from yesterday on."""
    folder.mkdir(exist_ok=True)
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=40)

    def issue(subject, key, issuer, issuer_key, ca, end):
        usage = x509.KeyUsage(not ca, False, False, False, False, ca, False, False, False)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=end))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(usage, critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    keys = [ec.generate_private_key(curve()) for _ in range(3)]
    root = issue("Peer root", keys[0], "Peer root", keys[0], True, 400)
    middle = issue("Peer middle", keys[1], "Peer root", keys[0], True, 400)
    leaf = issue("Peer signer", keys[2], "Peer middle", keys[1], False, 40 + days)
    paths = {}
    for name, certificate in (("root", root), ("middle", middle), ("leaf", leaf)):
        paths[name] = folder / f"{name}.pem"
        paths[name].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths["key"] = folder / "leaf-key.pem"
    paths["key"].write_bytes(
        keys[2].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


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

    def sign_certificate(self, who, model, paths):
        if who == "holdall":
            certificates = ["--certificate", paths["leaf"], "--certificate", paths["middle"]]
            return self.call(self.holdall, "sign", model, "--key", paths["key"], *certificates)
        return self.call(
            self.theirs, "sign", "certificate", model, "--private_key", paths["key"],
            "--signing_certificate", paths["leaf"], "--certificate_chain", paths["middle"],
            "--signature", model / "model.sig",
        )

    def verify_certificate(self, who, model, root):
        if who == "holdall":
            return self.call(self.holdall, "verify", model, "--root", root)
        return self.call(
            self.theirs, "verify", "certificate", model, "--certificate_chain", root,
            "--signature", model / "model.sig",
        )


def check_certificates(programs, ways, line):
    for curve_name, curve in CURVES.items():
        for signer, verifier in ways:
            with tempfile.TemporaryDirectory() as scratch:
                scratch = Path(scratch)
                paths = make_chain(scratch / "good", curve)
                other = make_chain(scratch / "other", curve)
                model = scratch / "model"
                make_model(model)
                what = f"certificate {curve_name}: {signer} signs"
                status, text = programs.sign_certificate(signer, model, paths)
                line(what, status == 0, f"exit {status}: {text}")
                if status:
                    continue
                status, text = programs.verify_certificate(verifier, model, paths["root"])
                line(f"{what}, {verifier} verifies", status == 0, f"exit {status}: {text}")
                for who in dict.fromkeys((signer, verifier)):
                    status, text = programs.verify_certificate(who, model, other["root"])
                    line(f"{what}, another root: {who} says no", status != 0, f"exit {status}: {text}")
                    for damage, change in damages():
                        copy = scratch / f"{who} {damage}"
                        shutil.copytree(model, copy)
                        change(copy)
                        status, text = programs.verify_certificate(who, copy, paths["root"])
                        line(f"{what}, {damage}: {who} says no", status != 0, f"exit {status}: {text}")


def check_stricter(programs, line):
    """The reference accepts an expired certificate and one for a server; holdall accepts neither."""
    cases = {
        "expired": {"days": -20},
        "server": {"extended": ExtendedKeyUsageOID.SERVER_AUTH},
    }
    for case, options in cases.items():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            paths = make_chain(scratch / "chain", ec.SECP256R1, **options)
            model = scratch / "model"
            make_model(model)
            status, text = programs.sign_certificate("holdall", model, paths)
            line(f"certificate {case}: holdall does not sign", status == 2, f"exit {status}: {text}")
            programs.sign_certificate("model_signing", model, paths)
            status, text = programs.verify_certificate("model_signing", model, paths["root"])
            line(f"certificate {case}: model_signing accepts it", status == 0, f"exit {status}: {text}")
            status, text = programs.verify_certificate("holdall", model, paths["root"])
            line(f"certificate {case}: holdall says no", status == 1, f"exit {status}: {text}")


def check_encrypted(programs, line):
    for curve_name, curve in CURVES.items():
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            model, password = scratch / "model", scratch / "password"
            make_model(model)
            password.write_text("open sesame\n", encoding="utf-8")
            private, public = make_keys(scratch, curve, serialization.PrivateFormat.PKCS8)
            key = serialization.load_pem_private_key(private.read_bytes(), None)
            private.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                    serialization.BestAvailableEncryption(b"open sesame"),
                )
            )
            words = ["sign", model, "--key", private, "--password-file", password]
            status, text = programs.call(programs.holdall, *words)
            line(f"encrypted {curve_name}: holdall signs", status == 0, f"exit {status}: {text}")
            status, text = programs.verify("model_signing", model, public)
            line(f"encrypted {curve_name}: model_signing verifies", status == 0, f"exit {status}: {text}")
            made = scratch / "made.pem"
            words = ["--curve", curve_name.lower().replace("-", ""), "--password-file", password]
            programs.call(programs.holdall, "sign", "--generate-key", made, *words)
            loaded = serialization.load_pem_private_key(made.read_bytes(), b"open sesame")
            good = loaded.curve.name == curve.name
            line(f"encrypted {curve_name}: cryptography opens what holdall made", good, loaded.curve.name)


def check_several(programs, line):
    """Two signers, attestations beside: the reference verifies each signature, tampering is found by both."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        model = scratch / "model"
        make_model(model)
        pairs = []
        for name, curve in (("first", ec.SECP256R1), ("second", ec.SECP384R1)):
            (scratch / name).mkdir()
            pairs.append(make_keys(scratch / name, curve, serialization.PrivateFormat.PKCS8))
        bom = scratch / "bom.json"
        bom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6"}), encoding="utf-8")
        programs.call(programs.holdall, "sign", model, "--key", pairs[0][0])
        status, text = programs.call(programs.holdall, "sign", model, "--key", pairs[1][0], "--bom", bom)
        line("several: holdall signs twice and attests", status == 0, f"exit {status}: {text}")
        key_id = hashlib.sha256(pairs[1][1].read_bytes()).hexdigest()
        places = [model / "model.sig", model / "model.sig.d" / f"{key_id[:16]}.sig"]

        def verify_each(folder, expected):
            for number, ((_, public), place) in enumerate(zip(pairs, places)):
                status, text = programs.call(
                    programs.theirs, "verify", "key", folder, "--public_key", public,
                    "--signature", folder / place.relative_to(model),
                )
                good = (status == 0) == expected
                line(f"several: model_signing on signature {number + 1}", good, f"exit {status}: {text}")
            keys = [word for _, public in pairs for word in ("--key", public)]
            status, text = programs.call(
                programs.holdall, "verify", folder, *keys, "--threshold", "2"
            )
            good = status == (0 if expected else 1)
            line("several: holdall wants both", good, f"exit {status}: {text}")

        verify_each(model, True)
        copy = scratch / "copy"
        shutil.copytree(model, copy)
        (copy / "config.json").write_bytes(b"[]\n")
        verify_each(copy, False)


def check_speed(programs, mib):
    """Wall and CPU seconds of whole processes; the least of five runs, turn by turn."""
    import resource  # not on Windows, where only the checks run

    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        private, public = make_keys(scratch, ec.SECP256R1, serialization.PrivateFormat.PKCS8)
        for what, sizes in ((f"one file of {mib} MiB", [mib << 20]), ("200 files of 1 MiB", [1 << 20] * 200)):
            model = scratch / what.replace(" ", "-")
            model.mkdir()
            for index, size in enumerate(sizes):
                with open(model / f"{index:03}.bin", "wb") as file:
                    for _ in range(0, size, 1 << 18):
                        file.write(os.urandom(1 << 18))
            names = [str(model / f"{index:03}.bin") for index in range(len(sizes))]
            signature = scratch / "model.sig"
            commands = {
                "sha256sum": ["sha256sum", *names],
                "openssl dgst -sha256": ["openssl", "dgst", "-sha256", *names],
                "holdall sign": [programs.holdall, "sign", model, "--key", private, "--signature", signature],
                "holdall verify": [programs.holdall, "verify", model, "--key", public, "--signature", signature],
                "model_signing sign": [
                    programs.theirs, "sign", "key", model, "--private_key", private, "--signature", signature,
                ],
                "model_signing verify": [
                    programs.theirs, "verify", "key", model, "--public_key", public, "--signature", signature,
                ],
            }
            best = {}
            for _ in range(5):
                for name, words in commands.items():
                    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                    subprocess.run([*map(str, words)], capture_output=True, check=True)
                    wall = time.perf_counter() - start
                    after = resource.getrusage(resource.RUSAGE_CHILDREN)
                    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                    old = best.get(name, (wall, cpu))
                    best[name] = (min(wall, old[0]), min(cpu, old[1]))
            print(f"{what}; load {os.getloadavg()[0]:.1f}")
            for name, (wall, cpu) in best.items():
                print(f"  {name:<24} wall {wall:7.2f} s   CPU {cpu:7.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--self", action="store_true", help="model_signing against itself, without holdall")
    parser.add_argument("--speed", type=int, metavar="MIB", help="measure instead of checking")
    options = parser.parse_args()
    if not options.self and not shutil.which(options.holdall):
        sys.exit(f"no holdall at {options.holdall}: build it, or set HOLDALL")
    programs = Programs(options.holdall)
    ways = [("holdall", "model_signing"), ("model_signing", "holdall")]
    if options.self:
        ways = [("model_signing", "model_signing")]
    print(f"model_signing {importlib.metadata.version('model_signing')}")
    if options.speed:
        check_speed(programs, options.speed)
        return 0

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
    check_certificates(programs, ways, line)
    if not options.self:
        check_stricter(programs, line)
        check_encrypted(programs, line)
        check_several(programs, line)
    print("all agree" if not failed else f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
