use holdall_codec::{Fate, Policy};
use holdall_tabular::{
    BinaryOp, CategorySet, Construct, Field, Kind, Link, MissingPolicy, MissingRule, Model, Op,
    Output, Part, Regress, Scalar, Test, Tree, TreeEnsemble, TreeNodes, UnaryOp, validate,
};

use super::{
    accepted, floats, ints, lowered, models,
    models::{Dice, FOREST, Forest},
    modes, node, operators, plan,
};
use crate::{FIELDS_KEY, InputPrecision, LowerOptions, TreeSums, lower, support};

/// One tree over one binary32 feature.
fn tree_model(nodes: TreeNodes, sets: Vec<CategorySet>) -> Model {
    let mut model = Model::new();
    let field = Field::number("a", Kind::F32).with_missing(MissingPolicy::AsNan);
    let a = model.push_field(field).unwrap();
    let x = model.push(Op::Concat(vec![a])).unwrap();
    let (ensemble, _) = models::ensemble(x, Forest { trees: 1, ..FOREST }, 1);
    let ensemble = TreeEnsemble {
        nodes,
        sets,
        trees: vec![Tree { root: 0, weight: 1.0, output: 0 }],
        leaves: vec![1.0, 2.0],
        base: Vec::new(),
        ..ensemble
    };
    let margins = model.push(Op::Trees(Box::new(ensemble))).unwrap();
    let estimate = model.push(Op::Regress(Regress { margins, link: Link::Identity })).unwrap();
    model.outputs.push(Output::new(estimate, Part::Values));
    model
}

/// A stump: yes is 1, no is 2.
fn stump(test: Test, threshold: f64, missing: MissingRule) -> Model {
    let mut nodes = TreeNodes::default();
    nodes.push_split(test, 0, threshold, 1, 2, missing);
    nodes.push_leaf(0);
    nodes.push_leaf(1);
    tree_model(nodes, vec![CategorySet::new([0, 1, 4]).unwrap(), CategorySet::default()])
}

#[test]
fn every_model_that_the_plan_accepts_is_written() {
    for case in models::cases() {
        let graph = lowered(case.model);
        assert!(!graph.outputs.is_empty(), "{}", case.name);
        assert_eq!(graph.stamp.ir, 8, "{}", case.name);
    }
}

