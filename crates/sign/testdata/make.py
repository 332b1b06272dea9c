"""Makes `made.json`: certificates, encrypted keys, and bundles in every form that the reference accepts.

Run in the environment of `tests/peers/requirements/signing.txt` with `openssl` at hand. Keys are made for
the purpose and thrown away; every bundle is verified by the reference before it is kept, except those
that say why not.
"""

import base64
import datetime
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import model_signing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from model_signing._signing import sign_sigstore_pb

FILES = {"config.json": "hello", "a-b.bin": "x" * 10, "a/b.bin": "y" * 7, "b/empty": "", "big.bin": "z" * 2500}
UTC = datetime.timezone.utc
START, END = datetime.datetime(2024, 1, 1, tzinfo=UTC), datetime.datetime(2034, 1, 1, tzinfo=UTC)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, *, ca=None, usage="sign", extended=None, start=START, end=END,
                path=None, mail=None, unknown=False, sign_with=None):
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big"))
        .not_valid_before(start).not_valid_after(end)
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=path), critical=True)
    if usage:
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=usage == "sign", content_commitment=False, key_encipherment=usage == "other",
                data_encipherment=False, key_agreement=False, key_cert_sign=usage == "ca", crl_sign=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if mail:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.RFC822Name(mail)]), critical=False
        )
    if unknown:
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, b"\x05\x00"), critical=True)
    return builder.sign(sign_with or issuer_key, hashes.SHA384())


def text(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def encrypted_keys():
    key = ec.generate_private_key(ec.SECP256R1())
    made = {"password": "open sesame", "public_key": public_pem(key)}
    plain = pem(key).encode()
    ways = {
        "pbkdf2-aes256": ["-v2", "aes-256-cbc"],
        "pbkdf2-sha512-aes128": ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
        "scrypt": ["-scrypt"],
        "pbes1-des": ["-v1", "PBE-SHA1-3DES"],
        "dear": ["-v2", "aes-256-cbc", "-iter", "20000000"],
    }
    for way, options in ways.items():
        # The dear one takes its time to make, too.
        done = subprocess.run(
            ["openssl", "pkcs8", "-topk8", *options, "-passout", f"pass:{made['password']}"],
            input=plain, capture_output=True, check=True,
        )
        made[way] = done.stdout.decode()
    made["python"] = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(made["password"].encode()),
    ).decode()
    made["traditional"] = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(made["password"].encode()),
    ).decode()
    return made


class Model:
    def __init__(self, folder):
        self.folder = folder / "model"
        for file, content in FILES.items():
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.scratch = folder

    def write(self, file, content):
        path = self.scratch / file
        path.write_text(content)
        return path

    def config(self, hashing):
        return model_signing.signing.Config().set_hashing_config(hashing)

    def sign_key(self, key, hashing=None):
        signature = self.scratch / "made.sig"
        config = self.config(hashing or model_signing.hashing.Config())
        config.use_elliptic_key_signer(private_key=self.write("key.pem", pem(key)))
        config.sign(self.folder, signature)
        return json.loads(signature.read_text())

    def verify_key(self, bundle, key):
        signature = self.write("made.sig", json.dumps(bundle))
        config = model_signing.verifying.Config()
        config.use_elliptic_key_verifier(public_key=self.write("key.pub", public_pem(key)))
        config.verify(self.folder, signature)

    def sign_certificate(self, key, leaf, chain):
        signature = self.scratch / "made.sig"
        config = self.config(model_signing.hashing.Config())
        config.use_certificate_signer(
            private_key=self.write("key.pem", pem(key)),
            signing_certificate=self.write("leaf.pem", text(leaf)),
            # 1.1.1 cannot sign without a chain: the certificate itself stands in and is taken out again.
            certificate_chain=[self.write("chain.pem", "".join(map(text, chain or [leaf])))],
        )
        config.sign(self.folder, signature)
        bundle = json.loads(signature.read_text())
        del bundle["verificationMaterial"]["x509CertificateChain"]["certificates"][1 + len(chain):]
        return bundle

    def verify_certificate(self, bundle, root):
        signature = self.write("made.sig", json.dumps(bundle))
        config = model_signing.verifying.Config()
        config.use_certificate_verifier(certificate_chain=[self.write("root.pem", text(root))])
        config.verify(self.folder, signature)


