"""Model elements of PMML 4.4 that no engine evaluates, answered by libraries of their own field: Gaussian processes by
scikit-learn, Bayesian networks by pyAgrum, time series by statsmodels, text models and densities by scipy, embedded
models by JPMML as segments. Each has the example of the standard's text where that gives numbers. Used by make.py.
"""

from importlib.metadata import version

import numpy as np
import pyagrum as gum
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.holtwinters import ExponentialSmoothing

rng = np.random.default_rng(7)


def numbers(values):
    return " ".join(repr(float(v)) for v in values)


def array(values):
    return f'<Array type="real" n="{len(values)}">{numbers(values)}</Array>'


def process(kit, name, kernel, x, y, asked, answers, by):
    names = [f"x{i + 1}" for i in range(x.shape[1])]
    fields = {n: ("continuous", "double", []) for n in [*names, "y"]}
    listed = "".join(f'<InstanceField field="{n}" column="{n}"/>' for n in [*names, "y"])
    cells = "".join(
        "<row>" + "".join(f"<{n}>{float(v)!r}</{n}>" for n, v in zip([*names, "y"], [*row, target])) + "</row>"
        for row, target in zip(x, y)
    )
    body = (
        '<GaussianProcessModel functionName="regression">' + kit.schema(*names, target="y")
        + kit.outputs(("mean", "predictedValue", "double", ""), ("deviation", "standardDeviation", "double", ""))
        + kernel
        + f'<TrainingInstances recordCount="{len(x)}" fieldCount="{len(names) + 1}" isTransformed="false"><InstanceFields>{listed}</InstanceFields>'
        + f"<InlineTable>{cells}</InlineTable></TrainingInstances></GaussianProcessModel>"
    )
    inputs = {n: [float(v) for v in asked[:, i]] for i, n in enumerate(names)}
    return kit.case(name, kit.document(fields, body), inputs, ["mean", "deviation"], answers, by)


def processes(kit):
    by = f"scikit-learn {version('scikit-learn')}"
    # The worked example of the standard, which gives four digits: mean 1.0095, variance 0.0226.
    x, y = np.array([[1.0, 3.0], [2.0, 6.0]]), np.array([1.0, 2.0])
    gamma, lengths, noise = 2.4890, [1.5164, 59.3113], 0.0110
    kernel = f'<ARDSquaredExponentialKernel gamma="{gamma}" noiseVariance="{noise}"><Lambda>{array(lengths)}</Lambda></ARDSquaredExponentialKernel>'
    asked = np.array([[1.0, 4.0], [2.5, 6.0], [0.0, 0.0]])
    fit = lambda k, x, y: GaussianProcessRegressor(k, optimizer=None, alpha=0.0).fit(x, y)
    rows = lambda model, asked: [
        {"mean": m, "deviation": s} for m, s in zip(*model.predict(asked, return_std=True))
    ]
    model = fit(ConstantKernel(gamma) * RBF(lengths) + WhiteKernel(noise), x, y)
    answers = rows(model, asked)
    assert abs(answers[0]["mean"] - 1.0095) < 5e-5 and abs(answers[0]["deviation"] ** 2 - 0.0226) < 1e-4
    made = [process(kit, "gaussian process, the standard's example", kernel, x, y, asked, answers, by)]
    x = rng.normal(size=(12, 1)).round(3)
    y = np.sin(2 * x[:, 0]).round(3)
    asked = rng.normal(size=(5, 1)).round(3)
    model = fit(ConstantKernel(1.5) * RBF(0.7) + WhiteKernel(0.01), x, y)
    made.append(process(kit, "gaussian process, radial basis", '<RadialBasisKernel gamma="1.5" noiseVariance="0.01" lambda="0.7"/>',
                        x, y, asked, rows(model, asked), by))
    # Of one input exp(-|d| / 2 lambda) is a Matern kernel of smoothness 1/2, and with degree 2 a radial basis.
    model = fit(ConstantKernel(1.5) * Matern(1.4, nu=0.5) + WhiteKernel(0.01), x, y)
    kernel = f'<AbsoluteExponentialKernel gamma="1.5" noiseVariance="0.01"><Lambda>{array([0.7])}</Lambda></AbsoluteExponentialKernel>'
    made.append(process(kit, "gaussian process, absolute exponential", kernel, x, y, asked, rows(model, asked), by))
    model = fit(ConstantKernel(1.5) * RBF(0.7) + WhiteKernel(0.01), x, y)
    kernel = f'<GeneralizedExponentialKernel gamma="1.5" noiseVariance="0.01" degree="2"><Lambda>{array([0.7])}</Lambda></GeneralizedExponentialKernel>'
    made.append(process(kit, "gaussian process, generalized exponential", kernel, x, y, asked, rows(model, asked), by))
    return made