#[test]
fn names_of_values_are_unique() {
    for case in models::cases() {
        let graph = lowered(case.model);
        let mut names: Vec<&str> = graph.values.iter().map(|(_, v)| v.name.as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", case.name);
    }
}

#[test]
fn the_same_model_gives_the_same_graph() {
    let (first, second) = (models::cases(), models::cases());
    for (a, b) in first.into_iter().zip(second) {
        // As texts, in which NaN is itself.
        let (one, other) = (format!("{:?}", lowered(a.model)), format!("{:?}", lowered(b.model)));
        assert!(one == other, "{}", a.name);
    }
}

/// What operators cannot say, or are not made to.
const LATER: [&str; 6] = [
    "transform/text-vector",
    "transform/text-index",
    "transform/lag",
    "estimator/time-series",
    "function/ln-gamma",
    "function/atan2",
];

#[test]
fn every_construct_has_an_answer_and_only_what_operators_cannot_say_is_refused() {
    for construct in Construct::all() {
        let answer = support(construct, &LowerOptions::default());
        let name = construct.to_string();
        let later = construct == Construct::Foreign || LATER.contains(&name.as_str());
        assert_eq!(answer.fate == Fate::Refuse, later, "{construct}");
        assert_eq!(answer.how.is_empty(), answer.fate == Fate::Native, "{construct}");
    }
}

#[test]
fn numbers_of_one_kind_become_one_input_with_their_names_beside() {
    let graph = lowered(stump(Test::Le, 0.5, MissingRule::No));
    let names: Vec<&str> =
        graph.inputs.iter().map(|id| graph.values.get(*id).unwrap().name.as_str()).collect();
    assert_eq!(names, ["X"]);
    assert_eq!(graph.metadata(FIELDS_KEY), None);
    let mut named = stump(Test::Le, 0.5, MissingRule::No);
    named.named_inputs = true;
    assert_eq!(lowered(named).metadata(FIELDS_KEY), Some(r#"["a"]"#));
}

#[test]
fn fields_of_several_kinds_become_inputs_by_name() {
    let case = models::cases().into_iter().find(|case| case.name == "mixed").unwrap();
    let graph = lowered(case.model);
    let names: Vec<&str> =
        graph.inputs.iter().map(|id| graph.values.get(*id).unwrap().name.as_str()).collect();
    assert_eq!(names, ["age", "city", "rooms", "income", "score"]);
}

#[test]
fn thresholds_round_to_the_side_that_decides_every_binary32_alike() {
    let holds = |test: Test, x: f64, t: f64| match test {
        Test::Lt => x < t,
        Test::Le => x <= t,
        Test::Gt => x > t,
        Test::Ge => x >= t,
        Test::Eq | Test::Ne | Test::Leaf | Test::In(_) => panic!("not ordered"),
    };
    let mut dice = Dice::new(3);
    let odd = [0.1, -0.1, 1e300, -1e300, 1e-300, f64::from(f32::MAX), 16_777_217.0];
    let thresholds: Vec<f64> = odd.into_iter().chain((0..50).map(|_| dice.number())).collect();
    for test in [Test::Lt, Test::Le, Test::Gt, Test::Ge] {
        for &threshold in &thresholds {
            let graph = lowered(stump(test, threshold, MissingRule::No));
            let written =
                f64::from(floats(node(&graph, "TreeEnsembleRegressor"), "nodes_values")[0]);
            let near = threshold as f32;
            for x in [near, near.next_up(), near.next_down(), 0.0, f32::INFINITY, -f32::INFINITY] {
                let x = f64::from(x);
                assert_eq!(holds(test, x, written), holds(test, x, threshold), "{x} {threshold}");
            }
        }
    }
}

#[test]
fn unequal_is_written_as_equal_with_the_sides_exchanged() {
    let graph = lowered(stump(Test::Ne, 2.0, MissingRule::Compare));
    let trees = node(&graph, "TreeEnsembleRegressor");
    assert_eq!(modes(trees), ["BRANCH_EQ", "LEAF", "LEAF"]);
    // NaN is unequal: it takes the side of yes, which is now the false one.
    assert_eq!(ints(trees, "nodes_missing_value_tracks_true")[0], 0);
    let no_side = ints(trees, "nodes_falsenodeids")[0] as usize;
    let place = ints(trees, "target_nodeids").iter().position(|&n| n as usize == no_side).unwrap();
    assert_eq!(floats(trees, "target_weights")[place].to_bits(), 1.0_f32.to_bits());
}

#[test]
fn equality_that_no_binary32_reaches_is_never_true() {
    let graph = lowered(stump(Test::Eq, 0.1, MissingRule::No));
    let trees = node(&graph, "TreeEnsembleRegressor");
    assert_eq!(modes(trees)[0], "BRANCH_LT");
    assert_eq!(floats(trees, "nodes_values")[0].to_bits(), f32::NEG_INFINITY.to_bits());
}

#[test]
fn nan_read_as_zero_goes_where_zero_goes() {
    for (threshold, side) in [(0.5, 1), (-0.5, 0)] {
        let graph = lowered(stump(Test::Le, threshold, MissingRule::AsZero));
        let trees = node(&graph, "TreeEnsembleRegressor");
        assert_eq!(ints(trees, "nodes_missing_value_tracks_true")[0], side);
    }
}

#[test]
fn values_near_zero_get_splits_of_their_own_only_where_they_go_elsewhere() {
    let same = lowered(stump(Test::Le, 0.5, MissingRule::YesWithZero));
    assert_eq!(modes(node(&same, "TreeEnsembleRegressor")).len(), 3);
    let other = lowered(stump(Test::Le, 0.5, MissingRule::NoWithZero));
    let trees = node(&other, "TreeEnsembleRegressor");
    let splits = modes(trees).iter().filter(|mode| **mode != "LEAF").count();
    // The two around zero, the comparison, and the way to it from the no side.
    assert!(splits >= 3, "{:?}", modes(trees));
    assert!(floats(trees, "nodes_values").contains(&-1e-35));
}

#[test]
fn a_set_is_a_chain_over_the_ends_of_its_runs() {
    let graph = lowered(stump(Test::In(0), 0.0, MissingRule::No));
    let trees = node(&graph, "TreeEnsembleRegressor");
    let splits: Vec<(&str, f32)> = modes(trees)
        .into_iter()
        .zip(floats(trees, "nodes_values").iter().copied())
        .filter(|(mode, _)| *mode != "LEAF")
        .collect();
    let expected =
        [("BRANCH_LEQ", -1.0), ("BRANCH_LT", 2.0), ("BRANCH_LT", 4.0), ("BRANCH_LT", 5.0)];
    assert_eq!(splits, expected);
}

#[test]
fn a_false_side_always_stands_right_behind_its_split() {
    for case in models::cases() {
        let graph = lowered(case.model);
        for (_, trees) in graph.nodes.iter().filter(|(_, n)| n.op_type == "TreeEnsembleRegressor") {
            let (ids, no) = (ints(trees, "nodes_nodeids"), ints(trees, "nodes_falsenodeids"));
            for ((mode, id), no) in modes(trees).into_iter().zip(ids).zip(no) {
                assert!(mode == "LEAF" || *no == id + 1, "{}: {id} {no}", case.name);
            }
        }
    }
}

#[test]
fn sums_in_order_leave_the_operator_unless_speed_is_asked_for() {
    let case = || models::cases().into_iter().find(|case| case.name == "forest-f32").unwrap();
    assert!(operators(&lowered(case().model)).contains(&"CumSum"));

    let valid = validate(case().model).unwrap();
    let fast = LowerOptions { sums: TreeSums::Fast, ..LowerOptions::default() };
    assert_eq!(plan(&valid, &fast).worst(), Fate::Approximate);
    assert!(accepted(&valid, &fast, Policy::default()).is_err());
    let policy = Policy { approximate: true, drop: true };
    let graph = lower(&accepted(&valid, &fast, policy).unwrap(), &fast).unwrap();
    assert_eq!(operators(&graph), ["TreeEnsembleRegressor"]);
}

#[test]
fn two_terms_have_one_order_and_stay_in_the_operator() {
    let case = models::cases().into_iter().find(|case| case.name == "forest-f32-one").unwrap();
    assert_eq!(operators(&lowered(case.model)), ["TreeEnsembleRegressor"]);
}

#[test]
fn rounding_inputs_is_approximate_and_said() {
    let mut model = Model::new();
    let a = model.push_field(Field::number("a", Kind::F64)).unwrap();
    let value = model.push(Op::Unary { op: UnaryOp::Abs, arg: a }).unwrap();
    model.outputs.push(Output::new(value, Part::Whole));
    let valid = validate(model).unwrap();
    let options = LowerOptions { input: InputPrecision::Float, ..LowerOptions::default() };
    assert_eq!(plan(&valid, &options).worst(), Fate::Approximate);
}

#[test]
fn an_output_that_is_called_like_an_input_is_refused() {
    let mut model = Model::new();
    let text = model.push_field(Field::category("t", Kind::Text)).unwrap();
    model.outputs.push(Output::new(text, Part::Whole).named("t"));
    let valid = validate(model).unwrap();
    assert_eq!(plan(&valid, &LowerOptions::default()).worst(), Fate::Refuse);
}

#[test]
fn rows_that_would_be_refused_are_a_warning() {
    let mut model = Model::new();
    let field = Field::number("a", Kind::F64).with_missing(MissingPolicy::Reject);
    let a = model.push_field(field).unwrap();
    model.outputs.push(Output::new(a, Part::Whole));
    let valid = validate(model).unwrap();
    let (_, report) = plan(&valid, &LowerOptions::default()).accept(Policy::default()).unwrap();
    assert!(!report.has_errors() && !report.is_empty());
}

#[test]
fn a_boolean_answer_that_may_be_missing_is_refused() {
    let mut model = Model::new();
    let a = model.push_field(Field::number("a", Kind::F64)).unwrap();
    let field =
        Field::number("b", Kind::F64).with_missing(MissingPolicy::Replace(Scalar::F64(0.0)));
    let b = model.push_field(field).unwrap();
    let op = BinaryOp::Lt;
    let less = model.push(Op::Binary { op, left: a, right: b }).unwrap();
    model.outputs.push(Output::new(less, Part::Whole));
    let valid = validate(model).unwrap();
    assert_eq!(plan(&valid, &LowerOptions::default()).worst(), Fate::Refuse);
}
