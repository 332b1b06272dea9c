"""standard.json: constructs of PMML 4.4 that no training library shares, answered by engines that implement the
standard: JPMML-Evaluator, and PMML4S for the strategy `aggregateNodes`, which JPMML refuses. (PMML4S reads
`weightedConfidence` and does not obey it.) Needs a Java runtime.

    python make_pmml.py
"""

import math
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from jpmml_evaluator import make_evaluator
from make import case, write

JPMML = f"JPMML-Evaluator, jpmml_evaluator {version('jpmml_evaluator')}"
PMML4S = f"PMML4S, pypmml {version('pypmml')}"
rng = np.random.default_rng(3)


def document(fields, body, target=None, transformations=""):
    """fields: name -> (optype, dataType, values)."""
    kinds = "".join(
        f'<DataField name="{n}" optype="{o}" dataType="{t}">' + "".join(f'<Value value="{v}"/>' for v in values) + "</DataField>"
        for n, (o, t, values) in fields.items()
    )
    return (
        '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>'
        f"<DataDictionary>{kinds}</DataDictionary><TransformationDictionary>{transformations}</TransformationDictionary>{body}</PMML>"
    )


def schema(*names, target=None):
    used = "".join(f'<MiningField name="{n}" invalidValueTreatment="asIs"/>' for n in names)
    return "<MiningSchema>" + used + (f'<MiningField name="{target}" usageType="target"/>' if target else "") + "</MiningSchema>"


def outputs(*fields):
    return "<Output>" + "".join(
        f'<OutputField name="{n}" optype="{"continuous" if t == "double" else "categorical"}" dataType="{t}" feature="{f}" {rest}/>'
        for n, f, t, rest in fields
    ) + "</Output>"


def rows(inputs):
    names = list(inputs)
    return [{n: v for n, v in zip(names, values)} for values in zip(*inputs.values())]


def plainly(value):
    if value is None:
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def jpmml(text, inputs, names):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pmml"
        path.write_text(text)
        evaluator = make_evaluator(str(path))
        found = [evaluator.evaluate(row) for row in rows(inputs)]
    return {n: [plainly(row.get(n)) for row in found] for n in names}


def pmml4s(text, inputs, names):
    from pypmml import Model

    model = Model.fromString(text)
    found = [model.predict(row) for row in rows(inputs)]
    return {n: [plainly(row.get(n)) for row in found] for n in names}


NODES = """
<Node id="1" score="A" recordCount="100" defaultChild="5"><True/>{d0}
 <Node id="2" score="A" recordCount="60" defaultChild="4"><SimplePredicate field="x" operator="lessOrEqual" value="1"/>{d1}
  <Node id="3" score="A" recordCount="40"><SimplePredicate field="c" operator="equal" value="a"/>{d2}</Node>
  <Node id="4" score="B" recordCount="20"><SimplePredicate field="c" operator="equal" value="b"/>{d3}</Node>
 </Node>
 <Node id="5" score="B" recordCount="40" defaultChild="7"><SimplePredicate field="x" operator="greaterThan" value="1"/>{d4}
  <Node id="6" score="B" recordCount="25">
   <CompoundPredicate booleanOperator="surrogate"><SimplePredicate field="z" operator="greaterThan" value="3"/>
    <SimplePredicate field="c" operator="equal" value="b"/></CompoundPredicate>{d5}</Node>
  <Node id="7" score="A" recordCount="15"><SimpleSetPredicate field="c" booleanOperator="isIn"><Array n="2" type="string">a d</Array>
   </SimpleSetPredicate>{d6}</Node>
 </Node>
</Node>"""
COUNTS = [(60, 40), (50, 10), (38, 2), (12, 8), (10, 30), (5, 20), (5, 10)]