def networks(kit):
    """Rain, a sprinkler, wet grass and a slippery road; parents come after children in the document."""
    by = f"pyAgrum {version('pyagrum')}"
    states = {"rain": ["no", "yes"], "sprinkler": ["off", "on"], "grass": ["dry", "wet"], "road": ["dry", "damp", "slippery"]}
    parents = {"rain": [], "sprinkler": ["rain"], "grass": ["rain", "sprinkler"], "road": ["grass"]}
    tables = {
        "rain": {(): [0.8, 0.2]},
        "sprinkler": {("no",): [0.6, 0.4], ("yes",): [0.99, 0.01]},
        "grass": {("no", "off"): [1.0, 0.0], ("no", "on"): [0.1, 0.9], ("yes", "off"): [0.2, 0.8], ("yes", "on"): [0.01, 0.99]},
        "road": {("dry",): [0.9, 0.08, 0.02], ("wet",): [0.1, 0.3, 0.6]},
    }
    net = gum.BayesNet()
    for name, values in states.items():
        net.add(gum.LabelizedVariable(name, name, values))
    for name, above in parents.items():
        for parent in above:
            net.addArc(parent, name)
    for name, table in tables.items():
        for key, row in table.items():
            net.cpt(name)[dict(zip(parents[name], key))] = row
    node = lambda name: (
        f'<DiscreteNode name="{name}">'
        + "".join(
            ("<DiscreteConditionalProbability>" + "".join(f'<ParentValue parent="{p}" value="{v}"/>' for p, v in zip(parents[name], key)) if key else "")
            + "".join(f'<ValueProbability value="{s}" probability="{p}"/>' for s, p in zip(states[name], row))
            + ("</DiscreteConditionalProbability>" if key else "")
            for key, row in tables[name].items()
        )
        + "</DiscreteNode>"
    )
    seen = {
        "sprinkler": ["on", None, "off", None, "on"], "grass": ["wet", "wet", "dry", None, "dry"],
        "road": ["slippery", None, "dry", "damp", None],
    }
    made = []
    for target, used in (("rain", ["sprinkler", "grass", "road"]), ("grass", ["road"]), ("road", ["sprinkler", "grass"])):
        inputs = {n: seen[n] for n in used}
        answers = []
        for row in zip(*inputs.values()):
            infer = gum.LazyPropagation(net)
            infer.setEvidence({n: v for n, v in zip(used, row) if v is not None})
            found = infer.posterior(target).tolist()
            answers.append({target: states[target][int(np.argmax(found))]} | {f"p_{s}": p for s, p in zip(states[target], found)})
        fields = {n: ("categorical", "string", values) for n, values in states.items()}
        body = (
            '<BayesianNetworkModel functionName="classification">' + kit.schema(*used, target=target)
            + kit.outputs(*((f"p_{s}", "probability", "double", f'value="{s}"') for s in states[target]))
            + "<BayesianNetworkNodes>" + "".join(map(node, reversed(states))) + "</BayesianNetworkNodes></BayesianNetworkModel>"
        )
        made.append(kit.case(f"bayesian network for {target}", kit.document(fields, body), inputs, list(answers[0]), answers, by))
    return made


def series_document(kit, best, body, history=()):
    fields = {"y": ("continuous", "double", []), "h": ("continuous", "integer", [])}
    known = "".join(f'<TimeValue index="{i + 1}" value="{float(v)!r}"/>' for i, v in enumerate(history))
    known = f'<TimeSeries usage="original" startTime="1" endTime="{len(history)}">{known}</TimeSeries>' if len(history) else ""
    text = (
        f'<TimeSeriesModel functionName="timeSeries" bestFit="{best}"><MiningSchema><MiningField name="y" usageType="target"/>'
        '<MiningField name="h" usageType="supplementary"/></MiningSchema>'
        + kit.outputs(("forecast", "predictedValue", "double", "")) + known + body + "</TimeSeriesModel>"
    )
    return kit.document(fields, text)


