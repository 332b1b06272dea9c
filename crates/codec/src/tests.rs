use holdall_tabular::{Field, Kind, Model, Op, Output, Part, UnaryOp, validate};

use super::*;

const DEMO: Format = Format {
    id: "demo",
    title: "Demo",
    extensions: &["demo"],
    media_type: "application/x-demo",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: &[OptionInfo { key: "level", values: "1–3", default: "2", help: "how much" }],
};

fn model() -> holdall_tabular::ValidModel {
    let mut model = Model::new();
    model.named_inputs = true;
    let x = model.push_field(Field::number("x", Kind::F64)).unwrap();
    let y = model.push(Op::Unary { op: UnaryOp::Exp, arg: x }).unwrap();
    model.outputs.push(Output::new(y, Part::Whole));
    validate(model).unwrap()
}

fn plan<'m>(model: &'m holdall_tabular::ValidModel, exp: &Support) -> Plan<'m> {
    Plan::new(model, &DEMO, Options::none(), |construct| {
        if construct == holdall_tabular::Construct::Unary(UnaryOp::Exp) {
            exp.clone()
        } else {
            Support::native()
        }
    })
}

#[test]
fn exact_plans_are_accepted_and_others_only_when_allowed() {
    let model = model();
    let default = Policy::default();
    let lenient = Policy { approximate: true, drop: true };
    assert!(plan(&model, &Support::rewrite("in other words")).accept(default).is_ok());
    let rough = Support::approximate("1e-3 off");
    assert!(plan(&model, &rough).accept(default).is_err());
    let (_, report) = plan(&model, &rough).accept(lenient).unwrap();
    assert!(!report.has_errors() && report.entries().len() == 1);
    let (_, report) = plan(&model, &Support::drop("a remark")).accept(default).unwrap();
    assert_eq!(report.entries()[0].severity, holdall_diag::Severity::Warning);
    assert!(plan(&model, &Support::refuse("no")).accept(lenient).is_err());
}

#[test]
fn options_are_checked_by_name_and_value() {
    let options = Options::parse("level=3", DEMO.write_options).unwrap();
    assert_eq!(options.number("level", 2, 1..=3).unwrap(), 3);
    assert!(options.number("level", 2, 1..=2).is_err());
    assert_eq!(Options::none().word("w", &["a", "b"]).unwrap(), "a");
    let failure = Options::parse("lvl=3", DEMO.write_options).unwrap_err();
    assert_eq!(failure.diagnostic().help.as_deref(), Some("the options are level"));
    assert!(Options::parse("level=1,level=2", DEMO.write_options).is_err());
}
