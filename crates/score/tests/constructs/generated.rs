//! Models of every family made at random: they validate, can be shown and compared, and answer alike in batches of
//! any size on any number of threads.

use holdall_tabular::{
    Accents, Aggregate, Analyzer, AnomalySide, Arima, Association, AssociationRule, Attribute,
    Baseline, BayesForm, BayesInput, BayesianNetwork, Bin, Call, Categories, Characteristic,
    Classify, Cluster, Combine, CombineMethod, Compare, Comparison, Covariance, CovarianceTerm,
    Curve, CurveForm, Decision, DecisionNodes, DecisionTree, Decompose, Decomposition, Detect,
    Distances, EstimateType, Estimator, EstimatorKind, Function, FunctionKind, GaussianProcess,
    ImputeNeighbors, Interval, Kernel, KernelMachine, Kind, Labels, Lag, LeafModel, Likelihood,
    Linear, LinearTrees, Link, LocalWeight, Lookup, Machine, Matrix, Member, Metric,
    MissingElement, MissingMember, MissingRule, MissingStrategy, MultiplicativeStop, NaiveBayes,
    Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, NetworkEvidence,
    NetworkNode, NoTrueChild, NodeAnswer, NodeClasses, Normalize, NormalizeBy, ObliviousSplit,
    ObliviousTrees, Op, Output, Outside, Part, Polynomial, ReasonRanking, Reduce, ReduceOp,
    Regress, Rule, RuleFeature, RuleFires, RuleRank, RuleSelection, Rules, Scalar, Scorecard,
    SeasonForm, Spline, SplineOutside, StateSpace, Summation, Survival, SurvivalForm, TermWeight,
    Terms, Test, TextIndex, TextNormalization, TextRule, TextVector, TieRule, TimeSeries,
    TimeSeriesForm, TokenUnit, Transform, TransformKind, Tree, TreeEnsemble, TreeNodes, Trend,
    Type, UnaryOp, ValidModel, ValueId, VoteForm, Votes, validate,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::{Value, json};

use crate::case::Build;

/// Numbers that look random and are always the same.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit)).unwrap()
    }

    pub(crate) fn number(&mut self) -> f64 {
        f64::from(self.below(4001)) / 1000.0 - 2.0
    }

    pub(crate) fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.number()).collect()
    }

    fn rising(&mut self, count: usize) -> Vec<f64> {
        let mut list = self.numbers(count);
        list.sort_by(f64::total_cmp);
        list
    }

    pub(crate) fn matrix(&mut self, rows: u32, columns: u32) -> Matrix {
        Matrix { rows, columns, data: self.numbers((rows * columns) as usize) }
    }

    pub(crate) fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(u32::try_from(list.len()).unwrap()) as usize].clone()
    }
}

const WORDS: [&str; 6] = ["", "red", "The red fox", "größer ist größer", "2024-02-29", "-1.5e3"];

/// Fields of every kind with some rows, and vectors of numbers without and with gaps.
pub(crate) struct Ground {
    pub(crate) build: Build,
    pub(crate) x: ValueId,
    pub(crate) n: ValueId,
    pub(crate) text: ValueId,
    pub(crate) flag: ValueId,
    pub(crate) vector: ValueId,
    pub(crate) gaps: ValueId,
    pub(crate) bits: ValueId,
}

impl Ground {
    pub(crate) fn new(dice: &mut Dice, gaps: bool) -> Self {
        let mut build = Build::new();
        let cells = |dice: &mut Dice, make: &dyn Fn(&mut Dice) -> Value, gaps: bool| {
            (0..23)
                .map(|_| if gaps && dice.below(5) == 0 { Value::Null } else { make(dice) })
                .collect::<Vec<_>>()
        };
        let number = |dice: &mut Dice| json!(dice.number());
        let x = build.column("x", Kind::F64, &cells(dice, &number, gaps));
        let n = build.column("n", Kind::I64, &cells(dice, &|d| json!(d.below(5)), gaps));
        let words = |dice: &mut Dice| json!(dice.pick(&WORDS));
        let text = build.column("text", Kind::Text, &cells(dice, &words, gaps));
        let truth = |dice: &mut Dice| json!(dice.below(2) == 1);
        let flag = build.column("flag", Kind::Bool, &cells(dice, &truth, gaps));
        let full: Vec<ValueId> = (0..3)
            .map(|i| build.column(&format!("v{i}"), Kind::F64, &cells(dice, &number, false)))
            .collect();
        let holed: Vec<ValueId> = (0..3)
            .map(|i| build.column(&format!("g{i}"), Kind::F64, &cells(dice, &number, gaps)))
            .collect();
        let truths: Vec<ValueId> = (0..3)
            .map(|i| build.column(&format!("b{i}"), Kind::Bool, &cells(dice, &truth, gaps)))
            .collect();
        let vector = build.push(Op::Concat(full));
        let gaps = build.push(Op::Concat(holed));
        let bits = build.push(Op::Concat(truths));
        Self { build, x, n, text, flag, vector, gaps, bits }
    }
}

