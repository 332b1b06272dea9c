//! Processes, networks and series that are refused, each with its place and its reason. What they answer is in
//! `tests/documents.rs`.

use holdall_source::{Budget, Source};

use crate::{decode, lower};

/// The code and message of what is refused in a model of the fields `a`, `h` and a target `y`.
fn refusal(model: &str, body: &str) -> String {
    let text = format!(
        r#"<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="a" optype="categorical" dataType="string"/><DataField name="h" optype="continuous" dataType="integer"/>
<DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<{model}><MiningSchema><MiningField name="h"/><MiningField name="y" usageType="target"/></MiningSchema>
{body}</{}></PMML>"#,
        model.split(' ').next().unwrap()
    );
    let source = Source::from_bytes("m.pmml", text.into_bytes());
    let document = decode(&source, &mut Budget::default()).unwrap();
    let failure = lower(&document).unwrap_err();
    let found = failure.diagnostic();
    assert!(!found.location.is_none(), "{failure}: no place");
    format!("{} [{}]", found.message, found.code)
}

fn process(kernel: &str, rows: &str) -> String {
    let training = format!(
        r#"<TrainingInstances><InstanceFields><InstanceField field="h" column="h"/><InstanceField field="y" column="y"/>
</InstanceFields><InlineTable>{rows}</InlineTable></TrainingInstances>"#
    );
    refusal(r#"GaussianProcessModel functionName="regression""#, &format!("{kernel}{training}"))
}

#[test]
fn processes() {
    let row = "<row><h>1</h><y>2</y></row>";
    let plain = r#"<RadialBasisKernel gamma="1" noiseVariance="0" lambda="1"/>"#;
    let twice = process(plain, &format!("{row}{row}"));
    assert!(twice.starts_with("the covariance of the training rows is not positive"), "{twice}");
    let word = process(plain, "<row><h>1</h><y>high</y></row>");
    assert!(word.starts_with("training row 1: expected a number"), "{word}");
    let none = process(plain, "");
    assert!(none.starts_with("expected 1 to 4096 training rows, found 0"), "{none}");
    let scale = process(r#"<RadialBasisKernel lambda="0"/>"#, row);
    assert!(
        scale.starts_with("`lambda` in `RadialBasisKernel`: expected a number above 0"),
        "{scale}"
    );
    let many = process(
        r#"<ARDSquaredExponentialKernel><Lambda><Array type="real">1 2</Array></Lambda></ARDSquaredExponentialKernel>"#,
        row,
    );
    assert!(many.contains("[pmml/"), "{many}");
}

fn network(nodes: &str) -> String {
    refusal(
        r#"BayesianNetworkModel functionName="classification""#,
        &format!("<BayesianNetworkNodes>{nodes}</BayesianNetworkNodes>"),
    )
}

/// A node with one parent.
fn child(name: &str, parent: &str, value: &str) -> String {
    format!(
        r#"<DiscreteNode name="{name}"><DiscreteConditionalProbability><ParentValue parent="{parent}" value="{value}"/>
<ValueProbability value="1" probability="0.5"/><ValueProbability value="2" probability="0.5"/>
</DiscreteConditionalProbability></DiscreteNode>"#
    )
}

#[test]
fn networks() {
    let around = network(&format!("{}{}", child("a", "y", "1"), child("y", "a", "1")));
    assert!(around.starts_with("nodes are their own ancestors [pmml/cycle]"), "{around}");
    let unknown = network(&child("y", "z", "1"));
    assert!(unknown.starts_with("the parent `z` of `y` is no node"), "{unknown}");
    let root = r#"<DiscreteNode name="a"><ValueProbability value="u" probability="0.5"/><ValueProbability value="v"
probability="0.5"/></DiscreteNode>"#;
    let partial = network(&format!("{root}{}", child("y", "a", "u")));
    assert!(partial.contains("`y` does not give probabilities for every combination"), "{partial}");
    let empty = network(r#"<ContinuousNode name="y"/>"#);
    assert!(empty.contains("`ContinuousNode` is not carried"), "{empty}");
    let normal = |mean: &str| {
        format!(
            "<ContinuousDistribution><NormalDistributionForBN><Mean>{mean}</Mean><Variance>\
             <Constant>1</Constant></Variance></NormalDistributionForBN></ContinuousDistribution>"
        )
    };
    let y =
        r#"<DiscreteNode name="y"><ValueProbability value="1" probability="1"/></DiscreteNode>"#;
    let hidden = network(&format!(
        r#"{y}<ContinuousNode name="h">{}</ContinuousNode><ContinuousNode name="z">{}</ContinuousNode>"#,
        normal(r#"<FieldRef field="z"/>"#),
        normal("<Constant>0</Constant>")
    ));
    assert!(hidden.contains("`ContinuousNode` is not carried"), "{hidden}");
    let predicted = network(&format!(
        r#"<ContinuousNode name="y">{}</ContinuousNode>"#,
        normal("<Constant>0</Constant>")
    ));
    assert!(predicted.contains("`BayesianNetworkNodes` is not carried"), "{predicted}");
    assert!(network(root).contains("`BayesianNetworkNodes` is not carried"));
}

fn series(best: &str, body: &str) -> String {
    refusal(&format!(r#"TimeSeriesModel functionName="timeSeries" bestFit="{best}""#), body)
}

#[test]
fn time_series() {
    let season = series(
        "ExponentialSmoothing",
        r#"<ExponentialSmoothing><Level smoothedValue="1"/><Seasonality_ExpoSmooth type="additive" period="2">
<Array type="real">1 2</Array></Seasonality_ExpoSmooth></ExponentialSmoothing>"#,
    );
    assert!(season.contains("`Seasonality_ExpoSmooth` is not carried"), "{season}");
    let arima = |attributes: &str, parts: &str| {
        series("ARIMA", &format!("<ARIMA {attributes}>{parts}</ARIMA>"))
    };
    let recursive = r#"<NonseasonalComponent p="1" d="0" q="0"><AR><Array type="real">0.5</Array></AR></NonseasonalComponent>"#;
    let constant = arima(r#"constantTerm="3""#, recursive);
    assert!(constant.contains("`constantTerm=\"3\"` is not carried"), "{constant}");
    let unobserved = arima("", recursive);
    assert!(unobserved.contains("`TimeSeriesModel` is not carried here"), "{unobserved}");
    let exact = arima(r#"predictionMethod="exactLeastSquares""#, recursive);
    assert!(exact.contains("exactLeastSquares"), "{exact}");
    let order = arima("", r#"<NonseasonalComponent p="2" d="0" q="0"/>"#);
    assert!(order.starts_with("`p` in `NonseasonalComponent`"), "{order}");
    let space = |vector: &str, matrix: &str| {
        series(
            "StateSpaceModel",
            &format!(
                "<StateSpaceModel>{vector}<TransitionMatrix><Matrix>{matrix}</Matrix></TransitionMatrix>\
                 <MeasurementMatrix><Matrix><Array type=\"real\">1</Array></Matrix></MeasurementMatrix></StateSpaceModel>"
            ),
        )
    };
    let vector = r#"<StateVector><Array type="real">1</Array></StateVector>"#;
    let wide = space(vector, r#"<Array type="real">1 2</Array>"#);
    assert!(wide.contains("[pmml/array-count]"), "{wide}");
    assert!(space("", "").contains("[pmml/"));
    assert!(series("GARCH", "<GARCH/>").contains("`GARCH` is not carried"));
    assert!(
        series("SpectralAnalysis", "").contains("`bestFit=\"SpectralAnalysis\"` is not carried")
    );
}

fn text_model(attributes: &str, matrix: &str, normalization: &str) -> String {
    refusal(
        &format!(r#"TextModel functionName="clustering" {attributes}"#),
        &format!(
            r#"<TextDictionary><Array type="string">a b</Array></TextDictionary><TextCorpus><TextDocument id="d"/>
<TextDocument id="e"/></TextCorpus><DocumentTermMatrix><Matrix>{matrix}</Matrix></DocumentTermMatrix>{normalization}"#
        ),
    )
}

#[test]
fn text_models() {
    const COUNTS: &str = r#"numberOfTerms="2" numberOfDocuments="2""#;
    const ROWS: &str = r#"<Array type="real">1 0</Array><Array type="real">1 2</Array>"#;
    let similarity = |global: &str, kind: &str| {
        format!(
            r#"<TextModelNormalization globalTermWeights="{global}"/><TextModelSimiliarity similarityType="{kind}"/>"#
        )
    };
    for (attributes, matrix, normalization, expected) in [
        (
            r#"numberOfTerms="3" numberOfDocuments="2""#,
            ROWS,
            similarity("none", "cosine"),
            "`numberOfTerms`",
        ),
        (
            COUNTS,
            r#"<Array type="real">1 0</Array>"#,
            similarity("none", "cosine"),
            "expected 2 rows",
        ),
        (
            COUNTS,
            r#"<Array type="real">1</Array>"#,
            similarity("none", "cosine"),
            "expected 2 numbers",
        ),
        (
            COUNTS,
            r#"<MatCell row="3" col="1">1</MatCell>"#,
            similarity("none", "cosine"),
            "`row` in `MatCell`",
        ),
        (
            COUNTS,
            r#"<MatCell row="1" col="1">x</MatCell>"#,
            similarity("none", "cosine"),
            "expected a number in",
        ),
        (
            COUNTS,
            r#"<Array type="real">-1 0</Array><Array type="real">1 2</Array>"#,
            similarity("none", "cosine"),
            "a frequency below 0",
        ),
        (
            COUNTS,
            ROWS,
            similarity("probabilisticInverse", "cosine"),
            "the term `a` is in 2 of 2 documents",
        ),
        (
            COUNTS,
            ROWS,
            similarity("inverseDocumentFrequency", "euclidean"),
            "`TextModelSimiliarity` is not carried",
        ),
        (COUNTS, ROWS, String::new(), "`TextModel` is not carried"),
        (COUNTS, ROWS, similarity("often", "cosine"), "`globalTermWeights`"),
    ] {
        let found = text_model(attributes, matrix, &normalization);
        assert!(found.contains(expected), "{found}");
    }
    let sequence = refusal(r#"SequenceModel functionName="sequences""#, "");
    assert!(sequence.contains("`SequenceModel` is not carried"), "{sequence}");
}
