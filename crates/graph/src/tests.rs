use crate::{
    Dim, Elem,
    infer::{Call, Content, Fault, Known, Num, Setting, Type, infer},
    ops,
};

fn tensor(elem: Elem, dims: &[Dim]) -> Known {
    Known::of(Type::Tensor(elem, Some(dims.to_vec())))
}

fn floats(dims: &[u64]) -> Known {
    tensor(Elem::FLOAT, &dims.iter().map(|d| Dim::Known(*d)).collect::<Vec<_>>())
}

fn list(values: &[i64]) -> Known {
    Known {
        ty: Some(Type::Tensor(Elem::INT64, Some(vec![Dim::Known(values.len() as u64)]))),
        content: Some(Content::Ints(values.iter().copied().map(Num::Int).collect())),
    }
}

fn run(
    op: &str,
    opset: i64,
    inputs: &[Known],
    settings: &[(&str, Setting)],
) -> Result<String, Fault> {
    let setting = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, s)| s.clone());
    let mut enter = |_: &str, _: Vec<Known>| None;
    let mut call = Call {
        domain: if op.starts_with("ml.") { crate::AI_ONNX_ML } else { "" },
        op: op.trim_start_matches("ml."),
        opset,
        inputs: inputs.iter().cloned().map(Some).collect(),
        outputs: 1,
        setting: &setting,
        enter: &mut enter,
    };
    infer(&mut call).map(|found| found[0].ty.as_ref().map_or("?".to_owned(), ToString::to_string))
}

#[test]
fn the_operator_table_is_read_whole() {
    assert_eq!(ops::latest(""), Some(28));
    assert_eq!(ops::latest("ai.onnx.ml"), Some(5));
    assert!(ops::names("").count() > 200);
    assert_eq!(ops::names("ai.onnx.ml").count(), 19);
    let relu = ops::schema("", "Relu", 13).unwrap();
    assert_eq!((relu.since, relu.input_count), (13, (1, Some(1))));
    assert_eq!(ops::schema("", "Gelu", 19).map(|s| s.since), None);
    // Every type in the table is one that can be spelled, and every type variable has types.
    for domain in ["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"] {
        for op in ops::names(domain) {
            for schema in ops::versions(domain, op).unwrap() {
                for param in schema.inputs().iter().chain(schema.outputs()) {
                    let types = schema
                        .types(&param.type_name)
                        .map_or_else(|| vec![param.type_name.clone()], <[String]>::to_vec);
                    for text in types {
                        let parsed = Type::parse(&text);
                        assert!(parsed.is_some(), "{op} {}: {text}", schema.since);
                        assert_eq!(parsed.unwrap().constraint(), Some(text));
                    }
                }
            }
        }
    }
}

#[test]
fn named_extents_go_through_shape_arithmetic() {
    let n = Dim::Symbol("N".into());
    let x = tensor(Elem::FLOAT, &[n.clone(), Dim::Known(3), Dim::Known(4)]);
    assert_eq!(run("Reshape", 17, &[x.clone(), list(&[0, -1])], &[]).unwrap(), "float[N, 12]");
    assert_eq!(run("Reshape", 17, &[x.clone(), list(&[-1, 12])], &[]).unwrap(), "float[N, 12]");
    assert_eq!(run("Flatten", 17, std::slice::from_ref(&x), &[]).unwrap(), "float[N, 12]");
    let perm = [("perm", Setting::Ints(vec![2, 0, 1]))];
    assert_eq!(run("Transpose", 17, std::slice::from_ref(&x), &perm).unwrap(), "float[4, N, 3]");
    assert_eq!(run("MatMul", 17, &[x.clone(), floats(&[4, 7])], &[]).unwrap(), "float[N, 3, 7]");
    assert_eq!(run("Add", 17, &[x, floats(&[4])], &[]).unwrap(), "float[N, 3, 4]");
}

#[test]
fn what_does_not_go_together_is_a_fault() {
    let fault = |found: Result<String, Fault>| found.unwrap_err().0;
    let found = run("MatMul", 17, &[floats(&[2, 3]), floats(&[4, 5])], &[]);
    assert_eq!(fault(found), "inner extents: 3 and 4");
    let found = run("Add", 17, &[floats(&[2, 3]), floats(&[4])], &[]);
    assert_eq!(fault(found), "[2, 3] and [4] do not go together");
    let found = run("Reshape", 17, &[floats(&[6]), list(&[4, -1])], &[]);
    assert_eq!(fault(found), "[6] elements cannot be laid out as [4, ?]");
    let axis = [("axis", Setting::Int(2))];
    assert_eq!(fault(run("Softmax", 17, &[floats(&[2, 3])], &axis)), "axis 2 is not one of 2 axes");
}

#[test]
fn versions_of_an_operator_are_told_apart() {
    let x = floats(&[2, 1, 3]);
    let axes = [("axes", Setting::Ints(vec![1]))];
    assert_eq!(run("Squeeze", 11, std::slice::from_ref(&x), &axes).unwrap(), "float[2, 3]");
    assert_eq!(run("Squeeze", 13, &[x.clone(), list(&[1])], &[]).unwrap(), "float[2, 3]");
    assert_eq!(run("ReduceMean", 17, std::slice::from_ref(&x), &axes).unwrap(), "float[2, 1, 3]");
    assert_eq!(run("ReduceMean", 18, &[x, list(&[1])], &[]).unwrap(), "float[2, 1, 3]");
}

#[test]
fn classical_operators_give_rows_and_classes() {
    let x = tensor(Elem::FLOAT, &[Dim::Symbol("N".into()), Dim::Known(4)]);
    let classes = [("classlabels_strings", Setting::Texts(vec!["a".into(), "b".into()]))];
    let found = run("ml.TreeEnsembleClassifier", 3, std::slice::from_ref(&x), &classes).unwrap();
    assert_eq!(found, "string[N]");
    let targets = [("n_targets", Setting::Int(3))];
    assert_eq!(run("ml.TreeEnsembleRegressor", 3, &[x], &targets).unwrap(), "float[N, 3]");
}

#[test]
fn types_meet_and_join() {
    let (a, b) = (floats(&[2, 3]).ty.unwrap(), Type::Tensor(Elem(0), None));
    assert_eq!(a.meet(&b).unwrap(), a);
    let c = floats(&[2, 4]).ty.unwrap();
    assert_eq!(a.meet(&c).unwrap_err(), "float[2, 3] and float[2, 4]");
    assert_eq!(a.join(&c).unwrap().to_string(), "float[2, ?]");
    let sequence = Type::Sequence(Box::new(a.clone()));
    assert!(a.meet(&sequence).is_err());
    assert_eq!(a.join(&sequence), None);
}

#[test]
fn packed_elements_take_the_bytes_that_the_specification_says() {
    for (name, elements, bytes) in
        [("float", 3, 12), ("int4", 3, 2), ("uint2", 5, 2), ("float6e2m3", 3, 3), ("bool", 3, 3)]
    {
        assert_eq!(Elem::named(name).unwrap().bytes(elements), Some(bytes), "{name}");
    }
    assert_eq!(Elem::STRING.bytes(3), None);
    assert_eq!(Elem::FLOAT.bytes(u64::MAX), None);
}
