use holdall_tabular::{
    AnomalySide, Baseline, BayesForm, BayesInput, Categories, Classify, Cluster, Comparison,
    Covariance, CovarianceTerm, Decision, Detect, Distances, Estimator, GaussianProcess, Kernel,
    KernelMachine, Kind, Labels, Likelihood, Link, Machine, Metric, NaiveBayes, Near,
    NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, Op, Part, Survival, SurvivalForm,
    TieRule, Transform, ValueId, VoteForm, Votes,
};
use serde_json::Value;

use crate::{
    case::{Build, Case, cases, compare, list, matrix, number, numbered},
    transforms::metric,
};

fn estimator(build: &mut Build, op: Estimator) -> ValueId {
    build.push(Op::Estimator(op))
}

fn kernel(case: &Case) -> Kernel {
    let (gamma, coef0, degree) =
        (case.number("gamma"), case.number("coef0"), case.number("degree"));
    match case.text("kernel").as_str() {
        "linear" => Kernel::Linear,
        "rbf" => Kernel::Rbf { gamma },
        "poly" => Kernel::Polynomial { gamma, coef0, degree },
        "sigmoid" => Kernel::Sigmoid { gamma, coef0 },
        "laplacian" => Kernel::Laplacian { gamma },
        "cosine" => Kernel::Cosine,
        "chi2" => Kernel::ChiSquared { gamma },
        "additive-chi2" => Kernel::AdditiveChiSquared,
        other => panic!("no kernel `{other}`"),
    }
}

/// libsvm's machines, one a pair of classes: coefficients of the vectors of both.
fn pairs(case: &Case) -> Vec<Machine> {
    let (counts, coefficients) = (case.counts("counts"), case.matrix("coefficients"));
    let starts: Vec<u32> =
        counts.iter().scan(0, |at, n| Some(std::mem::replace(at, *at + n))).collect();
    let mut intercepts = case.numbers("intercepts").into_iter();
    let mut machines = Vec::new();
    for i in 0..counts.len() {
        for j in i + 1..counts.len() {
            let of = |class: usize, row: usize| {
                (starts[class]..starts[class] + counts[class]).map(move |v| (v, row))
            };
            let terms = of(i, j - 1).chain(of(j, i));
            let terms = terms.map(|(v, row)| (v, coefficients.row(row)[v as usize])).collect();
            machines.push(Machine { terms, intercept: intercepts.next().unwrap() });
        }
    }
    machines
}

#[test]
fn support_vector_machines_decide_and_vote_as_scikit_learn() {
    for case in cases("kernel_machine") {
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let vectors = case.matrix("vectors");
        let machines = if case.has("counts") {
            pairs(&case)
        } else {
            (0..vectors.rows).map(|v| Machine { terms: vec![(v, 1.0)], intercept: 0.0 }).collect()
        };
        let machine = KernelMachine { arg, vectors, kernel: kernel(&case), machines };
        let decisions = estimator(&mut build, Estimator::KernelMachine(Box::new(machine)));
        build.output(decisions, Part::Whole);
        if !case.has("counts") {
            compare(&case, "values", &build.score(), 0, 1e-14);
            continue;
        }
        let classes = 3;
        let coupled = VoteForm::Coupled { a: case.numbers("a"), b: case.numbers("b") };
        for form in [VoteForm::Confidence, coupled, VoteForm::Count] {
            let votes = Votes { arg: decisions, classes, form };
            let votes = estimator(&mut build, Estimator::Votes(votes));
            build.output(votes, Part::Whole);
        }
        let counted = build.model.outputs[3].value;
        let label = build.push(Op::Classify(Classify {
            margins: counted,
            classes: numbered(3),
            link: Link::Identity,
            decision: Decision::LargestMargin,
            has_probabilities: false,
        }));
        build.output(label, Part::Label);
        let found = build.score();
        assert_eq!(compare(&case, "decisions", &found, 0, 1e-12), 3);
        assert_eq!(compare(&case, "confidence", &found, 3, 1e-12), 3);
        assert_eq!(compare(&case, "coupled", &found, 6, 1e-10), 3);
        assert_eq!(compare(&case, "label", &found, 12, 0.0), 1);
    }
}

