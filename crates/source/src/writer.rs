use std::{
    fs::{File, OpenOptions},
    io::{Error, ErrorKind, Result, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

/// A file being written, which passes by the page cache once it is large.
///
/// Packages hold gigabytes that nobody reads again at once: copied through the page cache they cost as much
/// as they cost to hash, push out what other programs have there, and still have to reach the disk before
/// the file may get its name. So from 64 MiB on whole blocks go to the disk in a thread of their own,
/// while the next are made. Where the file system does not offer that, they go the usual way.
#[derive(Debug)]
pub struct FileWriter {
    path: PathBuf,
    file: Arc<File>,
    block: Block,
    /// Where the bytes of the block go.
    start: u64,
    lane: Option<Lane>,
}

/// What the disk needs addresses, offsets and lengths to be multiples of.
const ALIGNMENT: usize = 4096;

/// Bytes gathered before they are written, while the file is small.
const SMALL: usize = 256 << 10;

/// Bytes that are written at a time past the page cache.
const LARGE: usize = 4 << 20;

/// How long a file is when that begins.
const DIRECT_FROM: u64 = 64 << 20;

/// Large blocks that are full or being written; one more is being filled.
const IN_FLIGHT: usize = 2;

impl FileWriter {
    /// Makes the file, or empties the one that is there.
    pub fn create(path: &Path) -> Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
        let (path, file) = (path.to_path_buf(), Arc::new(file));
        Ok(Self { path, file, block: Block::new(SMALL), start: 0, lane: None })
    }

    /// Has every byte written and on the disk.
    pub fn finish(mut self) -> Result<()> {
        self.settle()?;
        self.file.sync_all()
    }

    /// Writes what is gathered and waits for what is under way.
    fn settle(&mut self) -> Result<()> {
        write_at(&self.file, self.block.bytes(), self.start)?;
        self.start += self.block.filled as u64;
        self.block.filled = 0;
        self.lane.as_mut().map_or(Ok(()), Lane::settle)
    }

    /// Writes a block that is full.
    fn emit(&mut self) -> Result<()> {
        let next = self.start + self.block.filled as u64;
        if self.lane.is_none() && next >= DIRECT_FROM {
            self.lane = Some(Lane::start(&self.path, Arc::clone(&self.file))?);
        }
        if let Some(lane) = &mut self.lane
            && self.block.length == LARGE
            && is_aligned(self.start)
        {
            let fresh = lane.block()?;
            lane.write(std::mem::replace(&mut self.block, fresh), self.start)?;
        } else {
            write_at(&self.file, self.block.bytes(), self.start)?;
            self.block.filled = 0;
            if let Some(lane) = &mut self.lane
                && self.block.length < LARGE
            {
                self.block = lane.block()?;
            }
        }
        self.start = next;
        Ok(())
    }
}

impl Write for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // A block ends where the disk wants the next one to start, wherever it started itself.
        let before = usize::try_from(self.start % ALIGNMENT as u64).unwrap_or(0);
        let taken = self.block.fill(bytes, self.block.length - before);
        if self.block.filled == self.block.length - before {
            self.emit()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        self.settle()
    }
}

impl Seek for FileWriter {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let here = self.start + self.block.filled as u64;
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => here.checked_add_signed(by),
            SeekFrom::End(by) => {
                self.settle()?;
                self.file.metadata()?.len().checked_add_signed(by)
            }
        };
        let target = target.ok_or(ErrorKind::InvalidInput)?;
        if target != here {
            self.settle()?;
            self.start = target;
        }
        Ok(target)
    }
}

fn is_aligned(offset: u64) -> bool {
    offset.is_multiple_of(ALIGNMENT as u64)
}

/// Bytes at an address that the disk can take them from.
#[derive(Debug)]
struct Block {
    buffer: Vec<u8>,
    /// Where in the buffer the aligned part begins.
    skip: usize,
    length: usize,
    filled: usize,
}

