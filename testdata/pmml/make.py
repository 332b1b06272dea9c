"""cases.json: whole documents of PMML 4.4, with rows and the answers of an engine that implements the standard
(JPMML-Evaluator); for baseline models, which no engine has, of the standard's formula with the densities of scipy; for
other elements that no engine has, of libraries of their own field (elements.py).
Needs a Java runtime.

    python make.py
"""

import json
import math
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import elements
import numpy as np
from jpmml_evaluator import make_evaluator
from scipy import stats

HERE = Path(__file__).parent
JPMML = f"JPMML-Evaluator, jpmml_evaluator {version('jpmml_evaluator')}"


def document(fields, body):
    """fields: name -> (optype, dataType, values)."""
    kinds = "".join(
        f'<DataField name="{n}" optype="{o}" dataType="{t}">' + "".join(f'<Value value="{v}"/>' for v in values) + "</DataField>"
        for n, (o, t, values) in fields.items()
    )
    return (
        '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>'
        f"<DataDictionary>{kinds}</DataDictionary>{body}</PMML>"
    )


def schema(*names, target=None):
    used = "".join(f'<MiningField name="{n}" invalidValueTreatment="asIs"/>' for n in names)
    return "<MiningSchema>" + used + (f'<MiningField name="{target}" usageType="target"/>' if target else "") + "</MiningSchema>"


def outputs(*fields):
    return "<Output>" + "".join(
        f'<OutputField name="{n}" optype="{"continuous" if t == "double" else "categorical"}" dataType="{t}" feature="{f}" {rest}/>'
        for n, f, t, rest in fields
    ) + "</Output>"


def plain(value):
    if value is None:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def jpmml(text, inputs):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pmml"
        path.write_text(text)
        evaluator = make_evaluator(str(path))
        return [evaluator.evaluate(dict(zip(inputs, row))) for row in zip(*inputs.values())]


def case(name, text, inputs, names, answers=None, by=JPMML):
    found = answers or jpmml(text, inputs)
    expected = {n: [plain(row.get(n)) for row in found] for n in names}
    return {"case": name, "by": by, "document": text, "inputs": inputs, "expected": expected}


def cox(strata):
    fields = {
        "time": ("continuous", "double", []), "happy": ("categorical", "integer", [1, 2, 3]), "educ": ("continuous", "double", []),
        "region": ("categorical", "string", ["north", "south"]), "risk": ("continuous", "double", []),
    }
    inputs = {
        "time": [0.5, 1, 2.5, 3, 7.9, 8, 8.1, 5, 5, 4.5, 5, 2],
        "happy": [1, 2, 3, 1, 2, 3, 1, None, 2, 1, 1, 3],
        "educ": [12, 13, 16, 8, 19, 20, 11, 10, None, 14, 12.9, 9],
        "region": ["north", "south", "north", "south", "south", "north", "north", "south", "north", "north", "west", "south"],
    }
    cells = lambda *steps: "".join(f'<BaselineCell time="{t}" cumHazard="{h}"/>' for t, h in steps)
    if strata:
        tables = (
            '<BaseCumHazardTables><BaselineStratum value="north" maxTime="8">' + cells((1, 0.0481), (2, 0.2135), (4, 0.7001), (7, 1.7926))
            + '</BaselineStratum><BaselineStratum value="south" maxTime="7.95">' + cells((1, 0.1048), (3, 0.3447), (6, 0.9961)) + "</BaselineStratum></BaseCumHazardTables>"
        )
    else:
        tables = '<BaseCumHazardTables maxTime="8">' + cells((1, 0.0805), (2, 0.2086), (3, 0.3679), (5, 0.7824), (8, 1.9264)) + "</BaseCumHazardTables>"
    body = (
        '<GeneralRegressionModel modelType="CoxRegression" functionName="regression" endTimeVariable="time"'
        + (' baselineStrataVariable="region">' if strata else ">")
        + schema(*(n for n in inputs if strata or n != "region"), target="risk")
        + '<ParameterList><Parameter name="p1" referencePoint="0.25"/><Parameter name="p2" referencePoint="0.5"/>'
        '<Parameter name="p3" referencePoint="12.8553"/><Parameter name="p4" referencePoint="3.2"/></ParameterList>'
        '<FactorList><Predictor name="happy"/></FactorList><CovariateList><Predictor name="educ"/></CovariateList>'
        '<PPMatrix><PPCell value="1" predictorName="happy" parameterName="p1"/><PPCell value="2" predictorName="happy" parameterName="p2"/>'
        '<PPCell value="1" predictorName="educ" parameterName="p3"/><PPCell value="1" predictorName="happy" parameterName="p4"/>'
        '<PPCell value="1" predictorName="educ" parameterName="p4"/></PPMatrix>'
        '<ParamMatrix><PCell parameterName="p1" beta="2.1918"/><PCell parameterName="p2" beta="0.8396"/><PCell parameterName="p3" beta="0.207"/>'
        f'<PCell parameterName="p4" beta="-0.1248"/></ParamMatrix>{tables}</GeneralRegressionModel>'
    )
    if not strata:
        inputs = {n: v for n, v in inputs.items() if n != "region"}
        del fields["region"]
    return case("cox strata" if strata else "cox", document(fields, body), inputs, ["risk"])


