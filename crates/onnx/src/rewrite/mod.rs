//! A file written again from its own bytes. What nothing changes is copied field by field, so comments,
//! training information, annotations and fields that this crate has never heard of stay as they are
//! (decision 9). What can change: where tensors lie, how number lists are laid out, and the versions.

mod place;

use bytes::Bytes;
use holdall_codec::{RewriteRequest, Rewritten};
use holdall_diag::{Failure, Report};
use holdall_source::{Limits, Source};
use prost::Message;

pub(crate) use place::{Aside, LEAST, Placement};

use crate::{
    codes, decode,
    encode::MOST,
    fields::{Field, fields},
    proto,
    restamp::{self, Change},
    wire::{Rope, Wire},
};

/// Writes a file again as the options of the format say.
pub(crate) fn write_again(
    source: &Source,
    request: &RewriteRequest<'_>,
) -> Result<Rewritten, Failure> {
    let options = request.options;
    let number = |key: &str| -> Result<Option<i64>, Failure> {
        options.get(key).map(|_| options.number(key, 0, 0..=1000)).transpose()
    };
    for key in ["input", "columns", "labels", "sums"] {
        if options.get(key).is_some() {
            return Err(Failure::usage(
                holdall_codec::codes::OPTION,
                format!("option `{key}` says how a model becomes ONNX, and this one is ONNX"),
            ));
        }
    }
    let stamp = restamp::Target { ir: number("ir")?, opset: number("opset")?, ml: number("ml")? };
    let split = || Placement::Split(format!("{}.data", request.name));
    let word = options.word("external", crate::format::PLACES)?;
    let placement = match word {
        "keep" => Placement::Keep,
        "inline" => Placement::Inline,
        "split" => split(),
        _ if request.same_folder => Placement::Keep,
        _ => Placement::Inline,
    };
    let mut wanted = Request {
        packed: options.get("packed").map(|_| options.flag("packed", true)).transpose()?,
        placement,
        stamp: (stamp != restamp::Target::default()).then_some(stamp),
    };
    let mut made = rewrite(source, request.limits, &wanted)?;
    if made.model.len() >= MOST && word == "auto" {
        // What other readers cannot take goes beside the model.
        wanted.placement = split();
        made = rewrite(source, request.limits, &wanted)?;
    }
    if made.model.len() >= MOST {
        return Err(Failure::unsupported(
            codes::TOO_LARGE,
            format!("the model takes {} bytes, ONNX files end at 2 GiB", made.model.len()),
        )
        .with_help("`external=split` puts weights in a file beside the model"));
    }
    let beside = (!made.aside.parts.is_empty())
        .then(|| (format!("{}.data", request.name), made.aside.blocks().collect()));
    Ok(Rewritten { parts: made.model.into_parts(), beside, report: made.report })
}

/// What is to be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// Lay number lists of attributes out packed, or one by one; `None` leaves them.
    pub(crate) packed: Option<bool>,
    /// Where tensors go.
    pub(crate) placement: Placement,
    /// Other versions.
    pub(crate) stamp: Option<restamp::Target>,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) model: Rope,
    pub(crate) aside: Aside,
    pub(crate) report: Report,
}

/// Writes a file again with changes.
pub(crate) fn rewrite(source: &Source, limits: Limits, request: &Request) -> Result<Made, Failure> {
    let bytes = source.bytes()?;
    let same = request.packed.is_none() && request.stamp.is_none();
    let stays = match &request.placement {
        Placement::Keep => true,
        // Most models have no other files, and are written as they are.
        Placement::Inline => !place::is_split(source, limits)?,
        Placement::Split(_) => false,
    };
    if same && stays {
        let mut model = Rope::default();
        model.splice(&bytes);
        return Ok(Made { model, aside: Aside::default(), report: Report::new() });
    }
    let mut budget = holdall_source::Budget::new(limits);
    let typed = decode::typed(source, &mut budget)?;
    let plan = match &request.stamp {
        Some(target) => Some(restamp::plan(&typed, source, limits, target)?),
        None => None,
    };
    let report = plan.as_ref().map(|plan| plan.report.clone()).unwrap_or_default();
    drop(typed);
    let mut writing = Writing { request, places: place::Places::new(source), plan };
    let mut model = writing.model(&bytes)?;
    if let Some(checksum) = writing.places.checksum() {
        // The digest of the file beside the model stands in the model: once more, with it.
        writing.places.again(checksum);
        model = writing.model(&bytes)?;
    }
    Ok(Made { model, aside: writing.places.finish(), report })
}

