"""Packages against the tools that others use: skopeo reads our OCI layout, published schemas and the SPDX
model judge our documents, tar, unzip and gzip read our archives, MLflow reads our folder, and zip64 is
real: a package of more than 4 GiB is written and read by two readers.

Standard library, jsonschema, referencing, pyyaml, mlflow-skinny, spdx-python-model. Schemas are read from
../shared/conformance/schemas beside the repository, or from --schemas.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import jsonschema
import yaml
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "breast_cancer"


class Check:
    def __init__(self, holdall, scratch):
        self.holdall, self.scratch, self.failed = holdall, scratch, 0

    def run(self, *words):
        done = subprocess.run([self.holdall, *map(str, words)], capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise AssertionError(f"holdall {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout

    def line(self, what, work):
        try:
            said = work()
        except Exception as error:  # every peer has errors of its own
            self.failed += 1
            print(f"FAIL {what}: {type(error).__name__}: {str(error)[:600]}", flush=True)
        else:
            print(f"ok   {what}{': ' + said if said else ''}", flush=True)


def validator(folder, name):
    schema = json.loads((folder / name).read_text(encoding="utf-8"))
    resources = []
    for path in folder.glob("*.json"):
        other = json.loads(path.read_text(encoding="utf-8"))
        resources += [(path.name, Resource.from_contents(other)), (other["$id"], Resource.from_contents(other))]
    # What our documents never hold; anything there would be refused.
    nothing = Resource.from_contents({"$schema": "http://json-schema.org/draft-07/schema#", "not": {}})
    registry = Registry(retrieve=lambda uri: nothing).with_resources(resources)
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, registry=registry, format_checker=jsonschema.FormatChecker())


def judge(folder, name, document):
    found = list(validator(folder, name).iter_errors(document))
    if found:
        raise AssertionError("; ".join(f"{'/'.join(map(str, e.path))}: {e.message[:160]}" for e in found[:5]))
    return name


def blob(layout, digest):
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def skopeo(layout, scratch):
    """skopeo reads the layout, and copies it into another one with the same blobs."""
    program = shutil.which("skopeo")
    if not program:
        raise AssertionError("there is no skopeo")
    run = lambda *words: subprocess.run([program, *words], capture_output=True, text=True, timeout=300)
    raw = run("inspect", "--raw", f"oci:{layout}")
    if raw.returncode:
        raise AssertionError(raw.stderr)
    manifest = json.loads(raw.stdout)
    copy = scratch / "copied"
    done = run("--insecure-policy", "copy", f"oci:{layout}", f"oci:{copy}:again")
    if done.returncode:
        raise AssertionError(done.stderr)
    for layer in [manifest["config"], *manifest["layers"]]:
        data = blob(copy, layer["digest"])
        if hashlib.sha256(data).hexdigest() != layer["digest"][7:] or len(data) != layer["size"]:
            raise AssertionError(f"{layer['digest']} is not what it says")
    version = run("--version").stdout.strip()
    return f"{version}, {len(manifest['layers'])} layers"


def spdx(document):
    """The classes of the SPDX model take every element, and find nothing that is not of the model."""
    from spdx_python_model import v3_0_1 as model

    path = Path(tempfile.mkstemp(suffix=".json")[1])
    try:
        path.write_text(json.dumps(document), encoding="utf-8")
        objects = model.SHACLObjectSet()
        with path.open("rb") as file:
            model.JSONLDDeserializer().read(file, objects)
    finally:
        path.unlink()
    if unresolved := objects.link():
        raise AssertionError(f"not resolved: {sorted(map(str, unresolved))[:5]}")
    kinds = {}
    for item in objects.foreach():
        kinds[type(item).__name__] = kinds.get(type(item).__name__, 0) + 1
    if not kinds.get("ai_AIPackage") or not kinds.get("dataset_DatasetPackage"):
        raise AssertionError(f"no AI package or data set among {kinds}")
    return f"{sum(kinds.values())} elements of {len(kinds)} classes"


def same_files(found, folder):
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if sorted(found) != names:
        raise AssertionError(f"{sorted(found)} instead of {names}")
    for name in names:
        if found[name] != (folder / name).read_bytes():
            raise AssertionError(f"{name} is not the same")
    return f"{len(names)} files"


def read_tar(path, folder):
    with tarfile.open(path) as archive:
        return same_files({m.name: archive.extractfile(m).read() for m in archive.getmembers()}, folder)


def read_zip(path, folder):
    with zipfile.ZipFile(path) as archive:
        if archive.testzip():
            raise AssertionError("a checksum does not hold")
        return same_files({n: archive.read(n) for n in archive.namelist()}, folder)


def large(check, size):
    """More than 4 GiB in one file: written by holdall, verified by holdall, read by Python."""
    source = check.scratch / "large"
    check.run("pack", EXAMPLE / "model.joblib", "-o", source)
    with (source / "weights.bin").open("wb") as file:
        file.truncate(size)
    target = check.scratch / "large.holdall"
    check.run("pack", source, "-o", target)
    with zipfile.ZipFile(target) as archive:
        if archive.getinfo("weights.bin").file_size != size:
            raise AssertionError("another size")
        offset = archive.getinfo("holdall.json").header_offset
        manifest = json.loads(archive.read("holdall.json"))
    if offset <= 1 << 32:
        raise AssertionError("the manifest does not lie beyond 4 GiB")
    weights = next(a for a in manifest["artifacts"] if a["path"] == "weights.bin")
    digest = hashlib.sha256()
    for _ in range(size >> 20):
        digest.update(bytes(1 << 20))
    if weights["sha256"] != digest.hexdigest():
        raise AssertionError("another digest")
    check.run("verify", target)
    again = check.scratch / "large.tar"
    check.run("pack", target, "-o", again, "--reuse-digests")
    target.unlink()
    with tarfile.open(again) as archive:
        if archive.getmember("weights.bin").size != size:
            raise AssertionError("another size in the tar")
    again.unlink()
    return f"{size / 2**30:.2f} GiB, manifest at byte {offset}"


def mlflow(folder):
    from mlflow.models import Model

    model = Model.load(str(folder))
    flavor = model.flavors["onnx"]
    if not (folder / flavor["data"]).is_file():
        raise AssertionError(f"{flavor['data']} is not there")
    return f"flavors {', '.join(model.flavors)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--holdall", default=os.environ.get("HOLDALL", "target/release/holdall"))
    parser.add_argument("--schemas", type=Path, default=ROOT.parent / "shared" / "conformance" / "schemas")
    parser.add_argument("--large", type=int, default=4352, help="MiB of the large file; 0 leaves it out")
    options = parser.parse_args()
    if not options.schemas.is_dir():
        sys.exit(f"no schemas in {options.schemas}: name their folder with --schemas")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        check = Check(str(Path(options.holdall).resolve()), scratch)
        package, folder, layout = scratch / "p.holdall", scratch / "unpacked", scratch / "p.oci"
        check.run("pack", EXAMPLE, "-o", package)
        check.run("unpack", package, folder)
        check.run("pack", package, "-o", layout)
        check.line("skopeo reads and copies the layout", lambda: skopeo(layout, scratch))
        index = json.loads((layout / "index.json").read_text())
        image = json.loads(blob(layout, index["manifests"][0]["digest"]))
        config = json.loads(blob(layout, image["config"]["digest"]))
        check.line("ModelPack configuration", lambda: judge(options.schemas, "modelpack-config.schema.json", config))
        bom = json.loads(check.run("inspect", package, "--bom", "cyclonedx"))
        check.line("CycloneDX", lambda: judge(options.schemas, "cyclonedx-bom-1.6.schema.json", bom))
        bill = json.loads(check.run("inspect", package, "--bom", "spdx"))
        check.line("SPDX 3 model", lambda: spdx(bill))
        check.line("Python reads the zip", lambda: read_zip(package, folder))
        for end in ("tar", "tar.gz"):
            path = scratch / f"p.{end}"
            check.run("pack", package, "-o", path)
            check.line(f"Python reads the {end}", lambda path=path: read_tar(path, folder))
        check.run("unpack", package, scratch / "mlflow", "--as", "mlflow")
        check.line("MLflow reads the folder", lambda: mlflow(scratch / "mlflow"))
        check.run("unpack", package, scratch / "kit", "--as", "kitfile")
        kit = yaml.safe_load((scratch / "kit" / "Kitfile").read_text(encoding="utf-8"))
        card = scratch / "card"
        check.run("unpack", package, card, "--as", "huggingface")
        front = (card / "README.md").read_text(encoding="utf-8").split("---")[1]
        sections = {"manifestVersion", "package", "model", "code", "datasets", "docs"}
        check.line("the Kitfile has KitOps' sections only", lambda: (_ for _ in ()).throw(AssertionError(str(set(kit)))) if set(kit) - sections else "")
        check.line("the card has figures", lambda: yaml.safe_load(front)["model-index"][0]["name"])
        if options.large:
            check.line("zip64 and large tar", lambda: large(check, options.large << 20))
    print("all agree" if not check.failed else f"{check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
