//! Signing in to a mail server.
//!
//! lettre's own answers a question only if it can read it. Here the order says what is asked, as in
//! other programs that send mail: some servers ask with words of their own, or with none.

use base64::{Engine, prelude::BASE64_STANDARD};
use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::AsyncSmtpConnection,
    response::Response,
};

use super::{
    connect::{COMMAND, Offered, cause, settled, within},
    settings::Settings,
    trouble::{Cause, Step, Trouble},
};
use crate::domain::delivery::Class;

/// Signs in, if the settings have a name and a password.
pub(super) async fn sign_in(
    smtp: &mut AsyncSmtpConnection,
    offered: &Offered,
    settings: &Settings,
    is_encrypted: bool,
) -> Result<(), Trouble> {
    let Some(login) = &settings.login else {
        return Ok(());
    };
    if !is_encrypted {
        let sentence = format!(
            "A password is not sent unencrypted. Set {} to starttls or implicit.",
            settings.key("tls")
        );
        return Err(settled(Step::SignIn, Class::BadConfiguration, sentence));
    }
    let mut usable = login.mechanisms.iter().copied();
    let Some(mechanism) = usable.find(|known| offered.signs_in_by(*known)) else {
        let sentence = format!(
            "{} offers no way to sign in that {} allows. Set it to one that the mail server offers, or remove {}.",
            settings.host,
            settings.key("auth"),
            settings.key("username")
        );
        return Err(settled(Step::SignIn, Class::BadConfiguration, sentence));
    };
    within(Step::SignIn, COMMAND, async {
        if converse(smtp, mechanism, &login.credentials).await? {
            return Ok(());
        }
        let sentence = format!(
            "{} did not accept our sign-in. Check {} and the password or token, and that the mailbox may send by SMTP.",
            settings.host,
            settings.key("username")
        );
        Err(settled(Step::SignIn, Class::BadConfiguration, sentence))
    })
    .await
}

/// Whether the server lets us in. Instead of refusing, it may ask once more than there is to say.
async fn converse(
    smtp: &mut AsyncSmtpConnection,
    mechanism: Mechanism,
    credentials: &Credentials,
) -> Result<bool, Trouble> {
    let said = |challenge| mechanism.response(credentials, challenge);
    let encoded = |challenge| {
        let said = said(challenge).map_err(|error| Trouble::new(Step::SignIn, cause(&error)))?;
        Ok(BASE64_STANDARD.encode(said))
    };
    let (first, answers) = match mechanism {
        Mechanism::Login => {
            let answers = [encoded(Some("Username:"))?, encoded(Some("Password:"))?];
            ("AUTH LOGIN".to_owned(), answers.to_vec())
        }
        // A server that did not take what came with the command asks for it.
        _ => {
            let all = encoded(None)?;
            (format!("AUTH {mechanism} {all}"), vec![all])
        }
    };
    let mut reply = say(smtp, &first).await?;
    for answer in answers {
        if !reply.has_code(ASKS) {
            break;
        }
        let is_error = mechanism == Mechanism::Xoauth2 && reply.first_word().is_some();
        if is_error {
            return Ok(false);
        }
        reply = say(smtp, &answer).await?;
    }
    match u16::from(reply.code()) {
        200..=299 => Ok(true),
        ASKS => Ok(false),
        code => {
            let what = format!("the reply {code} does not belong here");
            Err(Trouble::new(Step::SignIn, Cause::Broken(what)))
        }
    }
}

/// The code of a question.
const ASKS: u16 = 334;

async fn say(smtp: &mut AsyncSmtpConnection, line: &str) -> Result<Response, Trouble> {
    let reply = smtp.command(format!("{line}\r\n")).await;
    reply.map_err(|error| Trouble::new(Step::SignIn, cause(&error)))
}
