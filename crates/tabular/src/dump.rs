#![expect(clippy::use_debug, reason = "the dump is for developers and shows variants by name")]

use std::fmt::Write;

use crate::{
    Aggregate, Labels, Link, Op, Scalar, Test, TreeEnsemble, ValidModel,
    construct::{part_name, rule_name, test_name},
};

/// Elements of a list that are shown before it is cut.
const SHOWN: usize = 8;
/// Tree nodes that are shown before an ensemble is cut.
const SHOWN_NODES: usize = 64;
/// Characters of a parameter record that are shown before it is cut.
const SHOWN_CHARACTERS: usize = 400;

impl ValidModel {
    /// The model as text, for reading: deterministic, long lists cut. It is not a format.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        match self.write_dump(&mut out) {
            Ok(()) => out,
            // Writing to a `String` cannot fail.
            Err(std::fmt::Error) => String::new(),
        }
    }

    fn write_dump(&self, out: &mut String) -> std::fmt::Result {
        let model = self.model();
        let header = &model.header;
        for (name, text) in [
            ("name", &header.name),
            ("class", &header.class),
            ("producer", &header.producer),
            ("version", &header.producer_version),
        ] {
            if let Some(text) = text {
                writeln!(out, "{name} {text}")?;
            }
        }
        for (id, field) in model.fields.iter() {
            writeln!(out, "field {id} `{}`: {}", field.name, field.kind)?;
        }
        for (id, node) in model.nodes.iter() {
            write!(out, "{id}: {} = {}", self.type_of(id), node.op.name())?;
            write_parameters(&node.op, out)?;
            let mut separator = " of ";
            let mut args = 0;
            let mut result = Ok(());
            node.op.each_arg(&mut |arg| {
                if args < SHOWN {
                    result = result.and_then(|()| write!(out, "{separator}{arg}"));
                }
                separator = ", ";
                args += 1;
            });
            result?;
            if args > SHOWN {
                write!(out, ", … {args} in all")?;
            }
            writeln!(out)?;
            match &node.op {
                Op::Trees(trees) => write_trees(trees, out)?,
                Op::Call(call) => write_shape(&call.function, out)?,
                Op::Transform(transform) => write_shape(transform, out)?,
                Op::Estimator(estimator) => write_shape(estimator, out)?,
                Op::Input(_)
                | Op::Constant(_)
                | Op::Cast { .. }
                | Op::Concat(_)
                | Op::Select { .. }
                | Op::Unary { .. }
                | Op::Binary { .. }
                | Op::If { .. }
                | Op::Impute(_)
                | Op::Scale(_)
                | Op::OneHot(_)
                | Op::Ordinal(_)
                | Op::Linear(_)
                | Op::Regress(_)
                | Op::Classify(_)
                | Op::Part { .. }
                | Op::Foreign(_) => {}
            }
        }
        for (output, ports) in model.outputs.iter().map(|o| (o, o.name.as_deref())) {
            writeln!(
                out,
                "output {} {} of {}",
                ports.unwrap_or("-"),
                part_name(output.part),
                output.value
            )?;
        }
        Ok(())
    }
}

fn write_parameters(op: &Op, out: &mut String) -> std::fmt::Result {
    match op {
        Op::Input(field) => write!(out, " {field}"),
        Op::Constant(constant) => write_labels(&constant.values, out),
        Op::Select { indices, .. } => write_list(indices, out),
        Op::Impute(impute) => {
            write_labels(&impute.with, out)?;
            if impute.nan {
                out.write_str(" for NaN too")?;
            }
            Ok(())
        }
        Op::Scale(scale) => {
            write!(out, " {:?}", scale.form)?;
            for list in [&scale.offset, &scale.factor] {
                match list {
                    Some(list) => write_list(list, out)?,
                    None => out.write_str(" -")?,
                }
            }
            Ok(())
        }
        Op::OneHot(one_hot) => write_labels(&one_hot.categories.values, out),
        Op::Ordinal(ordinal) => {
            write_labels(&ordinal.categories.values, out)?;
            out.write_str(" as")?;
            write_list(&ordinal.codes, out)
        }
        Op::Linear(linear) => {
            write!(out, " {:?}", linear.summation)?;
            write_list(&linear.coefficients.data, out)?;
            out.write_str(" +")?;
            write_list(&linear.intercepts, out)
        }
        Op::Regress(regress) => write_link(regress.link, out),
        Op::Classify(classify) => {
            write_link(classify.link, out)?;
            write!(out, " {:?}", classify.decision)?;
            write_labels(&classify.classes, out)
        }
        Op::Part { part, .. } => write!(out, " {}", part_name(*part)),
        Op::Foreign(foreign) => write!(out, " `{}`", foreign.name),
        Op::Cast { .. }
        | Op::Concat(_)
        | Op::Unary { .. }
        | Op::Binary { .. }
        | Op::If { .. }
        | Op::Call(_)
        | Op::Transform(_)
        | Op::Estimator(_)
        | Op::Trees(_) => Ok(()),
    }
}