#[test]
fn naive_bayes_adds_likelihoods_as_scikit_learn_and_scipy() {
    for case in cases("naive_bayes") {
        let mut build = Build::new();
        let priors = case.numbers("priors");
        let row_of = |name: &str, i: usize| case.matrix(name).row(i).to_vec();
        let inputs: Vec<BayesInput> = match case.name.as_str() {
            "normal" => (0..case.matrix("mean").rows as usize)
                .map(|i| {
                    let arg = column_of(&mut build, &case, i, Kind::F64);
                    let (mean, variance) = (row_of("mean", i), row_of("variance", i));
                    BayesInput { arg, likelihood: Likelihood::Normal { mean, variance } }
                })
                .collect(),
            "table" => (case.value("tables").as_array().unwrap().iter().enumerate())
                .map(|(i, table)| {
                    let arg = column_of(&mut build, &case, i, Kind::I64);
                    let table = matrix(table);
                    let categories = Categories::new(numbered(table.rows as usize));
                    BayesInput { arg, likelihood: Likelihood::Table { categories, table } }
                })
                .collect(),
            "poisson" => {
                let arg = build.scalar(&case, "x", Kind::I64);
                vec![BayesInput {
                    arg,
                    likelihood: Likelihood::Poisson { mean: case.numbers("mean") },
                }]
            }
            "uniform" => {
                let arg = build.scalar(&case, "x", Kind::F64);
                let (low, high) = (case.numbers("low"), case.numbers("high"));
                vec![BayesInput { arg, likelihood: Likelihood::Uniform { low, high } }]
            }
            other => panic!("no likelihood `{other}`"),
        };
        let product = case.has("threshold");
        let op = NaiveBayes {
            inputs,
            priors,
            threshold: if product { case.number("threshold") } else { 0.0 },
            form: if product { BayesForm::Product } else { BayesForm::Logarithm },
        };
        let joint = estimator(&mut build, Estimator::NaiveBayes(Box::new(op)));
        build.output(joint, Part::Whole);
        compare(&case, "joint", &build.score(), 0, 1e-13);
    }
}

/// One element of the vector rows of a case.
fn column_of(build: &mut Build, case: &Case, i: usize, kind: Kind) -> ValueId {
    let cells: Vec<Value> = case.rows("x").iter().map(|row| row[i].clone()).collect();
    build.column(&format!("x{i}"), kind, &cells)
}

fn covariance(terms: &Value) -> Covariance {
    let term = |term: &Value| {
        let at = |i: usize| number(&term[i]).unwrap();
        match term[0].as_str().unwrap() {
            "constant" => CovarianceTerm::Constant(at(1)),
            "white" => CovarianceTerm::White(at(1)),
            "rbf" => CovarianceTerm::Rbf { length: list(&term[1]) },
            "matern" => CovarianceTerm::Matern {
                length: list(&term[1]),
                twice_nu: u32::try_from(term[2].as_u64().unwrap()).unwrap(),
            },
            "rational-quadratic" => {
                CovarianceTerm::RationalQuadratic { length: at(1), alpha: at(2) }
            }
            "exp-sine-squared" => CovarianceTerm::ExpSineSquared { length: at(1), period: at(2) },
            "dot-product" => CovarianceTerm::DotProduct { sigma: at(1) },
            "power" => CovarianceTerm::Power(at(1)),
            "sum" => CovarianceTerm::Sum,
            "product" => CovarianceTerm::Product,
            other => panic!("no covariance `{other}`"),
        }
    };
    Covariance { terms: terms.as_array().unwrap().iter().map(term).collect() }
}

#[test]
fn gaussian_processes_have_the_mean_and_deviation_of_scikit_learn() {
    for case in cases("gaussian_process") {
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let op = GaussianProcess {
            arg,
            vectors: case.matrix("vectors"),
            kernel: covariance(case.value("terms")),
            alpha: case.numbers("alpha"),
            factor: Some(case.matrix("factor")),
            scale: case.number("scale"),
            offset: case.number("offset"),
        };
        let y = estimator(&mut build, Estimator::GaussianProcess(Box::new(op)));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-9);
    }
}

