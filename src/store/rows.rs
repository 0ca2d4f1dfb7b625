//! Between rows and the domain's types: instants, ids, JSON, raw statements.
//!
//! What cannot be read back is an error that names the step, never a panic: a row may have been
//! edited by hand, or written by a newer program.

use std::{fmt, str::FromStr};

use chrono::DateTime;
use sea_orm::{ConnectionTrait, Statement, Value};
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;
use crate::domain::{Time, time};

/// Microseconds since 1970, as the columns hold instants.
pub(crate) fn micros(at: Time) -> i64 {
    at.timestamp_micros()
}

/// The instant of a column. One that cannot be calculated with is none.
pub(crate) fn instant(micros: i64, step: &'static str) -> Result<Time, StoreError> {
    DateTime::from_timestamp_micros(micros)
        .filter(|at| time::is_usable(*at))
        .ok_or_else(|| StoreError::unreadable(step, format_args!("{micros} is not an instant")))
}

/// The instant of a column that is only a copy of what stands elsewhere, or of a row that is shown
/// although it cannot be read: where it is none, 1970.
pub(crate) fn instant_or_epoch(micros: i64) -> Time {
    instant(micros, "").unwrap_or(DateTime::UNIX_EPOCH)
}

/// The instant of a column that may be empty.
pub(crate) fn instant_or_none(
    micros: Option<i64>,
    step: &'static str,
) -> Result<Option<Time>, StoreError> {
    micros.map(|micros| instant(micros, step)).transpose()
}

/// An id, or another checked text, of a column.
pub(crate) fn parse<T>(text: &str, step: &'static str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse()
        .map_err(|error| StoreError::unreadable(step, error))
}

/// A number that the column holds wider than the domain does.
pub(crate) fn narrow<T: TryFrom<i64>>(number: i64, step: &'static str) -> Result<T, StoreError> {
    T::try_from(number)
        .map_err(|_| StoreError::unreadable(step, format_args!("{number} is out of range")))
}

/// JSON as the columns hold it.
pub(crate) fn to_json<T: Serialize + ?Sized>(
    value: &T,
    step: &'static str,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::unreadable(step, error))
}

/// A value from the JSON of a column. The error says where in the text it is, not what is there.
pub(crate) fn from_json<T: DeserializeOwned>(
    text: &str,
    step: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::unreadable(
            step,
            format_args!(
                "stored JSON is not as expected at line {}, column {}",
                error.line(),
                error.column()
            ),
        )
    })
}

/// A statement in words that both engines read alike; `$1` is the first value.
pub(crate) fn statement<const N: usize>(
    conn: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Statement {
    Statement::from_sql_and_values(conn.get_database_backend(), sql, values)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A new id for a row made at an instant: text that sorts by time.
pub(crate) fn new_ulid(at: Time) -> String {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, rand::random()).to_string()
}
