//! The replies of a mail server as they come, made into replies as the standard has them.
//!
//! A server is understood by what it means: lines without text, lines that end with LF alone, letters
//! in any encoding, a line that lacks its code, codes that nobody defined. What nobody could take for a
//! reply is none, and nothing that is one gets lost. However the bytes arrive, the replies are the same.

use std::collections::VecDeque;

/// Most bytes of a line that are kept: lettre gives up at 1,000.
const LINE_MAX: usize = 900;
/// Most lines of a reply that are kept, the last one apart: lettre gives up at 100,000 bytes.
const LINES_MAX: usize = 80;
/// Most bytes that are read before a reply has to end.
const REPLY_MAX: usize = 1024 * 1024;
/// What stands in for letters that cannot be read.
const UNREADABLE: char = '\u{FFFD}';

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// Its code, of which the first digit is 2 to 5 and the second 0 to 5.
    pub(super) code: u16,
    /// Its lines without their codes; there is always one. No control characters in them.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// The reply as the standard writes it.
    pub(super) fn written(&self) -> String {
        let last = self.lines.len().saturating_sub(1);
        let lines = self.lines.iter().enumerate().map(|(at, line)| {
            let sign = if at == last { ' ' } else { '-' };
            format!("{}{sign}{line}\r\n", self.code)
        });
        lines.collect()
    }

    /// All that it says.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// Why no replies will come any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoReply {
    /// What answers there is something else than a mail server.
    #[error("this is no mail server's reply")]
    Foreign,
    /// A reply goes on and on.
    #[error("the reply has no end")]
    Endless,
}

/// Makes replies of bytes.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Whole replies that nobody has taken.
    whole: VecDeque<Reply>,
    /// The lines of the reply that has not ended.
    lines: Vec<String>,
    /// The line that has not ended, as far as it is kept.
    line: Vec<u8>,
    /// Bytes since the last reply ended.
    bytes: usize,
    /// Whether there was a reply: from then on it is a mail server.
    greeted: bool,
}

impl Replies {
    /// Reads on.
    ///
    /// # Errors
    /// When what comes can be no reply any more.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), NoReply> {
        for byte in bytes {
            self.bytes += 1;
            if *byte == b'\n' {
                self.end_line()?;
            } else if self.bytes > REPLY_MAX {
                return Err(NoReply::Endless);
            } else if self.line.len() < LINE_MAX {
                self.line.push(*byte);
            }
        }
        Ok(())
    }

    /// The connection ended. A line that was cut off behind its code has said what it had to say: if
    /// that made a reply, this is true.
    ///
    /// # Errors
    /// When what came can be no reply.
    pub(super) fn end(&mut self) -> Result<bool, NoReply> {
        let is_cut = self.line.len() > CODE;
        if is_cut && Line::of(&self.line).is_some_and(|line| line.is_last) {
            self.end_line()?;
        }
        Ok(!self.whole.is_empty())
    }

    /// The next reply.
    pub(super) fn next(&mut self) -> Option<Reply> {
        self.whole.pop_front()
    }

    /// Whether not one byte came behind the replies that were taken.
    pub(super) fn is_silent(&self) -> bool {
        self.whole.is_empty() && self.bytes == 0
    }

    fn end_line(&mut self) -> Result<(), NoReply> {
        let bytes = std::mem::take(&mut self.line);
        let Some(line) = Line::of(&bytes) else {
            let text = readable(&bytes);
            return match self.lines.is_empty() {
                // A reply's own words, of which only the first line has the code.
                false => {
                    self.keep(text);
                    Ok(())
                }
                true if text.is_empty() || self.greeted => Ok(()),
                true => Err(NoReply::Foreign),
            };
        };
        let mut text = readable(line.text);
        if !line.is_last {
            self.keep(text);
            return Ok(());
        }
        // A code that nobody defined means what its first digit says (RFC 5321, 4.3.2).
        let code = match line.code {
            code if code / 10 % 10 <= 5 => code,
            code => {
                text = format!("{text} ({code})").trim_start().to_owned();
                match code / 100 {
                    2 => 250,
                    3 => 354,
                    4 => 451,
                    _ => 554,
                }
            }
        };
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(text);
        self.whole.push_back(Reply { code, lines });
        self.bytes = 0;
        self.greeted = true;
        Ok(())
    }

    fn keep(&mut self, text: String) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(text);
        }
    }
}

/// Digits of a code.
const CODE: usize = 3;

/// A line that has a code.
struct Line<'a> {
    code: u16,
    is_last: bool,
    text: &'a [u8],
}

