use holdall_codec::{BodyKind, OptionInfo};
use serde_json::{Value, json};

use crate::{
    render::{Columns, push},
    ui::{Exit, Ui},
};

/// List the formats that are read and written, with their options.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall formats\n  holdall formats --json\n\n\
                        Exit status: 0.")]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args, ui: &Ui) -> Exit {
    let mut columns = Columns::new(&["format", "reads", "writes", "holds", "title"]);
    let mut options = String::new();
    let mut documents = Vec::new();
    for (format, reads, writes) in holdall_convert::formats() {
        let mark = |flag: bool| if flag { "yes" } else { "-" }.to_owned();
        columns.row([
            format.id.to_owned(),
            mark(reads),
            mark(writes),
            body_name(format.body).to_owned(),
            format.title.to_owned(),
        ]);
        for option in format.write_options {
            push(
                &mut options,
                format_args!(
                    "  --to {}:{}={}  {} (default {})\n",
                    format.id, option.key, option.values, option.help, option.default
                ),
            );
        }
        documents.push(json!({
            "id": format.id,
            "title": format.title,
            "extensions": format.extensions,
            "media_type": format.media_type,
            "holds": body_name(format.body),
            "reads": reads,
            "writes": writes,
            "read_options": options_json(format.read_options),
            "write_options": options_json(format.write_options),
        }));
    }
    ui.document(&json!({ "schema": "holdall/formats/1", "formats": documents }));
    ui.text(&columns.finish());
    if !options.is_empty() {
        ui.text(&format!("\nOptions ride on the format:\n{options}"));
    }
    Exit::Yes
}

const fn body_name(body: BodyKind) -> &'static str {
    match body {
        BodyKind::Tabular => "tabular",
        BodyKind::Graph => "graph",
        BodyKind::Weights => "weights",
    }
}

fn options_json(options: &[OptionInfo]) -> Value {
    options
        .iter()
        .map(|option| {
            json!({
                "key": option.key,
                "values": option.values,
                "default": option.default,
                "help": option.help,
            })
        })
        .collect()
}