def trees():
    made = []
    x = [0, 0, 0, 0, 2, 2, 2, 2, 2, None, None, None, 2, 2, 0]
    c = ["a", "b", "d", None, "a", "b", "d", None, "e", "a", "b", None, None, "e", "e"]
    z = [0, 0, 0, 0, 0, 4, 4, 4, 0, 0, 4, None, None, None, 4]
    inputs = {"x": x, "c": c, "z": z}
    distribution = {
        f"d{i}": f'<ScoreDistribution value="A" recordCount="{a}"/><ScoreDistribution value="B" recordCount="{b}"/>'
        for i, (a, b) in enumerate(COUNTS)
    }
    fields = {"x": ("continuous", "double", []), "c": ("categorical", "string", []), "z": ("continuous", "double", []),
              "y": ("categorical", "string", ["A", "B"])}
    for strategy in ("none", "lastPrediction", "nullPrediction", "defaultChild", "aggregateNodes"):
        for last in ("returnNullPrediction", "returnLastPrediction"):
            body = (
                f'<TreeModel functionName="classification" missingValueStrategy="{strategy}" noTrueChildStrategy="{last}" '
                'missingValuePenalty="0.8">' + schema("x", "c", "z", target="y")
                + outputs(("label", "predictedValue", "string", ""), ("pA", "probability", "double", 'value="A"'),
                          ("pB", "probability", "double", 'value="B"'), ("entity", "entityId", "string", ""))
                + NODES.format(**distribution) + "</TreeModel>"
            )
            text = document(fields, body)
            if strategy == "aggregateNodes":
                # Its probabilities are missing where it aggregates.
                given = pmml4s(text, inputs, ["label"])
                by = PMML4S
            else:
                given = jpmml(text, inputs, ["label", "pA", "pB", "entity"])
                by = JPMML
            made.append(case("tree", by, inputs, given, strategy=re.sub("([A-Z])", r"-\1", strategy).lower(), last=last))
    return made


def rule_sets():
    made = []
    inputs = {"x": [0, 1, 2, 3, 4, 5, None], "c": ["a", "b", "a", "b", None, "e", None]}
    fields = {"x": ("continuous", "double", []), "c": ("categorical", "string", []), "y": ("categorical", "string", ["A", "B", "C"])}
    # For weightedMax JPMML answers r3 (weight 0.35) where r1 (weight 0.4) fires as well, against the standard.
    for criterion in ("firstHit", "weightedSum"):
        body = (
            '<RuleSetModel functionName="classification">' + schema("x", "c", target="y")
            + outputs(("label", "predictedValue", "string", ""), ("entity", "entityId", "string", ""))
            + f'<RuleSet defaultScore="C" defaultConfidence="0.1"><RuleSelectionMethod criterion="{criterion}"/>'
            '<SimpleRule id="r1" score="A" weight="0.4" confidence="0.5"><SimplePredicate field="x" operator="lessThan" value="3"/></SimpleRule>'
            '<SimpleRule id="r2" score="B" weight="0.3" confidence="0.9"><SimplePredicate field="c" operator="equal" value="b"/></SimpleRule>'
            '<SimpleRule id="r3" score="B" weight="0.35" confidence="0.8"><SimplePredicate field="x" operator="greaterThan" value="0"/></SimpleRule>'
            "</RuleSet></RuleSetModel>"
        )
        given = jpmml(document(fields, body), inputs, ["label", "entity"])
        made.append(case("rules", JPMML, inputs, given, criterion=re.sub("([A-Z])", r"-\1", criterion).lower()))
    return made


