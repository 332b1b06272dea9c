//! What older versions of the standard do not have, and how a document is said in them.
//!
//! Only what came after 4.1 and what the writer may say is listed; the versions are those of the published schemas, for
//! functions those of the lists of built-in functions.

use holdall_diag::Failure;

use crate::{
    Version, codes,
    doc::{Builder, Document, Element},
};

/// What becomes of an attribute in an older version.
enum Fate {
    Kept,
    /// It is said in another word.
    Word(&'static str),
    /// It is left out.
    Dropped,
    /// It cannot be said, since this version has it first.
    Newer(u8),
}

/// The minor version of PMML 4 that has an element first, 1 for all that are older.
fn element_since(name: &str) -> u8 {
    match name {
        "ComplexPartialScore"
        | "TargetValueStat"
        | "TargetValueStats"
        | "TextIndex"
        | "TextIndexNormalization" => 2,
        "ARDSquaredExponentialKernel"
        | "AbsoluteExponentialKernel"
        | "BayesianNetworkModel"
        | "BlockIndicator"
        | "GaussianProcessModel"
        | "GeneralizedExponentialKernel"
        | "Lag"
        | "RadialBasisKernel" => 3,
        "ARIMA" | "AnomalyDetectionModel" | "GARCH" | "StateSpaceModel" | "VariableWeight" => 4,
        _ => 1,
    }
}

/// The minor version of PMML 4 that has a built-in function first.
fn function_since(name: &str) -> u8 {
    match name {
        "concat" | "replace" | "matches" => 2,
        "erf" | "normalCDF" | "normalIDF" | "normalPDF" | "stdNormalCDF" | "stdNormalIDF"
        | "stdNormalPDF" => 3,
        "acos" | "asin" | "atan" | "cos" | "cosh" | "expm1" | "hypot" | "isNotValid"
        | "isValid" | "ln1p" | "modulo" | "rint" | "sin" | "sinh" | "stringLength" | "tan"
        | "tanh" => 4,
        _ => 1,
    }
}

fn attribute(element: &str, name: &str, value: &str, minor: u8) -> Fate {
    let since = match (element, name, value) {
        ("MiningField", "missingValueTreatment", "returnInvalid") if minor < 4 => {
            return Fate::Dropped;
        }
        ("MiningField", "usageType", "target") if minor < 2 => return Fate::Word("predicted"),
        ("Apply", "function", function) => function_since(function),
        ("Apply", "defaultValue", _) => 2,
        ("OutputField", "feature", feature) => match feature {
            "antecedent" | "confidence" | "consequent" | "leverage" | "lift" | "rule"
            | "ruleId" | "support" => 2,
            "confidenceIntervalLower" | "confidenceIntervalUpper" | "standardDeviation" => 4,
            _ => 1,
        },
        ("OutputField", "isFinalResult", _) | ("SupportVectorMachineModel", "maxWins", _) => 3,
        ("NeuralNetwork" | "NeuralLayer", "activationFunction", "rectifier") => 3,
        ("Item", "field" | "category", _) => 3,
        ("Constant", "missing", _)
        | ("Lag", "aggregate", _)
        | ("MiningField", "invalidValueReplacement", _)
        | ("MiningField", "invalidValueTreatment", "asValue")
        | ("Segmentation", "missingPredictionTreatment" | "missingThreshold", _)
        | ("Segmentation", "multipleModelMethod", "weightedMedian" | "weightedSum") => 4,
        _ => 1,
    };
    if since > minor { Fate::Newer(since) } else { Fate::Kept }
}

/// The document as an older version says it. Fails with `pmml/newer` where that has no words for it.
///
/// `missingValueTreatment="returnInvalid"` is left out before 4.4: rows with a missing value are not refused there.
pub(crate) fn in_version(document: &Document, version: Version) -> Result<Document, Failure> {
    let newer = |what: String, since: u8| {
        Failure::unsupported(codes::NEWER, format!("PMML {version} has no {what}, 4.{since} has"))
            .with_help(format!("write `pmml:version=4.{since}`, or a newer one"))
    };
    let mut out = Builder::new();
    let mut steps: Vec<Step<'_>> = document.root().map(Step::Open).into_iter().collect();
    while let Some(step) = steps.pop() {
        let element = match step {
            Step::Open(element) => element,
            Step::Text(text) => {
                out.text(text);
                continue;
            }
            Step::Close => {
                out.close();
                continue;
            }
        };
        let name = element.name();
        let since = element_since(name);
        if since > version.minor {
            return Err(newer(format!("element `{name}`"), since));
        }
        out.open(name);
        for (key, value) in element.attributes() {
            match attribute(name, key, value, version.minor) {
                _ if name == "PMML" && key == "xmlns" => {
                    let (major, minor) = (version.major, version.minor);
                    out.attribute(key, format_args!("http://www.dmg.org/PMML-{major}_{minor}"));
                }
                _ if name == "PMML" && key == "version" => {
                    out.attribute(key, version);
                }
                Fate::Kept => {
                    out.attribute(key, value);
                }
                Fate::Word(word) => {
                    out.attribute(key, word);
                }
                Fate::Dropped => {}
                Fate::Newer(since) if key == "function" => {
                    return Err(newer(format!("function `{value}`"), since));
                }
                Fate::Newer(since) => {
                    return Err(newer(format!("`{key}=\"{value}\"` in `{name}`"), since));
                }
            }
        }
        steps.push(Step::Close);
        let first = steps.len();
        steps.extend(element.content().map(|child| match child {
            Ok(child) => Step::Open(child),
            Err(text) => Step::Text(text),
        }));
        if let Some(children) = steps.get_mut(first..) {
            children.reverse();
        }
    }
    out.finish()
}

/// What is left to copy, deepest last.
enum Step<'d> {
    Open(Element<'d>),
    Text(&'d str),
    Close,
}
