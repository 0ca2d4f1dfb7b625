use std::io;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mail {
    host: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    tls: Tls,
    password: Option<SecretString>,
    #[serde(default)]
    networks: Vec<std::net::IpAddr>,
    #[serde(default)]
    strict: bool,
    rate: Option<f64>,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Tls {
    None,
    #[default]
    Starttls,
    Implicit,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    #[expect(dead_code, reason = "only its faults are looked at")]
    domain: String,
}

fn section(text: &str) -> Section {
    Section::parse("oyez.toml", text).unwrap()
}

fn faults(section: &Section) -> Vec<String> {
    let faults = section.read::<Mail>().unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_of_a_table_is_found_in_one_go() {
    let section = section(
        "port = \"many\"\ntls = \"start_tls\"\nhots = \"a\"\nstrict = 1\nnetworks = [\"10.0.0.1\", \"x\", 3]\nrate = true\nroutes = [{ domain = 1, domian = 2 }]\n",
    );
    insta::assert_snapshot!(faults(&section).join("\n"), @r#"
    oyez.toml:1:1: The setting host is missing. Add host; config/default.toml explains it.
    oyez.toml:1:1: port must be a whole number from 0 to 65535. Correct the value.
    oyez.toml:2:1: tls must be none, starttls or implicit. Did you mean starttls?
    oyez.toml:3:1: There is no setting hots. Did you mean host or routes?
    oyez.toml:4:1: strict must be true or false. Correct the value.
    oyez.toml:5:25: Each value of networks: invalid IP address syntax. Correct the value.
    oyez.toml:5:30: Each value of networks must be an IP address. Correct the value.
    oyez.toml:6:1: rate must be a number. Correct the value.
    oyez.toml:7:13: routes.domain must be text in quotes. Correct the value.
    oyez.toml:7:25: There is no setting routes.domian. Did you mean domain?
    "#);
}

#[test]
fn a_value_of_the_environment_becomes_what_is_asked_for() {
    let mut section = section("");
    for (key, text) in [
        ("host", "1234"),
        ("port", "2525"),
        ("tls", "implicit"),
        ("password", "0012"),
        ("networks", "127.0.0.1, 10.0.0.1"),
        ("strict", "true"),
        ("rate", "0.5"),
    ] {
        section
            .set_from_environment(&[key.to_owned()], "OYEZ__X", text.to_owned())
            .unwrap();
    }
    let mail: Mail = section.read().unwrap();
    assert_eq!(mail.host, "1234");
    assert_eq!(mail.port, 2525);
    assert_eq!(mail.tls, Tls::Implicit);
    assert_eq!(mail.password.unwrap().expose_secret(), "0012");
    assert_eq!(mail.networks.len(), 2);
    assert!(mail.routes.is_empty());
    assert!(mail.strict);
    assert_eq!(mail.rate, Some(0.5));
}

#[test]
fn a_fault_of_the_environment_names_the_variable_and_the_key() {
    let mut section = section("");
    let variable = "OYEZ__CHANNELS__EMAIL__PORT";
    let path = ["channels", "email", "port"].map(String::from);
    section
        .set_from_environment(&path, variable, "s3cret".to_owned())
        .unwrap();
    let email = section
        .take_table("channels")
        .unwrap()
        .take_table("email")
        .unwrap();
    assert_eq!(
        faults(&email),
        [
            "The setting channels.email.host is missing. Add host; config/default.toml explains \
             it.",
            "environment OYEZ__CHANNELS__EMAIL__PORT: channels.email.port must be a whole number \
             from 0 to 65535. Correct the value.",
        ]
    );
    assert!(!faults(&email).join("\n").contains("s3cret"));
}

#[test]
fn a_wrong_secret_is_not_quoted() {
    let section = section("host = \"a\"\npassword = 48151623\n");
    assert_eq!(
        faults(&section),
        ["oyez.toml:2:1: password must be text in quotes. Correct the value."]
    );
}

#[test]
fn keys_that_were_taken_out_are_offered_too() {
    let mut section = section("host = \"a\"\nenabld = true\n");
    assert_eq!(section.take::<bool>("enabled"), Ok(None));
    assert_eq!(
        faults(&section),
        ["oyez.toml:2:1: There is no setting enabld. Did you mean enabled?"]
    );
}

#[test]
fn a_layer_replaces_values_and_joins_tables() {
    let mut below = section("[a]\nhost = \"one\"\nport = 1\n[b]\nhost = \"b\"\n");
    below.overlay(Section::parse("other.toml", "[a]\nhost = \"two\"\nport = \"x\"\n").unwrap());
    let b: Mail = below.take_table("b").unwrap().read().unwrap();
    assert_eq!(b.host, "b");
    let a = below.take_table("a").unwrap();
    assert_eq!(
        faults(&a),
        ["other.toml:3:1: a.port must be a whole number from 0 to 65535. Correct the value."]
    );
}

#[test]
fn every_line_that_is_not_toml_is_named() {
    let faults = Section::parse("oyez.toml", "host = mail\nport = 25\nname = 'x\n")
        .map(|_| ())
        .unwrap_err();
    let lines: Vec<_> = faults.iter().filter_map(|fault| fault.line).collect();
    assert!(lines.contains(&1) && lines.contains(&3), "{faults:?}");
}

#[test]
fn a_secret_comes_from_its_file_without_the_line_end() {
    let mut section = section("host = \"a\"\npassword_file = \"/run/secret\"\n");
    let faults = section.read_secret_files(&|path| {
        assert_eq!(path, std::path::Path::new("/run/secret"));
        Ok("pass word \n".to_owned())
    });
    assert!(faults.is_empty());
    let mail: Mail = section.read().unwrap();
    assert_eq!(mail.password.unwrap().expose_secret(), "pass word ");
}

#[test]
fn a_secret_file_that_is_missing_or_doubled_is_a_fault() {
    let text = "token_file = \"/none\"\npassword = \"x\"\npassword_file = \"/run/secret\"\n";
    let mut section = section(text);
    let faults = section.read_secret_files(&|_| Err(io::ErrorKind::NotFound.into()));
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "oyez.toml:3:1: Both password and password_file are set. Remove one of them.",
            "oyez.toml:1:1: The file /none, named by token_file, cannot be read: entity not \
             found. Correct the path, or let Oyez read the file.",
        ]
    );
}

#[test]
fn what_is_shown_has_no_secrets() {
    let mut section = section(
        "host = \"mail.northshire.example\"\nport = 587\nurl = \"postgres://oyez:pw@db/oyez?x=y\"\nhook = \"https://hooks.example/T0/abc\"\napi_key = \"abc\"\npassword_file = \"f\"\n",
    );
    assert!(
        section
            .read_secret_files(&|_| Ok("pw".to_owned()))
            .is_empty()
    );
    let shown: Vec<String> = section
        .shown()
        .into_iter()
        .map(|shown| format!("{} = {}", shown.key, shown.value))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    api_key = (set, not shown)
    hook = https://hooks.example/…
    host = mail.northshire.example
    password = (set, not shown)
    port = 587
    url = postgres://…@db/oyez
    ");
}
