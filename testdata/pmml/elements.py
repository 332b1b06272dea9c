"""Model elements of PMML 4.4 that no engine evaluates, answered by libraries of their own field: Gaussian processes by
scikit-learn, Bayesian networks by pyAgrum, time series by statsmodels. Each has the
example of the standard's text where that gives numbers. Used by make.py.
"""

from importlib.metadata import version

import numpy as np
import pyagrum as gum
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
