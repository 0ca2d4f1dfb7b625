//! What people wrote in Slack, as they meant it: without the marks that Slack puts around links in
//! its texts. Mentions of people and channels stay marked, so that the grammar can read them.
//!
//! Source: docs.slack.dev, "Formatting message text": `&`, `<` and `>` come escaped, and whatever
//! stands between `<` and `>` is a link or a mention, with its label behind `|`.

/// A line of an event, without the first mention of our own user.
pub fn spoken(text: &str, own_user: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut is_called = own_user.is_empty();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        said.push_str(before);
        let Some((mark, after)) = after.split_once('>') else {
            // Nothing of Slack's: it closes what it opens.
            said.push('<');
            rest = after;
            continue;
        };
        let is_own = mark
            .strip_prefix('@')
            .is_some_and(|user| user.split('|').next() == Some(own_user));
        if is_own && !is_called {
            is_called = true;
            said.push(' ');
        } else {
            said.push_str(&meant(mark));
        }
        rest = after;
    }
    said.push_str(rest);
    let said = said
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    said.trim().to_owned()
}

/// What stands for a link or a mention.
fn meant(mark: &str) -> String {
    let (target, label) = match mark.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|label| !label.is_empty())),
        None => (mark, None),
    };
    let named = |sign: char, target: &str| {
        let name = label.unwrap_or(target);
        format!("{sign}{}", name.trim_start_matches(sign))
    };
    match target.chars().next() {
        // The grammar reads whom the directory knows by this address.
        Some('@' | '#') => format!("<{mark}>"),
        Some('!') => named('@', &target[1..]),
        _ => match target.strip_prefix("mailto:") {
            Some(address) => address.to_owned(),
            None => link(target, label),
        },
    }
}

/// Slack makes links of bare names, too: what was typed is the label then.
fn link(target: &str, label: Option<&str>) -> String {
    match label {
        Some(label) if target.ends_with(label) => label.to_owned(),
        Some(label) if !label.contains("://") => format!("{label} {target}"),
        _ => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_typed() {
        for (text, line) in [
            ("<@U0OYEZ001> status INC-1", "status INC-1"),
            ("<@U0OYEZ001|oyez> help", "help"),
            ("status", "status"),
            (
                "<@U0OYEZ001> note INC-1 asked <@U0OYEZ001> and <@U0PRIYA001|priya> in <#C024BE91L|it>",
                "note INC-1 asked <@U0OYEZ001> and <@U0PRIYA001|priya> in <#C024BE91L|it>",
            ),
            ("note a &lt;b&gt; &amp;amp; c", "note a <b> &amp; c"),
            (
                "note <https://northshire.example/a?b=1&amp;c=2>",
                "note https://northshire.example/a?b=1&c=2",
            ),
            (
                "note <http://northshire.example|northshire.example> is down",
                "note northshire.example is down",
            ),
            (
                "note see <https://northshire.example/r|the report>",
                "note see the report https://northshire.example/r",
            ),
            (
                "add INC-1 <mailto:dana@northshire.example|dana@northshire.example>",
                "add INC-1 dana@northshire.example",
            ),
            ("note <!channel> <!subteam^S1|@ops>", "note @channel @ops"),
            ("note 3 < 4", "note 3 < 4"),
            ("", ""),
        ] {
            assert_eq!(spoken(text, "U0OYEZ001"), line);
        }
    }

    proptest! {
        /// What was typed comes back from what Slack makes of it.
        #[test]
        fn escapes_come_off_once(typed in "[a-z&<>;@|!#é ]{0,40}") {
            let sent = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            prop_assert_eq!(spoken(&sent, "U0OYEZ001"), typed.trim());
        }

        #[test]
        fn nothing_that_comes_is_too_odd(text in "\\PC{0,60}") {
            spoken(&text, "U0OYEZ001");
        }
    }
}
