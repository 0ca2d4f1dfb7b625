//! One row of a list, as any of the readers found it.

use super::columns::Column;
use crate::domain::directory::{Kind, merge::Place};

/// A row: what stands in the columns that the file has.
#[derive(Debug)]
pub(super) struct Record {
    /// Of which list.
    pub(super) kind: Kind,
    /// Where.
    pub(super) at: Place,
    /// The columns with their values, in the order of the file.
    pub(super) cells: Vec<(Column, Value)>,
}

/// What stands in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text without spaces around it; empty if there is nothing.
    Text(String),
    /// Several, each with its own row or line; only YAML has such.
    List(Vec<(u32, String)>),
}

impl Value {
    /// Whether nothing stands there.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }
}

/// Splits a cell that holds several: at line breaks, semicolons and commas.
pub(super) fn split(text: &str) -> Vec<String> {
    pieces(text.split(['\n', ';', ',']))
}

/// Splits a cell that holds several addresses: at line breaks, and at semicolons before a blank,
/// because a semicolon may be part of an address.
pub(super) fn split_addresses(text: &str) -> Vec<String> {
    pieces(
        text.split('\n')
            .flat_map(|line| line.split("; "))
            .map(|piece| {
                let piece = piece.trim();
                piece.strip_suffix(';').unwrap_or(piece)
            }),
    )
}

fn pieces<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<String> {
    pieces
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .map(str::to_owned)
        .collect()
}
