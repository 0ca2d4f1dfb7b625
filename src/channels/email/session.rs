//! One connection, and one mail after another on it.
//!
//! Each mail is a transaction of its own with one recipient, so that a refusal concerns nobody
//! else. Every step has its own time; whatever leaves doubt about the state of the connection
//! makes it unusable.

use std::{fmt, ops::RangeInclusive, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Quit, Rcpt, Rset},
        response::Response,
    },
};

use super::{
    connect::{COMMAND, cause, within},
    stream::DotSent,
    trouble::{Cause, Step, Trouble},
};

/// For DATA and its reply.
const DATA: Duration = Duration::from_secs(120);
/// For the message and the reply to its final dot: RFC 5321 gives the server 10 minutes, and giving
/// up earlier would make a repeat of what it took.
const CONTENT: Duration = Duration::from_secs(600);
/// What says that a recipient is taken: also one who is elsewhere (251), or of whom the server does not
/// know whether they exist (252).
const RECIPIENT: RangeInclusive<u16> = 250..=252;
/// For a goodbye, which is a courtesy.
const QUIT: Duration = Duration::from_secs(5);

/// An open connection.
pub(super) struct Session {
    smtp: AsyncSmtpConnection,
    dot: DotSent,
    pipelining: bool,
    mails: u32,
    /// Whether the connection is between two mails. False while one is under way, so a send that
    /// was cancelled half-way leaves a connection that nobody uses again.
    idle: bool,
    /// Whether the server answers out of step.
    spoilt: bool,
}

impl Session {
    pub(super) fn new(smtp: AsyncSmtpConnection, dot: DotSent, pipelining: bool) -> Self {
        Self {
            smtp,
            dot,
            pipelining,
            mails: 0,
            idle: true,
            spoilt: false,
        }
    }

    /// Mails tried on it.
    pub(super) fn mails(&self) -> u32 {
        self.mails
    }

    /// Whether another mail may follow.
    pub(super) fn is_usable(&self) -> bool {
        self.idle
    }

    /// Sends one mail. The reply is the one to the final dot.
    pub(super) async fn mail(
        &mut self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<Response, Trouble> {
        self.idle = false;
        self.mails += 1;
        self.dot.reset();
        let done = self
            .transaction(from, to, message)
            .await
            .map_err(|trouble| Trouble {
                dot_sent: self.dot.get(),
                ..trouble
            });
        self.idle = match &done {
            Ok(_) => true,
            Err(trouble) if trouble.ends_connection() || self.spoilt => false,
            // A refusal leaves the transaction open. If it cannot be closed, what counts is still
            // the refusal.
            Err(_) => self.command(Step::Content, COMMAND, Rset).await.is_ok(),
        };
        done
    }

    /// Begins a mail from an address and breaks it off: nothing is sent.
    pub(super) async fn offer(&mut self, from: &Address) -> Result<(), Trouble> {
        self.idle = false;
        let mail = Mail::new(Some(from.clone()), Vec::new());
        let reply = self.command(Step::Sender, COMMAND, mail).await;
        let taken = carry_on(reply.and_then(|reply| demand(Step::Sender, &reply, 250..=250)))?;
        self.idle = self.command(Step::Sender, COMMAND, Rset).await.is_ok();
        taken
    }

    /// Says goodbye, if the server listens.
    pub(super) async fn quit(&mut self) {
        self.idle = false;
        let _ = self.command(Step::Hello, QUIT, Quit).await;
    }

    async fn transaction(
        &mut self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<Response, Trouble> {
        let mail = Mail::new(Some(from.clone()), Vec::new());
        let rcpt = Rcpt::new(to.clone(), Vec::new());
        if self.pipelining {
            self.in_a_row(mail, rcpt).await?;
        } else {
            let reply = self.command(Step::Sender, COMMAND, mail).await?;
            demand(Step::Sender, &reply, 250..=250)?;
            let reply = self.command(Step::Recipient, COMMAND, rcpt).await?;
            demand(Step::Recipient, &reply, RECIPIENT)?;
            let reply = self.command(Step::Data, DATA, Data).await?;
            demand(Step::Data, &reply, 354..=354)?;
        }
        let reply = within(Step::Content, CONTENT, async {
            let sent = self.smtp.message(message).await;
            sent.map_err(|error| Trouble::new(Step::Content, cause(&error)))
        })
        .await?;
        // Whatever the server adds to its yes: a mail that it took must not be sent again.
        demand(Step::Content, &reply, 200..=299)?;
        Ok(reply)
    }

    /// MAIL, RCPT and DATA in one write, and their three replies.
    async fn in_a_row(&mut self, mail: Mail, rcpt: Rcpt) -> Result<(), Trouble> {
        struct Row(Mail, Rcpt);
        impl fmt::Display for Row {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}{Data}", self.0, self.1)
            }
        }

        let sender = self.command(Step::Sender, COMMAND, Row(mail, rcpt)).await;
        let sender = carry_on(sender.and_then(|reply| demand(Step::Sender, &reply, 250..=250)))?;
        let recipient = self.reply(Step::Recipient, COMMAND).await;
        let recipient = recipient.and_then(|reply| demand(Step::Recipient, &reply, RECIPIENT));
        let recipient = carry_on(recipient)?;
        let data = self.reply(Step::Data, DATA).await;
        let data = carry_on(data.and_then(|reply| demand(Step::Data, &reply, 354..=354)))?;
        let refused = sender.err().or(recipient.err());
        match (refused, data) {
            (None, Ok(())) => Ok(()),
            (None, Err(refused)) | (Some(refused), Err(_)) => Err(refused),
            // No server should want a message from a sender whom it refused. If it does, an empty
            // one might be delivered, so nothing more is said on this connection.
            (Some(refused), Ok(())) if refused.step == Step::Sender => {
                self.spoilt = true;
                Err(refused)
            }
            (Some(refused), Ok(())) => {
                // The server waits for a message to nobody: give it an empty one.
                match self.command(Step::Data, DATA, ".\r\n").await {
                    Err(trouble) if trouble.ends_connection() => Err(trouble),
                    _ => Err(refused),
                }
            }
        }
    }

    async fn command(
        &mut self,
        step: Step,
        limit: Duration,
        command: impl fmt::Display,
    ) -> Result<Response, Trouble> {
        within(step, limit, async {
            let sent = self.smtp.command(command).await;
            sent.map_err(|error| Trouble::new(step, cause(&error)))
        })
        .await
    }

    async fn reply(&mut self, step: Step, limit: Duration) -> Result<Response, Trouble> {
        within(step, limit, async {
            let read = self.smtp.read_response().await;
            read.map_err(|error| Trouble::new(step, cause(&error)))
        })
        .await
    }
}

/// Keeps a refusal for later, when the other replies have been read; nothing can be read behind a
/// connection that ended.
fn carry_on(done: Result<(), Trouble>) -> Result<Result<(), Trouble>, Trouble> {
    match done {
        Err(trouble) if trouble.ends_connection() => Err(trouble),
        done => Ok(done),
    }
}

/// lettre takes any 2xx or 3xx for a yes. One stray reply would then shift every answer by one, so
/// only the code that belongs to the step will do.
fn demand(step: Step, reply: &Response, codes: RangeInclusive<u16>) -> Result<(), Trouble> {
    let code = u16::from(reply.code());
    if codes.contains(&code) {
        return Ok(());
    }
    Err(Trouble::new(
        step,
        Cause::Broken(format!("the reply {code} does not belong here")),
    ))
}
