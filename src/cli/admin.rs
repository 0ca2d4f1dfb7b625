//! Commands that look after policy, words, keys and the database.

use std::path::Path;

use super::{
    admin_args::{Rules, Template, Token},
    args::Write,
    output::Exit,
    write::{Door, people},
};
use crate::app::{Error, ErrorKind, KeyHolder, NewKey};

pub(super) fn unconfirmed(what: &str) -> Error {
    Error::new(
        ErrorKind::Usage,
        "not-confirmed",
        what,
        "Add --yes to go ahead without being asked.",
    )
}

pub(super) fn confirmed(door: &Door, how: &Write, question: &str) -> bool {
    how.yes || door.output.confirm(question)
}

/// `oyez rules …`
pub async fn rules(door: &Door, command: Rules) -> Result<Exit, Error> {
    match command {
        Rules::Check { file } => {
            let findings = door.app.check_rules(file.as_deref()).await?;
            door.output.answer(&findings, |page| {
                for finding in &findings {
                    page.line(finding);
                }
                if findings.is_empty() {
                    page.line("Every rule reaches somebody, and every service has a senior contact at the gravest priority.");
                }
                Ok(())
            })?;
            for note in door.app.notes_on_restricted(file.as_deref()).await? {
                door.output.say(&format!("To know: {note}"));
            }
            Ok(if findings.is_empty() {
                Exit::Done
            } else {
                Exit::CheckFailed
            })
        }
        Rules::Show { service } => {
            let policy = door.app.policy_in_words(service.as_ref()).await?;
            door.output.answer(&policy, |page| {
                for line in policy.lines() {
                    page.line(line);
                }
                Ok(())
            })?;
            Ok(Exit::Done)
        }
        Rules::Apply { file, write } => apply(door, &file, &write).await,
        Rules::Export => {
            let text = door.app.policy_text().await?;
            door.output.raw(&text)?;
            Ok(Exit::Done)
        }
        Rules::History => {
            let versions = door.app.policy_history().await?;
            door.output.answer(&versions, |page| {
                let rows = versions.iter().map(|version| {
                    [
                        version.version.to_string(),
                        version.applied_at.to_rfc3339(),
                        version.by.clone(),
                        version.digest.clone(),
                    ]
                });
                page.table(["Version", "Since", "By", "Digest"], rows);
                Ok(())
            })?;
            Ok(Exit::Done)
        }
    }
}

async fn apply(door: &Door, file: &Path, how: &Write) -> Result<Exit, Error> {
    let findings = door.app.check_rules(Some(file)).await?;
    for finding in &findings {
        door.output.say(finding);
    }
    if how.dry_run {
        door.output
            .say("Nothing was changed. The policy could be put in force.");
        return Ok(Exit::Done);
    }
    if !confirmed(door, how, "Put this policy in force?") {
        return Err(unconfirmed("Nothing was changed."));
    }
    let by = door.actor(how).await?;
    let version = door.app.apply_policy(file, &by).await?;
    door.output.answer(&version, |page| {
        page.line(format!("Version {} is in force.", version.version));
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// `oyez template …`
pub async fn template(door: &Door, command: Template) -> Result<Exit, Error> {
    match command {
        Template::Check => {
            let faults = door.app.check_templates();
            door.output.answer(&faults, |page| {
                for fault in &faults {
                    page.line(fault.to_string());
                }
                if faults.is_empty() {
                    page.line("Every template uses only facts that it may use.");
                }
                Ok(())
            })?;
            Ok(if faults.is_empty() {
                Exit::Done
            } else {
                Exit::CheckFailed
            })
        }
        Template::Preview(args) => {
            let words = door
                .app
                .preview_template(args.moment, args.audience, &args.channel)
                .await?;
            door.output.answer(&words, |page| {
                for (part, text) in &words.parts {
                    page.line(format!("[{part}]"));
                    page.line(text);
                }
                Ok(())
            })?;
            Ok(Exit::Done)
        }
    }
}

/// `oyez token …`
pub async fn token(door: &Door, command: Token) -> Result<Exit, Error> {
    match command {
        Token::Create(args) => {
            let by = KeyHolder::operator(door.actor(&Write::default()).await?);
            let made = door
                .app
                .create_token(NewKey {
                    name: &args.name,
                    scopes: &args.scopes,
                    expires: &args.expires,
                    person: args.person.as_ref(),
                    by: &by,
                })
                .await?;
            door.output.answer(&made, |page| {
                page.line(made.secret.as_deref().unwrap_or_default());
                Ok(())
            })?;
            let until = made
                .expires_at
                .map_or_else(|| "it is revoked".to_owned(), |at| at.to_rfc3339());
            let person = made.person.as_ref();
            door.output.say(&format!(
                "This key is shown once. It has the scopes {}, {}and works until {until}.",
                made.scopes.join(", "),
                person.map_or_else(String::new, |person| format!("acts for {person} ")),
            ));
            Ok(Exit::Done)
        }
        Token::List => {
            let tokens = door.app.tokens().await?;
            door.output.answer(&tokens, |page| {
                let rows = tokens.iter().map(|token| {
                    [
                        token.id.clone(),
                        token.name.clone(),
                        token.scopes.join(","),
                        token.person.clone().unwrap_or_default(),
                        token
                            .expires_at
                            .map(|at| at.to_rfc3339())
                            .unwrap_or_default(),
                        token.state.clone(),
                        token.created_by.clone(),
                        token.revoked_by.clone().unwrap_or_default(),
                    ]
                });
                let heads = [
                    "Id",
                    "Name",
                    "May",
                    "For",
                    "Until",
                    "State",
                    "Made by",
                    "Revoked by",
                ];
                page.table(heads, rows);
                Ok(())
            })?;
            Ok(Exit::Done)
        }
        Token::Revoke { token, write } => {
            if write.dry_run {
                door.output
                    .say("Nothing was changed. The key would stop working.");
                return Ok(Exit::Done);
            }
            if !confirmed(door, &write, &format!("Revoke {token}?")) {
                return Err(unconfirmed("Nothing was changed."));
            }
            let by = door.actor(&write).await?;
            let revoked = door.app.revoke_token(&token, &by).await?;
            door.output.answer(&revoked, |page| {
                page.line(format!("{} no longer works.", revoked.name));
                Ok(())
            })?;
            Ok(Exit::Done)
        }
    }
}

/// `oyez migrate`
pub async fn migrate(door: &Door) -> Result<Exit, Error> {
    door.app.migrate().await?;
    door.output.say("The database is up to date.");
    Ok(Exit::Done)
}

/// `oyez backup`
pub async fn backup(door: &Door, file: &Path) -> Result<Exit, Error> {
    door.app.backup(file).await?;
    door.output.say(&format!("Wrote {}.", file.display()));
    let known = door.app.directory_size().await?;
    door.output.say(&format!(
        "The copy holds {} of the directory.",
        people(known)
    ));
    Ok(Exit::Done)
}
