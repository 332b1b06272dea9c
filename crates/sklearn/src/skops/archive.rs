use std::io::{Cursor, Read};

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use zip::ZipArchive;

use crate::codes;

/// The entries of a zip file, read when asked for.
pub(super) struct Archive {
    zip: ZipArchive<Cursor<Bytes>>,
    /// What of the decompressed bytes is left.
    left: u64,
}

impl Archive {
    pub(super) fn open(bytes: Bytes, budget: &Budget) -> Result<Self, Failure> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            Failure::malformed(codes::ARCHIVE, "the zip archive cannot be read").caused_by(error)
        })?;
        if zip.len() as u64 > budget.limits().entries {
            let message = format!("the archive has {} entries", zip.len());
            return Err(Failure::limit(codes::ARCHIVE, message));
        }
        Ok(Self { zip, left: budget.limits().decompressed })
    }

    /// The bytes of an entry.
    pub(super) fn read(&mut self, name: &str, budget: &mut Budget) -> Result<Bytes, Failure> {
        let place = || Location::none().in_entry(name);
        let entry = self.zip.by_name(name).map_err(|error| {
            let message = format!("there is no entry `{}`", name.escape_debug());
            Failure::malformed(codes::ARCHIVE, message).at(place()).caused_by(error)
        })?;
        let size = entry.size();
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            Failure::limit(codes::ARCHIVE, "the archive unpacks to more than the limits allow")
                .at(place())
        })?;
        budget.charge(size)?;
        let mut bytes = Vec::new();
        entry.take(size).read_to_end(&mut bytes).map_err(|error| {
            Failure::malformed(codes::ARCHIVE, "the entry is damaged").at(place()).caused_by(error)
        })?;
        Ok(bytes.into())
    }
}
