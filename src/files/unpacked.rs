//! How much a workbook holds once it is unpacked, before anything of it is read.
//!
//! A workbook is a zip: a file of a few kilobytes can unpack to many gigabytes. What the zip says of
//! its sizes can be untrue, so everything is unpacked once, into nothing, until it is too much.

use std::io::{self, Cursor, Read};

use zip::ZipArchive;

use super::plan::Unreadable;

/// Most bytes that a workbook may unpack to.
#[derive(Clone, Copy)]
struct Limits {
    /// All parts together.
    all: u64,
    /// A part that is kept in memory whole: all but the sheets, above all the table of texts.
    kept: u64,
}

const MEGABYTE: u64 = 1024 * 1024;

/// The lists of 100,000 people are a third of that.
const LIMITS: Limits = Limits {
    all: 256 * MEGABYTE,
    kept: 64 * MEGABYTE,
};

/// Refuses a workbook that holds more than lists of people can. One that is no zip, or a broken one,
/// is left to whoever reads it.
pub(super) fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    check_within(bytes, LIMITS)
}

fn check_within(bytes: &[u8], limits: Limits) -> Result<(), Unreadable> {
    let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else {
        return Ok(());
    };
    let mut left = limits.all;
    for nth in 0..zip.len() {
        let Ok(part) = zip.by_index(nth) else {
            continue;
        };
        let is_sheet = part.name().is_ok_and(|name| name.contains("worksheets/"));
        let most = if is_sheet {
            left
        } else {
            left.min(limits.kept)
        };
        // A part that breaks off is as long as it is until there.
        let size = length(part.take(most.saturating_add(1)));
        if size > most {
            let limit = if is_sheet { limits.all } else { limits.kept };
            return Err(Unreadable {
                row: 0,
                message: format!(
                    "The workbook unpacks to more than {} MB, and lists of people never do.",
                    limit / MEGABYTE
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// Smaller ones, so that the test packs little.
    const SMALL: Limits = Limits {
        all: 3 * MEGABYTE,
        kept: MEGABYTE,
    };

    /// A workbook with parts of so many bytes.
    fn workbook(parts: &[(&str, u64)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, size) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            let size = usize::try_from(*size).unwrap();
            zip.write_all(&vec![b' '; size]).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_workbook_that_unpacks_to_more_than_lists_can_be_is_refused() {
        let (texts, sheet) = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml");
        for (parts, most) in [
            (vec![(texts, MEGABYTE + 1)], 1),
            (vec![(sheet, 3 * MEGABYTE + 1)], 3),
            (vec![(texts, MEGABYTE), (sheet, 2 * MEGABYTE + 1)], 3),
        ] {
            let bomb = workbook(&parts);
            assert!(bomb.len() < 64 * 1024, "{} bytes", bomb.len());
            let refused = check_within(&bomb, SMALL).map_err(|refused| refused.message);
            let says = format!(
                "The workbook unpacks to more than {most} MB, and lists of people never do."
            );
            assert_eq!(refused, Err(says));
        }
        let just = workbook(&[(texts, MEGABYTE), (sheet, 2 * MEGABYTE)]);
        assert!(check_within(&just, SMALL).is_ok());
        assert!(check_within(b"no zip at all", SMALL).is_ok());
    }
}
