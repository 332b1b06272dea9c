//! Pieces of a document: expressions, leaves, arrays.

use holdall_tabular::Kind;

use super::{
    Derived, Expr, NameId, Names,
    dictionary::write_interval,
    expr::{Hits, Table},
    expression::{dtype, scalar_text},
};
use crate::{doc::Builder, number};

/// What a leaf answers: a score, and the probabilities of classes.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) score: String,
    pub(super) distribution: Vec<(String, f64)>,
}

impl Leaf {
    /// The count of a class is required; engines take the probability where there is one.
    pub(super) fn write_distribution(&self, out: &mut Builder, samples: Option<f64>) {
        for (class, probability) in &self.distribution {
            out.open("ScoreDistribution").attribute("value", class);
            if probability.is_nan() {
                // The share of a class among no records.
                out.attribute("recordCount", 0);
            } else {
                out.attribute("recordCount", number::text(probability * samples.unwrap_or(1.0)))
                    .attribute("probability", number::text(*probability));
            }
            out.close();
        }
    }
}

/// Whole numbers as an array.
pub(super) fn number_array(out: &mut Builder, members: &[u32]) {
    let texts: Vec<String> = members.iter().map(ToString::to_string).collect();
    out.open("Array").attribute("type", "int").attribute("n", members.len());
    out.text(&texts.join(" ")).close();
}

/// A derived field.
pub(super) fn derived_field(out: &mut Builder, names: &Names, derived: &Derived) {
    let optype =
        if derived.categorical || !derived.kind.is_number() { "categorical" } else { "continuous" };
    out.open("DerivedField")
        .attribute("name", names.text(derived.name))
        .attribute("optype", optype)
        .attribute(
            "dataType",
            if let Expr::Moment(_, word) = derived.expr { word } else { dtype(derived.kind) },
        );
    expression(out, names, &derived.expr);
    out.close();
}

fn expression(out: &mut Builder, names: &Names, expr: &Expr) {
    match expr {
        Expr::Field(name) | Expr::Moment(name, _) => {
            out.open("FieldRef").attribute("field", names.text(*name));
        }
        Expr::Constant(value, kind) => {
            let text = scalar_text(value);
            out.open("Constant").attribute("dataType", dtype(*kind)).text(&text);
        }
        Expr::Apply(function, args) => {
            out.open("Apply").attribute("function", function);
            for arg in args {
                expression(out, names, arg);
            }
        }
        Expr::Indicator(name, value) => {
            // A missing category is no category.
            out.open("NormDiscrete")
                .attribute("field", names.text(*name))
                .attribute("value", value)
                .attribute("mapMissingTo", 0);
        }
        Expr::Map { field, pairs, other, missing } => {
            // NaN stands for missing, which is what comes of saying nothing.
            let number = |code: &Option<f64>| code.filter(|c| !c.is_nan()).map(number::text);
            out.open("MapValues")
                .attribute("outputColumn", "code")
                .optional("mapMissingTo", number(missing))
                .optional("defaultValue", number(other))
                .attribute("dataType", dtype(Kind::F64));
            out.open("FieldColumnPair")
                .attribute("field", names.text(*field))
                .attribute("column", "category")
                .close();
            out.open("InlineTable");
            for (category, code) in pairs {
                out.open("row");
                out.open("category").text(category).close();
                out.open("code").text(&number::text(*code)).close();
                out.close();
            }
            out.close();
        }
        Expr::Table(table) => table_of(out, names, table),
        Expr::Discretize(name, bin) => {
            out.open("Discretize")
                .attribute("field", names.text(*name))
                .optional("mapMissingTo", bin.missing.as_ref().map(scalar_text))
                .optional("defaultValue", bin.default.as_ref().map(scalar_text))
                .attribute("dataType", dtype(bin.values.kind()));
            for (i, interval) in bin.intervals.iter().enumerate() {
                let value = bin.values.get(i).map(|v| scalar_text(&v)).unwrap_or_default();
                out.open("DiscretizeBin").attribute("binValue", value);
                write_interval(out, interval);
                out.close();
            }
        }
        Expr::Norm(name, curve) => {
            let outliers = match curve.outside {
                holdall_tabular::Outside::Extend => "asIs",
                holdall_tabular::Outside::Clamp => "asExtremeValues",
                holdall_tabular::Outside::Missing => "asMissingValues",
            };
            out.open("NormContinuous")
                .attribute("field", names.text(*name))
                .attribute("outliers", outliers);
            for (x, y) in curve.x.iter().zip(&curve.y) {
                out.open("LinearNorm")
                    .attribute("orig", number::text(*x))
                    .attribute("norm", number::text(*y))
                    .close();
            }
        }
        Expr::Hits(name, hits) => text_index(out, names, *name, hits),
        Expr::Lag(name, rows, aggregate, blocks) => {
            out.open("Lag")
                .attribute("field", names.text(*name))
                .attribute("n", rows)
                .optional("aggregate", aggregate.as_ref());
            for block in blocks {
                out.open("BlockIndicator").attribute("field", names.text(*block)).close();
            }
        }
    }
    out.close();
}

/// `MapValues` of several columns; its end is still open.
fn table_of(out: &mut Builder, names: &Names, table: &Table) {
    out.open("MapValues")
        .attribute("outputColumn", "output")
        .optional("mapMissingTo", table.missing.as_ref())
        .optional("defaultValue", table.other.as_ref())
        .attribute("dataType", dtype(table.kind));
    for (i, field) in table.fields.iter().enumerate() {
        out.open("FieldColumnPair")
            .attribute("field", names.text(*field))
            .attribute("column", format!("key{}", i + 1))
            .close();
    }
    out.open("InlineTable");
    for row in &table.rows {
        out.open("row");
        for (i, cell) in row.iter().enumerate() {
            let key = format!("key{}", i + 1);
            out.open(if i < table.fields.len() { &key } else { "output" }).text(cell).close();
        }
        out.close();
    }
    out.close();
}

/// `TextIndex`; its end is still open.
fn text_index(out: &mut Builder, names: &Names, text: NameId, hits: &Hits) {
    out.open("TextIndex")
        .attribute("textField", names.text(text))
        .attribute("localTermWeights", hits.weight)
        .attribute("isCaseSensitive", hits.case_sensitive)
        .attribute("maxLevenshteinDistance", hits.edits)
        .attribute("countHits", if hits.all { "allHits" } else { "bestHits" });
    match &hits.words {
        Some(pattern) => out.attribute("x-wordRE", pattern),
        None => out
            .attribute("wordSeparatorCharacterRE", &hits.separator)
            .attribute("tokenize", hits.tokenize),
    };
    for rules in &hits.rules {
        out.open("TextIndexNormalization")
            .attribute("recursive", rules.recursive)
            .attribute("isCaseSensitive", rules.case_sensitive);
        out.open("InlineTable");
        for (pattern, with, is_regex) in &rules.rows {
            out.open("row");
            out.open("string").text(pattern).close();
            out.open("stem").text(with).close();
            out.open("regex").text(if *is_regex { "true" } else { "false" }).close();
            out.close();
        }
        out.close().close();
    }
    expression(out, names, &hits.term);
}
