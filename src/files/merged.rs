//! Cells of a sheet that are merged over several rows: the file has their value in the first row alone, and
//! people see it in all.

use std::{collections::HashSet, iter::Peekable, vec};

use calamine::Dimensions;

/// Most cells that the merges of a sheet may take in its rows; no list has so many.
const CELLS_MAX: u64 = 2_000_000;

/// The merges of one sheet, while its rows are read from the first to the last.
pub(super) struct Merged {
    /// Those that begin further down, in the order in which they do.
    ahead: Peekable<vec::IntoIter<Dimensions>>,
    /// Those that go on, with their value.
    open: Vec<(Dimensions, String)>,
}

impl Merged {
    /// `None` if they are larger than those of any list.
    pub(super) fn new(mut areas: Vec<Dimensions>) -> Option<Self> {
        areas.retain(|area| area.end.0 > area.start.0);
        areas.sort_by_key(|area| area.start);
        let rows = |area: &Dimensions| u64::from(area.end.0 - area.start.0);
        let cells = areas.iter().map(rows).try_fold(0_u64, u64::checked_add)?;
        (cells <= CELLS_MAX).then(|| Self {
            ahead: areas.into_iter().peekable(),
            open: Vec::new(),
        })
    }

    /// Gives a row what goes on in it, and keeps what begins in it.
    pub(super) fn fill(&mut self, line: u32, texts: &mut Vec<(usize, String)>) {
        self.open.retain(|(area, _)| area.end.0 >= line);
        if !self.open.is_empty() {
            let taken: HashSet<usize> = texts.iter().map(|(column, _)| *column).collect();
            for (area, value) in &self.open {
                let column = column(area);
                if !taken.contains(&column) {
                    texts.push((column, value.clone()));
                }
            }
        }
        while let Some(area) = self.ahead.next_if(|area| area.start.0 <= line) {
            let begins = |(at, _): &&(usize, String)| *at == column(&area);
            if area.start.0 == line
                && let Some((_, value)) = texts.iter().find(begins)
            {
                self.open.push((area, value.clone()));
            }
        }
    }
}

fn column(area: &Dimensions) -> usize {
    usize::try_from(area.start.1).unwrap_or(usize::MAX)
}