def contrasts(function):
    """Simple contrasts of two categories and Helmert contrasts of three."""
    inputs = {
        "gender": ["f", "m", "f", "m", "f", "m"], "educ": [8, 12, 15, 16, 19, 12], "job": ["1", "2", "3", "1", "2", "3"], "begin": [9000, 12000, 15750, 30000, 45000, 27000],
    }
    fields = {
        "gender": ("categorical", "string", ["f", "m"]), "educ": ("continuous", "double", []), "job": ("categorical", "string", ["1", "2", "3"]),
        "begin": ("continuous", "double", []),
    }
    classifies = function == "classification"
    fields["y"] = ("categorical", "string", ["Low", "High"]) if classifies else ("continuous", "double", [])
    out = [("label", "predictedValue", "string" if classifies else "double", "")]
    if classifies:
        out += [("pLow", "probability", "double", 'value="Low"'), ("pHigh", "probability", "double", 'value="High"')]
    head = (
        'modelType="multinomialLogistic" functionName="classification" targetReferenceCategory="High"' if classifies
        else 'modelType="generalLinear" functionName="regression"'
    )
    named = ' targetCategory="Low"' if classifies else ""
    betas = [17.0599, -2.7958, -0.6257, -5.7652, 17.7436, 0.4219, 0.25, 1.1136e-05]
    pairs = {2: [("gender", "f")], 3: [("educ", 1)], 4: [("job", 1)], 5: [("job", 2)], 6: [("gender", "f"), ("job", 1)], 7: [("gender", "f"), ("job", 2)],
             8: [("educ", 1), ("gender", "f"), ("begin", 1)]}
    body = (
        f"<GeneralRegressionModel {head}>" + schema(*inputs, target="y") + outputs(*out)
        + "<ParameterList>" + "".join(f'<Parameter name="p{i}"/>' for i in range(1, 9)) + "</ParameterList>"
        '<FactorList><Predictor name="gender" contrastMatrixType="Simple"><Categories><Category value="f"/><Category value="m"/></Categories>'
        '<Matrix nbRows="2" nbCols="1"><Array type="real" n="1">.5</Array><Array type="real" n="1">-.5</Array></Matrix></Predictor>'
        '<Predictor name="job" contrastMatrixType="Helmert"><Categories><Category value="1"/><Category value="2"/><Category value="3"/></Categories>'
        '<Matrix nbRows="3" nbCols="2"><Array type="real" n="2">.666666666667 0</Array><Array type="real" n="2">-.333333333333 .5</Array>'
        '<Array type="real" n="2">-.333333333333 -.5</Array></Matrix></Predictor></FactorList>'
        '<CovariateList><Predictor name="educ"/><Predictor name="begin"/></CovariateList><PPMatrix>'
        + "".join(f'<PPCell value="{v}" predictorName="{n}" parameterName="p{i}"/>' for i, cells in pairs.items() for n, v in cells)
        + "</PPMatrix><ParamMatrix>" + "".join(f'<PCell{named} parameterName="p{i + 1}" beta="{b}"/>' for i, b in enumerate(betas))
        + "</ParamMatrix></GeneralRegressionModel>"
    )
    return case(f"contrasts {function}", document(fields, body), inputs, [n for n, *_ in out])


