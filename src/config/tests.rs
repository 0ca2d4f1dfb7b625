use std::{
    io,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;

use super::{load::Sources, *};
use crate::section::Origin;

/// Settings from a file's text and variables; the only other file is `/run/secret`.
fn settings(file: Option<(&str, &str)>, variables: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::from_sources(&Sources {
        file: file.map(|(path, _)| Path::new(path)),
        environment: variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        read: &|path| match file {
            Some((name, text)) if path == Path::new(name) => Ok(text.to_owned()),
            _ if path == Path::new("/run/secret") => Ok("postgres://oyez:hush@db/oyez\n".into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
        channel: &|_, _, _| Vec::new(),
    })
    .map_err(|error| {
        let faults: Vec<String> = error.faults.iter().map(ToString::to_string).collect();
        faults.join("\n")
    })
}

#[test]
fn the_defaults_alone_are_enough() {
    let settings = settings(None, &[]).unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.database.url.expose_secret(), "sqlite://oyez.db");
    assert_eq!(settings.policy.apply, Apply::OnChange);
    assert_eq!(settings.sending.mode, Mode::Live);
    assert!(settings.http.allow_private.is_empty());
}

#[test]
fn the_public_address_loses_its_slash_and_must_be_one() {
    let with = |url: &str| {
        let file = format!("[server]\npublic_url = \"{url}\"\n");
        settings(Some(("oyez.toml", &file)), &[])
    };
    let good = with("https://oyez.northshire.example/").unwrap();
    let url = good.server.public_url.as_deref();
    assert_eq!(url, Some("https://oyez.northshire.example"));
    assert_eq!(settings(None, &[]).unwrap().server.public_url, None);
    for bad in [
        "oyez.northshire.example",
        "https://x.example/?a=b",
        "ftp://x.example",
    ] {
        let faults = with(bad).unwrap_err();
        assert!(faults.contains("server.public_url"), "{faults}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[links]\nincidents = \"https://a.example/\"\n[log]\nformat = \"json\"\n[channels.email]\nhost = \"one\"\nport = 25\n";
    let settings = settings(
        Some(("oyez.toml", file)),
        &[
            ("OYEZ__SERVER__LISTEN", "127.0.0.1:2"),
            ("OYEZ__CHANNELS__EMAIL__HOST", "two"),
            ("OYEZ__LOG__LEVEL", ""),
            ("OYEZ_TEST_POSTGRES_URL", "not a setting"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:2");
    assert_eq!(
        settings.links.incidents.as_deref(),
        Some("https://a.example")
    );
    assert_eq!(settings.log.format, telemetry::Format::Json);
    assert_eq!(settings.log.level, telemetry::Level::Info);
    let mut email = settings.channels[&"email".parse().unwrap()].clone();
    assert_eq!(email.take::<String>("host").unwrap().unwrap(), "two");
    assert_eq!(email.take::<u16>("port").unwrap(), Some(25));
}

#[test]
fn every_fault_of_every_layer_is_found_in_one_go() {
    let file = "[server]\nlisten = \"everywhere\"\nlisen = \"x\"\n[database]\nurl = \"mysql://root:hush@db\"\n[chanels.email]\nhost = \"x\"\n[log]\nlevel = \"loud\"\n[channels.E-mail]\nhost = \"x\"\n[http]\nallow_private = [\"ten\"]\n";
    let faults = settings(
        Some(("my.toml", file)),
        &[
            ("OYEZ__SENDING__MODE", "practise"),
            ("OYEZ__SERVER__SHUTDOWN_GRACE_SECONDS", "soon"),
            ("OYEZ__SERVER", "x"),
            ("OYEZ____X", "x"),
            ("OYEZ__LINKS__STATUS_PAGE__X", "x"),
            ("OYEZ__POLICY__FILE_FILE", "/none"),
        ],
    )
    .unwrap_err();
    assert!(!faults.contains("hush"));
    insta::assert_snapshot!(faults, @r#"
    environment OYEZ__LINKS__STATUS_PAGE__X: links.status_page must be text in quotes. Correct the value.
    environment OYEZ__POLICY__FILE_FILE: The file /none, named by policy.file_file, cannot be read: entity not found. Correct the path, or let Oyez read the file.
    environment OYEZ__SENDING__MODE: sending.mode must be live or practice. Did you mean practice?
    environment OYEZ__SERVER: The name of the variable is not one of a setting. Write OYEZ__TABLE__KEY, for example OYEZ__SERVER__LISTEN.
    environment OYEZ__SERVER__SHUTDOWN_GRACE_SECONDS: server.shutdown_grace_seconds must be a whole number from 0 to 4294967295. Correct the value.
    environment OYEZ____X: The name of the variable is not one of a setting. Write OYEZ__TABLE__KEY, for example OYEZ__SERVER__LISTEN.
    my.toml:2:1: server.listen: this is not an address and port, as in 127.0.0.1:8080. Correct the value.
    my.toml:3:1: There is no setting server.lisen. Did you mean listen?
    my.toml:5:1: database.url is not the URL of a database that Oyez can use. Write sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME.
    my.toml:6:2: There is no setting chanels. Did you mean channels?
    my.toml:9:1: log.level must be error, warn, info, debug or trace. Use one of these.
    my.toml:10:11: "E-mail" cannot be the name of a channel. Use lower-case letters, digits and underscores.
    my.toml:13:18: Each value of http.allow_private: this is not a network, as in 10.0.0.0/8. Correct the value.
    "#);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let faults = Settings::from_sources(&Sources {
        file: Some(Path::new("none.toml")),
        environment: Vec::new(),
        read: &|_| Err(io::ErrorKind::NotFound.into()),
        channel: &|_, _, _| Vec::new(),
    })
    .unwrap_err();
    assert_eq!(
        faults.to_string(),
        "The settings cannot be used:\n  none.toml: The settings file cannot be read: entity not \
         found. Correct --config, or let Oyez read the file."
    );
}

#[test]
fn paths_in_a_file_start_at_its_folder_and_those_of_the_environment_do_not() {
    let file = "[database]\nurl = \"sqlite://data/oyez.db\"\n[policy]\nfile = \"/srv/policy.toml\"\n[templates]\noverrides = \"words\"\n";
    let settings = settings(
        Some(("/etc/oyez/oyez.toml", file)),
        &[("OYEZ__SENDING__CAPTURE_DIR", "mail")],
    )
    .unwrap();
    let url = settings.database.url.expose_secret();
    assert_eq!(url, "sqlite:///etc/oyez/data/oyez.db");
    assert_eq!(settings.policy.file, Some("/srv/policy.toml".into()));
    assert_eq!(settings.templates.overrides, Some("/etc/oyez/words".into()));
    assert_eq!(settings.sending.capture_dir, PathBuf::from("mail"));
}

#[test]
fn a_secret_may_come_from_a_file_of_its_own_and_is_never_shown() {
    // The default `url` gives way to a file, which whoever set it meant instead.
    let settings = settings(None, &[("OYEZ__DATABASE__URL_FILE", "/run/secret")]).unwrap();
    assert_eq!(settings.database.engine, Engine::Postgres);
    assert_eq!(settings.policy.apply, Apply::ByHand);
    let shown = settings.shown.iter().find(|s| s.key == "database.url");
    let shown = shown.unwrap();
    assert_eq!(shown.value, "(set, not shown)");
    assert!(matches!(shown.origin, Origin::SecretFile { .. }));
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn the_defaults_explain_every_key_that_there_is() {
    let text = include_str!("../../config/default.toml");
    let tables = text
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let mut count = 0;
    for table in tables.filter(|table| !table.starts_with("channels")) {
        // The answer to a key that cannot be meant names all that there are.
        let file = format!("[{table}]\nqqqqqq = 1\n");
        let fault = settings(Some(("x.toml", &file)), &[]).unwrap_err();
        let (_, keys) = fault.split_once(". Use ").unwrap();
        let (_, rest) = text.split_once(&format!("\n[{table}]\n")).unwrap();
        let own = rest.split("\n[").next().unwrap();
        for key in keys.trim_end_matches('.').split([',', ' ']) {
            let explained = own.contains(&format!("\n{key} = "))
                || own.contains(&format!("\n# {key} = "))
                || key.is_empty()
                || key == "or";
            assert!(
                explained,
                "config/default.toml does not explain {table}.{key}"
            );
            count += 1;
        }
    }
    assert!(count > 10);
}