def series(kit):
    by = f"statsmodels {version('statsmodels')}"
    steps = {"h": [1, 2, 3, 7, 12]}
    pick = lambda forecast: [{"forecast": float(forecast[h - 1])} for h in steps["h"]]
    made = []
    y = 20 + 0.4 * np.arange(60) + rng.normal(size=60).round(3)
    for trend, damped, word in ((None, False, ""), ("add", False, "additive"), ("add", True, "damped_additive"),
                                ("mul", False, "multiplicative")):
        fit = ExponentialSmoothing(y, trend=trend, damped_trend=damped, initialization_method="estimated").fit()
        slope = f'<Trend_ExpoSmooth trend="{word}" phi="{float(fit.params["damping_trend"]) if damped else 1.0!r}" smoothedValue="{float(fit.trend[-1]) if trend else 0!r}"/>' if trend else ""
        body = f'<ExponentialSmoothing><Level smoothedValue="{float(fit.level[-1])!r}"/>{slope}</ExponentialSmoothing>'
        made.append(kit.case(f"exponential smoothing {word}", series_document(kit, "ExponentialSmoothing", body), steps, ["forecast"], pick(fit.forecast(12)), by))
    # Long enough that the filter has settled to the recursion of the standard.
    season = np.cumsum(rng.normal(0, 0.5, size=(225, 4)), axis=0).ravel()
    y = (np.cumsum(rng.normal(size=900)) + season).round(4)
    for order, season in (((2, 1, 1), (0, 0, 0, 0)), ((1, 0, 2), (0, 1, 1, 4)), ((1, 1, 0), (1, 0, 0, 4))):
        fit = ARIMA(y, order=order, seasonal_order=season, trend="n").fit()
        last = order[2] + season[2] * season[3]
        residuals = f"<Residuals>{array(fit.resid[-last:])}</Residuals>" if last else ""
        part = lambda name, attributes, ar, ma, residuals: (
            f"<{name} {attributes}>" + (f"<AR>{array(ar)}</AR>" if len(ar) else "")
            + (f"<MA><MACoefficients>{array(ma)}</MACoefficients>{residuals}</MA>" if len(ma) else "") + f"</{name}>"
        )
        body = '<ARIMA transformation="none" constantTerm="0" predictionMethod="conditionalLeastSquares">' + part(
            "NonseasonalComponent", 'p="{}" d="{}" q="{}"'.format(*order), fit.arparams, fit.maparams, "" if season[2] else residuals
        )
        if season[3]:
            body += part("SeasonalComponent", 'P="{}" D="{}" Q="{}" period="{}"'.format(*season), fit.seasonalarparams if season[0] else [],
                         fit.seasonalmaparams if season[2] else [], residuals)
        text = series_document(kit, "ARIMA", body + "</ARIMA>", y[-12:])
        made.append(kit.case(f"arima {order} {season}", text, steps, ["forecast"], pick(fit.forecast(12)), by) | {"tolerance": 1e-6})
    matrix = lambda rows: f'<Matrix nbRows="{len(rows)}" nbCols="{len(rows[0])}">' + "".join(map(array, rows)) + "</Matrix>"
    fit = ARIMA(y, order=(2, 1, 1), seasonal_order=(1, 0, 0, 4), trend="n").fit()
    space = fit.filter_results
    body = (
        '<StateSpaceModel variance="1"><StateVector>' + array(space.predicted_state[:, -1]) + "</StateVector><TransitionMatrix>"
        + matrix(space.transition[:, :, 0]) + "</TransitionMatrix><MeasurementMatrix>" + matrix(space.design[:, :, 0])
        + '</MeasurementMatrix><InterceptVector type="observation">' + array([12.25]) + "</InterceptVector></StateSpaceModel>"
    )
    text = series_document(kit, "StateSpaceModel", body)
    answers = [{"forecast": row["forecast"] + 12.25} for row in pick(fit.forecast(12))]
    # JPMML has the first step alone.
    assert abs(kit.jpmml(text, {"h": [1]})[0]["forecast"] - answers[0]["forecast"]) < 1e-9
    made.append(kit.case("state space", text, steps, ["forecast"], answers, by))
    return made