def select_all(function):
    """Each segment that takes the row answers; JPMML gives a list, here a column a segment."""
    inputs = {"x": [0.5, 1.5, 2.5, 3.5, None], "s": [1, -1, None, 0, 2]}
    fields = {"x": ("continuous", "double", []), "s": ("continuous", "double", [])}
    classifies = function == "classification"
    fields["y"] = ("categorical", "string", ["A", "B"]) if classifies else ("continuous", "double", [])
    predicates = [("s", "greaterThan", 0), ("x", "lessThan", 3), ("s", "lessOrEqual", 0)]
    test = lambda p: f'<SimplePredicate field="{p[0]}" operator="{p[1]}" value="{p[2]}"/>'
    if classifies:
        model = lambda i: (
            f'<TreeModel functionName="classification" missingValueStrategy="lastPrediction" noTrueChildStrategy="returnLastPrediction">{schema("x", target="y")}<Node score="{"ABA"[i]}"><True/>'
            f'<Node score="{"BAB"[i]}"><SimplePredicate field="x" operator="greaterThan" value="{i + 1}"/></Node></Node></TreeModel>'
        )
    else:
        model = lambda i: (
            f'<RegressionModel functionName="regression">{schema("x", target="y")}<RegressionTable intercept="{[1, -2, 0.5][i]}">'
            f'<NumericPredictor name="x" coefficient="{[2, 1, -3][i]}"/></RegressionTable></RegressionModel>'
        )
    body = lambda method, wanted: (
        f'<MiningModel functionName="{function}">' + schema("x", "s", target="y") + f'<Segmentation multipleModelMethod="{method}">'
        + "".join(f'<Segment id="s{i}">{test(p)}{model(i)}</Segment>' for i, p in enumerate(predicates) if i in wanted)
        + "</Segmentation></MiningModel>"
    )
    every = range(len(predicates))
    lists = [[plain(v) for v in row["y"]] if row.get("y") is not None else [] for row in jpmml(document(fields, body("selectAll", every)), inputs)]
    alone = {f"y_s{i}": [plain(row.get("y")) for row in jpmml(document(fields, body("selectFirst", [i])), inputs)] for i in every}
    def fits(x, s, i):
        value = x if predicates[i][0] == "x" else s
        op, limit = predicates[i][1:]
        return value is not None and {"greaterThan": value > limit, "lessThan": value < limit, "lessOrEqual": value <= limit}[op]
    for row, (given, x, s) in enumerate(zip(lists, inputs["x"], inputs["s"])):
        taken = [i for i in every if fits(x, s, i)]
        # What the engine says of all segments at once is what it says of each by itself.
        assert given == [alone[f"y_s{i}"][row] for i in taken], (row, given, taken)
    answers = [{n: v[row] for n, v in alone.items()} for row in range(len(lists))]
    return case(f"selectAll {function}", document(fields, body("selectAll", every)), inputs, list(alone), answers)