def scorecards():
    made = []
    inputs = {"d": ["m", "e", "b", "m", None, "q"], "a": [15, 20, 40, None, 50, 19], "i": [900, 1000, 1600, 1500, 2000, None]}
    fields = {"d": ("categorical", "string", []), "a": ("continuous", "integer", []), "i": ("continuous", "double", [])}
    attribute = lambda score, code, predicate: f'<Attribute partialScore="{score}" reasonCode="{code}">{predicate}</Attribute>'
    simple = lambda f, o, v: f'<SimplePredicate field="{f}" operator="{o}" value="{v}"/>'
    for method in ("pointsBelow", "pointsAbove"):
        body = (
            f'<Scorecard functionName="regression" initialScore="10" useReasonCodes="true" reasonCodeAlgorithm="{method}" baselineMethod="other">'
            + schema("d", "a", "i")
            + outputs(("score", "predictedValue", "double", ""), ("r1", "reasonCode", "string", 'rank="1"'),
                      ("r2", "reasonCode", "string", 'rank="2"'), ("r3", "reasonCode", "string", 'rank="3"'))
            + '<Characteristics><Characteristic name="D" reasonCode="D0" baselineScore="19">'
            + attribute(-9, "D1", '<SimplePredicate field="d" operator="isMissing"/>') + attribute(19, "D2", simple("d", "equal", "m"))
            + attribute(3, "D3", simple("d", "equal", "e")) + attribute(6, "D4", "<True/>") + "</Characteristic>"
            + '<Characteristic name="A" reasonCode="A0" baselineScore="18">' + attribute(-1, "A1", simple("a", "lessOrEqual", 18))
            + attribute(25, "A2", simple("a", "lessOrEqual", 29)) + attribute(10, "A3", simple("a", "greaterThan", 29))
            + attribute(8, "A4", '<SimplePredicate field="a" operator="isMissing"/>') + "</Characteristic>"
            + '<Characteristic name="I" reasonCode="I0" baselineScore="10">' + attribute(26, "I1", simple("i", "lessOrEqual", 1000))
            + attribute(5, "I2", simple("i", "lessOrEqual", 1500)) + attribute(-3, "I3", simple("i", "greaterThan", 1500))
            + attribute(0, "I4", "<True/>") + "</Characteristic></Characteristics></Scorecard>"
        )
        given = jpmml(document(fields, body), inputs, ["score", "r1", "r2", "r3"])
        made.append(case("scorecard", JPMML, inputs, given, method=re.sub("([A-Z])", r"-\1", method).lower()))
    return made


def segments(function):
    """Three regressions, or three trees of one node, with weights and predicates."""
    if function == "regression":
        model = lambda i: (
            f'<RegressionModel functionName="regression">{schema("x")}<RegressionTable intercept="{[1, -2, 0.5][i]}">'
            f'<NumericPredictor name="x" coefficient="{[2, 1, -3][i]}"/></RegressionTable></RegressionModel>'
        )
    else:
        p = [(0.6, 0.4), (0.2, 0.8), (0.7, 0.3)]
        leaf = lambda a, b: f'<ScoreDistribution value="A" recordCount="{a}"/><ScoreDistribution value="B" recordCount="{b}"/>'
        model = lambda i: (
            f'<TreeModel functionName="classification">{schema("x")}<Node><True/><Node score="{"AB"[p[i][1] > p[i][0]]}">'
            f'<SimplePredicate field="x" operator="lessThan" value="{[1, 2, 3][i]}"/>{leaf(*(round(100 * v) for v in p[i]))}</Node>'
            f'<Node score="{"AB"[p[i][1] < p[i][0]]}"><True/>{leaf(*(round(100 * v) for v in p[i][::-1]))}</Node></Node></TreeModel>'
        )
    predicates = ["<True/>", '<SimplePredicate field="s" operator="greaterThan" value="0"/>', "<True/>"]
    weights = [0.5, 2.0, 1.5]
    return "".join(f'<Segment id="s{i}" weight="{weights[i]}">{predicates[i]}{model(i)}</Segment>' for i in range(3))


def combinations():
    made = []
    inputs = {"x": [0.5, 1.5, 2.5, 3.5, 0.5, 1.5, 2.5, 3.5], "s": [1, 1, 1, 1, 0, 0, 0, None]}
    for function, methods in (
        ("regression", ("average", "weightedAverage", "sum", "weightedSum", "median", "weightedMedian", "selectFirst")),
        ("classification", ("average", "weightedAverage", "max", "majorityVote", "weightedMajorityVote", "selectFirst")),
    ):
        fields = {"x": ("continuous", "double", []), "s": ("continuous", "double", [])}
        fields["y"] = ("continuous", "double", []) if function == "regression" else ("categorical", "string", ["A", "B"])
        out = [("label", "predictedValue", "double" if function == "regression" else "string", "")]
        if function == "classification":
            out += [("pA", "probability", "double", 'value="A"'), ("pB", "probability", "double", 'value="B"')]
        for method in methods:
            body = (
                f'<MiningModel functionName="{function}">' + schema("x", "s", target="y") + outputs(*out)
                + f'<Segmentation multipleModelMethod="{method}">{segments(function)}</Segmentation></MiningModel>'
            )
            given = jpmml(document(fields, body), inputs, [n for n, *_ in out])
            made.append(case("combine", JPMML, inputs, given, function=function, method=re.sub("([A-Z])", r"-\1", method).lower()))
    return made