def seasons(kit):
    """Exponential smoothing with a season; `phase` is the place of the last observation in the array, from 1."""
    by = f"statsmodels {version('statsmodels')}"
    noise = np.random.default_rng(11)
    steps = {"h": [1, 2, 3, 4, 5, 9]}
    made = []
    season = np.array([2.5, -1.0, 0.5, -2.0])
    y = 30 + 0.3 * np.arange(58) + season[np.arange(58) % 4] + noise.normal(0, 0.5, 58).round(3)
    for trend, damped, joined, word in ((None, False, "add", ""), ("add", False, "add", "additive"), ("add", True, "mul", "damped_additive"),
                                        ("mul", False, "mul", "multiplicative")):
        fit = ExponentialSmoothing(y, trend=trend, damped_trend=damped, seasonal=joined, seasonal_periods=4, initialization_method="estimated").fit()
        slope = f'<Trend_ExpoSmooth trend="{word}" phi="{float(fit.params["damping_trend"]) if damped else 1.0!r}" smoothedValue="{float(fit.trend[-1])!r}"/>' if trend else ""
        # 58 observations end in the middle of a year of 4: factors by their place in it. The library forecasts with that
        # of the last observation as it was before it.
        factors = [float(fit.season[56]), float(fit.season[53]), float(fit.season[54]), float(fit.season[55])]
        kind = {"add": "additive", "mul": "multiplicative"}[joined]
        body = (
            f'<ExponentialSmoothing><Level smoothedValue="{float(fit.level[-1])!r}"/>{slope}'
            f'<Seasonality_ExpoSmooth type="{kind}" period="4" phase="2">{array(factors)}</Seasonality_ExpoSmooth></ExponentialSmoothing>'
        )
        forecast = fit.forecast(9)
        answers = [{"forecast": float(forecast[h - 1])} for h in steps["h"]]
        made.append(kit.case(f"seasons {kind} {word}", series_document(kit, "ExponentialSmoothing", body), steps, ["forecast"], answers, by))
    y = np.cumsum(noise.normal(size=400)).round(4)
    fit = ARIMA(np.diff(y), order=(1, 0, 1), trend="n").fit()
    body = (
        f'<GARCH><ARMAPart p="1" q="1"><AR>{array(fit.arparams)}</AR><MA><MACoefficients>{array(fit.maparams)}</MACoefficients>'
        f'<Residuals>{array(fit.resid[-1:])}</Residuals></MA></ARMAPart><GARCHPart constant="0.1" gp="1" gq="1"><ResidualSquareCoefficients>'
        f"<MACoefficients>{array([0.1])}</MACoefficients></ResidualSquareCoefficients><VarianceCoefficients><MACoefficients>{array([0.8])}"
        "</MACoefficients></VarianceCoefficients></GARCHPart></GARCH>"
    )
    forecast = fit.forecast(9)
    answers = [{"forecast": float(forecast[h - 1])} for h in steps["h"]]
    text = series_document(kit, "GARCH", body, np.diff(y)[-3:])
    made.append(kit.case("the mean of a garch model", text, steps, ["forecast"], answers, by) | {"tolerance": 1e-6})
    return made


TERMS = ["apple", "banana", "cherry pie", "date", "elder"]
CORPUS = np.array([[2, 0, 1, 0, 1], [0, 3, 0, 0, 0], [1, 1, 0, 2, 0], [0, 0, 4, 1, 0]], dtype=float)


def weigh(frequencies, local, glob, norm):
    """The table of the standard (Text Models, "Text Model Normalization")."""
    there = (frequencies > 0).astype(float)
    most = frequencies.max(axis=1, keepdims=True)
    l = {
        "termFrequency": frequencies, "binary": there, "logarithmic": np.log(1 + frequencies),
        "augmentedNormalizedTermFrequency": (there + np.divide(frequencies, most, out=np.zeros_like(frequencies), where=most > 0)) / 2,
    }[local]
    n, d = len(CORPUS), (CORPUS > 0).sum(axis=0)
    g = {
        "none": np.ones(len(TERMS)), "inverseDocumentFrequency": np.log(n / d), "GFIDF": CORPUS.sum(axis=0) / d,
        "normal": 1 / np.sqrt((CORPUS**2).sum(axis=0)), "probabilisticInverse": np.log((n - d) / d),
    }[glob]
    weights = l * g
    if norm == "cosine":
        length = np.linalg.norm(weights, axis=1, keepdims=True)
        weights = np.divide(weights, length, out=np.zeros_like(weights), where=length > 0)
    return weights