struct Writing<'r, 's> {
    request: &'r Request,
    places: place::Places<'s>,
    plan: Option<restamp::Plan>,
}

impl Writing<'_, '_> {
    fn model(&mut self, bytes: &Bytes) -> Result<Rope, Failure> {
        let mut out = Rope::default();
        let ir = self.plan.as_ref().map(|plan| plan.ir);
        let mut stamped = false;
        let (mut functions, mut trainings) = (0_usize, 0_usize);
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (1, None) if ir.is_some() => {
                    if let (false, Some(ir)) = (std::mem::replace(&mut stamped, true), ir) {
                        out.int(1, ir);
                    }
                }
                (8, Some(body)) if ir.is_some() => out.message(8, self.opset(body)?),
                (7, Some(body)) => {
                    let graph = self.graph(body, "graph")?;
                    out.message(7, graph);
                }
                (20, Some(body)) => {
                    out.message(20, self.training(body, &format!("training_info[{trainings}]"))?);
                    trainings += 1;
                }
                (25, Some(body)) => {
                    out.message(25, self.function(body, &format!("functions[{functions}]"))?);
                    functions += 1;
                }
                (_, _) => out.splice(&field.whole),
            }
        }
        if let (false, Some(ir)) = (stamped, ir) {
            out.int(1, ir);
        }
        Ok(out)
    }

    fn training(&mut self, bytes: &Bytes, path: &str) -> Result<Rope, Failure> {
        let mut out = Rope::default();
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (1, Some(body)) => {
                    out.message(1, self.graph(body, &format!("{path}.initialization"))?);
                }
                (2, Some(body)) => out.message(2, self.graph(body, &format!("{path}.algorithm"))?),
                (_, _) => out.splice(&field.whole),
            }
        }
        Ok(out)
    }

    fn function(&mut self, bytes: &Bytes, path: &str) -> Result<Rope, Failure> {
        let mut out = Rope::default();
        let mut nodes = 0_usize;
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (7, Some(body)) => {
                    self.node(body, 7, &format!("{path}.node[{nodes}]"), &mut out)?;
                    nodes += 1;
                }
                (9, Some(body)) => out.message(9, self.opset(body)?),
                (_, _) => out.splice(&field.whole),
            }
        }
        Ok(out)
    }

    /// A graph. It calls itself for subgraphs, whose depth the protobuf decoder has bounded.
    fn graph(&mut self, bytes: &Bytes, path: &str) -> Result<Rope, Failure> {
        let mut out = Rope::default();
        let mut nodes = 0_usize;
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (1, Some(body)) => {
                    self.node(body, 1, &format!("{path}.node[{nodes}]"), &mut out)?;
                    nodes += 1;
                }
                (5, Some(body)) => out.message(5, self.tensor(body)?),
                (15, Some(body)) => {
                    let mut sparse = Rope::default();
                    for part in fields(body)? {
                        match (part.number, part.message()) {
                            (1 | 2, Some(body)) => {
                                sparse.message(part.number, self.tensor(body)?);
                            }
                            (_, _) => sparse.splice(&part.whole),
                        }
                    }
                    out.message(15, sparse);
                }
                (_, _) => out.splice(&field.whole),
            }
        }
        Ok(out)
    }

    fn tensor(&mut self, bytes: &Bytes) -> Result<Rope, Failure> {
        self.places.tensor(bytes, &self.request.placement)
    }

    /// A node under its field number, and before it the constants that it newly takes.
    fn node(
        &mut self,
        bytes: &Bytes,
        number: u32,
        path: &str,
        out: &mut Rope,
    ) -> Result<(), Failure> {
        let change = self.plan.as_mut().and_then(|plan| plan.changes.get(path).cloned());
        let plain = change.is_none() && self.request.packed.is_none();
        let change = change.unwrap_or_default();
        for constant in &change.constants {
            out.message(number, constant.message());
        }
        let mut node = Rope::default();
        let mut inputs_written = change.inputs.is_none();
        let mut attributes = 0_usize;
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (1, Some(_)) if change.inputs.is_some() => {
                    if !std::mem::replace(&mut inputs_written, true) {
                        write_inputs(&mut node, &change);
                    }
                }
                (4, Some(_)) if change.op_type.is_some() => {
                    node.text(4, change.op_type.as_deref().unwrap_or_default());
                }
                (5, Some(body)) => {
                    let here = format!("{path}.attribute[{attributes}]");
                    attributes += 1;
                    if change.removes(body)? {
                        continue;
                    }
                    // Most attributes hold no graph, and stay as they are.
                    if plain && !holds_graphs(body)? {
                        node.splice(&field.whole);
                    } else {
                        node.message(5, self.attribute(body, &here)?);
                    }
                }
                (_, _) => node.splice(&field.whole),
            }
        }
        if !inputs_written {
            write_inputs(&mut node, &change);
        }
        for attribute in &change.attributes {
            let packed = self.request.packed.unwrap_or(false);
            node.message(5, restamp::attribute_message(attribute, packed));
        }
        out.message(number, node);
        Ok(())
    }

    fn attribute(&mut self, bytes: &Bytes, path: &str) -> Result<Rope, Failure> {
        let mut out = Rope::default();
        let (mut floats, mut ints, mut graphs) = (Vec::new(), Vec::new(), 0_usize);
        for field in fields(bytes)? {
            match (field.number, field.message()) {
                (6, Some(body)) => {
                    let graph = self.graph(body, &format!("{path}.g"))?;
                    out.message(6, graph);
                }
                (11, Some(body)) => {
                    let graph = self.graph(body, &format!("{path}.graphs[{graphs}]"))?;
                    graphs += 1;
                    out.message(11, graph);
                }
                (7, _) if self.request.packed.is_some() => floats.push(field),
                (8, _) if self.request.packed.is_some() => ints.push(field),
                (_, _) => out.splice(&field.whole),
            }
        }
        if let Some(packed) = self.request.packed {
            lists(&mut out, &floats, &ints, packed)?;
        }
        Ok(out)
    }

    /// An operator set with its new version, where there is one.
    fn opset(&self, bytes: &Bytes) -> Result<Rope, Failure> {
        let opsets = self.plan.as_ref().map_or(&[][..], |plan| &plan.opsets);
        let typed =
            proto::OperatorSetIdProto::decode(bytes.clone()).map_err(decode::not_a_model)?;
        let domain = decode::domain(typed.domain);
        let version = opsets.iter().find(|(name, _)| *name == domain).map(|(_, version)| *version);
        let mut out = Rope::default();
        for field in fields(bytes)? {
            if field.number == 2 && field.wire == Wire::Varint && version.is_some() {
                continue;
            }
            out.splice(&field.whole);
        }
        if let Some(version) = version {
            out.int(2, version);
        }
        Ok(out)
    }
}

/// Whether an attribute holds subgraphs.
fn holds_graphs(attribute: &Bytes) -> Result<bool, Failure> {
    Ok(fields(attribute)?.iter().any(|field| matches!(field.number, 6 | 11)))
}

/// Number lists laid out anew.
fn lists(out: &mut Rope, floats: &[Field], ints: &[Field], packed: bool) -> Result<(), Failure> {
    if floats.is_empty() && ints.is_empty() {
        return Ok(());
    }
    let mut raw = Rope::default();
    for field in floats.iter().chain(ints) {
        raw.splice(&field.whole);
    }
    let bytes: Vec<u8> = raw.parts().flatten().copied().collect();
    let typed = proto::AttributeProto::decode(Bytes::from(bytes)).map_err(decode::not_a_model)?;
    if !typed.floats.is_empty() {
        out.floats(7, &typed.floats, packed);
    }
    if !typed.ints.is_empty() {
        out.ints(8, &typed.ints, packed);
    }
    Ok(())
}

fn write_inputs(out: &mut Rope, change: &Change) {
    for input in change.inputs.iter().flatten() {
        out.bytes(1, input.as_bytes());
    }
}