pub(crate) fn texts(list: &[&str]) -> Labels {
    Labels::Text(list.iter().map(|&t| t.to_owned()).collect())
}

fn comparison(dice: &mut Dice) -> Comparison {
    let metrics = [
        Metric::Euclidean,
        Metric::SquaredEuclidean,
        Metric::CityBlock,
        Metric::Chebyshev,
        Metric::Minkowski(3.0),
        Metric::Cosine,
        Metric::Canberra,
        Metric::Hamming,
        Metric::BrayCurtis,
    ];
    let mut made = Comparison::plain(dice.pick(&metrics));
    let by_element = matches!(
        made.metric,
        Metric::Euclidean | Metric::SquaredEuclidean | Metric::CityBlock | Metric::Chebyshev
    );
    if by_element && dice.below(2) == 1 {
        made.compare = vec![Compare::GaussSim(0.5), Compare::Delta, Compare::Equal];
    }
    if dice.below(2) == 1 {
        made.weights = vec![1.0, 0.5, 2.0];
    }
    if dice.below(2) == 1 {
        made.missing = MissingElement::Adjust(vec![1.0, 2.0, 1.0]);
    }
    made
}

fn function(kind: FunctionKind, ground: &mut Ground) -> Op {
    let (text, n, x) = (ground.text, ground.n, ground.x);
    let pattern = "[a-z]+".to_owned();
    let (function, args) = match kind {
        FunctionKind::Uppercase => (Function::Uppercase, vec![text]),
        FunctionKind::Lowercase => (Function::Lowercase, vec![text]),
        FunctionKind::Trim => (Function::Trim, vec![text]),
        FunctionKind::Substring => (Function::Substring, vec![text, n, n]),
        FunctionKind::Join => (Function::Join, vec![text, text]),
        FunctionKind::Length => (Function::Length, vec![text]),
        FunctionKind::CityHash => (Function::CityHash, vec![text]),
        FunctionKind::Replace => {
            (Function::Replace { pattern, with: "<$0>".to_owned() }, vec![text])
        }
        FunctionKind::Matches => (Function::Matches { pattern }, vec![text]),
        FunctionKind::ToText => (Function::ToText, vec![x]),
        FunctionKind::ToNumber => (Function::ToNumber, vec![text]),
        FunctionKind::FormatNumber => (Function::FormatNumber("%8.3f".to_owned()), vec![x]),
        FunctionKind::ParseDate => (Function::ParseDate, vec![text]),
        FunctionKind::ParseTime => (Function::ParseTime, vec![text]),
        FunctionKind::ParseDateTime => (Function::ParseDateTime, vec![text]),
        FunctionKind::FormatDateTime => (Function::FormatDateTime("%F %T".to_owned()), vec![n]),
        FunctionKind::Coalesce => (Function::Coalesce, vec![text, text]),
        FunctionKind::IsIn => (Function::IsIn(texts(&["red", ""])), vec![text]),
    };
    Op::Call(Call { function, args })
}

fn text_vector(dice: &mut Dice, text: ValueId) -> Transform {
    {
        let pattern = r"\w+".to_owned();
        let units = [TokenUnit::Word { pattern }, TokenUnit::Char, TokenUnit::CharInWord];
        let alternate_sign = dice.below(2) == 1;
        let vocabulary = ["red", "re", "fox", "the red"].map(str::to_owned).to_vec();
        Transform::TextVector(Box::new(TextVector {
            arg: text,
            analyzer: Analyzer {
                lowercase: dice.below(2) == 1,
                accents: dice.pick(&[Accents::Keep, Accents::Unicode, Accents::Ascii]),
                unit: dice.pick(&units),
                stop_words: vec!["fox".to_owned()],
                ngrams: (1, 1 + dice.below(2)),
            },
            terms: if dice.below(2) == 1 {
                Terms::Vocabulary(vocabulary)
            } else {
                Terms::Hashed { size: 4, alternate_sign }
            },
            weight: dice.pick(TermWeight::ALL),
            idf: if dice.below(2) == 1 { dice.numbers(4) } else { Vec::new() },
            norm: (dice.below(2) == 1).then_some(NormalizeBy::L2),
            kind: dice.pick(&[Kind::F32, Kind::F64]),
        }))
    }
}