def associations():
    items = ["beer", "chips", "dip"]
    fields = {n: ("categorical", "integer", [0, 1]) for n in items}
    inputs = {"beer": [1, 1, 0, 1, 0], "chips": [0, 1, 1, 1, 0], "dip": [0, 0, 1, 1, 0]}
    made = []
    body = (
        '<AssociationModel functionName="associationRules" numberOfTransactions="10" numberOfItems="3" minimumSupport="0.1" minimumConfidence="0.1" '
        'numberOfItemsets="6" numberOfRules="4">' + schema(*items) + "<Output>" + "".join(
            f'<OutputField name="{rank}_{feature}_{algorithm}" optype="categorical" dataType="{t}" feature="ruleValue" ruleFeature="{feature}" '
            f'rank="{rank}" algorithm="{algorithm}" isMultiValued="0"/>'
            for algorithm in ("recommendation", "exclusiveRecommendation", "ruleAssociation") for rank in (1, 2)
            for feature, t in (("ruleId", "string"), ("confidence", "double")))
        + "</Output>" + "".join(f'<Item id="{i}" value="{n}"/>' for i, n in enumerate(items))
        + "".join(f'<Itemset id="s{"".join(map(str, s))}" numberOfItems="{len(s)}">' + "".join(f'<ItemRef itemRef="{i}"/>' for i in s) + "</Itemset>"
                  for s in ((0,), (1,), (2,), (0, 1)))
        + "".join(f'<AssociationRule id="{i}" antecedent="{a}" consequent="{c}" support="{s}" confidence="{p}" lift="{lift}"/>'
                  for i, a, c, s, p, lift in (("r1", "s0", "s1", 0.4, 0.6, 1.1), ("r2", "s0", "s2", 0.2, 0.8, 1.5), ("r3", "s1", "s2", 0.3, 0.7, 1.2),
                                              ("r4", "s01", "s2", 0.1, 0.9, 1.6)))
        + "</AssociationModel>"
    )
    names = [f"{rank}_{f}_{a}" for a in ("recommendation", "exclusiveRecommendation", "ruleAssociation") for rank in (1, 2) for f in ("ruleId", "confidence")]
    given = jpmml(document(fields, body), inputs, names)
    for algorithm in ("recommendation", "exclusiveRecommendation", "ruleAssociation"):
        found = {n.rsplit("_", 1)[0]: v for n, v in given.items() if n.endswith("_" + algorithm)}
        made.append(case("association", JPMML, inputs, found, algorithm=re.sub("([A-Z])", r"-\1", algorithm).lower()))
    return made