impl<'a> Line<'a> {
    /// `None` where there is no code, or something else than a hyphen or a space behind it: an address
    /// in a text begins with digits as well.
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii_end();
        let (code, text) = line.split_at_checked(CODE)?;
        if !code.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&code[0]) {
            return None;
        }
        let code = code
            .iter()
            .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let (is_last, text) = match text.split_first() {
            None => (true, text),
            Some((b' ' | b'\t', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return None,
        };
        Some(Self {
            code,
            is_last,
            text,
        })
    }
}

/// What can be read of a text in an encoding that nobody told us: all of it if that is UTF-8, else what
/// is the same in all of them.
fn readable(bytes: &[u8]) -> String {
    let unicode = match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        // Cut off in the middle of a letter.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let mut text = String::with_capacity(bytes.len());
    let mut add = |c: char| match c {
        UNREADABLE if text.ends_with(UNREADABLE) => {}
        c if c.is_control() => text.push(' '),
        c => text.push(c),
    };
    match unicode {
        Some(unicode) => unicode.chars().for_each(add),
        None => bytes.iter().for_each(|byte| {
            add(if byte.is_ascii() {
                char::from(*byte)
            } else {
                UNREADABLE
            });
        }),
    }
    text.truncate(text.floor_char_boundary(LINE_MAX));
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use lettre::transport::smtp::response::Response;
    use proptest::prelude::*;

    use super::*;

    fn all(replies: &mut Replies) -> Vec<Reply> {
        std::iter::from_fn(|| replies.next()).collect()
    }

    fn read(bytes: &[u8]) -> Vec<Reply> {
        let mut replies = Replies::default();
        replies.read(bytes).unwrap();
        all(&mut replies)
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &[(u16, &str)]) {
        let read = read(bytes);
        let read: Vec<(u16, String)> = read.iter().map(|it| (it.code, it.text())).collect();
        let expected: Vec<(u16, String)> = expected
            .iter()
            .map(|(code, text)| (*code, (*text).to_owned()))
            .collect();
        assert_eq!(read, expected, "{}", bytes.escape_ascii());
    }

    #[test]
    fn a_line_is_read_as_what_it_means() {
        for (bytes, code, text) in [
            (b"250 2.0.0 ok\r\n".as_slice(), 250, "2.0.0 ok"),
            (b"250\r\n", 250, ""),
            (b"250 \r\n", 250, ""),
            (b"354\r\n", 354, ""),
            (b"334\r\n", 334, ""),
            (b"334 \r\n", 334, ""),
            (b"334 VXNlcm5hbWU6\r\n", 334, "VXNlcm5hbWU6"),
            (b"250\n", 250, ""),
            (b"250 ok\n", 250, "ok"),
            (b"250 ok\r\r\n", 250, "ok"),
            (b"250\tok\r\n", 250, "ok"),
            (b"250-ok\r\n250\r\n", 250, "ok\n"),
            (b"250-\r\n250 \r\n", 250, "\n"),
            (b"250-a\n250-b\n250 c\n", 250, "a\nb\nc"),
            // It could be a letter that was cut off in the middle.
            (b"250 Message accept\xe9\r\n", 250, "Message accept"),
            (
                b"554 refus\xe9 \xe0 dee\r\n",
                554,
                "refus\u{FFFD} \u{FFFD} dee",
            ),
            // "User does not exist" in GBK.
            (
                b"550 \xd3\xc3\xbb\xa7\xb2\xbb\xb4\xe6\xd4\xda: DEE\r\n",
                550,
                "\u{FFFD}: DEE",
            ),
            (
                "250 angenommen für später\r\n".as_bytes(),
                250,
                "angenommen für später",
            ),
            (b"550 a\x1b[31mb\0c\rd\r\n", 550, "a [31mb c d"),
            // The code of the last line counts, and a line of the text may lack its own.
            (b"250-first\r\n550 second\r\n", 550, "first\nsecond"),
            (
                b"550-Blocked:\r\nsee the page\r\n550 end\r\n",
                550,
                "Blocked:\nsee the page\nend",
            ),
            // A code that nobody defined.
            (b"571 5.7.1 Blocked\r\n", 554, "5.7.1 Blocked (571)"),
            (b"299\r\n", 250, "(299)"),
            (b"399 go on\r\n", 354, "go on (399)"),
            (b"471 5.7.1 later\r\n", 451, "5.7.1 later (471)"),
        ] {
            check(bytes, &[(code, text)]);
        }
    }

    #[test]
    fn what_is_no_reply_is_none() {
        check(b"220 hi\r\n\r\n250 ok\r\n", &[(220, "hi"), (250, "ok")]);
        // The rest of a text behind a line end that does not belong there.
        check(
            b"220 hi\r\n550 Blocked:\n203.0.113.1 is on a list\r\n250 ok\r\n",
            &[(220, "hi"), (550, "Blocked:"), (250, "ok")],
        );
        for nothing in ["2500 ok", "25 ok", "250ok", "150 wait", "650 ok", " 250 ok"] {
            let bytes = format!("220 hi\r\n{nothing}\r\n");
            check(bytes.as_bytes(), &[(220, "hi")]);
        }
        check(b"250 ok", &[]);
        check(b"250-ok\r\n", &[]);
    }

    #[test]
    fn what_greets_otherwise_is_no_mail_server() {
        for bytes in [
            b"HTTP/1.1 400 Bad Request\r\n".as_slice(),
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"* OK ready\r\n",
            b"+OK ready\r\n",
        ] {
            assert_eq!(Replies::default().read(bytes), Err(NoReply::Foreign));
        }
    }

    #[test]
    fn a_reply_that_is_cut_off_behind_its_code_is_one() {
        for (bytes, whole) in [
            (b"250 ok".as_slice(), true),
            (b"250-a\r\n250 b", true),
            (b"250", false),
            (b"25", false),
            (b"250-a", false),
            (b"", false),
        ] {
            let mut replies = Replies::default();
            replies.read(bytes).unwrap();
            assert_eq!(all(&mut replies), []);
            assert_eq!(replies.end(), Ok(whole));
            assert_eq!(all(&mut replies).len(), usize::from(whole), "{bytes:?}");
            assert_eq!(replies.end(), Ok(false));
        }
    }

    #[test]
    fn what_is_long_is_cut_and_what_has_no_end_is_given_up() {
        let long = format!("550 {}é\r\n250 ok\r\n", "x".repeat(3_000));
        let replies = read(long.as_bytes());
        assert_eq!(replies.len(), 2);
        assert!(replies[0].lines[0].len() <= LINE_MAX);

        let lines = "250-x\r\n".repeat(5_000);
        let replies = read(format!("{lines}250 last\r\n").as_bytes());
        assert_eq!(replies[0].lines.len(), LINES_MAX + 1);
        assert_eq!(replies[0].lines.last().unwrap(), "last");

        for endless in [
            "x".repeat(REPLY_MAX + 1),
            "250-x\r\n".repeat(REPLY_MAX / 7 + 2),
        ] {
            let mut replies = Replies::default();
            assert_eq!(replies.read(endless.as_bytes()), Err(NoReply::Endless));
        }
    }

    #[test]
    fn it_is_known_whether_anything_came_behind_a_reply() {
        for (bytes, silent) in [
            (b"220 go\r\n".as_slice(), true),
            (b"220 go\r\n250 ok\r\n", false),
            (b"220 go\r\n2", false),
            (b"220 go\r\n\n", false),
            (b"220 go\r\nrubbish\r\n", false),
        ] {
            let mut replies = Replies::default();
            replies.read(bytes).unwrap();
            assert!(replies.next().is_some());
            assert_eq!(replies.is_silent(), silent, "{}", bytes.escape_ascii());
        }
    }

    /// Bytes of which replies could be made.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[2-5][0-9]{2}[ -][a-zé.=]{0,9}".prop_map(String::into_bytes),
            2 => prop::sample::select(vec!["250", "354 ", "\t", " ", "-", "220-x"])
                .prop_map(|piece| piece.as_bytes().to_vec()),
            2 => prop::collection::vec(any::<u8>(), 0..5),
            6 => prop::sample::select(vec!["\r\n", "\n", "\r\r\n"])
                .prop_map(|end| end.as_bytes().to_vec()),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn however_the_bytes_arrive_the_replies_are_the_same(bytes in bytes(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
            let greeted = || Replies { greeted: true, ..Replies::default() };
            let mut whole = greeted();
            whole.read(&bytes).unwrap();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut parts = greeted();
            let mut in_parts = Vec::new();
            for two in cuts.windows(2) {
                parts.read(&bytes[two[0]..two[1]]).unwrap();
                in_parts.extend(all(&mut parts));
            }
            prop_assert_eq!(all(&mut whole), in_parts);
            prop_assert_eq!(parts.is_silent(), whole.is_silent());
        }

        #[test]
        fn lettre_reads_each_reply_as_it_is_written(bytes in bytes()) {
            let mut replies = Replies { greeted: true, ..Replies::default() };
            replies.read(&bytes).unwrap();
            for reply in all(&mut replies) {
                let read: Response = reply.written().parse().unwrap();
                prop_assert!(read.has_code(reply.code));
                prop_assert_eq!(read.message().collect::<Vec<_>>(), reply.lines);
            }
        }

        #[test]
        fn a_reply_as_the_standard_has_it_stays_as_it_is(
            code in prop::sample::select(vec![220u16, 250, 354, 421, 550]),
            lines in prop::collection::vec("[ -~]{0,60}[!-~]", 1..6),
        ) {
            let reply = Reply { code, lines };
            prop_assert_eq!(read(reply.written().as_bytes()), vec![reply]);
        }
    }
}