fn transform(kind: TransformKind, dice: &mut Dice, ground: &mut Ground) -> Op {
    let (x, text) = (ground.x, ground.text);
    Op::Transform(match kind {
        TransformKind::Lookup => Transform::Lookup(Lookup {
            args: vec![text, ground.n],
            keys: vec![texts(&["red", "", "red"]), Labels::I64(vec![1, 2, 3])],
            values: Labels::F64(dice.numbers(3)),
            default: (dice.below(2) == 1).then_some(Scalar::F64(7.0)),
            missing: (dice.below(2) == 1).then_some(Scalar::F64(8.0)),
        }),
        TransformKind::Bin => {
            let cuts = dice.rising(4);
            let interval = |ends: &[f64]| Interval {
                low: ends[0],
                high: ends[1],
                low_closed: true,
                high_closed: false,
            };
            Transform::Bin(Bin {
                arg: x,
                intervals: cuts.windows(2).map(interval).collect(),
                values: texts(&["a", "b", "c"]),
                default: None,
                missing: Some(Scalar::Text("none".to_owned())),
            })
        }
        TransformKind::Curve => Transform::Curve(Curve {
            arg: ground.gaps,
            x: dice.rising(4),
            y: dice.numbers(4),
            outside: dice.pick(&[Outside::Extend, Outside::Clamp, Outside::Missing]),
            form: dice.pick(&[CurveForm::Slope, CurveForm::Ratio]),
        }),
        TransformKind::Reduce => {
            let op = dice.pick(ReduceOp::ALL);
            let logic = matches!(op, ReduceOp::Any | ReduceOp::All);
            let arg = if logic { ground.bits } else { ground.gaps };
            Transform::Reduce(Reduce { arg, op, skip_missing: dice.below(2) == 1 })
        }
        TransformKind::Normalize => {
            Transform::Normalize(Normalize { arg: ground.gaps, by: dice.pick(NormalizeBy::ALL) })
        }
        TransformKind::Polynomial => {
            let term = |dice: &mut Dice| (0..dice.below(4)).map(|_| dice.below(3)).collect();
            Transform::Polynomial(Polynomial {
                arg: ground.gaps,
                terms: (0..5).map(|_| term(dice)).collect(),
            })
        }
        TransformKind::Spline => Transform::Spline(Spline {
            arg: x,
            knots: dice.rising(9),
            degree: 1 + dice.below(3),
            // To refuse rows is for another test.
            outside: dice.pick(&SplineOutside::ALL[1..]),
        }),
        TransformKind::TextVector => text_vector(dice, text),
        TransformKind::TextIndex => Transform::TextIndex(Box::new(TextIndex {
            text,
            term: text,
            weight: dice.pick(LocalWeight::ALL),
            case_sensitive: dice.below(2) == 1,
            max_levenshtein: dice.below(3),
            count_all: dice.below(2) == 1,
            separator: r"\s+".to_owned(),
            tokenize: dice.below(2) == 1,
            normalizations: vec![TextNormalization {
                rules: vec![TextRule {
                    pattern: "er".to_owned(),
                    with: "e".to_owned(),
                    is_regex: dice.below(2) == 1,
                }],
                recursive: true,
                case_sensitive: false,
            }],
        })),
        TransformKind::Lag => {
            let ops = [None, Some(ReduceOp::Mean), Some(ReduceOp::Max), Some(ReduceOp::Count)];
            Transform::Lag(Lag {
                arg: x,
                rows: 1 + dice.below(4),
                aggregate: dice.pick(&ops),
                blocks: if dice.below(2) == 1 { vec![ground.flag] } else { Vec::new() },
            })
        }
        TransformKind::Distances => Transform::Distances(Box::new(distances(dice, ground))),
        TransformKind::ImputeNeighbors => {
            let rows = dice.matrix(5, 3);
            let holes = (0..15).map(|_| dice.below(4) == 0).collect();
            let weights = [NeighborWeights::Uniform, NeighborWeights::Inverse];
            Transform::ImputeNeighbors(Box::new(ImputeNeighbors {
                arg: ground.gaps,
                rows,
                gaps: holes,
                count: 1 + dice.below(4),
                weights: dice.pick(&weights),
                with: dice.numbers(3),
            }))
        }
        TransformKind::Decompose => Transform::Decompose(Box::new(decompose(dice, ground))),
    })
}