def expressions():
    """Derived fields of one regression that passes them on."""
    inputs = {"x": [-2, -1, 0, 0.5, 1, 2, 3, 4.5, None], "c": ["a", "b", "a", "b", "c", None, "a", "b", "c"], "d": ["u", "u", "v", "v", "u", "u", None, "w", "v"]}
    fields = {"x": ("continuous", "double", []), "c": ("categorical", "string", []), "d": ("categorical", "string", [])}
    norm = lambda o: (f'<NormContinuous field="x" outliers="{o}"><LinearNorm orig="-1" norm="2"/><LinearNorm orig="1" norm="-3"/>'
                      '<LinearNorm orig="3" norm="4"/></NormContinuous>')
    bins = "".join(f'<DiscretizeBin binValue="{v}"><Interval closure="{c}" {m}/></DiscretizeBin>' for v, c, m in (
        ("low", "openOpen", 'rightMargin="0"'), ("zero", "closedClosed", 'leftMargin="0" rightMargin="0.5"'), ("high", "openClosed", 'leftMargin="0.5" rightMargin="3"')))
    table = "".join(f"<row><a>{a}</a><b>{b}</b><o>{o}</o></row>" for a, b, o in (("a", "u", 1), ("a", "v", 2), ("b", "v", 3)))
    derived = {
        "extend": ("continuous", "double", norm("asIs")), "clamp": ("continuous", "double", norm("asExtremeValues")),
        "missing": ("continuous", "double", norm("asMissingValues")),
        "bin": ("categorical", "string", f'<Discretize field="x" defaultValue="far" mapMissingTo="none">{bins}</Discretize>'),
        "map": ("categorical", "integer", '<MapValues outputColumn="o" defaultValue="-1" mapMissingTo="0" dataType="integer"><FieldColumnPair field="c" column="a"/>'
                f'<FieldColumnPair field="d" column="b"/><InlineTable>{table}</InlineTable></MapValues>'),
    }
    made = "".join(f'<DerivedField name="{n}" optype="{o}" dataType="{t}">{e}</DerivedField>' for n, (o, t, e) in derived.items())
    body = ('<RegressionModel functionName="regression">' + schema("x", "c", "d") + "<Output>" + "".join(
        f'<OutputField name="o_{n}" optype="{o}" dataType="{t}" feature="transformedValue"><FieldRef field="{n}"/></OutputField>' for n, (o, t, _) in derived.items())
        + '</Output><RegressionTable intercept="0"><CategoricalPredictor name="c" value="a" coefficient="1"/></RegressionTable></RegressionModel>')
    given = jpmml(document(fields, body, transformations=made), inputs, [f"o_{n}" for n in derived])
    return [case("expressions", JPMML, inputs, {n: given[f"o_{n}"] for n in derived})]


def text_indices():
    made = []
    docs = ["The sun is hot. The SUN is far.", "Son, sun, sum", "", "moonlight and sunlight", "under the sun under the sun the"]
    # JPMML refuses the fourth weight, augmentedNormalizedTermFrequency.
    for weight in ("termFrequency", "binary", "logarithmic"):
        for case_sensitive, distance, hits, term in (("false", 0, "allHits", "the sun"), ("true", 0, "allHits", "sun"), ("false", 1, "allHits", "sun"),
                                                     ("false", 1, "bestHits", "sun")):
            derived = (
                '<DerivedField name="t" optype="continuous" dataType="double">'
                f'<TextIndex textField="text" localTermWeights="{weight}" isCaseSensitive="{case_sensitive}" maxLevenshteinDistance="{distance}" '
                f'countHits="{hits}" wordSeparatorCharacterRE="\\s+"><Constant>{term}</Constant></TextIndex></DerivedField>'
            )
            body = ('<RegressionModel functionName="regression">' + schema("text")
                    + '<Output><OutputField name="o" optype="continuous" dataType="double" feature="transformedValue"><FieldRef field="t"/></OutputField></Output>'
                    '<RegressionTable intercept="0"><NumericPredictor name="t" coefficient="1"/></RegressionTable></RegressionModel>')
            inputs = {"text": docs}
            given = jpmml(document({"text": ("categorical", "string", [])}, body, transformations=derived), inputs, ["o"])
            made.append(case("text-index", JPMML, inputs, given, weight=re.sub("([A-Z])", r"-\1", weight).lower(), case_sensitive=case_sensitive == "true",
                             distance=distance, all=hits == "allHits", term=term))
    return made


def clusters():
    made = []
    inputs = {"a": [0.1, 0.5, 0.9, 0.4, 0.2], "b": [1, 0, 1, 1, 0]}
    fields = {"a": ("continuous", "double", []), "b": ("continuous", "double", [])}
    for measure, kind, compare in (("euclidean", "distance", "absDiff"), ("squaredEuclidean", "distance", "gaussSim"), ("cityBlock", "distance", "delta"),
                                   ("chebychev", "distance", "equal"), ("minkowski p-parameter=\"3\"", "distance", "absDiff")):
        body = (
            '<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">' + schema("a", "b")
            + outputs(("label", "predictedValue", "string", ""), ("d0", "affinity", "double", 'value="k0"'), ("d1", "affinity", "double", 'value="k1"'))
            + f'<ComparisonMeasure kind="{kind}"><{measure}/></ComparisonMeasure><ClusteringField field="a" fieldWeight="2" compareFunction="{compare}" '
            f'similarityScale="0.7"/><ClusteringField field="b" compareFunction="{compare}" similarityScale="1.5"/>'
            '<Cluster id="k0"><Array n="2" type="real">0.1 1</Array></Cluster><Cluster id="k1"><Array n="2" type="real">0.7 0</Array></Cluster></ClusteringModel>'
        )
        given = jpmml(document(fields, body), inputs, ["label", "d0", "d1"])
        made.append(case("cluster", JPMML, inputs, given, measure=measure.split()[0], compare=compare))
    return made


