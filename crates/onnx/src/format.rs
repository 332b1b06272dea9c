//! The format: descriptor, detection, reader and writer.

use std::io::Write;

use holdall_codec::{
    AcceptedPlan, Beside, Body, BodyKind, Confidence, Examined, FileDifference, Format, Head,
    OptionInfo, Options, Outcome, Plan, ReadOptions, Reader, RewriteRequest, Rewritten, Summary,
    Support, TypedValue, Writer,
};
use holdall_diag::Failure;
use holdall_graph::Graph;
use holdall_passes::{ColumnLayout, InputPrecision, LabelKind, LowerOptions, TreeSums};
use holdall_source::Source;
use holdall_tabular::{Construct, ValidModel};

use crate::{
    EncodeOptions, check, codes, decode, encode,
    encode::{MOST, Weights, encoded, write_parts},
    inspect, rewrite,
};

/// The format.
pub static FORMAT: Format = Format {
    id: "onnx",
    title: "ONNX",
    extensions: &["onnx"],
    media_type: "application/onnx",
    body: BodyKind::Graph,
    read_options: &[],
    write_options: &[
        OptionInfo {
            key: "opset",
            values: "13–21; 7–28 for ONNX",
            default: "17",
            help: "version of the ai.onnx operators; an ONNX file keeps its own unless told",
        },
        OptionInfo {
            key: "ir",
            values: "7–10; 3–14 for ONNX",
            default: "8",
            help: "version of the file structure; an ONNX file keeps its own unless told",
        },
        OptionInfo {
            key: "ml",
            values: "3–4; 1–5 for ONNX",
            default: "3",
            help: "version of the ai.onnx.ml operators; an ONNX file keeps its own unless told",
        },
        OptionInfo {
            key: "input",
            values: "auto|float|double",
            default: "auto",
            help: "element type of numeric inputs",
        },
        OptionInfo {
            key: "columns",
            values: "auto|tensor|columns",
            default: "auto",
            help: "one tensor for all fields, or one input for each",
        },
        OptionInfo {
            key: "labels",
            values: "auto|int|string",
            default: "auto",
            help: "element type of the label output",
        },
        OptionInfo {
            key: "sums",
            values: "exact|fast",
            default: "exact",
            help: "add trees, products and distances in the model's order and precision, or as the runtime likes",
        },
        OptionInfo {
            key: "zipmap",
            values: "true|false",
            default: "false",
            help: "probabilities as a list of maps from labels, in binary32, instead of a tensor",
        },
        OptionInfo {
            key: "packed",
            values: "true|false",
            default: "true",
            help: "number lists of attributes as one field instead of one field a number; an ONNX file \
                   keeps its own unless told",
        },
        OptionInfo {
            key: "external",
            values: "auto|keep|inline|split",
            default: "auto",
            help: "weights where they are, in the model, or in one file beside it; by itself, where they \
                   are within a folder, else in the model up to 2 GiB",
        },
    ],
};

/// Where weights may be.
pub(crate) const PLACES: &[&str] = &["auto", "keep", "inline", "split"];

/// Reads and writes ONNX.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onnx;

impl Reader for Onnx {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    /// ONNX files have no magic bytes: the first fields must be those of a model.
    fn detect(&self, head: &Head) -> Confidence {
        let named = head.has_extension(FORMAT.extensions);
        match (plausible(&head.bytes, head.len), named) {
            (Some(true), true) => Confidence::Certain,
            (Some(true), false) | (Some(false), true) => Confidence::Likely,
            (Some(false), false) | (None, _) => Confidence::No,
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let (graph, report) = decode(source, options.limits)?;
        Ok(Outcome { body: Body::Graph(Box::new(graph)), report, libraries: Vec::new() })
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        inspect(source, options.limits)
    }

    fn examine(&self, source: &Source, options: &ReadOptions) -> Result<Option<Examined>, Failure> {
        let checked = check(source, options.limits)?;
        let values = checked.values.into_iter().map(|(path, name, ty)| TypedValue {
            path,
            name,
            value_type: ty.to_string(),
        });
        Ok(Some(Examined { report: checked.report, values: values.collect() }))
    }

    fn compare(
        &self,
        old: &Source,
        new: &Source,
        options: &ReadOptions,
    ) -> Result<Option<Vec<FileDifference>>, Failure> {
        crate::compare::compare(old, new, options.limits).map(Some)
    }
}

impl Writer for Onnx {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn support(&self, construct: Construct, options: &Options) -> Support {
        // Bad options are refused by the plan.
        holdall_passes::support(construct, &lower_options(options).unwrap_or_default())
    }

