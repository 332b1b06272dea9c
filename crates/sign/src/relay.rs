use std::{
    io::{Read, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::hashing::Work;

/// Bytes read, hashed and written at a time: enough that taking turns costs nothing beside hashing them, and
/// few enough that they are still in the cache of the core that read them when it hashes them.
const CHUNK: usize = 512 << 10;

/// Threads that each read a chunk, write it, and bring it to every digest, all in the order of the stream: while
/// one hashes, another reads and writes. A chunk stays with one core, so that it is hashed from its cache.
pub(crate) fn copy_in_turns(
    reader: &mut (dyn Read + Send),
    writer: &mut (dyn Write + Send),
    works: &mut [Work],
) -> std::io::Result<u64> {
    // Reading, writing and each digest can be busy at once.
    let useful = works.len() + 2;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let relay = Relay {
        input: Stage::new(Input { reader, size: 0, ended: false }),
        output: Stage::new(writer),
        works: works.iter_mut().map(Stage::new).collect(),
    };
    std::thread::scope(|scope| {
        let mut others = Vec::new();
        for _ in 1..useful.min(cores) {
            others.push(std::thread::Builder::new().spawn_scoped(scope, || relay.run())?);
        }
        let mut done = relay.run();
        for other in others {
            let ended = other.join();
            done = done
                .and(ended.unwrap_or_else(|_| Err(std::io::Error::other("a thread broke off"))));
        }
        done
    })?;
    Ok(relay.input.lock().state.size)
}

struct Input<'s> {
    reader: &'s mut (dyn Read + Send),
    size: u64,
    ended: bool,
}

/// What chunks go through, in this order. The slowest digest is the last, so that what comes before it is done
/// while another thread is there.
struct Relay<'s, 'w> {
    input: Stage<Input<'s>>,
    output: Stage<&'s mut (dyn Write + Send)>,
    works: Vec<Stage<&'w mut Work>>,
}

impl Relay<'_, '_> {
    fn run(&self) -> std::io::Result<()> {
        let mut finished = Finished { relay: self, well: false };
        let mut chunk = Chunk::new(CHUNK);
        while let Some(turn) = self.fill(&mut chunk)? {
            let Some(written) = self.output.in_turn(turn, |w| w.write_all(chunk.bytes())) else {
                break;
            };
            written?;
            // SHA-256 sorts first and takes longest.
            for work in self.works.iter().rev() {
                work.in_turn(turn, |work| work.update(chunk.bytes()));
            }
        }
        finished.well = true;
        Ok(())
    }

    /// The next chunk and its turn; none after the end.
    fn fill(&self, chunk: &mut Chunk) -> std::io::Result<Option<u64>> {
        let mut stage = self.input.lock();
        if stage.state.ended || stage.broken {
            return Ok(None);
        }
        stage.state.ended = chunk.fill(stage.state.reader)?;
        stage.state.size += chunk.filled as u64;
        stage.turn += 1;
        Ok(Some(stage.turn - 1))
    }

    /// Lets nobody wait for a turn that will not come.
    fn give_up(&self) {
        self.input.give_up();
        self.output.give_up();
        self.works.iter().for_each(Stage::give_up);
    }
}

/// Gives up for all threads when one ends with an error or a panic.
struct Finished<'r, 's, 'w> {
    relay: &'r Relay<'s, 'w>,
    well: bool,
}

impl Drop for Finished<'_, '_, '_> {
    fn drop(&mut self) {
        if !self.well {
            self.relay.give_up();
        }
    }
}

/// Something that one thread at a time uses, in the order of turns.
struct Stage<T> {
    turns: Mutex<Turns<T>>,
    next: Condvar,
}

struct Turns<T> {
    turn: u64,
    broken: bool,
    state: T,
}

impl<T> Stage<T> {
    fn new(state: T) -> Self {
        Self { turns: Mutex::new(Turns { turn: 0, broken: false, state }), next: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Turns<T>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn, then works; nothing when a thread before gave up.
    fn in_turn<R>(&self, turn: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let waiting = self.next.wait_while(self.lock(), |now| now.turn != turn && !now.broken);
        let mut now = waiting.unwrap_or_else(PoisonError::into_inner);
        if now.broken {
            return None;
        }
        let made = work(&mut now.state);
        now.turn += 1;
        drop(now);
        self.next.notify_all();
        Some(made)
    }

    fn give_up(&self) {
        self.lock().broken = true;
        self.next.notify_all();
    }
}

/// A buffer of fixed length, of which a part is filled.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    /// Bytes that are.
    pub(crate) filled: usize,
}

impl Chunk {
    pub(crate) fn new(length: usize) -> Self {
        Self { buffer: vec![0; length], filled: 0 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Fills it, or stops at the end of the stream, and tells whether that was the end.
    pub(crate) fn fill(&mut self, reader: &mut (dyn Read + Send)) -> std::io::Result<bool> {
        self.filled = 0;
        while let Some(room) = self.buffer.get_mut(self.filled..).filter(|room| !room.is_empty()) {
            match reader.read(room) {
                Ok(0) => return Ok(true),
                Ok(got) => self.filled += got,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
