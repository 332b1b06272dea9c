"""Writes src/check/schema.txt, the rules of PMML 4.4 as facts, from the published schema.

    python3 make.py pmml-4-4.xsd > ../src/check/schema.txt

The schema is `pmml-4-4.xsd` of the Data Mining Group (<https://dmg.org/pmml/v4-4/pmml-4-4.xsd>). Standard library only.

A line is a type, `NAME = VALUE VALUE`, or an element, `Name [attribute:type attribute!:type] content`. Content is a
regular expression of child elements in which `,` is a sequence and `|` a choice; `ANY` is anything, `EMPTY` nothing.
"""

import sys
import xml.etree.ElementTree as ElementTree

XS = "{http://www.w3.org/2001/XMLSchema}"
PLAIN = {
    "xs:string": "text", "FIELD-NAME": "text", "ELEMENT-ID": "text", "VECTOR-ID": "text", "NN-NEURON-ID": "text",
    "NN-NEURON-IDREF": "text", "xs:boolean": "boolean", "xs:double": "number", "NUMBER": "number",
    "REAL-NUMBER": "number", "PROB-NUMBER": "probability", "PERCENTAGE-NUMBER": "percentage", "INT-NUMBER": "integer",
    "xs:integer": "integer", "xs:int": "integer", "xs:nonNegativeInteger": "count", "xs:positiveInteger": "positive",
    "xs:dateTime": "text", "xs:NMTOKEN": "text", "xs:anyURI": "text",
}
root = ElementTree.parse(sys.argv[1]).getroot()
groups = {g.get("name"): g for g in root.findall(XS + "group")}
types = {t.get("name"): t for t in root.findall(XS + "complexType")}
lists = {}


def words(simple):
    return [e.get("value") for e in simple.iter(XS + "enumeration")]


for simple in root.findall(XS + "simpleType"):
    if words(simple):
        lists[simple.get("name")] = words(simple)


def type_of(attribute, owner):
    name = attribute.get("type")
    simple = attribute.find(XS + "simpleType")
    if simple is not None:
        found = words(simple)
        if not found:
            return "text"
        for known, values in lists.items():
            if values == found:
                return known
        name = f"{owner}.{attribute.get('name')}"
        lists[name] = found
    if name in lists:
        return name
    return PLAIN.get(name, "text")


def times(text, node):
    low, high = int(node.get("minOccurs", "1")), node.get("maxOccurs", "1")
    if high == "unbounded":
        return text + "*" if low == 0 else text + "+" if low == 1 else ",".join([text] * low + [text + "*"])
    parts = [text] * low + [text + "?"] * (int(high) - low)
    return parts[0] if len(parts) == 1 else "(" + ",".join(parts) + ")"


def content(node):
    tag = node.tag.removeprefix(XS)
    if tag == "element":
        return times(node.get("ref") or node.get("name"), node)
    if tag == "any":
        return "ANY"
    if tag == "group":
        inner = content(next(c for c in groups[node.get("ref")] if c.tag != XS + "annotation"))
        return times(inner, node)
    if tag in ("sequence", "choice"):
        parts = [content(c) for c in node if c.tag != XS + "annotation"]
        if "ANY" in parts:
            return "ANY"
        if not parts:
            return ""
        return times("(" + ("," if tag == "sequence" else "|").join(parts) + ")", node)
    raise ValueError(tag)


def particle(complex_type):
    for tag in ("sequence", "choice", "group"):
        found = complex_type.find(XS + tag)
        if found is not None:
            return content(found)
    if complex_type.find(f"{XS}complexContent/{XS}restriction/{XS}sequence") is not None:
        return "ANY"
    return ""


lines = []
for element in sorted(root.iter(XS + "element"), key=lambda e: e.get("name") or ""):
    name = element.get("name")
    if not name:
        continue
    complex_type = element.find(XS + "complexType")
    if complex_type is None:
        complex_type = types.get(element.get("type"))
    if complex_type is None:
        lines.append(f"{name} [] EMPTY")
        continue
    attributes = []
    for attribute in complex_type.iter(XS + "attribute"):
        mark = "!" if attribute.get("use") == "required" else ""
        attributes.append(f"{attribute.get('name')}{mark}:{type_of(attribute, name)}")
    lines.append(f"{name} [{' '.join(attributes)}] {particle(complex_type) or 'EMPTY'}")

print("# Made by schema/make.py from the published schema of PMML 4.4. Do not edit.")
for name, values in sorted(lists.items()):
    print(f"{name} = {' '.join(values)}")
print("\n".join(lines))
