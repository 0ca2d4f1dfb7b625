//! How much a workbook holds once it is unpacked, before anything of it is read.
//!
//! A workbook is a zip: a file of a few kilobytes can unpack to many gigabytes. What the zip says of
//! its sizes can be untrue, so everything is unpacked once, into nothing, until it is too much.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::plan::Unreadable;

/// Most bytes of all parts together. The lists of 100,000 people are a third of that.
const ALL_MAX: u64 = 256 * 1024 * 1024;

/// Most bytes of a part that is kept in memory whole: all but the sheets, above all the table of texts.
const KEPT_MAX: u64 = 64 * 1024 * 1024;

/// Refuses a workbook that holds more than lists of people can. One that is no zip, or a broken one,
/// is left to whoever reads it.
pub(super) fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else {
        return Ok(());
    };
    let mut left = ALL_MAX;
    for nth in 0..zip.len() {
        let Ok(part) = zip.by_index(nth) else {
            continue;
        };
        let is_sheet = part.name().is_ok_and(|name| name.contains("worksheets/"));
        let most = if is_sheet { left } else { left.min(KEPT_MAX) };
        // A part that breaks off is as long as it is until there.
        let size = length(part.take(most.saturating_add(1)));
        if size > most {
            return Err(Unreadable {
                row: 0,
                message: format!(
                    "The workbook unpacks to more than {} MB, and lists of people never do.",
                    if is_sheet { ALL_MAX } else { KEPT_MAX } / 1024 / 1024
                ),
                fix: "Copy the lists into a new workbook, or save each as CSV.".to_owned(),
            });
        }
        left -= size;
    }
    Ok(())
}

fn length(mut part: impl Read) -> u64 {
    let mut buffer = [0; 16 * 1024];
    let mut size = 0;
    loop {
        match part.read(&mut buffer) {
            Ok(0) => return size,
            Ok(read) => size += read as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return size,
        }
    }
}
