use holdall_diag::Failure;
use holdall_table::{Column, Data, Port, Role, Scoring, Table};

use super::*;

/// Answers what it is told, whatever the rows are; refuses rows whose `x` is negative.
struct Told {
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    answers: Vec<Column>,
}

impl Told {
    fn new(answers: Vec<Column>) -> Self {
        let port =
            |c: &Column| Port { name: c.name.clone(), kind: c.data.kind(), role: c.role.clone() };
        let outputs = answers.iter().map(port).collect();
        let inputs = vec![Port { name: "x".to_owned(), kind: Kind::F64, role: None }];
        Self { inputs, outputs, answers }
    }
}

impl Scoring for Told {
    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn has_named_inputs(&self) -> bool {
        true
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    fn score(&self, rows: &Table) -> Result<Table, Failure> {
        let Data::F64(x) = &rows.columns[0].data else { panic!() };
        if x.iter().any(|x| *x < 0.0) {
            return Err(Failure::malformed(any_code(), "negative"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places")]
        let at = |x: f64| x as usize;
        let columns = self.answers.iter().map(|column| {
            let data = match &column.data {
                Data::F32(v) => Data::F32(x.iter().map(|&x| v[at(x)]).collect()),
                Data::F64(v) => Data::F64(x.iter().map(|&x| v[at(x)]).collect()),
                Data::Text(v) => Data::Text(x.iter().map(|&x| v[at(x)].clone()).collect()),
                Data::I64(_) | Data::Bool(_) => panic!("not told"),
            };
            let missing = x.iter().map(|&x| column.is_missing(at(x))).collect();
            Column { data, missing, ..column.clone() }
        });
        Ok(Table { columns: columns.collect(), rows: rows.rows, first_row: rows.first_row })
    }
}

/// Refuses nothing, and has no names.
struct Deaf(Told);
impl Scoring for Deaf {
    fn inputs(&self) -> &[Port] {
        self.0.inputs()
    }
    fn has_named_inputs(&self) -> bool {
        false
    }
    fn outputs(&self) -> &[Port] {
        self.0.outputs()
    }
    fn score(&self, given: &Table) -> Result<Table, Failure> {
        let Data::F64(x) = &given.columns[0].data else { panic!() };
        self.0.score(&rows(&x.iter().map(|x| x.abs()).collect::<Vec<_>>()))
    }
}

fn any_code() -> holdall_diag::Code {
    codes::NO_PAIR
}

fn rows(x: &[f64]) -> Table {
    Table { columns: vec![Column::new("x", Data::F64(x.to_vec()))], rows: x.len(), first_row: 0 }
}

fn f64s(values: &[f64]) -> Column {
    Column::new("v", Data::F64(values.to_vec())).with_role(Role::Value(0))
}

fn run(source: Vec<Column>, target: Vec<Column>, x: &[f64], tolerance: Tolerance) -> Comparison {
    let (source, target) = (Told::new(source), Told::new(target));
    compare(&source, &target, &rows(x), &tolerance, &mut quiet).unwrap()
}

#[test]
fn the_largest_differences_name_their_rows() {
    let a = f64s(&[1.0, 1000.0, 1e-9]);
    let b = f64s(&[1.0_f64.next_up(), 1001.0, 3e-9]);
    let result = run(vec![a], vec![b], &[0.0, 1.0, 2.0], Tolerance::default());
    assert_eq!(result.verdict, Verdict::Different);
    assert_eq!((result.cells, result.different, result.beyond_tolerance), (3, 3, 3));
    let absolute = result.largest_absolute.unwrap();
    assert_eq!((absolute.value.to_string(), absolute.at.place.row), ("1".to_owned(), 2));
    let relative = result.largest_relative.unwrap();
    assert_eq!(relative.at.place.row, 3);
    assert!((relative.value - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(result.largest_ulp.unwrap().at.place.row, 3);
    assert_eq!(result.first_beyond.unwrap().target, "1.0000000000000002");
}

#[test]
fn steps_are_those_of_the_coarser_kind() {
    let target = Column::new("v", Data::F32(vec![0.1])).with_role(Role::Value(0));
    let one = Tolerance { ulp: 1, ..Tolerance::default() };
    let result = run(vec![f64s(&[0.1])], vec![target.clone()], &[0.0], one);
    assert_eq!(result.verdict, Verdict::WithinTolerance);
    assert_eq!(result.largest_ulp.unwrap().value, 0);
    let far = Column { data: Data::F32(vec![0.1_f32.next_up().next_up()]), ..target };
    assert_eq!(run(vec![f64s(&[0.1])], vec![far], &[0.0], one).verdict, Verdict::Different);
}

#[test]
fn nan_and_missing_agree_with_each_other_alone() {
    let nan = f64::NAN;
    let a = f64s(&[nan, 0.0, nan, 1.0]).with_missing(vec![false, true, false, false]);
    let same = run(vec![a.clone()], vec![a.clone()], &[0.0, 1.0, 2.0, 3.0], Tolerance::default());
    assert_eq!(same.verdict, Verdict::Equal);
    let b = f64s(&[nan, 0.0, 5.0, f64::INFINITY]).with_missing(vec![true, false, false, false]);
    let wide = Tolerance { relative: 9.0, absolute: 1e9, ulp: u64::MAX };
    let result = run(vec![a], vec![b], &[0.0, 1.0, 2.0, 3.0], wide);
    assert_eq!((result.unlike, result.verdict), (3, Verdict::Different));
    let zeros = run(vec![f64s(&[0.0])], vec![f64s(&[-0.0])], &[0.0], Tolerance::default());
    assert_eq!(zeros.verdict, Verdict::Equal);
}

#[test]
fn rows_that_both_refuse_agree() {
    let a = || vec![f64s(&[1.0, 2.0])];
    let result = run(a(), a(), &[0.0, -1.0, 1.0], Tolerance::default());
    assert_eq!((result.rows, result.refused_by_both), (2, 1));
    assert_eq!(result.verdict, Verdict::Equal);
    let (source, target) = (Told::new(a()), Deaf(Told::new(a())));
    let given = rows(&[0.0, -1.0, 1.0]);
    let result = compare(&source, &target, &given, &Tolerance::default(), &mut quiet).unwrap();
    assert_eq!((result.refused_by_one, result.verdict), (1, Verdict::Different));
    let refusal = result.first_refusal.unwrap();
    assert_eq!((refusal.row, refusal.by_source), (2, true));
}

fn classified(labels: &[&str], p: &[f64]) -> Vec<Column> {
    let labels = Data::Text(labels.iter().map(|&l| l.to_owned()).collect());
    let probability = |label: &str, values: Vec<f64>| {
        Column::new(format!("p_{label}"), Data::F64(values))
            .with_role(Role::Probability(label.to_owned()))
    };
    vec![
        Column::new("label", labels).with_role(Role::Label),
        probability("n", p.iter().map(|p| 1.0 - p).collect()),
        probability("y", p.to_vec()),
    ]
}

#[test]
fn labels_are_exact_and_near_ties_are_counted() {
    let source = classified(&["n", "y", "y"], &[0.1, 0.500_000_1, 0.9]);
    let mut target = classified(&["n", "n", "n"], &[0.1, 0.499_999_9, 0.9]);
    // Paired by meaning, wherever the columns stand and whatever they are called.
    target.reverse();
    for column in &mut target {
        column.name.push('!');
    }
    let tolerance = Tolerance { absolute: 1e-5, ..Tolerance::default() };
    let result = run(source, target, &[0.0, 1.0, 2.0], tolerance);
    assert_eq!((result.label_changes, result.ties, result.beyond_tolerance), (2, 1, 0));
    let change = result.first_label_change.unwrap();
    assert_eq!((change.at.place.row, change.tie), (2, true));
    assert_eq!((change.at.source.as_str(), change.at.target.as_str()), ("y", "n"));
    assert_eq!(result.verdict, Verdict::Different);
}

#[test]
fn an_output_that_the_target_lacks_is_a_difference() {
    let source = classified(&["n"], &[0.1]);
    let target = source.iter().take(2).cloned().collect();
    let result = run(source, target, &[0.0], Tolerance::default());
    assert_eq!(result.unpaired, ["p_y"]);
    assert_eq!(result.verdict, Verdict::Different);
    let nothing = Told::new(Vec::new());
    let source = Told::new(vec![f64s(&[1.0])]);
    let failure = compare(&source, &nothing, &rows(&[0.0]), &Tolerance::default(), &mut quiet);
    assert_eq!(failure.unwrap_err().code(), codes::NO_PAIR);
}

#[test]
fn progress_counts_rows() {
    let a = || Told::new(vec![f64s(&[1.0])]);
    let mut seen = Vec::new();
    let given = rows(&vec![0.0; 2500]);
    compare(&a(), &a(), &given, &Tolerance::default(), &mut |done, all| seen.push((done, all)))
        .unwrap();
    assert_eq!(seen, [(1024, 2500), (2048, 2500), (2500, 2500)]);
}

#[test]
fn classifiers_are_compared_whole() {
    let classifier = |decision| {
        let mut model = forest(3);
        trees(&mut model).leaves.iter_mut().for_each(|leaf| *leaf = *leaf / 500.0 - 7.0);
        let margins = model.outputs[0].value;
        let classes = Labels::I64(vec![0, 1]);
        let link = Link::Logistic;
        let op = Classify { margins, classes, link, decision, has_probabilities: true };
        let estimate = model.push(Op::Classify(op)).unwrap();
        model.outputs =
            [Part::Label, Part::Probabilities].map(|p| Output::new(estimate, p)).to_vec();
        model
    };
    let source = || classifier(Decision::MarginAbove(0.0));
    assert_eq!(prove(source(), source()).verdict, Verdict::Equal);
    let result = prove(source(), classifier(Decision::MarginAbove(5.0)));
    assert!(result.label_changes > 0 && result.different == 0, "{result:?}");
}

#[test]
fn examples_are_rows_that_both_answer_in_the_words_of_the_target() {
    let label = |labels: &[&str]| {
        let texts = labels.iter().map(|&l| l.to_owned()).collect();
        Column { role: Some(Role::Label), ..Column::new("label".to_owned(), Data::Text(texts)) }
    };
    let margin = |name: &str, numbers: &[f64]| Column {
        role: Some(Role::Margin(0)),
        ..Column::new(name.to_owned(), Data::F64(numbers.to_vec()))
    };
    let numbers = [0.5, f64::INFINITY, 0.25, 0.125];
    let source = Told::new(vec![label(&["true", "true", "false", "true"]), margin("m", &numbers)]);
    let target = Told::new(vec![margin("score", &numbers), label(&["1", "1", "0", "1"])]);
    let rows = Table {
        columns: vec![Column::new("x".to_owned(), Data::F64(vec![0.0, 1.0, -1.0, 2.0, 3.0, 0.0]))],
        rows: 6,
        first_row: 0,
    };
    let near = holdall_codec::Nearness { relative: 1e-11, zero: 1e-14 };
    let of = |among, wanted| {
        let found = examples(&source, &target, (&rows, among), near, wanted).unwrap();
        let column = |c: &holdall_codec::ExampleColumn| {
            let cells: Vec<String> = c.cells.iter().map(|c| c.clone().unwrap()).collect();
            format!("{} {}", c.name, cells.join(" "))
        };
        found.columns.iter().map(column).collect::<Vec<_>>()
    };
    // The row with an infinite answer and the refused one are passed over; the last is not looked at.
    assert_eq!(of(5, 9), ["x 0 2 3", "label 1 0 1", "score 0.5 0.25 0.125"]);
    assert_eq!(of(6, 2), ["x 0 3", "label 1 1", "score 0.5 0.125"]);
    assert!(of(6, 0).is_empty());
}
