//! The command line: a door like every other. Arguments become one use case; its answer is printed.

pub mod admin;
pub mod admin_args;
pub mod args;
pub mod chat;
pub mod directory;
pub mod incident;
pub mod incident_args;
pub mod json;
pub mod meter;
pub mod output;
pub mod read;
pub mod run;
mod starting;
pub mod who;
pub mod write;

use clap::{ColorChoice, CommandFactory, FromArgMatches, error::ErrorKind as ClapError};

use self::{
    admin_args::Directory,
    args::{Cli, Command},
    output::{Exit, Output},
    write::Door,
};
use crate::{app::Error, startup};

/// Reads the command line and does what it says. Returns the exit code.
pub async fn main() -> u8 {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            output::print_usage(&error);
            return match error.kind() {
                ClapError::DisplayHelp | ClapError::DisplayVersion => Exit::Done as u8,
                _ => Exit::Usage as u8,
            };
        }
    };
    let output = Output::new(cli.look);
    match dispatch(cli, output).await {
        Ok(exit) => exit as u8,
        Err(error) => {
            output.error(&error);
            Exit::from(error.kind) as u8
        }
    }
}

/// Reads the command line. Errors and help are coloured before it is read, so the wish for no
/// colour is looked for first.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    if std::env::args_os().any(|argument| argument == "--no-color") {
        command = command.color(ColorChoice::Never);
    }
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

async fn dispatch(cli: Cli, output: Output) -> Result<Exit, Error> {
    let config = cli.config.as_deref();
    match cli.command {
        // These need neither settings nor a database.
        Command::Completions { shell } => {
            return run::completions(&mut Cli::command(), shell, output);
        }
        Command::Man { folder } => return run::man_pages(&Cli::command(), &folder, output),
        Command::Directory(Directory::Sample(args)) => {
            return directory::sample(output, &args).await;
        }
        Command::Slack(command) => return chat::slack(command, output),
        Command::Teams(command) => return chat::teams(command, output).await,
        Command::Verify(incident_args::Verify {
            export: Some(file),
            head,
            ..
        }) => return read::verify_export(output, &file, head.as_ref()).await,
        Command::Demo(args) => return run::demo(args, output).await,
        Command::Serve(args) => return run::serve(config, &args, output).await,
        Command::Doctor(args) => return run::doctor(config, &args, output).await,
        _ => {}
    }
    let app = startup::for_command_line(config, output.takes_colour()).await?;
    let door = Door { app, output };
    let result = answer(&door, cli.command).await;
    door.app.close().await;
    result
}

async fn answer(door: &Door, command: Command) -> Result<Exit, Error> {
    match command {
        Command::Declare(args) => incident::declare(door, *args).await,
        Command::Note(args) => incident::note(door, args).await,
        Command::Update(args) => incident::update(door, *args).await,
        Command::NoChange(args) => incident::no_change(door, args).await,
        Command::Priority(args) => incident::priority(door, args).await,
        Command::Services(args) => incident::services(door, args).await,
        Command::Leads(args) => incident::leads(door, args).await,
        Command::Stage(args) => incident::stage(door, args).await,
        Command::Resolve(args) => incident::resolve(door, args).await,
        Command::Close(args) => incident::close(door, args).await,
        Command::Correct(args) => incident::correct(door, *args).await,
        Command::Reopen(args) => incident::reopen(door, args).await,
        Command::Cancel(args) => incident::cancel(door, args).await,
        Command::Add(args) => incident::add(door, args).await,
        Command::Mute(args) => incident::mute(door, args).await,
        Command::Decide(args) => incident::decide(door, args).await,
        Command::Step(args) => incident::step(door, args).await,
        Command::Snooze(args) => incident::snooze(door, args).await,
        Command::Approve(args) => write::approve(door, args).await,
        Command::Ask(args) => incident::ask(door, args).await,
        Command::Affected(args) => incident::affected(door, args).await,
        Command::Seen(args) => incident::seen(door, args).await,
        Command::Retry(args) => write::retry(door, args).await,
        Command::Status(args) => read::status(door, args).await,
        Command::List(args) => read::list(door, args).await,
        Command::Who(args) => who::who(door, *args).await,
        Command::SendLog(args) => read::send_log(door, args).await,
        Command::Export(args) => read::export(door, args).await,
        Command::Report(args) => read::report(door, args).await,
        Command::Verify(args) => read::verify(door, args).await,
        Command::Directory(args) => directory::directory(door, args).await,
        Command::Rules(args) => admin::rules(door, args).await,
        Command::Template(args) => admin::template(door, args).await,
        Command::Token(args) => admin::token(door, args).await,
        Command::Migrate => admin::migrate(door).await,
        Command::Backup { file } => admin::backup(door, &file).await,
        // Answered before the database was opened.
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Doctor(_)
        | Command::Slack(_)
        | Command::Teams(_)
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(Exit::Done),
    }
}