/// What a vector is made of, by every method.
fn decompose(dice: &mut Dice, ground: &mut Ground) -> Decompose {
    let (penalty, tolerance, most) = ([0.1, 0.2], 1e-4, 50);
    let stop = dice.pick(MultiplicativeStop::ALL);
    let beta = dice.pick(&[2.0, 1.0, 0.5, 2.5]);
    let positive = dice.below(2) == 1;
    let methods = [
        Decomposition::Descent { penalty, tolerance, most },
        Decomposition::Multiplicative { beta, penalty, stop, tolerance, most },
        Decomposition::Topics { prior: 0.3, tolerance, most },
        Decomposition::Pursuit { count: 1 + dice.below(4) },
        Decomposition::LeastAngle { count: 1 + dice.below(4) },
        Decomposition::Lasso { alpha: 0.05, positive, most },
    ];
    let mut atoms = dice.matrix(4, 3);
    let method = dice.pick(&methods);
    let arg = match method {
        Decomposition::Pursuit { .. }
        | Decomposition::LeastAngle { .. }
        | Decomposition::Lasso { .. } => ground.gaps,
        // These take and have no numbers below 0.
        Decomposition::Descent { .. }
        | Decomposition::Multiplicative { .. }
        | Decomposition::Topics { .. } => {
            atoms.data.iter_mut().for_each(|cell| *cell = cell.abs());
            ground.build.push(Op::Unary { op: UnaryOp::Abs, arg: ground.gaps })
        }
    };
    Decompose { arg, atoms, method }
}

/// Distances of every measure: of indicators, of places on a sphere, by a table, and of numbers.
fn distances(dice: &mut Dice, ground: &mut Ground) -> Distances {
    let binary = [
        Metric::SimpleMatching,
        Metric::Jaccard,
        Metric::Tanimoto,
        Metric::BinarySimilarity([1.0, 0.0, 0.0, 0.5, 1.0, 2.0, 2.0, 1.0]),
    ];
    match dice.below(4) {
        0 => {
            let arg = ground.build.push(Op::Cast { arg: ground.bits, to: Kind::F64 });
            let points = Matrix { rows: 2, columns: 3, data: vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0] };
            Distances { arg, points, comparison: Comparison::plain(dice.pick(&binary)) }
        }
        1 => {
            let arg = ground.build.push(Op::Select { arg: ground.gaps, indices: vec![0, 2] });
            let points = dice.matrix(4, 2);
            Distances { arg, points, comparison: Comparison::plain(Metric::Haversine) }
        }
        2 => {
            let arg = ground.build.push(Op::Cast { arg: ground.n, to: Kind::F64 });
            let arg = ground.build.push(Op::Concat(vec![arg]));
            let mut comparison = Comparison::plain(Metric::CityBlock);
            comparison.compare = vec![Compare::Table(dice.matrix(5, 5))];
            let points = Matrix { rows: 3, columns: 1, data: vec![0.0, 2.0, 4.0] };
            Distances { arg, points, comparison }
        }
        _ => Distances {
            arg: dice.pick(&[ground.vector, ground.gaps]),
            points: dice.matrix(4, 3),
            comparison: comparison(dice),
        },
    }
}

pub(crate) fn scores(dice: &mut Dice, ground: &mut Ground, count: u32) -> ValueId {
    let linear = Linear {
        arg: ground.vector,
        coefficients: dice.matrix(count, 3),
        intercepts: dice.numbers(count as usize),
        summation: Summation::SequentialF64,
    };
    ground.build.push(Op::Linear(linear))
}

fn classification(dice: &mut Dice, ground: &mut Ground) -> ValueId {
    let margins = scores(dice, ground, 3);
    ground.build.push(Op::Classify(Classify {
        margins,
        classes: texts(&["a", "b", "c"]),
        link: Link::Softmax,
        decision: Decision::LargestProbability,
        has_probabilities: true,
    }))
}

fn ensemble(dice: &mut Dice, arg: ValueId) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::new();
    for tree in 0..3 {
        let root = u32::try_from(nodes.len()).unwrap();
        trees.push(Tree { root, weight: 1.0, output: 0 });
        let rule = dice.pick(&[MissingRule::Yes, MissingRule::No, MissingRule::AsZero]);
        nodes.push_split(Test::Le, dice.below(3), dice.number(), root + 1, root + 2, rule);
        nodes.push_leaf(2 * tree);
        nodes.push_leaf(2 * tree + 1);
    }
    TreeEnsemble {
        arg,
        round_features: false,
        nodes,
        trees,
        outputs: 1,
        leaf_width: 1,
        leaves: dice.numbers(6),
        sets: Vec::new(),
        base: vec![0.5],
        base_last: dice.below(2) == 1,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    }
}

