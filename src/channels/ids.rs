//! Ids as providers write them.

/// Characters of a UUID.
pub(super) const UUID: usize = 36;

/// Whether it is a UUID, which Microsoft calls a GUID: five groups of hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == UUID
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
