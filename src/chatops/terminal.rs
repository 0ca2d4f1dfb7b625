//! Advice that names commands of the terminal, in the words of chat.
//!
//! The rules of the trade give each no its fix in the words of the command line. Where chat has the
//! same verb, its own words take their place; what only an operator can do stays as it is.

use crate::domain::verbs::VERBS;

/// How the advice for the terminal begins.
const PROGRAM: &str = "oyez ";

/// The text with verbs as they are said here; `prefix` is what comes before each.
pub fn in_chat(text: &str, prefix: &str) -> String {
    let text = text
        .replace(" with --override-ceiling REASON", "")
        .replace(" PERSON --note TEXT", " NAME: REASON")
        .replace("Give the reason as a note.", "Say the reason after it.");
    let mut said = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, command)) = rest.split_once(PROGRAM) {
        said.push_str(before);
        let end = command.find(['`', '\n']).unwrap_or(command.len());
        match translated(&command[..end], prefix) {
            Some(line) => {
                said.push_str(&line);
                rest = &command[end..];
            }
            None => {
                said.push_str(PROGRAM);
                rest = command;
            }
        }
    }
    said.push_str(rest);
    said
}

/// `update INC-0042` for `update INC-0042`, if chat has that verb and needs no options for it.
fn translated(command: &str, prefix: &str) -> Option<String> {
    let word_ends = command
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(command.len());
    let (word, rest) = command.split_at(word_ends);
    let mut verbs = VERBS.iter().filter(|entry| entry.cli == Some(word));
    let verb = verbs.next()?.chat;
    let rest = match rest.split_once(" --service ") {
        Some((incident, service)) => {
            let service = service.strip_suffix(" --dry-run").unwrap_or(service);
            format!("{incident} add {service}")
        }
        None => rest.to_owned(),
    };
    (!rest.contains("--")).then(|| format!("{prefix}{verb}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_of_the_terminal_read_as_those_of_chat() {
        for (terminal, chat) in [
            (
                "Reopen it with `oyez reopen INC-0042` if the trouble is back.",
                "Reopen it with `/incident reopen INC-0042` if the trouble is back.",
            ),
            (
                "List the steps with `oyez step`.",
                "List the steps with `/incident step`.",
            ),
            (
                "Add a rule, or add people by hand: oyez add INC-0001 PERSON --note TEXT",
                "Add a rule, or add people by hand: /incident add INC-0001 NAME: REASON",
            ),
            (
                "See first who would be told: oyez services INC-0001 --service sign-in --dry-run",
                "See first who would be told: /incident services INC-0001 add sign-in",
            ),
            (
                "Use P2, or say why it does not hold this time with --override-ceiling REASON.",
                "Use P2, or say why it does not hold this time.",
            ),
            // Only an operator can.
            (
                "Run: oyez directory import FILE",
                "Run: oyez directory import FILE",
            ),
            (
                "Stop it with `oyez cancel INC-0001 --sending --event 3`.",
                "Stop it with `oyez cancel INC-0001 --sending --event 3`.",
            ),
        ] {
            assert_eq!(in_chat(terminal, "/incident "), chat);
        }
    }
}