def ranks():
    """Classes by their probabilities, the engine's own put in order; it ranks clusters itself."""
    inputs = {"a": [0.2, 1.4, -3.0, 2.0, 0.0, None], "b": [1.0, -0.3, 0.7, 2.0, 0.0, 1.0]}
    fields = {"a": ("continuous", "double", []), "b": ("continuous", "double", []), "y": ("categorical", "string", ["p", "q", "r"])}
    classes = fields["y"][2]
    table = "".join(
        f'<RegressionTable targetCategory="{c}" intercept="{[0.1, -0.2, 0.0][i]}"><NumericPredictor name="a" coefficient="{[1.5, -0.5, 0.3][i]}"/>'
        f'<NumericPredictor name="b" coefficient="{[-1, 0.4, 0.8][i]}"/></RegressionTable>' for i, c in enumerate(classes)
    )
    body = lambda out: (
        '<RegressionModel functionName="classification" normalizationMethod="softmax">' + schema("a", "b", target="y") + out + table + "</RegressionModel>"
    )
    known = {n: v[:5] for n, v in inputs.items()}
    plainly = outputs(*((c, "probability", "double", f'value="{c}"') for c in classes))
    answers = []
    for row in jpmml(document(fields, body(plainly)), known):
        order = sorted(classes, key=lambda c: -row[c])
        answers.append({f"c{i + 1}": c for i, c in enumerate(order)} | {f"p{i + 1}": row[c] for i, c in enumerate(order)})
    ranked = outputs(*((f"c{i}", "predictedValue", "string", f'rank="{i}"') for i in (1, 2, 3)),
                     *((f"p{i}", "probability", "double", f'rank="{i}"') for i in (1, 2, 3)))
    made = [case("ranks of classes", document(fields, body(ranked)), known, list(answers[0]), answers)]
    for kind, measure in (("distance", "euclidean"), ("similarity", "jaccard")):
        # Indicators for the similarity.
        at = {n: v[:5] for n, v in inputs.items()} if kind == "distance" else {"a": [1, 1, 0], "b": [0, 1, 1]}
        used = {n: fields[n] for n in "ab"}
        names = [f"{f}{i}" for f in ("e", "d") for i in (1, 2, 3)]
        body = (
            '<ClusteringModel functionName="clustering" modelClass="centerBased" numberOfClusters="3">' + schema("a", "b")
            + outputs(*((f"e{i}", "entityId", "string", f'rank="{i}"') for i in (1, 2, 3)), *((f"d{i}", "affinity", "double", f'rank="{i}"') for i in (1, 2, 3)))
            + f'<ComparisonMeasure kind="{kind}"><{measure}/></ComparisonMeasure><ClusteringField field="a" compareFunction="absDiff"/>'
            '<ClusteringField field="b" compareFunction="absDiff"/>'
            + "".join(f'<Cluster id="k{i}"><Array n="2" type="real">{c}</Array></Cluster>' for i, c in enumerate(("0 1", "1 0", "1 1")))
            + "</ClusteringModel>"
        )
        made.append(case(f"ranks of clusters by {kind}", document(used, body), at, names))
    return made


def radial_basis():
    # JPMML has no altitude of a single neuron; the layers' hold here.
    fields = {n: ("continuous", "double", []) for n in "aby"}
    inputs = {"a": [0.1, 1.0, -2.0, 0.3], "b": [0.5, 0.25, 1.5, 0.7]}
    given = "".join(
        f'<NeuralInput id="{i}"><DerivedField optype="continuous" dataType="double"><FieldRef field="{n}"/></DerivedField></NeuralInput>'
        for i, n in enumerate("ab")
    )
    made = []
    for attributes, method in (('width="1.1" altitude="1.2"', "none"), ('width="0.9"', "simplemax")):
        body = (
            f'<NeuralNetwork functionName="regression" activationFunction="radialBasis" {attributes}>' + schema("a", "b", target="y")
            + f'<NeuralInputs>{given}</NeuralInputs><NeuralLayer normalizationMethod="{method}"><Neuron id="2" width="0.8"><Con from="0" weight="0.3"/>'
            '<Con from="1" weight="0.7"/></Neuron><Neuron id="3"><Con from="1" weight="-0.2"/></Neuron></NeuralLayer>'
            '<NeuralLayer activationFunction="identity"><Neuron id="4" bias="0.5"><Con from="2" weight="1.5"/><Con from="3" weight="-2"/></Neuron></NeuralLayer>'
            '<NeuralOutputs><NeuralOutput outputNeuron="4"><DerivedField optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField>'
            "</NeuralOutput></NeuralOutputs></NeuralNetwork>"
        )
        made.append(case(f"radial basis {method}", document(fields, body), inputs, ["y"]))
    return made