def texts(kit):
    """Documents by their texts, or by how often each term is in them; distances by scipy."""
    by = f"the standard's table of weights, distances of scipy {version('scipy')}"
    written = ["An apple, a cherry pie and an apple!", "banana banana elder", "Date: apple date", "nothing of that", "cherry cherry pie APPLE"]
    counts = np.array([[2, 0, 1, 0, 0], [0, 2, 0, 0, 1], [1, 0, 0, 2, 0], [0, 0, 0, 0, 0], [1, 0, 1, 0, 0]], dtype=float)
    ids = [f"d{i + 1}" for i in range(len(CORPUS))]
    made = []
    ways = [("cosine", l, g, n) for l in ("termFrequency", "binary", "logarithmic", "augmentedNormalizedTermFrequency")
            for g in ("inverseDocumentFrequency", "none", "GFIDF", "normal", "probabilisticInverse") for n in ("none", "cosine")]
    ways += [("euclidean", l, g, n) for l, g, n in (("termFrequency", "none", "none"), ("binary", "GFIDF", "none"),
                                                    ("augmentedNormalizedTermFrequency", "normal", "none"), ("logarithmic", "inverseDocumentFrequency", "cosine"))]
    for place, (similarity, local, glob, norm) in enumerate(ways):
        corpus, asked = weigh(CORPUS, local, glob, norm), weigh(counts, local, glob, norm)
        if similarity == "cosine":
            length = lambda m: np.linalg.norm(m, axis=1)
            scale = np.outer(length(asked), length(corpus))
            found = np.divide(asked @ corpus.T, scale, out=np.zeros_like(scale), where=scale > 0)
            best = found.argmax(axis=1)
        else:
            found = cdist(asked, corpus)
            best = found.argmin(axis=1)
        by_terms = place % 2 == 1
        # A document without terms is as far from every document of length 1, but for rounding.
        rows = [i for i in range(len(written)) if similarity == "cosine" or norm == "none" or counts[i].any()]
        fields = {t: ("continuous", "double", []) for t in TERMS} if by_terms else {"text": ("categorical", "string", [])}
        inputs = {t: counts[rows, i].tolist() for i, t in enumerate(TERMS)} if by_terms else {"text": [written[i] for i in rows]}
        if place % 4 == 0:
            cells = "".join(array(row) for row in CORPUS)
        elif place % 4 == 1:
            cells = "".join(f'<MatCell row="{i + 1}" col="{j + 1}">{CORPUS[i, j]}</MatCell>' for i, j in zip(*CORPUS.nonzero()))
        else:
            cells = "".join(
                f'<REAL-SparseArray n="{len(TERMS)}"><Indices>{" ".join(str(i + 1) for i in row.nonzero()[0])}</Indices>'
                f"<REAL-Entries>{numbers(row[row > 0])}</REAL-Entries></REAL-SparseArray>" for row in CORPUS
            )
        quoted = " ".join(f'"{t}"' for t in TERMS)
        body = (
            f'<TextModel functionName="clustering" numberOfTerms="{len(TERMS)}" numberOfDocuments="{len(ids)}">' + kit.schema(*fields)
            + kit.outputs(("document", "predictedValue", "string", ""), *((f"a_{d}", "affinity", "double", f'value="{d}"') for d in ids))
            + f'<TextDictionary><Array type="string" n="{len(TERMS)}">{quoted}</Array></TextDictionary><TextCorpus>'
            + "".join(f'<TextDocument id="{d}"/>' for d in ids)
            + f'</TextCorpus><DocumentTermMatrix><Matrix nbRows="{len(ids)}" nbCols="{len(TERMS)}">{cells}</Matrix></DocumentTermMatrix>'
            f'<TextModelNormalization localTermWeights="{local}" globalTermWeights="{glob}" documentNormalization="{norm}"/>'
            f'<TextModelSimiliarity similarityType="{similarity}"/></TextModel>'
        )
        answers = [{"document": ids[b]} | {f"a_{d}": float(v) for d, v in zip(ids, row)} for b, row in zip(best[rows], found[rows])]
        name = f"text model {similarity} {local} {glob} {norm}"
        made.append(kit.case(name, kit.document(fields, body), inputs, list(answers[0]), answers, by) | {"tolerance": 1e-12})
    return made


