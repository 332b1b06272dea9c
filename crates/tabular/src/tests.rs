use super::*;

/// Two features, one split, two classes.
fn stump() -> Model {
    let mut model = Model::new();
    model.named_inputs = true;
    let number = |name| Field::number(name, Kind::F64).with_missing(MissingPolicy::AsNan);
    let a = model.push_field(number("a")).unwrap();
    let b = model.push_field(number("b")).unwrap();
    let x = model.push(Op::Concat(vec![a, b])).unwrap();
    let mut nodes = TreeNodes::default();
    nodes.push_split(Test::Le, 1, 0.5, 1, 2, MissingRule::Yes);
    nodes.push_leaf(0);
    nodes.push_leaf(1);
    let margins = model
        .push(Op::Trees(Box::new(TreeEnsemble {
            arg: x,
            round_features: true,
            nodes,
            trees: vec![Tree { root: 0, weight: 1.0, output: 0 }],
            outputs: 2,
            leaf_width: 2,
            leaves: vec![0.75, 0.25, 0.1, 0.9],
            sets: Vec::new(),
            base: Vec::new(),
            base_last: false,
            summation: Summation::SequentialF64,
            aggregate: Aggregate::Sum,
        })))
        .unwrap();
    let estimate = model
        .push(Op::Classify(Classify {
            margins,
            classes: Labels::Text(vec!["no".to_owned(), "yes".to_owned()]),
            link: Link::Identity,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        }))
        .unwrap();
    model.outputs.push(Output::new(estimate, Part::Label));
    model.outputs.push(Output::new(estimate, Part::Probabilities));
    model
}

fn trees(model: &mut Model) -> &mut TreeEnsemble {
    let id = model
        .nodes
        .iter()
        .find_map(|(id, node)| matches!(node.op, Op::Trees(_)).then_some(id))
        .unwrap();
    let Op::Trees(trees) = &mut model.nodes.get_mut(id).unwrap().op else { panic!() };
    trees
}

#[test]
fn a_sound_model_is_valid_and_names_its_columns() {
    let valid = validate(stump()).unwrap();
    let names: Vec<_> = valid.output_ports().into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["label", "probability_no", "probability_yes"]);
    assert_eq!(valid.type_of(ValueId::new(3)), Type::Value(Kind::F64, Width::Vector(2)));
    let needs: Vec<_> = valid.requirements().into_iter().map(|r| r.construct.to_string()).collect();
    for need in ["trees/f64", "trees/test-le", "trees/missing-yes", "classify/identity"] {
        assert!(needs.iter().any(|n| n == need), "{need} is not in {needs:?}");
    }
}

#[test]
fn the_dump_shows_every_part() {
    let dump = validate(stump()).unwrap().dump();
    assert_eq!(
        dump,
        "field #0 `a`: f64\nfield #1 `b`: f64\n#0: f64 = input #0\n#1: f64 = input #1\n\
         #2: f64[2] = concat of #0, #1\n#3: f64[2] = trees of #2\n    1 trees, 3 nodes, leaves of \
         2, SequentialF64, features rounded to f32\n    0: x1 le 0.5 ? 1 : 2, missing yes\n    \
         1: leaf [0.75 0.25]\n    2: leaf [0.1 0.9]\n#4: classification text of 2, f64[2] = \
         classify identity LargestProbability [\"no\" \"yes\"] of #3\noutput - label of #4\n\
         output - probabilities of #4\n"
    );
}

#[test]
fn broken_trees_are_refused_by_kind_of_fault() {
    type Break = fn(&mut TreeEnsemble);
    let cases: [(Break, holdall_diag::Code); 9] = [
        (|t| t.nodes.yes[0] = 0, codes::CYCLE),
        (|t| t.nodes.no[0] = 7, codes::REFERENCE),
        (|t| t.nodes.feature[0] = 2, codes::FEATURE),
        (|t| t.nodes.yes[1] = 9, codes::REFERENCE),
        (|t| t.nodes.test[0] = Test::In(0), codes::REFERENCE),
        (|t| t.nodes.threshold[0] = f64::NAN, codes::VALUE),
        (|t| t.leaves.push(1.0), codes::LENGTH),
        (|t| t.trees[0].output = 1, codes::FEATURE),
        (|t| t.base = vec![1.0], codes::LENGTH),
    ];
    for (i, (change, code)) in cases.into_iter().enumerate() {
        let mut model = stump();
        change(trees(&mut model));
        let report = validate(model).unwrap_err();
        assert_eq!(report.entries()[0].code, code, "case {i}");
        assert_eq!(report.entries().len(), 1, "case {i}");
    }
}

#[test]
fn all_findings_come_at_once() {
    let mut model = stump();
    model.fields.get_mut(FieldId::new(1)).unwrap().name = "a".to_owned();
    trees(&mut model).nodes.feature[0] = 9;
    model.outputs.push(Output::new(ValueId::new(40), Part::Whole));
    let report = validate(model).unwrap_err();
    let found: Vec<_> = report.entries().iter().map(|d| d.code).collect();
    assert_eq!(found, [codes::NAME, codes::FEATURE, codes::REFERENCE]);
}

#[test]
fn cycles_lengths_and_class_counts_come_at_once() {
    let mut model = stump();
    let ensemble = trees(&mut model);
    ensemble.nodes.yes[0] = 0;
    ensemble.base = vec![1.0];
    let classify = ValueId::new(4);
    let Op::Classify(op) = &mut model.nodes.get_mut(classify).unwrap().op else { panic!() };
    op.classes = Labels::Text(["no", "yes", "maybe"].map(str::to_owned).to_vec());
    let report = validate(model).unwrap_err();
    let mut found: Vec<_> = report.entries().iter().map(|d| d.code).collect();
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, [codes::CLASSES, codes::CYCLE, codes::LENGTH]);
}

#[test]
fn a_node_cannot_name_a_later_one() {
    let mut model = Model::new();
    let failure = model.push(Op::Concat(vec![ValueId::new(0)])).unwrap_err();
    assert_eq!(failure.code(), codes::ORDER);
}

#[test]
fn sets_hold_their_members() {
    let set = CategorySet::new([3, 64, 130]).unwrap();
    assert_eq!(set.members().collect::<Vec<_>>(), [3, 64, 130]);
    assert!(set.contains(64) && !set.contains(65) && !set.contains(1 << 23));
    assert!(CategorySet::new([u32::MAX]).is_none());
}

#[test]
fn constructs_have_distinct_names() {
    let mut names: Vec<_> = Construct::all().iter().map(ToString::to_string).collect();
    let total = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), total);
}