fn write_link(link: Link, out: &mut String) -> std::fmt::Result {
    write!(out, " {}", link.name())
}

fn write_list<T: std::fmt::Display>(list: &[T], out: &mut String) -> std::fmt::Result {
    out.write_str(" [")?;
    for (i, item) in list.iter().take(SHOWN).enumerate() {
        write!(out, "{}{item}", if i == 0 { "" } else { " " })?;
    }
    if list.len() > SHOWN {
        write!(out, " … {} in all", list.len())?;
    }
    out.write_str("]")
}

fn write_labels(labels: &Labels, out: &mut String) -> std::fmt::Result {
    let shown: Vec<String> = (0..labels.len().min(SHOWN))
        .filter_map(|i| labels.get(i))
        .map(|value| match value {
            Scalar::Text(text) => format!("{text:?}"),
            Scalar::F64(_) | Scalar::I64(_) | Scalar::Bool(_) => value.to_string(),
        })
        .collect();
    write!(out, " [{}", shown.join(" "))?;
    if labels.len() > SHOWN {
        write!(out, " … {} in all", labels.len())?;
    }
    out.write_str("]")
}

/// A parameter record on one line, cut where it gets long.
fn write_shape(shape: &dyn std::fmt::Debug, out: &mut String) -> std::fmt::Result {
    let mut line = Short { out, left: SHOWN_CHARACTERS };
    line.out.write_str("    ")?;
    // An error here is the cut.
    let cut = write!(line, "{shape:?}").is_err();
    out.write_str(if cut { " …\n" } else { "\n" })
}

/// Takes so many characters and then fails.
struct Short<'o> {
    out: &'o mut String,
    left: usize,
}

impl Write for Short<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let taken: String = text.chars().take(self.left).collect();
        self.left -= taken.chars().count();
        self.out.push_str(&taken);
        if taken.len() < text.len() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

fn write_trees(trees: &TreeEnsemble, out: &mut String) -> std::fmt::Result {
    write!(
        out,
        "    {} trees, {} nodes, leaves of {}, {:?}{}",
        trees.trees.len(),
        trees.nodes.len(),
        trees.leaf_width,
        trees.summation,
        if trees.round_features { ", features rounded to f32" } else { "" },
    )?;
    if let Aggregate::DivideBy(by) = trees.aggregate {
        write!(out, ", divided by {by}")?;
    }
    if !trees.base.is_empty() {
        out.write_str(if trees.base_last { ", then" } else { ", from" })?;
        write_list(&trees.base, out)?;
    }
    writeln!(out)?;
    let nodes = &trees.nodes;
    for i in 0..nodes.len().min(SHOWN_NODES) {
        let (Some(test), Some(&yes), Some(&no)) =
            (nodes.test.get(i), nodes.yes.get(i), nodes.no.get(i))
        else {
            continue;
        };
        if nodes.is_unanswered(i) {
            write!(out, "    {i}: no answer")?;
        } else if *test == Test::Leaf {
            let width = trees.leaf_width as usize;
            let start = yes as usize * width;
            write!(out, "    {i}: leaf")?;
            write_list(trees.leaves.get(start..start + width).unwrap_or_default(), out)?;
        } else if let (Some(feature), Some(threshold), Some(rule)) =
            (nodes.feature.get(i), nodes.threshold.get(i), nodes.missing.get(i))
        {
            write!(out, "    {i}: x{feature} {} ", test_name(*test))?;
            match test {
                Test::In(set) => {
                    write!(out, "set {set}")?;
                }
                Test::Leaf | Test::Lt | Test::Le | Test::Gt | Test::Ge | Test::Eq | Test::Ne => {
                    write!(out, "{threshold}")?;
                }
            }
            write!(out, " ? {yes} : {no}, missing {}", rule_name(*rule))?;
        }
        writeln!(out)?;
    }
    if nodes.len() > SHOWN_NODES {
        writeln!(out, "    … {} nodes in all", nodes.len())?;
    }
    Ok(())
}
