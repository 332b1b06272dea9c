use std::{
    ffi::OsStr,
    io::BufReader,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use holdall_diag::{Code, Failure};
use holdall_exec::{Engine, TensorValue};
use serde_json::{Value, json};

use crate::{
    codes,
    wire::{decode, encode, receive, send},
};

/// A model, loaded by a library in a process of its own. The process ends with this value.
#[derive(Debug)]
pub struct Runtime {
    version: String,
    link: Mutex<Link>,
}

#[derive(Debug)]
struct Link {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Drop for Link {
    fn drop(&mut self) {
        // Whether it was there still makes no difference.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Runtime {
    /// Starts `program` with these words before the library and the model; it must call
    /// `serve`. Fails with `runtime/library` or `runtime/model` as the library says.
    pub fn start(
        program: &Path,
        words: &[&str],
        library: &Path,
        model: &Path,
    ) -> Result<Self, Failure> {
        let parts = [library.as_os_str(), model.as_os_str()];
        let mut child = Command::new(program)
            .args(words.iter().map(OsStr::new).chain(parts))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                Failure::io(codes::ENDED, "the process for the library does not start", error)
            })?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::bug(codes::ENDED, "the process has no standard streams"));
        };
        let mut link = Link { child, to, from: BufReader::new(from) };
        let (header, _) = link.answer()?;
        let version = header.get("version").and_then(Value::as_str).unwrap_or("?").to_owned();
        Ok(Self { version, link: Mutex::new(link) })
    }

    /// The release of the library, or the name of its file where it does not say.
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl Link {
    /// The next message; one that carries an error is that failure.
    fn answer(&mut self) -> Result<(Value, Vec<u8>), Failure> {
        let (header, payload) = receive(&mut self.from).map_err(|failure| self.ended(failure))?;
        let text = |key: &str| header.get(key).and_then(Value::as_str);
        match (text("error"), text("code")) {
            (None, _) => Ok((header, payload)),
            (Some(message), code) => Err(Failure::unsupported(code_of(code), message)),
        }
    }

    /// How the process ended, where it has.
    fn ended(&mut self, failure: Failure) -> Failure {
        match self.child.wait() {
            Ok(status) => failure
                .with_note(format!("the process ended with {status}"))
                .with_help("try the library with the model in a process of its own first"),
            Err(_) => failure,
        }
    }
}

fn code_of(code: Option<&str>) -> Code {
    let all = [codes::LIBRARY, codes::MODEL, codes::RUN, codes::VALUE];
    all.into_iter().find(|known| Some(known.to_string().as_str()) == code).unwrap_or(codes::RUN)
}

impl Engine for Runtime {
    fn run(&self, inputs: Vec<(String, TensorValue)>) -> Result<Vec<TensorValue>, Failure> {
        let mut payload = Vec::new();
        let mut list = Vec::with_capacity(inputs.len());
        for (name, value) in &inputs {
            list.push(json!({ "name": name, "value": encode(value, &mut payload)? }));
        }
        let mut link = self.link.lock().map_err(|_poisoned| {
            Failure::bug(codes::ENDED, "another thread failed while it held the process")
        })?;
        let sent = send(&mut link.to, &json!({ "inputs": list }), &payload);
        sent.map_err(|failure| link.ended(failure))?;
        let (header, payload) = link.answer()?;
        let outputs = header.get("outputs").and_then(Value::as_array);
        let outputs = outputs.ok_or_else(|| {
            Failure::malformed(codes::ENDED, "the process answers without outputs")
        })?;
        let mut rest = payload.as_slice();
        outputs.iter().map(|value| decode(value, &mut rest)).collect()
    }
}
