//! The use cases over a database of their own, with a clock held by hand and a mail channel that
//! does as it is told; and the real binary.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use oyez::{
    app::{App, deliver::Channels},
    channels::Channel,
    clock::{Clock, ManualClock},
    domain::{ChannelName, Time, channel::Part, event::Actor, event::Door, saying::Links},
    render::Renderer,
};

use super::{database::TestDb, fake_channel::FakeChannel};

/// The fictional organisation.
pub(crate) const DIRECTORY: &str = include_str!("../../../config/northshire/directory.yaml");
/// Its policy.
pub(crate) const POLICY: &str = include_str!("../../../config/northshire/policy.toml");

/// Channels of the settings; the first is the only one that is live.
const CHANNELS: [&str; 6] = [
    "email",
    "notify_sms",
    "slack_webhook",
    "teams",
    "teams_workflow",
    "webhook",
];

/// A program.
pub(crate) struct Program {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mail: Arc<FakeChannel>,
    /// Holds the database.
    pub(crate) db: TestDb,
}

impl Program {
    /// With nothing in it.
    pub(crate) fn empty(db: TestDb, now: Time) -> Self {
        let clock = Arc::new(ManualClock::new(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let mail = Arc::new(FakeChannel::new("email", shared.clone()));
        let way: Arc<dyn Channel> = mail.clone();
        let channels = Channels::from([(channel(CHANNELS[0]), way)]);
        let parts: Vec<(ChannelName, &'static [Part])> = channels
            .iter()
            .map(|(name, channel)| (name.clone(), channel.parts()))
            .collect();
        let (renderer, faults) = Renderer::load(None, &parts);
        let app = App::new(
            db.store.clone(),
            shared,
            Arc::new(channels),
            CHANNELS.map(channel).into(),
            renderer,
            faults,
            Links::default(),
        );
        Self {
            app: Arc::new(app),
            clock,
            mail,
            db,
        }
    }

    /// With the fictional organisation in it.
    pub(crate) async fn northshire(db: TestDb, now: Time) -> Self {
        let program = Self::empty(db, now);
        program.app.replace_directory(DIRECTORY).await.unwrap();
        program.put_in_force(POLICY).await;
        program
    }

    pub(crate) async fn put_in_force(&self, policy: &str) {
        let by = operator();
        let applied = self.app.apply_policy_text(policy, &by, None, false).await;
        applied.unwrap();
    }
}

fn channel(name: &str) -> ChannelName {
    name.parse().unwrap()
}

/// Somebody at the command line.
pub(crate) fn operator() -> Actor {
    Actor {
        id: "cli:test".to_owned(),
        person: None,
        name: "test".to_owned(),
        door: Door::Cli,
    }
}

/// The binary in a folder, with no settings but the defaults and those variables.
pub(crate) fn oyez(folder: &Path, args: &[&str]) -> Output {
    command(folder, env!("CARGO_BIN_EXE_oyez"), args)
        .output()
        .unwrap()
}

/// The same on a terminal, with what a person types there.
pub(crate) fn oyez_on_a_terminal(folder: &Path, args: &[&str], typed: &str) -> Output {
    use std::io::Write;
    let words = std::iter::once(&env!("CARGO_BIN_EXE_oyez")).chain(args);
    let line: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    let script = ["-qec", &line.join(" "), "/dev/null"];
    let mut child = command(folder, "script", &script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn command(folder: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    command
}
