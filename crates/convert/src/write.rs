use std::{
    io::{BufWriter, Write},
    path::Path,
};

use holdall_codec::{
    AcceptedPlan, Beside, BodyKind, Options, Plan, RewriteRequest, Rewritten, Writer,
};
use holdall_diag::Failure;
use holdall_source::{Limits, Source};
use holdall_tabular::ValidModel;

use crate::{FormatSpec, Loaded, LoadedBody, codes, load::plan, registry};

/// What is written, as which format.
pub struct WriteRequest {
    spec: Option<FormatSpec>,
    writer: &'static dyn Writer,
}

impl std::fmt::Debug for WriteRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WriteRequest({})", self.writer.format().id)
    }
}

impl WriteRequest {
    /// The format that `to` names, or else the one of the extension of `name`.
    pub fn new(to: Option<&str>, name: &str) -> Result<Self, Failure> {
        let spec = to.map(FormatSpec::new);
        let writer = match &spec {
            Some(spec) => registry::writer(&spec.id)?,
            None => registry::writer_for(name)?,
        };
        Ok(Self { spec, writer })
    }

    /// The writer.
    pub fn writer(&self) -> &'static dyn Writer {
        self.writer
    }

    /// Whether the body goes into the format as it is, without a plan: a graph into a graph format,
    /// weights into a weights format.
    pub fn takes_body(&self, body: &LoadedBody) -> bool {
        let kind = self.writer().format().body;
        match body {
            LoadedBody::Tabular(_) => false,
            LoadedBody::Graph(_) => kind == BodyKind::Graph,
            LoadedBody::Weights(_) => kind == BodyKind::Weights,
        }
    }

    /// The plan for a tabular model.
    pub fn plan<'m>(&self, model: &'m ValidModel) -> Result<Plan<'m>, Failure> {
        let format = self.writer.format();
        if format.body == BodyKind::Weights {
            let message = format!("{} holds bare tensors, not a model that answers", format.title);
            return Err(Failure::unsupported(codes::BODY, message)
                .with_help("convert to a format that holds models; `holdall formats` lists them"));
        }
        plan(model, self.writer(), self.spec.as_ref())
    }

    /// Writes a file that is of the target format already again, as a document. `None` when it is of
    /// another format, or the format has no such way.
    pub fn rewrite(
        &self,
        from: Option<&FormatSpec>,
        source: &Source,
        limits: Limits,
        target: &Path,
    ) -> Result<Option<Rewritten>, Failure> {
        let writer = self.writer();
        let format = writer.format();
        let of = match from {
            Some(spec) => registry::reader(&spec.id)?,
            None => match registry::detect(source) {
                Ok(reader) => reader,
                // Reading it says why it is of no format.
                Err(_) => return Ok(None),
            },
        };
        if of.format().id != format.id {
            return Ok(None);
        }
        let declared = format.write_options;
        let options =
            self.spec.as_ref().map_or(Ok(Options::none()), |spec| spec.options(declared))?;
        let folder = |path: &Path| {
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
            parent.unwrap_or(Path::new(".")).canonicalize().ok()
        };
        let request = RewriteRequest {
            options: &options,
            limits,
            name: target.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
            same_folder: source.path().and_then(folder).is_some_and(|a| folder(target) == Some(a)),
        };
        writer.rewrite(source, &request).map_err(|f| f.in_file(source.name()))
    }

    /// Writes a body that the format takes as it is.
    pub fn write_body(&self, loaded: &Loaded, out: &mut dyn Write) -> Result<(), Failure> {
        let writer = self.writer();
        let declared = writer.format().write_options;
        let options =
            self.spec.as_ref().map_or(Ok(Options::none()), |spec| spec.options(declared))?;
        match &loaded.body {
            LoadedBody::Graph(graph) => writer.write_graph(graph, &options, out),
            LoadedBody::Weights(weights) => writer.write_weights(weights, &options, out),
            LoadedBody::Tabular(_) => {
                Err(Failure::bug(codes::BODY, "a tabular model is written by its plan"))
            }
        }
    }
}

/// Writes an accepted plan through a buffer.
pub fn write(
    request: &WriteRequest,
    plan: &AcceptedPlan<'_>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut buffered = BufWriter::with_capacity(1 << 18, out);
    request.writer().write(plan, &mut buffered)?;
    flushed(buffered)
}

/// Writes a model as a file of this name, without its folder, and gives what belongs beside it.
pub fn write_beside(
    request: &WriteRequest,
    plan: &AcceptedPlan<'_>,
    name: &str,
    out: &mut dyn Write,
) -> Result<Option<Beside>, Failure> {
    let mut buffered = BufWriter::with_capacity(1 << 18, out);
    let beside = request.writer().write_beside(plan, name, &mut buffered)?;
    flushed(buffered).map(|()| beside)
}

fn flushed(mut buffered: BufWriter<&mut dyn Write>) -> Result<(), Failure> {
    buffered.flush().map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
    })
}
