//! The format: descriptor and writer.

use std::io::Write;

use holdall_codec::{BodyKind, Format, OptionInfo, Options, Support, Writer};
use holdall_diag::Failure;
use holdall_graph::Graph;
use holdall_tabular::Construct;

use crate::{EncodeOptions, codes, encode};

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
            values: "13–21",
            default: "17",
            help: "version of the ai.onnx operators",
        },
        OptionInfo {
            key: "ir",
            values: "7–10",
            default: "8",
            help: "version of the file structure",
        },
        OptionInfo {
            key: "ml",
            values: "1–5",
            default: "3",
            help: "version of the ai.onnx.ml operators",
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
            key: "zipmap",
            values: "true|false",
            default: "false",
            help: "give probabilities as a sequence of maps, as older converters do",
        },
        OptionInfo {
            key: "packed",
            values: "true|false",
            default: "true",
            help: "number lists of attributes as one field instead of one field a number",
        },
    ],
};

/// Writes ONNX.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onnx;

impl Writer for Onnx {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn support(&self, _construct: Construct, _options: &Options) -> Support {
        Support::refuse("tabular models are not lowered onto operators yet")
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
