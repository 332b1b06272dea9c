use holdall_tabular::{
    Aggregate, Arima, BayesianNetwork, Estimator, Kind, LeafModel, LinearTrees, MissingRule,
    NetworkNode, ObliviousSplit, ObliviousTrees, Op, Part, SeasonForm, Summation, Test, TimeSeries,
    TimeSeriesForm, Tree, TreeEnsemble, TreeNodes, Trend,
};

use crate::case::{Build, Case, cases, compare, matrix, numbered};

#[test]
fn oblivious_trees_add_up_as_catboost_does() {
    for case in cases("oblivious_trees") {
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let (features, borders) = (case.counts("features"), case.numbers("borders"));
        let above = case.value("above").as_array().unwrap();
        let splits = features.iter().zip(borders).zip(above);
        let splits = splits.map(|((&feature, border), above)| ObliviousSplit {
            feature,
            border,
            missing_above: above.as_bool().unwrap(),
        });
        let bias = case.numbers("bias");
        let op = ObliviousTrees {
            arg,
            round_features: true,
            splits: splits.collect(),
            depths: case.counts("depths"),
            outputs: u32::try_from(bias.len()).unwrap(),
            leaves: case.numbers("leaves"),
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
            scale: case.number("scale"),
            bias,
        };
        let y = build.push(Op::Estimator(Estimator::ObliviousTrees(Box::new(op))));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-15);
    }
}

#[test]
fn linear_leaves_answer_as_lightgbm_does() {
    for case in cases("linear_trees") {
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let mut nodes = TreeNodes::default();
        for node in case.value("nodes").as_array().unwrap() {
            let number = |name: &str| u32::try_from(node[name].as_u64().unwrap()).unwrap();
            if node.get("leaf").is_some() {
                nodes.push_leaf(number("leaf"));
                continue;
            }
            let missing = match node["missing"].as_str().unwrap() {
                "yes" => MissingRule::Yes,
                "no" => MissingRule::No,
                _ => MissingRule::AsZero,
            };
            let threshold = node["threshold"].as_f64().unwrap();
            let (yes, no) = (number("yes"), number("no"));
            nodes.push_split(Test::Le, number("feature"), threshold, yes, no, missing);
        }
        let tree = |root| Tree { root, weight: 1.0, output: 0 };
        let trees = TreeEnsemble {
            arg,
            round_features: false,
            nodes,
            trees: case.counts("roots").into_iter().map(tree).collect(),
            outputs: 1,
            leaf_width: 1,
            leaves: case.numbers("leaves"),
            sets: Vec::new(),
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        };
        let models: Vec<(f64, Vec<(u32, f64)>)> =
            serde_json::from_value(case.value("models").clone()).unwrap();
        let models =
            models.into_iter().map(|(constant, terms)| LeafModel { constant, terms }).collect();
        let op = Estimator::LinearTrees(Box::new(LinearTrees { trees, models }));
        let y = build.push(Op::Estimator(op));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-15);
    }
}

fn smoothing(case: &Case) -> TimeSeriesForm {
    let slope = case.number("slope");
    let phi = case.value("phi").as_f64();
    let trend = match (case.text("trend").as_str(), phi) {
        ("none", _) => Trend::None,
        ("add", None) => Trend::Additive(slope),
        ("add", Some(phi)) => Trend::DampedAdditive { slope, phi },
        (_, None) => Trend::Multiplicative(slope),
        (_, Some(phi)) => Trend::DampedMultiplicative { rate: slope, phi },
    };
    let season = match case.value("season").as_str() {
        Some("mul") => SeasonForm::Multiplicative,
        _ => SeasonForm::Additive,
    };
    let (level, seasonal) = (case.number("level"), case.numbers("seasonal"));
    TimeSeriesForm::Smoothing { level, trend, season, seasonal }
}

fn arima(case: &Case) -> TimeSeriesForm {
    TimeSeriesForm::Arima(Arima {
        ar: case.numbers("ar"),
        difference: case.count("d"),
        ma: case.numbers("ma"),
        period: case.count("period"),
        seasonal_ar: case.numbers("seasonal_ar"),
        seasonal_difference: case.count("seasonal_d"),
        seasonal_ma: case.numbers("seasonal_ma"),
        constant: case.number("constant"),
        history: case.numbers("history"),
        residuals: case.numbers("residuals"),
    })
}

#[test]
fn forecasts_are_those_of_statsmodels() {
    for case in cases("time_series") {
        let mut build = Build::new();
        let steps = build.scalar(&case, "h", Kind::I64);
        let form = if case.name == "arima" { arima(&case) } else { smoothing(&case) };
        let op = Estimator::TimeSeries(Box::new(TimeSeries { steps, form }));
        let y = build.push(Op::Estimator(op));
        build.output(y, Part::Whole);
        // The library's filter has settled after 2,160 observations, to this.
        compare(&case, "y", &build.score(), 0, 1e-8);
    }
}

#[test]
fn networks_infer_as_pyagrum_does() {
    for case in cases("bayesian_network") {
        let mut build = Build::new();
        let order = case.texts("order");
        let (states, tables) = (case.counts("states"), case.value("tables").as_array().unwrap());
        let parents: Vec<Vec<u32>> = serde_json::from_value(case.value("parents").clone()).unwrap();
        let target = order.iter().position(|name| *name == case.name).unwrap();
        let mut nodes = Vec::new();
        for (i, name) in order.iter().enumerate() {
            let arg = (i != target).then(|| build.scalar(&case, name, Kind::I64));
            nodes.push(NetworkNode {
                arg,
                states: numbered(states[i] as usize),
                parents: parents[i].clone(),
                table: matrix(&tables[i]),
            });
        }
        let target = u32::try_from(target).unwrap();
        let op = Estimator::BayesianNetwork(Box::new(BayesianNetwork {
            nodes,
            target,
            evidence: Vec::new(),
        }));
        let y = build.push(Op::Estimator(op));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-14);
    }
}