def certificates(model):
    root_key = ec.generate_private_key(ec.SECP384R1())
    middle_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP384R1())
    other = ec.generate_private_key(ec.SECP256R1())
    code = [ExtendedKeyUsageOID.CODE_SIGNING]
    root = certificate("Root", root_key, "Root", root_key, ca=True, usage="ca")
    middle = certificate("Middle", middle_key, "Root", root_key, ca=True, usage="ca", path=0)
    lower = certificate("Lower", other, "Middle", middle_key, ca=True, usage="ca")
    plain = certificate("Plain", other, "Root", root_key, ca=False, usage="sign")
    leaves = {
        "good": (certificate("Good", key, "Middle", middle_key, extended=code, mail="good@example.com"), [middle]),
        "usage-only": (certificate("Usage", key, "Middle", middle_key), [middle]),
        "extended-only": (certificate("Extended", key, "Middle", middle_key, usage=None, extended=code), [middle]),
        "comma": (certificate("Other,CN=Good", key, "Root", root_key), []),
        "direct": (certificate("Direct", key, "Root", root_key), []),
        "with-root": (certificate("Good", key, "Middle", middle_key, extended=code), [middle, root]),
        "expired": (
            certificate("Expired", key, "Middle", middle_key, end=START + datetime.timedelta(days=30)), [middle],
        ),
        "server": (
            certificate("Server", key, "Middle", middle_key, extended=[ExtendedKeyUsageOID.SERVER_AUTH]), [middle],
        ),
        "no-usage": (certificate("None", key, "Middle", middle_key, usage="other"), [middle]),
        "by-no-authority": (certificate("Below", key, "Plain", other), [plain]),
        "too-deep": (certificate("Deep", key, "Lower", other), [lower, middle]),
        "unknown-critical": (certificate("Unknown", key, "Middle", middle_key, unknown=True), [middle]),
        "forged": (certificate("Forged", key, "Middle", middle_key, sign_with=other), [middle]),
        "without-middle": (certificate("Good", key, "Middle", middle_key, extended=code), []),
    }
    # What this verifier refuses on purpose and the reference accepts.
    stricter = {"expired", "server"}
    made = {
        "root": text(root), "key": pem(key),
        "other_root": text(certificate("Root", other, "Root", other, ca=True, usage="ca")),
        "chains": {}, "bundles": {}, "reference_refuses": [],
    }
    for case, (leaf, chain) in leaves.items():
        made["chains"][case] = "".join(map(text, [leaf, *chain]))
        bundle = model.sign_certificate(key, leaf, chain)
        made["bundles"][case] = bundle
        try:
            model.verify_certificate(bundle, root)
        except Exception as error:  # noqa: BLE001 - whatever it says, it says no
            assert case not in stricter, (case, error)
            made["reference_refuses"].append(case)
    made["key_id"] = hashlib.sha256(public_pem(key).encode()).hexdigest()
    return made


def hashings(model, key):
    Config = model_signing.hashing.Config
    configs = {
        "files-blake2b": Config().use_file_serialization(hashing_algorithm="blake2"),
        "files-blake3": Config().use_file_serialization(hashing_algorithm="blake3"),
        "shards-sha256": Config().use_shard_serialization(hashing_algorithm="sha256", shard_size=1000),
        "shards-blake2b": Config().use_shard_serialization(hashing_algorithm="blake2", shard_size=1000),
        "shards-blake3": Config().use_shard_serialization(hashing_algorithm="blake3", shard_size=1000),
    }
    made = {}
    for case, config in configs.items():
        bundle = model.sign_key(key, config)
        signature = model.write("made.sig", json.dumps(bundle))
        verifier = model_signing.verifying.Config().set_hashing_config(config)
        verifier.use_elliptic_key_verifier(public_key=model.write("key.pub", public_pem(key)))
        verifier.verify(model.folder, signature)
        made[case] = bundle
    return made


def envelope(payload, key, pae, hash_algorithm):
    signature = key.sign(pae(payload), ec.ECDSA(hash_algorithm))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
    }


def legacy(model, key):
    """Forms from before v1.0. Nothing makes them any more; the functions of the reference that accept them
    say which bytes were signed."""
    now = model.sign_key(key)
    material = now["verificationMaterial"]
    payload = base64.b64decode(now["dsseEnvelope"]["payload"])
    without_hint = dict(material)
    raw = base64.b64encode(public_pem(key).encode()).decode()
    without_hint["publicKey"] = {"rawBytes": raw, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": file, "digest": {"sha256": hashlib.sha256(content.encode()).hexdigest()}}
            for file, content in sorted(FILES.items())
        ],
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API"},
    }
    old = json.dumps(statement, indent=2).encode()
    quoted = json.dumps({**statement, "note": "it's \\ \t \u00e9"}, ensure_ascii=False).encode()
    new, bug = sign_sigstore_pb.pae, sign_sigstore_pb.pae_compat
    bundles = {
        "without-hint": {**now, "verificationMaterial": without_hint},
        "old-bytes": {**now, "dsseEnvelope": envelope(payload, key, bug, hashes.SHA256())},
        "old-statement": {**now, "dsseEnvelope": envelope(old, key, new, hashes.SHA256())},
        "old-everything": {
            **now, "verificationMaterial": without_hint,
            "dsseEnvelope": envelope(old, key, bug, hashes.SHA256()),
        },
        "old-quotes": {**now, "dsseEnvelope": envelope(quoted, key, bug, hashes.SHA256())},
    }
    for bundle in bundles.values():
        model.verify_key(bundle, key)
    return bundles


def main():
    with tempfile.TemporaryDirectory() as scratch:
        model = Model(Path(scratch))
        key = ec.generate_private_key(ec.SECP256R1())
        made = {
            "producer": "model_signing 1.1.1, cryptography, openssl; see make.py",
            "files": FILES,
            "public_key": public_pem(key),
            "hashings": hashings(model, key),
            "legacy": legacy(model, key),
            "certificates": certificates(model),
            "encrypted_keys": encrypted_keys(),
        }
    path = Path(__file__).with_name("made.json")
    path.write_text(json.dumps(made, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