def missing_weights():
    inputs = {"a": [0.1, None, 0.9, None], "b": [1, 0, None, None], "c": [2, 1, 0, None]}
    fields = {n: ("continuous", "double", []) for n in inputs}
    made = []
    for measure in ("euclidean", "squaredEuclidean", "cityBlock"):
        body = (
            '<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="2">' + schema(*fields)
            + outputs(("d0", "affinity", "double", 'value="k0"'), ("d1", "affinity", "double", 'value="k1"'))
            + f'<ComparisonMeasure kind="distance"><{measure}/></ComparisonMeasure>'
            + "".join(f'<ClusteringField field="{n}" compareFunction="absDiff"/>' for n in fields)
            + '<MissingValueWeights><Array n="3" type="real">1 2 0.5</Array></MissingValueWeights>'
            '<Cluster id="k0"><Array n="3" type="real">0.1 1 0.3</Array></Cluster><Cluster id="k1"><Array n="3" type="real">0.7 0 2</Array></Cluster></ClusteringModel>'
        )
        given = jpmml(document(fields, body), {n: v[:3] for n, v in inputs.items()}, ["d0", "d1"])
        made.append(case("missing-weights", JPMML, {n: v[:3] for n, v in inputs.items()}, given, measure=measure))
    return made


def neighbors():
    rows = [(0.0, 0.0, 1.0, "A"), (1.0, 0.5, 2.5, "B"), (0.2, 0.9, -1.0, "A"), (2.0, 2.0, 7.0, "C"), (1.5, 0.1, 3.0, "B"), (0.4, 0.3, 0.5, "C")]
    inputs = {"a": [0.1, 1.2, 1.9, 0.5], "b": [0.2, 0.3, 1.8, 0.5]}
    made = []
    for function, methods in (("regression", ("average", "median", "weightedAverage")), ("classification", ("majorityVote", "weightedMajorityVote"))):
        for method in methods:
            for k in (3, 5):
                classifies = function == "classification"
                fields = {"a": ("continuous", "double", []), "b": ("continuous", "double", [])}
                fields["y"] = ("categorical", "string", ["A", "B", "C"]) if classifies else ("continuous", "double", [])
                scoring = f'categoricalScoringMethod="{method}"' if classifies else f'continuousScoringMethod="{method}"'
                table = "".join(f"<row><a>{a}</a><b>{b}</b><y>{c if classifies else v}</y></row>" for a, b, v, c in rows)
                body = (
                    f'<NearestNeighborModel functionName="{function}" numberOfNeighbors="{k}" {scoring}>' + schema("a", "b", target="y")
                    + outputs(("label", "predictedValue", "string" if classifies else "double", ""), ("e1", "entityId", "string", 'rank="1"'), ("e2", "entityId", "string", 'rank="2"'))
                    + '<TrainingInstances><InstanceFields><InstanceField field="a" column="a"/><InstanceField field="b" column="b"/><InstanceField field="y" column="y"/>'
                    f'</InstanceFields><InlineTable>{table}</InlineTable></TrainingInstances><ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure>'
                    '<KNNInputs><KNNInput field="a" compareFunction="absDiff"/><KNNInput field="b" compareFunction="absDiff"/></KNNInputs></NearestNeighborModel>'
                )
                given = jpmml(document(fields, body), inputs, ["label", "e1", "e2"])
                made.append(case("neighbors", JPMML, inputs, given, method=method, k=k, rows=[r[:2] for r in rows], values=[r[2] for r in rows],
                                 classes=["ABC".index(r[3]) for r in rows]))
    return made


if __name__ == "__main__":
    write("standard", [*trees(), *rule_sets(), *scorecards(), *combinations(), *associations(), *expressions(), *text_indices(), *clusters(), *missing_weights(), *neighbors()])