def inner_treatments():
    """What a model inside does with values that the outermost lets pass."""
    fields = {"x": ("continuous", "double", []), "c": ("categorical", "string", ["a", "b"]), "y": ("continuous", "double", [])}
    inputs = {"x": [1.0, 2.0, 3.0, 4.0, 25.0], "c": ["a", "b", "z", None, "a"]}
    made = []
    for name, treatment in (
        ("default", ""), ("as missing", 'invalidValueTreatment="asMissing" missingValueReplacement="b"'),
        ("as value", 'invalidValueTreatment="asValue" invalidValueReplacement="b"'), ("as is", 'invalidValueTreatment="asIs"'),
    ):
        inside = (
            f'<RegressionModel functionName="regression"><MiningSchema><MiningField name="x" {treatment.replace(chr(34) + "b" + chr(34), chr(34) + "7" + chr(34))}/>'
            f'<MiningField name="c" {treatment}/><MiningField name="y" usageType="target"/></MiningSchema><RegressionTable intercept="1">'
            '<NumericPredictor name="x" coefficient="2"/><CategoricalPredictor name="c" value="a" coefficient="10"/>'
            '<CategoricalPredictor name="c" value="b" coefficient="20"/></RegressionTable></RegressionModel>'
        )
        body = (
            '<MiningModel functionName="regression">' + schema("x", "c", target="y")
            + f'<Segmentation multipleModelMethod="modelChain"><Segment id="1"><True/>{inside}</Segment></Segmentation></MiningModel>'
        )
        text = document(fields, body).replace('<DataField name="x" optype="continuous" dataType="double">',
                                              '<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedOpen" leftMargin="0" rightMargin="25"/>')
        made.append(case(f"inner invalid values {name}", text, inputs, ["y"]))
    return made