fn decision_tree(dice: &mut Dice, ground: &mut Ground) -> Estimator {
    let answer = if dice.below(2) == 1 {
        NodeAnswer::Values(dice.numbers(5).into_iter().map(Some).collect())
    } else {
        NodeAnswer::Classes(NodeClasses {
            classes: texts(&["a", "b"]),
            label: (0..5).map(|i| Some(i % 2)).collect(),
            counts: (1..11).map(f64::from).collect(),
            probability: Vec::new(),
            confidence: Vec::new(),
        })
    };
    let not = ground.build.push(Op::Unary { op: UnaryOp::Not, arg: ground.flag });
    Estimator::DecisionTree(Box::new(DecisionTree {
        nodes: DecisionNodes {
            when: vec![None, Some(ground.flag), Some(not), Some(ground.flag), Some(not)],
            first_child: vec![1, 3, 0, 0, 0],
            children: vec![2, 2, 0, 0, 0],
            default_child: vec![Some(2), Some(4), None, None, None],
            records: vec![10.0, 6.0, 4.0, 5.0, 1.0],
            id: (0..5).map(|i| i.to_string()).collect(),
        },
        answer,
        missing: dice.pick(MissingStrategy::ALL),
        no_true_child: dice.pick(NoTrueChild::ALL),
        penalty: 0.9,
    }))
}

fn rules(dice: &mut Dice, ground: &Ground) -> Estimator {
    let rule = |i: u32, dice: &mut Dice| Rule {
        when: ground.flag,
        id: i.to_string(),
        class: i,
        weight: dice.number(),
        confidence: 0.5,
    };
    Estimator::Rules(Box::new(Rules {
        rules: (0..2).map(|i| rule(i, dice)).collect(),
        classes: texts(&["a", "b"]),
        select: dice.pick(RuleSelection::ALL),
        default: (dice.below(2) == 1).then_some(0),
        default_confidence: 0.1,
    }))
}

fn scorecard(dice: &mut Dice, ground: &Ground) -> Estimator {
    let characteristic = |i: u32| Characteristic {
        name: i.to_string(),
        baseline: 0.5,
        attributes: vec![
            Attribute { when: Some(ground.flag), score: ground.x, reason: format!("R{i}") },
            Attribute { when: None, score: ground.x, reason: format!("S{i}") },
        ],
    };
    Estimator::Scorecard(Box::new(Scorecard {
        initial: (dice.below(2) == 1).then_some(ground.x),
        characteristics: (0..3).map(characteristic).collect(),
        reasons: Some(dice.pick(ReasonRanking::ALL)),
    }))
}

fn neighbors(dice: &mut Dice, ground: &Ground) -> Estimator {
    let answer = if dice.below(2) == 1 {
        let combine = dice.pick(NeighborCombine::ALL);
        NeighborAnswer::Values { targets: dice.matrix(6, 2), combine }
    } else {
        NeighborAnswer::Classes {
            classes: texts(&["a", "b"]),
            of_row: vec![0, 1, 0, 1, 1, 0],
            outlier: Some(1),
            ties: dice.pick(TieRule::ALL),
        }
    };
    let mut weights = vec![
        NeighborWeights::Uniform,
        NeighborWeights::Inverse,
        NeighborWeights::InverseShifted(0.1),
    ];
    let comparison = comparison(dice);
    // A mean of no row is refused; classes have one for outliers.
    let radius = if matches!(answer, NeighborAnswer::Classes { .. }) { 9.0 } else { 1e9 };
    let near =
        if dice.below(2) == 1 { Near::Count(1 + dice.below(6)) } else { Near::Radius(radius) };
    if matches!(near, Near::Count(_)) && comparison.missing == MissingElement::Propagate {
        weights.push(NeighborWeights::Barycentric(0.01));
    }
    Estimator::Neighbors(Box::new(Neighbors {
        arg: ground.gaps,
        rows: dice.matrix(6, 3),
        ids: Vec::new(),
        comparison,
        near,
        weights: dice.pick(&weights),
        answer,
    }))
}

