//! Who else on the machine, or on the way, could read or change what is kept; and whether the process
//! has what it needs.

use std::{
    collections::BTreeSet,
    fs::Metadata,
    io,
    net::{IpAddr, SocketAddr},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{App, Finding, Surroundings, fix, ok, warn};
use crate::{
    process::{self, descriptors},
    section::{Origin, Shown},
};

/// What others may do with a file.
const READ: u32 = 0o004;
const WRITE: u32 = 0o002;
const PASS: u32 = 0o001;

/// A file that should not be everybody's.
struct Kept<'a> {
    what: &'a str,
    path: PathBuf,
    /// Whether reading it is too much as well.
    is_secret: bool,
}

impl App {
    /// Looks at files, at the process and at the way from and to it.
    pub(super) fn examine_safety(&self, findings: &mut Vec<Finding>, around: &Surroundings<'_>) {
        let before = findings.len();
        if process::is_root() {
            findings.push(warn(
                "Safety: this is run by root, who may do more than Oyez needs, and whose files the service may not be able to use. Run it as the user of the service: sudo -u oyez oyez doctor",
            ));
        }
        let database = self.store.path().map(Path::to_owned);
        let mut kept = files_of_settings(around.settings);
        kept.extend(database.iter().map(|path| Kept {
            what: "The database",
            path: path.clone(),
            is_secret: true,
        }));
        if around.practice {
            kept.push(Kept {
                what: "The folder of captured messages",
                path: around.capture_dir.to_owned(),
                is_secret: true,
            });
        }
        findings.extend(kept.iter().filter_map(exposed));
        findings.extend(kept.iter().filter_map(owned_by_a_stranger));
        if let Some(database) = &database {
            findings.extend(strange_side_files(database));
        }
        findings.extend(on_the_way(around.listen, around.public_url));
        findings.extend(few_descriptors(descriptors::Descriptors::now().limit));
        if findings.len() == before {
            findings.push(ok(
                "Safety: files are for their owner alone, and nothing travels in the clear",
            ));
        }
    }
}

/// The files of settings and secrets.
fn files_of_settings(settings: &[Shown]) -> Vec<Kept<'static>> {
    let mut files = BTreeSet::new();
    for shown in settings {
        match &shown.origin {
            Origin::SecretFile { file } => files.insert((file.to_string(), true)),
            Origin::File { file, .. } => files.insert((file.to_string(), is_secret(shown))),
            Origin::Environment { .. } => false,
        };
    }
    let with_secrets: BTreeSet<String> = files
        .iter()
        .filter(|(_, secret)| *secret)
        .map(|(file, _)| file.clone())
        .collect();
    let names: BTreeSet<String> = files.into_iter().map(|(file, _)| file).collect();
    names
        .into_iter()
        .map(|name| Kept {
            what: match with_secrets.contains(&name) {
                true => "A file with a secret",
                false => "The settings file",
            },
            is_secret: with_secrets.contains(&name),
            path: name.into(),
        })
        .collect()
}

/// Whether a value is kept from people, other than because it names a user.
fn is_secret(shown: &Shown) -> bool {
    let names_a_user = shown
        .key
        .rsplit('.')
        .next()
        .is_some_and(|key| key.contains("user"));
    (shown.value == Shown::HIDDEN && !names_a_user) || shown.value.contains("…@")
}

/// That everybody on the machine may read or change something. What cannot be looked at, others say.
fn exposed(kept: &Kept<'_>) -> Option<Finding> {
    let mode = kept.path.metadata().ok()?.permissions().mode();
    if !is_reachable(&kept.path).ok()? {
        return None;
    }
    let (what, path) = (kept.what, kept.path.display());
    let may = match mode {
        mode if mode & WRITE != 0 => "change",
        mode if mode & READ != 0 && kept.is_secret => "read",
        _ => return None,
    };
    Some(fix(format!(
        "Safety: everybody on this machine may {may} {path}. {what} is for its owner alone. Run: chmod o-rwx {path}"
    )))
}

