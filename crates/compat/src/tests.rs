use super::*;

const EXAMPLE: &str = include_str!("../../../examples/breast_cancer/server.json");

fn server() -> Server {
    Server::from_json(EXAMPLE.as_bytes()).unwrap()
}

fn onnx(ir: i64, opset: i64, ml: i64) -> ArtifactNeeds {
    ArtifactNeeds {
        path: "model.onnx".to_owned(),
        format: "onnx".to_owned(),
        onnx: Some(OnnxNeeds {
            ir,
            opsets: vec![("ai.onnx".to_owned(), opset), ("ai.onnx.ml".to_owned(), ml)],
        }),
        libraries: Vec::new(),
    }
}

fn pickle(version: &str) -> ArtifactNeeds {
    ArtifactNeeds {
        path: "model.joblib".to_owned(),
        format: "sklearn-joblib".to_owned(),
        onnx: None,
        libraries: vec![PythonLibrary {
            name: "scikit-learn".to_owned(),
            version: Some(version.to_owned()),
            needed_to_load: true,
        }],
    }
}

fn needs(artifacts: Vec<ArtifactNeeds>) -> Needs {
    Needs { artifacts, ..Needs::default() }
}

fn requirement(name: &str, specifiers: &str, marker: Option<&str>) -> Requirement {
    Requirement {
        name: name.to_owned(),
        specifiers: specifiers.to_owned(),
        marker: marker.map(ToOwned::to_owned),
    }
}

#[test]
fn an_opset_above_the_limit_fails_with_the_release_that_loads_it() {
    let findings = check(&needs(vec![onnx(11, 23, 3)]), &server());
    let failed: Vec<_> = findings.iter().filter(|f| f.status == Status::Fail).collect();
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0].message, "IR version 11; onnxruntime 1.20.1 loads up to 10");
    assert!(failed[1].fix.as_ref().unwrap().starts_with("use onnxruntime 1.23.2 or newer"));
    let findings = check(&needs(vec![onnx(14, 28, 3)]), &server());
    assert!(findings[0].fix.as_ref().unwrap().contains("no release loads 14"));
    assert_eq!(verdict(&check(&needs(vec![onnx(8, 17, 3)]), &server()), true), Verdict::Compatible);
}

#[test]
fn a_file_without_a_runtime_is_no_fault_when_another_runs() {
    let preset = Server::preset("onnxruntime@1.20").unwrap();
    let both = check(&needs(vec![pickle("1.9.1"), onnx(8, 17, 3)]), &preset);
    assert_eq!(both[0].status, Status::Warn);
    assert_eq!(verdict(&both, true), Verdict::Compatible);
    let alone = check(&needs(vec![pickle("1.9.1")]), &preset);
    assert_eq!(verdict(&alone, false), Verdict::Incompatible);
}

#[test]
fn pickles_need_the_version_that_wrote_them() {
    let status = |version| check(&needs(vec![pickle(version)]), &server())[0].status;
    assert_eq!(status("1.9.0"), Status::Ok);
    assert_eq!(status("1.8.0"), Status::Fail);
    let old = check(&needs(vec![pickle("1.2.2")]), &server());
    assert!(old[0].message.contains("trees saved before 1.3"));
}

#[test]
fn requirements_are_judged_with_their_markers() {
    let mut needs = needs(vec![pickle("1.9.1")]);
    needs.python = Some(">=3.11,<3.12".to_owned());
    needs.requirements = vec![
        requirement("Scikit_Learn", "~=1.9.0", None),
        requirement("numpy", "<2", None),
        requirement("absent", "", None),
        requirement("pywin32", "", Some("sys_platform == 'win32'")),
        requirement("tomli", ">=1", Some("python_version < '3.11' or (os_name != 'posix')")),
        requirement("odd", "", Some("platform_release > '5'")),
    ];
    let findings = check(&needs, &server());
    let statuses: Vec<_> =
        findings.iter().map(|f| (f.subject.as_str(), f.status)).skip(1).collect();
    assert_eq!(
        statuses,
        [
            ("python", Status::Ok),
            ("Scikit_Learn", Status::Ok),
            ("numpy", Status::Fail),
            ("absent", Status::Fail),
            ("pywin32", Status::Ok),
            ("tomli", Status::Ok),
            ("odd", Status::Unknown),
        ]
    );
}

#[test]
fn unknown_is_never_ok() {
    let pmml = ArtifactNeeds {
        path: "m.pmml".to_owned(),
        format: "pmml".to_owned(),
        ..ArtifactNeeds::default()
    };
    let findings = check(&needs(vec![pmml]), &server());
    assert_eq!(verdict(&findings, false), Verdict::Unknown);
    assert_eq!(verdict(&findings, true), Verdict::Incompatible);
    assert_eq!(verdict(&check(&Needs::default(), &server()), false), Verdict::Unknown);
}

#[test]
fn malformed_servers_are_located() {
    let failure = Server::from_json(b"{\n \"schema\": 3}").unwrap_err();
    assert!(failure.location().line.is_some_and(|(line, _)| line == 2), "{failure}");
    let failure = Server::from_json(br#"{"schema":"x","name":"y"}"#).unwrap_err();
    assert!(failure.to_string().contains("/schema"));
    assert_eq!(Server::preset("onnxruntime@0.1").unwrap_err().code(), codes::PRESET);
}

#[test]
fn limits_are_those_of_the_release() {
    assert_eq!(onnxruntime_limits("1.20").unwrap().ai_onnx, 21);
    assert_eq!(onnxruntime_limits("1.22.0").unwrap().release, "1.22.1");
    assert_eq!(onnxruntime_limits("2.0").unwrap().release, "1.31.1");
    assert!(onnxruntime_limits("x").is_none());
}

#[test]
fn the_example_server_fits_its_schema() {
    let schema = serde_json::from_str(include_str!("../../../schemas/server-1.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    assert!(jsonschema::is_valid(&schema, &document));
    assert_eq!(serde_json::to_value(server()).unwrap(), document);
}