fn combine(dice: &mut Dice, ground: &mut Ground) -> Estimator {
    let method = dice.pick(CombineMethod::ALL);
    let classifies = matches!(
        method,
        CombineMethod::Max | CombineMethod::MajorityVote | CombineMethod::WeightedMajorityVote
    );
    let members = (0..3)
        .map(|i| {
            let estimate = if classifies {
                classification(dice, ground)
            } else {
                let margins = scores(dice, ground, 1);
                ground.build.push(Op::Regress(Regress { margins, link: Link::Identity }))
            };
            let when = (i == 1).then_some(ground.flag);
            Member { when, estimate, weight: (i == 2).then_some(ground.x), id: i.to_string() }
        })
        .collect();
    let missing = dice.pick(MissingMember::ALL);
    Estimator::Combine(Box::new(Combine { members, method, missing, threshold: 0.5 }))
}

fn naive_bayes(dice: &mut Dice, ground: &Ground) -> Estimator {
    let positive = |dice: &mut Dice, count: usize| -> Vec<f64> {
        dice.numbers(count).into_iter().map(|v| v.abs() + 0.1).collect()
    };
    let table = Matrix { rows: 3, columns: 2, data: positive(dice, 6) };
    let mut categories = Categories::new(texts(&["red", ""]));
    categories.missing = true;
    let inputs = vec![
        BayesInput { arg: ground.text, likelihood: Likelihood::Table { categories, table } },
        BayesInput {
            arg: ground.x,
            likelihood: Likelihood::Normal { mean: dice.numbers(2), variance: positive(dice, 2) },
        },
        BayesInput { arg: ground.n, likelihood: Likelihood::Poisson { mean: positive(dice, 2) } },
        BayesInput {
            arg: ground.x,
            likelihood: Likelihood::Uniform { low: vec![-2.0, 0.0], high: vec![0.0, 3.0] },
        },
    ];
    Estimator::NaiveBayes(Box::new(NaiveBayes {
        inputs,
        priors: vec![0.4, 0.6],
        threshold: dice.pick(&[0.0, 0.01]),
        form: dice.pick(BayesForm::ALL),
    }))
}

fn covariance() -> Covariance {
    let length = vec![0.9];
    Covariance {
        terms: vec![
            CovarianceTerm::Rbf { length: vec![1.0, 2.0, 0.5] },
            CovarianceTerm::Matern { length: length.clone(), twice_nu: 5 },
            CovarianceTerm::Product,
            CovarianceTerm::RationalQuadratic { length: 1.0, alpha: 0.5 },
            CovarianceTerm::Sum,
            CovarianceTerm::ExpSineSquared { length: 1.0, period: 2.0 },
            CovarianceTerm::DotProduct { sigma: 0.5 },
            CovarianceTerm::Power(2.0),
            CovarianceTerm::Sum,
            CovarianceTerm::AbsoluteExponential { length, degree: 1.5 },
            CovarianceTerm::Sum,
            CovarianceTerm::Sum,
            CovarianceTerm::Constant(2.0),
            CovarianceTerm::White(0.1),
            CovarianceTerm::Sum,
            CovarianceTerm::Sum,
        ],
    }
}

fn network(dice: &mut Dice, ground: &Ground) -> Estimator {
    let table = |dice: &mut Dice, rows: u32| Matrix {
        rows,
        columns: 2,
        data: (0..rows)
            .flat_map(|_| {
                let p = f64::from(1 + dice.below(9)) / 10.0;
                [p, 1.0 - p]
            })
            .collect(),
    };
    let node = |arg, states, parents, table| NetworkNode { arg, states, parents, table };
    Estimator::BayesianNetwork(Box::new(BayesianNetwork {
        nodes: vec![
            node(Some(ground.flag), Labels::Bool(vec![false, true]), vec![], table(dice, 1)),
            node(None, Labels::I64(vec![0, 1]), vec![0], table(dice, 2)),
            node(Some(ground.text), texts(&["red", ""]), vec![0, 1], table(dice, 4)),
            node(
                None,
                Labels::I64(vec![0, 1, 2]),
                vec![],
                Matrix { rows: 1, columns: 3, data: vec![0.5, 0.25, 0.25] },
            ),
        ],
        target: dice.below(4),
        evidence: vec![NetworkEvidence { nodes: vec![3], likelihood: ground.vector }],
    }))
}