impl Block {
    fn new(length: usize) -> Self {
        let buffer = vec![0_u8; length + ALIGNMENT];
        let skip = buffer.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { buffer, skip, length, filled: 0 }
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.skip..self.skip + self.filled).unwrap_or_default()
    }

    /// Takes what fits below `most` bytes.
    fn fill(&mut self, bytes: &[u8], most: usize) -> usize {
        let room = self.buffer.get_mut(self.skip + self.filled..self.skip + most);
        let room = room.unwrap_or_default();
        let taken = room.len().min(bytes.len());
        if let (Some(room), Some(bytes)) = (room.get_mut(..taken), bytes.get(..taken)) {
            room.copy_from_slice(bytes);
        }
        self.filled += taken;
        taken
    }
}

/// A thread that writes large blocks at the offsets given.
#[derive(Debug)]
struct Lane {
    full: Option<SyncSender<(Block, u64)>>,
    empty: Receiver<Block>,
    under_way: usize,
    made: usize,
    worker: Option<JoinHandle<Result<()>>>,
}

impl Lane {
    fn start(path: &Path, file: Arc<File>) -> Result<Self> {
        let mut direct = open_direct(path);
        let (full, blocks) = sync_channel::<(Block, u64)>(IN_FLIGHT);
        let (give_back, empty) = sync_channel(IN_FLIGHT + 2);
        let work = move || {
            for (mut block, offset) in blocks {
                let refused = match &direct {
                    Some(direct) => write_direct(direct, block.bytes(), offset)?,
                    None => true,
                };
                if refused {
                    direct = None;
                    write_at(&file, block.bytes(), offset)?;
                }
                block.filled = 0;
                // Nobody waits for blocks after the end.
                drop(give_back.send(block));
            }
            Ok(())
        };
        let worker = std::thread::Builder::new().spawn(work)?;
        Ok(Self { full: Some(full), empty, under_way: 0, made: 0, worker: Some(worker) })
    }

    /// A block to fill.
    fn block(&mut self) -> Result<Block> {
        if let Ok(block) = self.empty.try_recv() {
            self.under_way -= 1;
            return Ok(block);
        }
        if self.made <= IN_FLIGHT {
            self.made += 1;
            return Ok(Block::new(LARGE));
        }
        self.returned()
    }

    fn returned(&mut self) -> Result<Block> {
        match self.empty.recv() {
            Ok(block) => {
                self.under_way -= 1;
                Ok(block)
            }
            Err(_ended) => Err(self.why()),
        }
    }

    fn write(&mut self, block: Block, offset: u64) -> Result<()> {
        self.under_way += 1;
        let sent = self.full.as_ref().is_some_and(|full| full.send((block, offset)).is_ok());
        if sent { Ok(()) } else { Err(self.why()) }
    }

    /// Waits until every block is written. What comes back is not kept: this is rare.
    fn settle(&mut self) -> Result<()> {
        while self.under_way > 0 {
            drop(self.returned()?);
            self.made -= 1;
        }
        Ok(())
    }

    /// Why the thread ended before its time.
    fn why(&mut self) -> Error {
        self.full = None;
        let ended = self.worker.take().map(JoinHandle::join);
        match ended {
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(())) | Err(_)) | None => Error::other("the thread that writes broke off"),
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.full = None;
        // Whoever needs to know of an error has settled before.
        drop(self.worker.take().map(JoinHandle::join));
    }
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_path: &Path) -> Option<File> {
    None
}

/// Writes a block past the page cache; true when the file system wants larger multiples or does not do it.
fn write_direct(file: &File, bytes: &[u8], offset: u64) -> Result<bool> {
    match write_at(file, bytes, offset) {
        Ok(()) => Ok(false),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = bytes.get(written..).filter(|_| written > 0).ok_or(ErrorKind::WriteZero)?;
        offset += written as u64;
    }
    Ok(())
}