    fn plan<'m>(&self, model: &'m ValidModel, options: &Options) -> Result<Plan<'m>, Failure> {
        let lower = lower_options(options)?;
        let mut plan = Plan::new(model, &FORMAT, options.clone(), |construct| {
            holdall_passes::support(construct, &lower)
        });
        holdall_passes::refine(&mut plan, &lower);
        Ok(plan)
    }

    fn write(&self, plan: &AcceptedPlan<'_>, out: &mut dyn Write) -> Result<(), Failure> {
        let options = plan.options();
        if options.word("external", PLACES)? == "split" {
            return Err(Failure::usage(
                holdall_codec::codes::OPTION,
                "`external=split` makes two files, and here is room for one",
            ));
        }
        let graph = holdall_passes::lower(plan, &lower_options(options)?)?;
        encode(&graph, EncodeOptions { packed: options.flag("packed", true)? }, out)
    }

    fn write_beside(
        &self,
        plan: &AcceptedPlan<'_>,
        name: &str,
        out: &mut dyn Write,
    ) -> Result<Option<Beside>, Failure> {
        let options = plan.options();
        let file = format!("{name}.data");
        let weights = match options.word("external", PLACES)? {
            "split" => Weights::Beside(&file),
            "inline" => Weights::Inside,
            _ => Weights::WhereNeeded(&file),
        };
        let packed = EncodeOptions { packed: options.flag("packed", true)? };
        let graph = holdall_passes::lower(plan, &lower_options(options)?)?;
        let made = encoded(&graph, packed, weights, MOST)?;
        write_parts(&made.model, out)?;
        Ok((!made.aside.parts.is_empty()).then(|| (file, made.aside.blocks().collect())))
    }

    fn rewrite(
        &self,
        source: &Source,
        request: &RewriteRequest<'_>,
    ) -> Result<Option<Rewritten>, Failure> {
        rewrite::write_again(source, request).map(Some)
    }

    fn write_graph(
        &self,
        graph: &Graph,
        options: &Options,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        keep_stamp(graph, options)?;
        encode(graph, EncodeOptions { packed: options.flag("packed", true)? }, out)
    }
}

/// The options of the format as those of the lowering.
fn lower_options(options: &Options) -> Result<LowerOptions, Failure> {
    let default = LowerOptions::default();
    Ok(LowerOptions {
        opset: options.number("opset", default.opset, 13..=21)?,
        ir: options.number("ir", default.ir, 7..=10)?,
        ml: options.number("ml", default.ml, 3..=4)?,
        input: match options.word("input", &["auto", "float", "double"])? {
            "float" => InputPrecision::Float,
            "double" => InputPrecision::Double,
            _ => InputPrecision::Auto,
        },
        columns: match options.word("columns", &["auto", "tensor", "columns"])? {
            "tensor" => ColumnLayout::Tensor,
            "columns" => ColumnLayout::Columns,
            _ => ColumnLayout::Auto,
        },
        labels: match options.word("labels", &["auto", "int", "string"])? {
            "int" => LabelKind::Int,
            "string" => LabelKind::Text,
            _ => LabelKind::Auto,
        },
        sums: match options.word("sums", &["exact", "fast"])? {
            "fast" => TreeSums::Fast,
            _ => TreeSums::Exact,
        },
        zipmap: options.flag("zipmap", default.zipmap)?,
    })
}

/// A graph is written with the versions that it has.
fn keep_stamp(graph: &Graph, options: &Options) -> Result<(), Failure> {
    let stamp = &graph.stamp;
    let opset = |domain: &str| stamp.opsets.get(domain).copied();
    for (key, found) in [
        ("ir", Some(stamp.ir)),
        ("opset", opset(holdall_graph::AI_ONNX)),
        ("ml", opset(holdall_graph::AI_ONNX_ML)),
    ] {
        let (Some(found), Some(_)) = (found, options.get(key)) else { continue };
        let asked = options.number(key, found, 1..=100)?;
        if asked != found {
            return Err(Failure::unsupported(
                codes::STAMP,
                format!("option `{key}`: the graph is written for {found}, {asked} is asked for"),
            )
            .with_help("operators change their meaning between versions; leave the option out"));
        }
    }
    Ok(())
}

/// Whether the first bytes are fields of a model: `Some(true)` when they must be, `Some(false)` when
/// they may be, `None` when they are not.
fn plausible(bytes: &[u8], len: u64) -> Option<bool> {
    if bytes.is_empty() {
        return None;
    }
    let window = Source::from_bytes("", bytes.to_vec());
    let mut cursor = crate::wire::Cursor::new(&window);
    let (mut ir, mut graph, mut fields) = (false, false, 0_u32);
    while cursor.position() < bytes.len() as u64 {
        let Ok((number, wire)) = cursor.tag(len) else { break };
        let fits = match number {
            1 | 5 => wire == crate::wire::Wire::Varint,
            2..=4 | 6..=8 | 14 | 20 | 25 | 26 => wire == crate::wire::Wire::Bytes,
            _ => false,
        };
        if !fits {
            return None;
        }
        fields += 1;
        graph |= number == 7;
        if number == 1 {
            let version = cursor.varint(len).ok()?;
            if !(1..=255).contains(&version) {
                return None;
            }
            ir = true;
        } else if cursor.skip(wire, len).is_err() {
            break;
        }
    }
    if fields == 0 {
        return None;
    }
    Some(ir && (graph || fields > 1))
}