fn time_series(dice: &mut Dice, ground: &Ground) -> Estimator {
    let trends = [
        Trend::None,
        Trend::Additive(0.5),
        Trend::DampedAdditive { slope: 0.5, phi: 0.9 },
        Trend::Multiplicative(1.1),
        Trend::DampedMultiplicative { rate: 1.1, phi: 0.9 },
    ];
    let form = if dice.below(3) == 2 {
        TimeSeriesForm::StateSpace(StateSpace {
            state: dice.numbers(2),
            transition: Matrix { rows: 2, columns: 2, data: vec![0.5, 1.0, -0.25, 0.0] },
            measurement: vec![1.0, 0.5],
            constant: dice.number(),
        })
    } else if dice.below(2) == 1 {
        TimeSeriesForm::Smoothing {
            level: dice.number(),
            trend: dice.pick(&trends),
            season: dice.pick(SeasonForm::ALL),
            seasonal: dice.numbers(4),
        }
    } else {
        TimeSeriesForm::Arima(Arima {
            ar: vec![0.5],
            difference: dice.below(2),
            ma: vec![0.3, 0.1],
            period: 4,
            seasonal_ar: vec![0.2],
            seasonal_difference: dice.below(2),
            seasonal_ma: vec![-0.3],
            constant: dice.number(),
            history: dice.numbers(16),
            residuals: dice.numbers(16),
        })
    };
    Estimator::TimeSeries(Box::new(TimeSeries { steps: ground.n, form }))
}

fn oblivious_trees(dice: &mut Dice, gaps: ValueId) -> Estimator {
    Estimator::ObliviousTrees(Box::new(ObliviousTrees {
        arg: gaps,
        round_features: dice.below(2) == 1,
        splits: (0..5)
            .map(|_| ObliviousSplit {
                feature: dice.below(3),
                border: dice.number(),
                missing_above: dice.below(2) == 1,
            })
            .collect(),
        depths: vec![2, 0, 3],
        outputs: 2,
        leaves: dice.numbers(2 * (4 + 1 + 8)),
        summation: dice.pick(&[Summation::SequentialF32, Summation::SequentialF64]),
        aggregate: Aggregate::DivideBy(3.0),
        scale: 0.5,
        bias: dice.numbers(2),
    }))
}

fn kernel_machine(dice: &mut Dice, gaps: ValueId) -> Estimator {
    {
        let kernels = [
            Kernel::Linear,
            Kernel::Polynomial { gamma: 0.5, coef0: 1.0, degree: 2.5 },
            Kernel::Rbf { gamma: 0.5 },
            Kernel::Sigmoid { gamma: 0.5, coef0: 0.1 },
            Kernel::Laplacian { gamma: 0.5 },
            Kernel::Cosine,
            Kernel::ChiSquared { gamma: 0.5 },
            Kernel::AdditiveChiSquared,
        ];
        let machine = Machine { terms: vec![(0, 0.5), (2, -1.5)], intercept: dice.number() };
        Estimator::KernelMachine(Box::new(KernelMachine {
            arg: gaps,
            vectors: dice.matrix(3, 3),
            kernel: dice.pick(&kernels),
            machines: vec![machine.clone(), machine],
        }))
    }
}

