use std::{
    ffi::OsStr,
    io::BufReader,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use holdall_diag::{Code, Failure};
use holdall_exec::{Engine, TensorValue};
use serde_json::{Value, json};

use crate::{
    codes,
    wire::{decode, encode, receive, send},
};

/// A header and the bytes that belong to it.
type Message = (Value, Vec<u8>);

/// A model, loaded by a library in a process of its own. The process ends with this value.
#[derive(Debug)]
pub struct Runtime {
    version: String,
    link: Mutex<Link>,
}

/// The process, and the thread that talks to it: neither may keep the caller waiting for ever.
#[derive(Debug)]
struct Link {
    child: Child,
    asks: Sender<Message>,
    answers: Receiver<Result<Message, Failure>>,
    patience: Duration,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end();
    }
}

/// Hands messages over, each for one back, until nobody asks or the process has ended. The first comes
/// unasked.
fn talk(
    mut to: ChildStdin,
    from: ChildStdout,
    asks: &Receiver<Message>,
    answers: &Sender<Result<Message, Failure>>,
) {
    let mut from = BufReader::new(from);
    let mut answer = receive(&mut from);
    while answers.send(answer).is_ok() {
        let Ok((header, payload)) = asks.recv() else { return };
        answer = send(&mut to, &header, &payload).and_then(|()| receive(&mut from));
    }
}

impl Runtime {
    /// Starts `program` with these words before the library and the model; it must call
    /// `serve`. Fails with `runtime/library` or `runtime/model` as the library says, and with
    /// `runtime/slow` where it does not answer within `patience`, as every run does.
    pub fn start(
        program: &Path,
        words: &[&str],
        library: &Path,
        model: &Path,
        patience: Duration,
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
        let ((asks, asked), (answered, answers)) = (channel(), channel());
        let mut link = Link { child, asks, answers, patience };
        thread::Builder::new()
            .name("runtime".to_owned())
            .spawn(move || talk(to, from, &asked, &answered))
            .map_err(|error| {
                Failure::io(codes::ENDED, "no thread for the library starts", error)
            })?;
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
    fn answer(&mut self) -> Result<Message, Failure> {
        let (header, payload) = match self.answers.recv_timeout(self.patience) {
            Ok(Ok(message)) => message,
            Ok(Err(failure)) => return Err(self.ended(failure)),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                let message = format!(
                    "the library has not answered within {} s, and was ended",
                    self.patience.as_secs_f64()
                );
                return Err(Failure::limit(codes::SLOW, message)
                    .with_help("`--runtime-timeout` gives it longer"));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let message = "the process that runs the library was ended before";
                return Err(Failure::unsupported(codes::ENDED, message));
            }
        };
        let text = |key: &str| header.get(key).and_then(Value::as_str);
        match (text("error"), text("code")) {
            (None, _) => Ok((header, payload)),
            (Some(message), code) => Err(Failure::unsupported(code_of(code), message)),
        }
    }

    /// Ends the process; gives how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        // Whether it was there still makes no difference.
        drop(self.child.kill());
        self.child.wait().ok()
    }

    /// How the process ended, where it has; one that closed its streams is given a moment to do so.
    fn ended(&mut self, failure: Failure) -> Failure {
        for _ in 0..100 {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    return failure
                        .with_note(format!("the process ended with {status}"))
                        .with_help("try the library with the model in a process of its own first");
                }
                Ok(None) => thread::sleep(Duration::from_millis(10)),
                Err(_) => break,
            }
        }
        self.end();
        failure
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
        // Nobody listens where the process was ended before, and the answer says so.
        drop(link.asks.send((json!({ "inputs": list }), payload)));
        let (header, payload) = link.answer()?;
        let outputs = header.get("outputs").and_then(Value::as_array);
        let outputs = outputs.ok_or_else(|| {
            Failure::malformed(codes::ENDED, "the process answers without outputs")
        })?;
        let mut rest = payload.as_slice();
        outputs.iter().map(|value| decode(value, &mut rest)).collect()
    }
}