/// Whether everybody may pass through all folders above a path.
fn is_reachable(path: &Path) -> io::Result<bool> {
    for folder in path.canonicalize()?.ancestors().skip(1) {
        if folder.metadata()?.permissions().mode() & PASS == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// That something belongs neither to root nor to whoever runs this.
fn owned_by_a_stranger(kept: &Kept<'_>) -> Option<Finding> {
    let owner = kept.path.metadata().ok()?.uid();
    let own = process::user()?;
    // Root looks at the files of the service, whose user it cannot know.
    if [0, own].contains(&owner) || own == 0 {
        return None;
    }
    let path = kept.path.display();
    Some(warn(format!(
        "Safety: {path} belongs to the user with the number {owner}, who can change it, and not to the one who runs Oyez. Run: sudo chown root {path}, or run Oyez as that user"
    )))
}

/// Files beside the database that belong to somebody else: the service cannot open them.
fn strange_side_files(database: &Path) -> Vec<Finding> {
    let Ok(of) = database.metadata() else {
        return Vec::new();
    };
    let owner = |it: &Metadata| (it.uid(), it.gid());
    let strange = [".lock", "-wal", "-shm"].into_iter().filter_map(|ending| {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        let path = PathBuf::from(path);
        (owner(&path.metadata().ok()?) != owner(&of)).then_some(path)
    });
    strange
        .map(|path| {
            let (path, database) = (path.display(), database.display());
            fix(format!(
                "Safety: {path} does not belong to the owner of the database, so that Oyez may not start. Run: sudo chown --reference={database} {path}"
            ))
        })
        .collect()
}

/// What travels in the clear beyond this machine.
fn on_the_way(listen: SocketAddr, public_url: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !listen.ip().is_loopback() {
        findings.push(warn(format!(
            "Safety: Oyez listens on {listen} beyond this machine and speaks no TLS, so keys and pages travel in the clear. Let it listen on 127.0.0.1 behind a proxy that speaks TLS."
        )));
    }
    if let Some(host) = public_url.and_then(|url| url.strip_prefix("http://"))
        && !is_this_machine(host)
    {
        findings.push(warn(
            "Safety: server.public_url begins with http://, so whoever is on the way can read the pages that mails lead to, and answer there. Let a proxy speak TLS, and write https://.",
        ));
    }
    findings
}

fn is_this_machine(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or_default();
    let address: Option<IpAddr> = match host.parse::<SocketAddr>() {
        Ok(socket) => Some(socket.ip()),
        Err(_) => host.trim_matches(['[', ']']).parse().ok(),
    };
    let name = host.split(':').next().unwrap_or_default();
    address.is_some_and(|it| it.is_loopback()) || name == "localhost"
}

fn few_descriptors(limit: u64) -> Option<Finding> {
    (limit < descriptors::FEWEST).then(|| {
        warn(format!(
            "Safety: a process may have {limit} connections and files open here, and Oyez may need {}. Set LimitNOFILE in its unit, or raise it with ulimit -n.",
            descriptors::FEWEST
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_travels_beyond_the_machine_without_tls_is_said() {
        let said = |listen: &str, url: Option<&str>| on_the_way(listen.parse().unwrap(), url).len();
        assert_eq!(said("127.0.0.1:8080", None), 0);
        assert_eq!(
            said("[::1]:8080", Some("https://oyez.northshire.example")),
            0
        );
        assert_eq!(said("127.0.0.1:8080", Some("http://localhost:8080")), 0);
        assert_eq!(
            said("127.0.0.1:8080", Some("http://127.0.0.1:8080/oyez")),
            0
        );
        assert_eq!(
            said("0.0.0.0:8080", Some("http://oyez.northshire.example")),
            2
        );
        assert_eq!(said("[::]:8080", None), 1);
    }

    #[test]
    fn few_descriptors_are_said() {
        assert!(few_descriptors(1_024).is_some());
        assert!(few_descriptors(65_536).is_none());
    }
}