def baselines():
    """The standard's examples of change detection; a CUSUM and a scalar product over the last rows."""
    by = f"scipy {version('scipy')}, the formulas of the standard"
    x = [550.2, 480.0, None, 430.5, 465.1, 470.0, 560.3, 540.0, 455.5]
    fields = {"x": ("continuous", "double", []), "y": ("continuous", "double", [])}
    made = []
    model = lambda test: '<BaselineModel functionName="regression">' + schema("x", target="y") + test + "</BaselineModel>"
    test = '<TestDistributions field="x" testStatistic="zValue"><Baseline><GaussianDistribution mean="550.2" variance="48.2"/></Baseline></TestDistributions>'
    answers = [{"y": None if v is None else (v - 550.2) / math.sqrt(48.2)} for v in x]
    made.append(case("baseline zValue", document(fields, model(test)), {"x": x}, ["y"], answers, by))
    counts = [3, 9, 4, None, 12, 8, 2, 1, 7]
    gauss = lambda mean, variance: f'<GaussianDistribution mean="{mean}" variance="{variance}"/>'
    poisson = lambda mean: f'<PoissonDistribution mean="{mean}"/>'
    for name, values, usual, other, f0, f1 in (
        ("gaussian", x, gauss(550.2, 4820), gauss(460.4, 3920), stats.norm(550.2, math.sqrt(4820)).logpdf, stats.norm(460.4, math.sqrt(3920)).logpdf),
        ("poisson", counts, poisson(3.5), poisson(8.25), stats.poisson(3.5).logpmf, stats.poisson(8.25).logpmf),
    ):
        for window, reset in ((1, 0.0), (4, 0.0), (20, -0.5)):
            answers = []
            for row, v in enumerate(values):
                z = 0.0
                for u in values[max(0, row - window + 1):row + 1]:
                    if u is not None:
                        z = max(reset, z + f1(u) - f0(u))
                answers.append({"y": None if v is None else z})
            test = (f'<TestDistributions field="x" testStatistic="CUSUM" resetValue="{reset}" windowSize="{window}"><Baseline>{usual}</Baseline>'
                    f"<Alternate>{other}</Alternate></TestDistributions>")
            made.append(case(f"baseline CUSUM {name} {window}", document(fields, model(test)), {"x": values}, ["y"], answers, by))
    colours = ["r", "g", "b"]
    seen, weights = ["r", "g", "g", "b", "r", "r", "b", "g"], [1, 2, 0.5, 1, 3, 1, 1, 2]
    expected = np.array([5.0, 3.0, 2.0])
    for scheme in ("", "Independent", "SizeWeighted"):
        for weighted in (False, True):
            answers = []
            for row in range(len(seen)):
                observed = np.zeros(3)
                for c, w in list(zip(seen, weights))[max(0, row - 2):row + 1]:
                    observed[colours.index(c)] += w if weighted else 1.0
                norms = {"": 1.0, "Independent": np.linalg.norm(expected) * np.linalg.norm(observed),
                         "SizeWeighted": (expected @ expected + observed @ observed) / 2}
                answers.append({"y": expected @ observed / norms[scheme]})
            test = (
                '<TestDistributions field="c" testStatistic="scalarProduct" windowSize="3"' + (f' normalizationScheme="{scheme}"' if scheme else "")
                + (' weightField="w"' if weighted else "") + '><Baseline><CountTable sample="10">'
                + "".join(f'<FieldValueCount field="c" value="{c}" count="{n}"/>' for c, n in zip(colours, expected)) + "</CountTable></Baseline></TestDistributions>"
            )
            fields = {"c": ("categorical", "string", colours), "w": ("continuous", "double", []), "y": ("continuous", "double", [])}
            used = {"c": seen, "w": weights} if weighted else {"c": seen}
            text = document(fields, '<BaselineModel functionName="regression">' + schema(*used, target="y") + test + "</BaselineModel>")
            made.append(case(f"baseline scalarProduct {scheme} {'weighted' if weighted else ''}", text, used, ["y"], answers, by))
    return made


def missing_segments():
    """What an ensemble answers where members have no answer. (Of none at all JPMML says 0 for a sum, and refuses a mean.)"""
    inputs = {"a": [1.0, None, 2.0, None], "b": [2.0, 3.0, None, None], "c": [5.0, 7.0, -1.0, 4.0]}
    fields = {n: ("continuous", "double", []) for n in "abcy"}
    model = lambda i, n: (
        f'<RegressionModel functionName="regression">{schema(n, target="y")}<RegressionTable intercept="{i}">'
        f'<NumericPredictor name="{n}" coefficient="{i + 1.5}"/></RegressionTable></RegressionModel>'
    )
    parts = "".join(f'<Segment id="{n}" weight="{[0.5, 2, 1.5][i]}"><True/>{model(i, n)}</Segment>' for i, n in enumerate("abc"))
    made = []
    for method in ("average", "weightedAverage", "sum", "weightedSum", "median", "weightedMedian"):
        for treatment in ('missingPredictionTreatment="continue"', 'missingPredictionTreatment="returnMissing"', 'missingPredictionTreatment="skipSegment"',
                          'missingPredictionTreatment="skipSegment" missingThreshold="0.5"', 'missingPredictionTreatment="skipSegment" missingThreshold="0.2"'):
            body = (
                '<MiningModel functionName="regression">' + schema("a", "b", "c", target="y")
                + f'<Segmentation multipleModelMethod="{method}" {treatment}>{parts}</Segmentation></MiningModel>'
            )
            try:
                made.append(case(f"{method} {treatment}", document(fields, body), inputs, ["y"]))
            except Exception as refusal:
                print(f"the engine refuses {method} {treatment}: {str(refusal)[:120]}")
    return made


