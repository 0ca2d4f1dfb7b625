//! Policy and directory in force, compiled once per change.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use super::{App, Error, ErrorKind};
use crate::{
    domain::{
        ChannelName, PersonId, Time,
        directory::{BadAddress, Directory, Person},
        policy::Policy,
        policy_file,
        resolution::Compiled,
        wording::TimeWords,
    },
    store::{Connection, directory, policies},
};

/// So many earlier policies are looked at for one that can be read.
const EARLIER: u32 = 20;

/// What decides who is told.
pub struct Rulebook {
    /// Number of the policy version that decides: the one in force, or the last before it that this
    /// version of the program can read.
    pub policy_version: u32,
    /// The policy.
    pub policy: Arc<Policy>,
    /// The directory.
    pub directory: Arc<Directory>,
    /// Both, made ready for resolution.
    pub compiled: Compiled,
    /// Who has an address, by its lower case; made when it is first asked for.
    by_address: OnceLock<HashMap<String, Vec<(ChannelName, PersonId)>>>,
    /// What the compilation depends on; a change of any makes a new one.
    stamp: Stamp,
}

#[derive(PartialEq, Eq)]
struct Stamp {
    policy: u32,
    directory: u64,
    bad_addresses: Vec<BadAddress>,
}

impl Rulebook {
    /// Times as the organisation reads them now.
    pub fn clock(&self, now: Time) -> TimeWords {
        TimeWords::new(self.policy.time_zone, now)
    }

    /// That the policy in force cannot be read, so that an earlier one decides, as a sentence.
    pub fn passed_over(&self) -> Option<String> {
        let (in_force, decides) = (self.stamp.policy, self.policy_version);
        (in_force != decides).then(|| {
            format!(
                "Version {in_force} of the policy cannot be read by this version of Oyez, so version \
                 {decides} decides who is told. Run the newer version again, or put a policy in force \
                 that this one can read: oyez rules apply FILE"
            )
        })
    }

    /// The people who have an address on one of these channels, each once.
    pub(super) fn people_at(
        &self,
        address: &str,
        on: impl Fn(&ChannelName) -> bool,
    ) -> Vec<&Person> {
        let by_address = self.by_address.get_or_init(|| by_address(&self.directory));
        let found = by_address.get(&address.to_ascii_lowercase());
        let found = found.into_iter().flatten();
        let ids: BTreeSet<&PersonId> = found
            .filter(|(channel, _)| on(channel))
            .map(|(_, person)| person)
            .collect();
        let people = &self.directory.people;
        ids.into_iter().filter_map(|id| people.get(id)).collect()
    }

    /// Addresses that a provider refused for good.
    pub(super) fn bad_addresses(&self) -> &[BadAddress] {
        &self.stamp.bad_addresses
    }
}

impl App {
    /// The rulebook in force, as committed.
    pub async fn rulebook(&self) -> Result<Arc<Rulebook>, Error> {
        self.rulebook_in(self.store.read()).await
    }

    /// The rulebook in force, as this connection sees it.
    pub(super) async fn rulebook_in(&self, conn: &impl Connection) -> Result<Arc<Rulebook>, Error> {
        let (policy, directory) = policies::rules_in_force(conn).await?;
        let stamp = Stamp {
            policy,
            directory,
            bad_addresses: self.marks(conn).await?,
        };
        let mut kept = self.rulebook.lock().await;
        let (policy, directory) = match kept.take() {
            Some(book) if book.stamp == stamp => {
                *kept = Some(Arc::clone(&book));
                return Ok(book);
            }
            // What has not changed is not read again: a directory can be large.
            Some(book) => (
                (book.stamp.policy == stamp.policy)
                    .then(|| (book.policy_version, Arc::clone(&book.policy))),
                (book.stamp.directory == stamp.directory).then(|| Arc::clone(&book.directory)),
            ),
            None => (None, None),
        };
        let (policy_version, policy) = match policy {
            Some(policy) => policy,
            None => policy_in(conn).await?,
        };
        let directory = match directory {
            Some(directory) => directory,
            None => Arc::new(directory::load(conn).await?.directory),
        };
        let book = Arc::new(Rulebook {
            policy_version,
            compiled: self.compile(&policy, &directory, &stamp.bad_addresses),
            policy,
            directory,
            by_address: OnceLock::new(),
            stamp,
        });
        *kept = Some(Arc::clone(&book));
        Ok(book)
    }

    /// Makes a policy and directory ready for resolution, with the channels that are live.
    pub(super) fn compile(
        &self,
        policy: &Arc<Policy>,
        directory: &Arc<Directory>,
        bad: &[BadAddress],
    ) -> Compiled {
        Compiled::new(
            Arc::clone(policy),
            Arc::clone(directory),
            &self.live_channels(),
            bad,
        )
    }

    /// Names of the channels that are live.
    pub(super) fn live_channels(&self) -> BTreeSet<ChannelName> {
        self.channels.keys().cloned().collect()
    }

    /// Names of those that are chats, where a message soon loses its worth.
    pub(super) fn chat_channels(&self) -> BTreeSet<ChannelName> {
        self.channels
            .iter()
            .filter(|(_, channel)| channel.is_chat())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Times as the organisation reads them.
    pub async fn wall_clock(&self) -> Result<TimeWords, Error> {
        Ok(self.rulebook().await?.clock(self.clock.now()))
    }
}

/// The policy that decides, with its number. One that cannot be read, because a newer version of the
/// program put it in force, must not keep everybody from being told: the last one that can be read goes
/// on, and [`Rulebook::passed_over`] says so.
async fn policy_in(conn: &impl Connection) -> Result<(u32, Arc<Policy>), Error> {
    let version = policies::in_force(conn).await?.ok_or_else(|| {
        Error::new(
            ErrorKind::Refused,
            "no-policy",
            "No policy is in force, so nobody knows who is to be told.",
            "Put one in force: oyez rules apply policy.toml",
        )
    })?;
    let faults = match policy_file::read(&version.text) {
        Ok(policy) => return Ok((version.number, Arc::new(policy))),
        Err(faults) => faults,
    };
    for earlier in policies::history(conn, Some(version.number), EARLIER).await? {
        if let Ok(policy) = policy_file::read(&earlier.text) {
            tracing::error!(
                in_force = version.number,
                used = earlier.number,
                "the policy in force cannot be read by this version, so an earlier one decides"
            );
            return Ok((earlier.number, Arc::new(policy)));
        }
    }
    Err(Error::faults(
        "bad-policy",
        "The policy in force cannot be read by this version of Oyez.",
        faults,
    ))
}

fn by_address(directory: &Directory) -> HashMap<String, Vec<(ChannelName, PersonId)>> {
    let mut by_address: HashMap<_, Vec<_>> = HashMap::new();
    for (id, person) in &directory.people {
        for known in &person.addresses {
            let address = known.address.as_str().to_ascii_lowercase();
            let here = by_address.entry(address).or_default();
            here.push((known.channel.clone(), id.clone()));
        }
    }
    by_address
}