def mixed_networks(kit):
    """Discrete nodes with continuous children and parents: Bayes' rule over all states, with densities of scipy."""
    by = f"Bayes' rule with the densities of scipy {version('scipy')}"
    p_machine, p_fault = {"old": 0.3, "new": 0.7}, {"old": [0.8, 0.2], "new": [0.95, 0.05]}
    heat = {("old", "no"): (60.0, 16.0), ("old", "yes"): (75.0, 25.0), ("new", "no"): (55.0, 9.0), ("new", "yes"): (72.0, 36.0)}
    wear = {"no": (-1.0, 0.25), "yes": (0.5, 0.49)}
    span = {"no": (0.0, 10.0), "yes": (4.0, 12.0)}
    # An alarm by whether it is hot, which the discrete node derives from the temperature, and by the fault.
    alarm = {("cool", "no"): [0.99, 0.01], ("cool", "yes"): [0.6, 0.4], ("hot", "no"): [0.7, 0.3], ("hot", "yes"): [0.1, 0.9]}
    constant = lambda v: f'<Constant dataType="double">{v!r}</Constant>'
    table = lambda of, inside: "<ContinuousConditionalProbability>" + "".join(f'<ParentValue parent="{p}" value="{v}"/>' for p, v in of.items()) \
        + f"<ContinuousDistribution>{inside}</ContinuousDistribution></ContinuousConditionalProbability>"
    probabilities = lambda values, row: "".join(f'<ValueProbability value="{s}" probability="{p!r}"/>' for s, p in zip(values, row))
    nodes = (
        f'<DiscreteNode name="machine">{probabilities(["old", "new"], [0.3, 0.7])}</DiscreteNode><DiscreteNode name="fault">'
        + "".join(f'<DiscreteConditionalProbability><ParentValue parent="machine" value="{m}"/>{probabilities(["no", "yes"], row)}</DiscreteConditionalProbability>' for m, row in p_fault.items())
        + '</DiscreteNode><ContinuousNode name="heat">'
        + "".join(table({"machine": m, "fault": f}, f"<NormalDistributionForBN><Mean>{constant(a)}</Mean><Variance>{constant(b)}</Variance></NormalDistributionForBN>") for (m, f), (a, b) in heat.items())
        + '</ContinuousNode><ContinuousNode name="wear">'
        + "".join(table({"fault": f}, f"<LognormalDistributionForBN><Mean>{constant(a)}</Mean><Variance>{constant(b)}</Variance></LognormalDistributionForBN>") for f, (a, b) in wear.items())
        + '</ContinuousNode><ContinuousNode name="noise">'
        + "".join(table({"fault": f}, f"<UniformDistributionForBN><Lower>{constant(a)}</Lower><Upper>{constant(b)}</Upper></UniformDistributionForBN>") for f, (a, b) in span.items())
        # Power follows heat: a mean that depends on another continuous node.
        + '</ContinuousNode><ContinuousNode name="power"><ContinuousDistribution><NormalDistributionForBN><Mean><Apply function="+"><Constant dataType="double">5</Constant>'
        '<Apply function="*"><Constant dataType="double">0.1</Constant><FieldRef field="heat"/></Apply></Apply></Mean><Variance><Constant dataType="double">4</Constant></Variance>'
        "</NormalDistributionForBN></ContinuousDistribution></ContinuousNode>"
        '<DiscreteNode name="alarm"><DerivedField name="warmth" optype="categorical" dataType="string"><Discretize field="heat" dataType="string">'
        '<DiscretizeBin binValue="cool"><Interval closure="openOpen" rightMargin="65"/></DiscretizeBin><DiscretizeBin binValue="hot"><Interval closure="closedOpen" leftMargin="65"/></DiscretizeBin>'
        "</Discretize></DerivedField>"
        + "".join(f'<DiscreteConditionalProbability><ParentValue parent="warmth" value="{w}"/><ParentValue parent="fault" value="{f}"/>{probabilities(["off", "on"], row)}</DiscreteConditionalProbability>' for (w, f), row in alarm.items())
        + "</DiscreteNode>"
    )
    fields = {
        "machine": ("categorical", "string", ["old", "new"]), "fault": ("categorical", "string", ["no", "yes"]), "alarm": ("categorical", "string", ["off", "on"]),
        **{n: ("continuous", "double", []) for n in ("heat", "wear", "noise", "power")},
    }
    rows = [
        {"machine": "old", "heat": 70.0, "wear": 1.2, "noise": 5.0, "power": 11.0, "alarm": "on"},
        {"machine": None, "heat": 58.0, "wear": 0.3, "noise": None, "power": 12.5, "alarm": None},
        {"machine": "new", "heat": 66.0, "wear": None, "noise": 11.0, "power": None, "alarm": "off"},
        {"machine": None, "heat": 65.0, "wear": -0.5, "noise": 3.0, "power": 10.0, "alarm": "on"},
        # What follows from an unobserved heat is not known.
        {"machine": "old", "heat": None, "wear": 1.0, "noise": 3.0, "power": 10.0, "alarm": None},
        {"machine": "old", "heat": 61.5, "wear": 0.9, "noise": 6.0, "power": 10.0, "alarm": "off"},
    ]

    def joint(machine, fault, alarmed, row):
        p = p_machine[machine] * p_fault[machine][["no", "yes"].index(fault)]
        if row["heat"] is not None:
            mean, variance = heat[machine, fault]
            p *= stats.norm.pdf(row["heat"], mean, np.sqrt(variance))
        if row["wear"] is not None:
            mean, variance = wear[fault]
            p *= stats.lognorm.pdf(row["wear"], np.sqrt(variance), scale=np.exp(mean))
        if row["noise"] is not None:
            low, high = span[fault]
            p *= stats.uniform.pdf(row["noise"], low, high - low)
        warmth = "hot" if row["heat"] >= 65 else "cool"
        return p * alarm[warmth, fault][["off", "on"].index(alarmed)]

    made = []
    for target, states in (("fault", ["no", "yes"]), ("machine", ["old", "new"]), ("alarm", ["off", "on"])):
        answers = []
        for row in rows:
            if row["heat"] is None:
                answers.append({target: None} | {f"p_{s}": None for s in states})
                continue
            total = dict.fromkeys(states, 0.0)
            for m in ("old", "new"):
                for f in ("no", "yes"):
                    for a in ("off", "on"):
                        seen = {"machine": m, "fault": f, "alarm": a}
                        if all(n == target or row.get(n) in (None, v) for n, v in seen.items()):
                            total[seen[target]] += joint(m, f, a, row)
            whole = sum(total.values())
            if whole == 0:
                answers.append({target: None} | {f"p_{s}": None for s in states})
                continue
            shares = {s: v / whole for s, v in total.items()}
            answers.append({target: max(states, key=shares.get)} | {f"p_{s}": v for s, v in shares.items()})
        used = [n for n in ("machine", "heat", "wear", "noise", "power", "alarm") if n != target]
        body = (
            '<BayesianNetworkModel functionName="classification">' + kit.schema(*used, target=target)
            + kit.outputs(*((f"p_{s}", "probability", "double", f'value="{s}"') for s in states))
            + f"<BayesianNetworkNodes>{nodes}</BayesianNetworkNodes></BayesianNetworkModel>"
        )
        inputs = {n: [row[n] for row in rows] for n in used}
        made.append(kit.case(f"mixed bayesian network for {target}", kit.document(fields, body), inputs, list(answers[0]), answers, by) | {"tolerance": 1e-12})
    return made


