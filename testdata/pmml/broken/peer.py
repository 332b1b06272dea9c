"""peers.json: what others say of base.pmml with each defect of defects.json: libxml2 with the published schema of 4.4, and
JPMML-Evaluator, which loads a document, verifies it and scores a row. The versions of ../requirements.txt, and lxml 6.1.3;
the schema is that of the Data Mining Group, which is not kept here.

    python peer.py pmml-4-4.xsd
"""

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from jpmml_evaluator import make_evaluator
from lxml import etree

HERE = Path(__file__).parent


def of_schema(schema, text):
    if schema.validate(etree.fromstring(text.encode())):
        return None
    return schema.error_log[0].message.replace("{http://www.dmg.org/PMML-4_4}", "")


def of_engine(text):
    """What stops the engine, and when."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pmml"
        path.write_text(text)
        try:
            evaluator = make_evaluator(str(path)).verify()
        except Exception as error:
            return "load", " ".join(str(error).split())
        try:
            evaluator.evaluate({"x": 2.0, "c": "q"})
            evaluator.evaluate({"x": 5.0, "c": "p"})
        except Exception as error:
            return "score", " ".join(str(error).split())
    return None


def main():
    schema = etree.XMLSchema(etree.parse(sys.argv[1]))
    base = (HERE / "base.pmml").read_text()
    assert of_schema(schema, base) is None and of_engine(base) is None
    found = []
    for defect in json.loads((HERE / "defects.json").read_text()):
        text = base.replace(defect["from"], defect["to"], 1)
        found.append({"what": defect["what"], "schema": of_schema(schema, text), "engine": of_engine(text)})
    by = {"libxml2": ".".join(map(str, etree.LIBXML_VERSION)), "jpmml_evaluator": version("jpmml_evaluator")}
    with open(HERE / "peers.json", "w", newline="\n") as file:
        file.write('{"by": ' + json.dumps(by) + ', "found": [\n' + ",\n".join(json.dumps(one, ensure_ascii=False) for one in found) + "\n]}\n")


if __name__ == "__main__":
    main()