#[test]
fn proportional_hazards_agree_with_statsmodels() {
    for case in cases("survival") {
        let form = *SurvivalForm::ALL.iter().find(|form| form.name() == case.name).unwrap();
        let mut build = Build::new();
        let margin = build.scalar(&case, "margin", Kind::F64);
        let time = build.scalar(&case, "time", Kind::F64);
        let (steps, hazard) = (case.numbers("time"), case.numbers("hazard"));
        let baseline = Baseline { time: steps, hazard, max_time: f64::INFINITY };
        let op = Survival {
            margin,
            time,
            stratum: None,
            strata: Labels::I64(Vec::new()),
            baselines: vec![baseline],
            form,
        };
        let y = estimator(&mut build, Estimator::Survival(Box::new(op)));
        build.output(y, Part::Whole);
        compare(&case, "y", &build.score(), 0, 1e-12);
    }
}

#[test]
fn nearest_neighbours_answer_as_scikit_learn() {
    for case in cases("neighbors") {
        let mut build = Build::new();
        let arg = build.vector(&case, "x", Kind::F64);
        let name = case.text("metric");
        let metric = if name == "minkowski" { Metric::Euclidean } else { metric(&name, 2.0) };
        let classifies = case.has("of_row");
        let op = Neighbors {
            arg,
            rows: case.matrix("rows"),
            ids: Vec::new(),
            comparison: Comparison::plain(metric),
            near: if case.has("k") {
                Near::Count(case.count("k"))
            } else {
                Near::Radius(case.number("radius"))
            },
            weights: match case.text("weights").as_str() {
                "uniform" => NeighborWeights::Uniform,
                _ => NeighborWeights::Inverse,
            },
            answer: if classifies {
                NeighborAnswer::Classes {
                    classes: numbered(3),
                    of_row: case.counts("of_row"),
                    outlier: case.has("outlier").then(|| case.count("outlier")),
                    ties: TieRule::FirstClass,
                }
            } else {
                let (targets, combine) = (case.matrix("targets"), NeighborCombine::Mean);
                NeighborAnswer::Values { targets, combine }
            },
        };
        let answer = estimator(&mut build, Estimator::Neighbors(Box::new(op)));
        if classifies {
            build.output(answer, Part::Label);
            build.output(answer, Part::Probabilities);
            let found = build.score();
            compare(&case, "label", &found, 0, 0.0);
            // The library gives no probabilities where no row is near; the label is the outlier's.
            if case.has("k") {
                compare(&case, "probabilities", &found, 1, 1e-14);
            }
        } else {
            build.output(answer, Part::Values);
            compare(&case, "values", &build.score(), 0, 1e-14);
        }
    }
}

#[test]
fn clusters_and_anomalies_are_those_of_scikit_learn() {
    for case in cases("cluster") {
        let mut build = Build::new();
        if case.name == "kmeans" {
            let arg = build.vector(&case, "x", Kind::F64);
            let (points, comparison) =
                (case.matrix("points"), Comparison::plain(Metric::Euclidean));
            let labels = numbered(points.rows as usize);
            let distances = Distances { arg, points, comparison };
            let distances = build.push(Op::Transform(Transform::Distances(Box::new(distances))));
            let cluster = Cluster { distances, largest: false, labels };
            let cluster = estimator(&mut build, Estimator::Cluster(cluster));
            build.output(cluster, Part::Label);
            build.output(cluster, Part::Distances);
            let found = build.score();
            assert_eq!(found.columns[0].name, "cluster");
            assert_eq!(found.columns[4].name, "distance_3");
            compare(&case, "label", &found, 0, 0.0);
            compare(&case, "distances", &found, 1, 1e-13);
        } else {
            let score = build.scalar(&case, "score", Kind::F64);
            let (threshold, anomaly) = (0.0, AnomalySide::Below);
            let labels = Labels::I64(vec![1, -1]);
            let detect = Estimator::Detect(Detect { score, threshold, anomaly, labels });
            let detect = estimator(&mut build, detect);
            build.output(detect, Part::Label);
            build.output(detect, Part::Score);
            let found = build.score();
            assert_eq!(found.columns[1].name, "score");
            compare(&case, "label", &found, 0, 0.0);
        }
    }
}