def unanswered_trees():
    """Trees that have no answer for some rows: a missing value, a category that no child takes, a node without a score."""
    inputs = {
        "x": [0.5, 1.5, 2.5, None, 0.5, 2.5, None, 1.0],
        "c": ["a", "b", "c", "a", None, None, None, "c"],
    }
    fields = {"x": ("continuous", "double", []), "c": ("categorical", "string", ["a", "b", "c"]), "y": None}
    at_most = lambda v: f'<SimplePredicate field="x" operator="lessOrEqual" value="{v}"/>'
    above = lambda v: f'<SimplePredicate field="x" operator="greaterThan" value="{v}"/>'
    within = lambda *v: f'<SimpleSetPredicate field="c" booleanOperator="isIn"><Array type="string">{" ".join(v)}</Array></SimpleSetPredicate>'
    scored = lambda score: "" if score is None else f' score="{score}"'
    node = lambda predicate, *inside, score=None: f"<Node{scored(score)}>{predicate}{''.join(inside)}</Node>"
    made = []
    for function, method in [("regression", "average"), ("regression", "sum"), ("classification", "majorityVote"), ("classification", "weightedMajorityVote")]:
        s = [0.25, -1.5, 3.0, 0.1] if function == "regression" else ["n", "p", "p", "n"]
        fields["y"] = ("continuous", "double", []) if function == "regression" else ("categorical", "string", ["n", "p"])
        # A chain of children, sets that do not cover all, and one child alone.
        trees = [
            node("<True/>", node(at_most(1.0), node(within("a"), score=s[0]), node(within("b"), score=s[1])), node(at_most(2.0), score=s[2]), node(within("a", "c"), score=s[3])),
            node("<True/>", node(within("a", "b"), node(at_most(2.0), score=s[1]), node(above(2.0), score=s[2])), node(within("c"), node("<True/>", score=s[0]))),
            node("<True/>", node(above(0.75), score=s[3]), score=s[2]),
        ]
        # A missing value passes to the second child.
        passing = node("<True/>", node(at_most(1.0), score=s[0]), node("<True/>", node(within("a", "b"), score=s[1])))
        for strategy in ("none", "nullPrediction"):
            for no_child in ("returnNullPrediction", "returnLastPrediction"):
                model = lambda tree: (
                    f'<TreeModel functionName="{function}" missingValueStrategy="{strategy}" noTrueChildStrategy="{no_child}">'
                    f'{schema("x", "c")}{tree}</TreeModel>'
                )
                for name, some in [("three", trees), ("one", [passing])]:
                    parts = "".join(f'<Segment id="{i}" weight="{[1, 0.5, 2][i]}"><True/>{model(t)}</Segment>' for i, t in enumerate(some))
                    body = (
                        f'<MiningModel functionName="{function}">{schema("x", "c", target="y")}'
                        f'<Segmentation multipleModelMethod="{method}" missingPredictionTreatment="returnMissing">{parts}</Segmentation></MiningModel>'
                    )
                    made.append(case(f"unanswered {method} {strategy} {no_child} {name}", document(fields, body), inputs, ["y"]))
    return made


if __name__ == "__main__":
    made = [cox(False), cox(True), contrasts("regression"), contrasts("classification"), select_all("regression"), select_all("classification"), *ranks(), *radial_basis(), *inner_treatments(), *baselines(), *missing_segments(), *unanswered_trees()]
    kit = sys.modules[__name__]
    made += elements.processes(kit) + elements.networks(kit) + elements.series(kit)
    made += elements.seasons(kit) + elements.texts(kit) + elements.mixed_networks(kit) + elements.compositions(kit) + elements.similar_neighbors(kit)
    with open(HERE / "cases.json", "w", newline="\n") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in made) + "\n]\n")