def compositions(kit):
    """Embedded models (the standard's Model Composition), which JPMML refuses: answered by JPMML for the same models as segments."""
    by = kit.JPMML + ", of the same models in a Segmentation"
    inputs = {"age": [20.0, 35.0, None, 61.0, 44.0], "work": ["student", "clerk", "retired", None, "clerk"], "x": [1.5, -2.0, 0.25, 4.0, None]}
    fields = {"age": ("continuous", "double", []), "work": ("categorical", "string", ["student", "clerk", "retired"]), "x": ("continuous", "double", [])}
    regression = fields | {"y": ("continuous", "double", [])}
    fill = lambda name, head, rest: (
        f'<{name} functionName="regression" missingValueStrategy="none" noTrueChildStrategy="returnLastPrediction"{head}>{rest}<Node score="40"><True/><Node score="20"><CompoundPredicate booleanOperator="and">'
        '<SimplePredicate field="age" operator="isMissing"/><SimplePredicate field="work" operator="equal" value="student"/></CompoundPredicate></Node>'
        '<Node score="70"><CompoundPredicate booleanOperator="and"><SimplePredicate field="age" operator="isMissing"/><SimplePredicate field="work" operator="equal" value="retired"/>'
        f"</CompoundPredicate></Node></Node></{name}>"
    )
    table = '<RegressionTable intercept="0.5"><NumericPredictor name="filled" coefficient="0.1"/><NumericPredictor name="x" coefficient="-2"/></RegressionTable>'
    made = []
    schema = kit.schema("age", "work", "x", target="y")
    sequence = kit.document(regression, (
        f'<MiningModel functionName="regression">{schema}' + fill("DecisionTree", "", '<ResultField name="filled" optype="continuous" dataType="double" feature="predictedValue"/>')
        + f'<Regression functionName="regression">{table}</Regression></MiningModel>'
    ))
    passed = kit.outputs(("filled", "predictedValue", "double", ""))
    chain = kit.document(regression, (
        f'<MiningModel functionName="regression">{schema}<Segmentation multipleModelMethod="modelChain"><Segment><True/>'
        + fill("TreeModel", "", kit.schema("age", "work") + passed) + f'</Segment><Segment><True/><RegressionModel functionName="regression">{kit.schema("filled", "x", target="y")}{table}</RegressionModel></Segment></Segmentation></MiningModel>'
    ))
    made.append(kit.case("embedded models one after another", sequence, inputs, ["y"], kit.jpmml(chain, inputs), by))
    leaves = [('<SimplePredicate field="age" operator="lessThan" value="30"/>', '<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable>'),
              ('<SimplePredicate field="age" operator="greaterOrEqual" value="30"/>', '<RegressionTable intercept="-1"><NumericPredictor name="age" coefficient="0.5"/></RegressionTable>')]
    selection = kit.document(regression, (
        f'<MiningModel functionName="regression">{schema}<DecisionTree functionName="regression"><Node><True/>'
        + "".join(f'<Node>{test}<Regression functionName="regression">{t}</Regression></Node>' for test, t in leaves)
        + '<Node score="7"><SimplePredicate field="work" operator="equal" value="retired"/></Node></Node></DecisionTree></MiningModel>'
    ))
    parts = [*leaves, ('<SimplePredicate field="work" operator="equal" value="retired"/>', '<RegressionTable intercept="7"/>')]
    first = kit.document(regression, (
        f'<MiningModel functionName="regression">{schema}<Segmentation multipleModelMethod="selectFirst">'
        + "".join(f'<Segment>{test}<RegressionModel functionName="regression">{schema}{t}</RegressionModel></Segment>' for test, t in parts)
        + "</Segmentation></MiningModel>"
    ))
    made.append(kit.case("embedded models in leaves", selection, inputs, ["y"], kit.jpmml(first, inputs), by))
    # Classes, in the leaf of a stand-alone tree, and probabilities as results.
    known = {n: [v for v, a in zip(values, inputs["age"]) if a is not None] for n, values in inputs.items()}
    known["x"] = [0.5 if v is None else v for v in known["x"]]
    classes = fields | {"y": ("categorical", "string", ["no", "yes"])}
    logit = lambda b, i: f'<RegressionTable intercept="{i}" targetCategory="yes"><NumericPredictor name="x" coefficient="{b}"/></RegressionTable><RegressionTable intercept="0" targetCategory="no"/>'
    shares = '<ScoreDistribution value="no" recordCount="30"/><ScoreDistribution value="yes" recordCount="70"/>'
    out = kit.outputs(("p_yes", "probability", "double", 'value="yes"'), ("p_no", "probability", "double", 'value="no"'))
    schema = kit.schema("age", "work", "x", target="y")
    tests = ['<SimplePredicate field="age" operator="lessThan" value="40"/>', '<SimplePredicate field="age" operator="greaterOrEqual" value="40"/>']
    tree = kit.document(classes, (
        f'<TreeModel functionName="classification">{schema}{out}<Node><True/><Node>{tests[0]}<Regression functionName="classification" normalizationMethod="logit">{logit(1.5, 0.2)}</Regression></Node>'
        f'<Node score="yes">{tests[1]}{shares}</Node></Node></TreeModel>'
    ))
    segments = kit.document(classes, (
        f'<MiningModel functionName="classification">{schema}{out}<Segmentation multipleModelMethod="selectFirst"><Segment>{tests[0]}<RegressionModel functionName="classification" normalizationMethod="logit">'
        f'{schema}{logit(1.5, 0.2)}</RegressionModel></Segment><Segment>{tests[1]}<TreeModel functionName="classification">{schema}<Node score="yes"><True/>{shares}</Node></TreeModel></Segment></Segmentation></MiningModel>'
    ))
    made.append(kit.case("embedded models of classes", tree, known, ["y", "p_yes", "p_no"], kit.jpmml(segments, known), by))
    return made


