"""Which conformance documents of 4.4 break the published schema, and how, as libxml2 says.

    pip install lxml==6.1.3
    python3 peer.py pmml-4-4.xsd ../../../../shared/conformance/pmml

`x-` attributes and words, which vendors add by the standard's own convention, are left out.
"""

import gzip
import json
import pathlib
import sys

from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
folder = pathlib.Path(sys.argv[2])
for case in json.loads((folder / "index.json").read_text()):
    path = folder / case["pmml"]
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if b"PMML-4_4" not in raw[:4096]:
        continue
    tree = etree.fromstring(raw, etree.XMLParser(huge_tree=True))
    if not schema.validate(tree):
        for message in sorted({entry.message for entry in schema.error_log}):
            if "'x-" not in message:
                print(f"{case['id']}: {message.replace('{http://www.dmg.org/PMML-4_4}', '')}")