fn estimator(kind: EstimatorKind, dice: &mut Dice, ground: &mut Ground) -> Estimator {
    let gaps = ground.gaps;
    match kind {
        EstimatorKind::ObliviousTrees => oblivious_trees(dice, gaps),
        EstimatorKind::LinearTrees => {
            let trees = ensemble(dice, gaps);
            let model = |dice: &mut Dice| LeafModel {
                constant: dice.number(),
                terms: vec![(dice.below(3), dice.number())],
            };
            let models = (0..6).map(|_| model(dice)).collect();
            Estimator::LinearTrees(Box::new(LinearTrees { trees, models }))
        }
        EstimatorKind::KernelMachine => kernel_machine(dice, gaps),
        EstimatorKind::Votes => {
            let (a, b) = (dice.numbers(3), dice.numbers(3));
            let forms = [VoteForm::Count, VoteForm::Confidence, VoteForm::Coupled { a, b }];
            Estimator::Votes(Votes { arg: gaps, classes: 3, form: dice.pick(&forms) })
        }
        EstimatorKind::NaiveBayes => naive_bayes(dice, ground),
        EstimatorKind::BayesianNetwork => network(dice, ground),
        EstimatorKind::TimeSeries => time_series(dice, ground),
        EstimatorKind::GaussianProcess => {
            let factor = Matrix { rows: 2, columns: 2, data: vec![1.5, 0.0, 0.3, 1.2] };
            Estimator::GaussianProcess(Box::new(GaussianProcess {
                arg: gaps,
                vectors: dice.matrix(2, 3),
                kernel: covariance(),
                alpha: dice.numbers(2),
                factor: (dice.below(2) == 1).then_some(factor),
                scale: 2.0,
                offset: -1.0,
            }))
        }
        EstimatorKind::Survival => Estimator::Survival(Box::new(Survival {
            margin: ground.x,
            time: ground.x,
            stratum: Some(ground.text),
            strata: texts(&["red", ""]),
            baselines: (0..2)
                .map(|_| Baseline { time: dice.rising(3), hazard: dice.rising(3), max_time: 1.5 })
                .collect(),
            form: dice.pick(SurvivalForm::ALL),
        })),
        EstimatorKind::Neighbors => neighbors(dice, ground),
        EstimatorKind::DecisionTree => decision_tree(dice, ground),
        EstimatorKind::Rules => rules(dice, ground),
        EstimatorKind::Scorecard => scorecard(dice, ground),
        EstimatorKind::Cluster => Estimator::Cluster(Cluster {
            distances: gaps,
            largest: dice.below(2) == 1,
            labels: texts(&["a", "b", "c"]),
        }),
        EstimatorKind::Detect => Estimator::Detect(Detect {
            score: ground.x,
            threshold: dice.number(),
            anomaly: dice.pick(AnomalySide::ALL),
            labels: Labels::I64(vec![1, -1]),
        }),
        EstimatorKind::Association => Estimator::Association(Box::new(Association {
            arg: ground.bits,
            items: ["a", "b", "c"].map(str::to_owned).to_vec(),
            rules: (0..3)
                .map(|i| AssociationRule {
                    id: i.to_string(),
                    antecedent: vec![i],
                    consequent: vec![2],
                    support: 0.5,
                    confidence: dice.number().abs(),
                    lift: 1.5,
                })
                .collect(),
            rank: dice.pick(RuleRank::ALL),
            fires: dice.pick(RuleFires::ALL),
            answers: 2,
        })),
        EstimatorKind::Combine => combine(dice, ground),
    }
}

/// Every part that a value has.
fn parts(valid: &ValidModel, value: ValueId) -> Vec<Part> {
    let extras = valid.extras_of(value);
    let mut parts = match valid.type_of(value) {
        Type::Value(..) => vec![Part::Whole],
        Type::Estimate(EstimateType::Regression { .. }) => vec![Part::Values, Part::Margins],
        Type::Estimate(EstimateType::Classification { classes, .. }) => {
            vec![Part::Label, Part::Probabilities, Part::Probability(classes - 1)]
        }
        Type::Estimate(EstimateType::Clustering { .. }) => vec![Part::Label, Part::Distances],
        Type::Estimate(EstimateType::Anomaly { .. }) => vec![Part::Label, Part::Score],
        Type::Estimate(EstimateType::Ranking { answers }) => {
            vec![Part::Rule(0, RuleFeature::Rule), Part::Rule(answers - 1, RuleFeature::Lift)]
        }
    };
    parts.extend((0..extras.entities).map(Part::Entity));
    parts.extend((0..extras.reasons).map(Part::Reason));
    if extras.confidence {
        parts.push(Part::Confidence);
    }
    parts
}

/// Adds every part of a value as an output, named by number, and scores.
pub(crate) fn check(mut ground: Ground, op: Op) {
    let value = ground.build.push(op);
    let mut probe = ground.build.model.clone();
    let first = probe.nodes.iter().next().unwrap().0;
    probe.outputs.push(Output::new(first, Part::Whole));
    let valid = validate(probe).unwrap_or_else(|report| panic!("{report:?}"));
    for (i, part) in parts(&valid, value).into_iter().enumerate() {
        ground.build.model.outputs.push(Output::new(value, part).named(format!("o{i}")));
    }
    let model = ground.build.model.clone();
    assert_eq!(model, model.clone());
    let mut less = model.clone();
    less.outputs.pop();
    assert_ne!(model, less);
    let found = ground.build.score();
    assert!(!found.columns.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn models_of_every_family_score_alike_in_any_batch(seed in any::<u64>(), gaps in any::<bool>()) {
        let mut dice = Dice(seed);
        for &kind in FunctionKind::ALL {
            let mut ground = Ground::new(&mut dice, gaps);
            let op = function(kind, &mut ground);
            check(ground, op);
        }
        for &kind in TransformKind::ALL {
            let mut ground = Ground::new(&mut dice, gaps);
            let op = transform(kind, &mut dice, &mut ground);
            check(ground, op);
        }
        for &kind in EstimatorKind::ALL {
            let mut ground = Ground::new(&mut dice, gaps);
            let op = Op::Estimator(estimator(kind, &mut dice, &mut ground));
            check(ground, op);
        }
    }
}