def similar_neighbors(kit):
    """Neighbours by a similarity: the largest first."""
    inputs = {"a": [1, 0, 1, 0], "b": [0, 0, 1, 1], "c": [1, 1, 0, 0], "d": [0, 1, 1, 0]}
    rows = [(1, 0, 1, 0, "p", 1.5), (0, 1, 0, 0, "q", 2.5), (1, 1, 1, 1, "p", -3.0), (0, 0, 1, 1, "q", 4.0), (0, 0, 0, 1, "q", 0.5)]
    made = []
    for measure in ("simpleMatching", "jaccard", "tanimoto",
                    'binarySimilarity c00-parameter="1" c01-parameter="0.5" c10-parameter="0.25" c11-parameter="2" d00-parameter="1" d01-parameter="1" d10-parameter="2" d11-parameter="2"'):
        for function in ("classification", "regression"):
            fields = {n: ("continuous", "double", []) for n in "abcd"}
            classifies = function == "classification"
            fields["y"] = ("categorical", "string", ["p", "q"]) if classifies else ("continuous", "double", [])
            cells = "".join(f"<row><id>r{i}</id>" + "".join(f"<{n}>{v}</{n}>" for n, v in zip("abcd", row)) + f"<y>{row[4] if classifies else row[5]}</y></row>" for i, row in enumerate(rows))
            columns = "".join(f'<InstanceField field="{n}" column="{n}"/>' for n in ("id", *"abcd", "y"))
            method = 'categoricalScoringMethod="majorityVote"' if classifies else 'continuousScoringMethod="average"'
            body = (
                f'<NearestNeighborModel functionName="{function}" numberOfNeighbors="3" instanceIdVariable="id" {method}>' + kit.schema(*"abcd", target="y")
                + kit.outputs(*((f"n{i}", "entityId", "string", f'rank="{i}"') for i in (1, 2, 3)))
                + f'<TrainingInstances isTransformed="true" recordCount="{len(rows)}" fieldCount="6"><InstanceFields>{columns}</InstanceFields><InlineTable>{cells}</InlineTable></TrainingInstances>'
                + f'<ComparisonMeasure kind="similarity"><{measure}/></ComparisonMeasure><KNNInputs>' + "".join(f'<KNNInput field="{n}"/>' for n in "abcd") + "</KNNInputs></NearestNeighborModel>"
            )
            made.append(kit.case(f"neighbours by {measure.split()[0]} {function}", kit.document(fields, body), inputs, ["y", "n1", "n2", "n3"]))
    return made
