//! Resolving: a situation in, everybody who is told out.
//!
//! Each rule target that holds is a source; each source hits people and destinations; the hits of
//! one of them are put together into one recipient. A hit that may not act now (restricted, users
//! undecided, muted) chooses no channel and gives no reason, unless nothing else hits: then it says
//! why they are not told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Choice, Reason, Recipient, Resolution, Standing, Withheld, WithheldBecause,
    compile::{Compiled, Party, Ready, ReadyBy, ReadyTarget},
    matching::{Scene, holds_without_services, incident_passes, touched_passes},
    reason::{Text, main_relation, standing_of},
    walk::Touched,
};
use crate::domain::{
    Audience, ChannelName, RoleId, ServiceId,
    directory::Service,
    policy::When,
    situation::{RecipientId, Relation, Situation},
};

/// Why a set of people is told: one target of one rule, or one line added by hand.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// `None` when added by hand.
    pub(super) rule: Option<&'a Ready>,
    pub(super) by: Wanted<'a>,
    pub(super) audience: Audience,
    /// Whether a restricted incident may be told through it.
    pub(super) for_restricted: bool,
    pub(super) overrides: Overrides,
    pub(super) standing: Standing,
    pub(super) service: Option<ServiceId>,
    pub(super) text: Text,
}

/// On which channels a source tells people.
#[derive(Debug)]
pub(super) enum Wanted<'a> {
    Rule(&'a ReadyBy),
    ByHand {
        by: ReadyBy,
        /// The same by name, also of channels that are off.
        named: Vec<ChannelName>,
    },
    /// The first usable one of the person's own.
    FirstUsable,
}

/// Which mutes a source reaches through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overrides {
    Nothing,
    /// Somebody added them on purpose, so the directory's mute gives way; the incident's does not.
    Directory,
    Everything,
}

/// A touched service, and what the directory knows of it.
type Known<'a> = (&'a Touched, Option<&'a Service>);

/// A person who matched and left the directory.
#[derive(Debug)]
struct Gone {
    audience: Audience,
    reasons: Vec<Reason>,
}

impl Compiled {
    /// Works out who is told, on which channel and why, and who matched but is not told.
    pub fn resolve(&self, situation: &Situation) -> Resolution {
        let scene = Scene::new(self, situation);
        let mut gathered = Gathered::default();
        self.gather_rules(situation, &scene, &mut gathered);
        self.gather_by_hand(situation, &mut gathered);
        self.assemble(situation, gathered)
    }

    fn gather_rules<'a>(
        &'a self,
        situation: &Situation,
        scene: &Scene,
        gathered: &mut Gathered<'a>,
    ) {
        // Looked up once, not once for each rule.
        let touched: Vec<Known<'_>> = scene
            .touched
            .iter()
            .map(|touched| (touched, self.service(&touched.service)))
            .collect();
        let services = touched
            .iter()
            .map(|(one, service)| (&one.service, *service));
        let candidates = self
            .index
            .candidates(&self.policy, &situation.priority, services);
        let mut texts = Texts::default();
        for number in candidates {
            let ready = &self.rules[number as usize];
            let rule = self.rule(ready);
            if !incident_passes(&rule.when, situation, scene) {
                continue;
            }
            let passing: Vec<Known<'_>> = touched
                .iter()
                .filter(|(one, service)| touched_passes(&rule.when, one, *service))
                .copied()
                .collect();
            if passing.is_empty() && !holds_without_services(&rule.when, scene) {
                continue;
            }
            let names_kind = rule.when.kind.any.contains(&situation.kind);
            for target in &ready.tell {
                let source = |standing, service, text| Source {
                    rule: Some(ready),
                    by: Wanted::Rule(&ready.by),
                    audience: rule.audience,
                    for_restricted: match target {
                        ReadyTarget::Person(_) | ReadyTarget::Group { .. } => true,
                        ReadyTarget::ServiceDestinations => false,
                        _ => names_kind,
                    },
                    overrides: if rule.overrides_mute {
                        Overrides::Everything
                    } else {
                        Overrides::Nothing
                    },
                    standing,
                    service,
                    text,
                };
                self.gather_target(
                    target, &rule.when, &passing, situation, gathered, &mut texts, &source,
                );
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments are what a target of a rule can depend on, and nothing else"
    )]
    fn gather_target<'a>(
        &'a self,
        target: &'a ReadyTarget,
        when: &When,
        passing: &[Known<'_>],
        situation: &Situation,
        gathered: &mut Gathered<'a>,
        texts: &mut Texts,
        source: &dyn Fn(Standing, Option<ServiceId>, Text) -> Source<'a>,
    ) {
        match target {
            ReadyTarget::Role(role) => {
                for (touched, service) in passing {
                    let (Some(node), Some(service)) = (touched.node, service) else {
                        continue;
                    };
                    let Some(holders) = self.holders.get(&(node, role.clone())) else {
                        continue;
                    };
                    let relation = main_relation(touched.relations(when.depth));
                    let text =
                        texts.role(node, role, relation, || Text::role(role, service, relation));
                    let id = Some(touched.service.clone());
                    gathered.add(source(standing_of(relation), id, text), holders);
                }
            }
            ReadyTarget::Contacts(organisation) => {
                for (touched, service) in passing {
                    let (Some(node), Some(service)) = (touched.node, service) else {
                        continue;
                    };
                    for (of, people) in &self.services[node as usize].contacts {
                        if organisation.as_ref().is_none_or(|wanted| wanted == of) {
                            let text = Text::contact(of, &self.directory, service);
                            let id = Some(touched.service.clone());
                            gathered.add(source(Standing::Organisation, id, text), people);
                        }
                    }
                }
            }
            ReadyTarget::ServiceDestinations => {
                for (touched, service) in passing {
                    let (Some(node), Some(service)) = (touched.node, service) else {
                        continue;
                    };
                    let destinations = &self.services[node as usize].destinations;
                    let text = Text::service_destination(service);
                    let relation = main_relation(touched.relations(when.depth));
                    let id = Some(touched.service.clone());
                    gathered.add(source(standing_of(relation), id, text), destinations);
                }
            }
            ReadyTarget::Group { text, members } => {
                gathered.add(source(Standing::Group, None, Text::group(text)), members);
            }
            ReadyTarget::Person(party) | ReadyTarget::Destination(party) => {
                if let Some(party) = party {
                    gathered.add(source(Standing::Group, None, Text::named()), &[*party]);
                }
            }
            ReadyTarget::Leads => {
                for (role, person) in &situation.leads {
                    let source = source(Standing::Affected, None, Text::lead(*role));
                    match self.person(person) {
                        Some(party) => gathered.add(source, &[party]),
                        None => gathered.gone(RecipientId::Person(person.clone()), self, &source),
                    }
                }
            }
        }
    }

    fn gather_by_hand<'a>(&'a self, situation: &Situation, gathered: &mut Gathered<'a>) {
        for by_hand in &situation.added {
            let channels = by_hand.channels.iter();
            let source = Source {
                rule: None,
                by: if by_hand.channels.is_empty() {
                    Wanted::FirstUsable
                } else {
                    Wanted::ByHand {
                        by: ReadyBy {
                            first_of: false,
                            channels: channels.filter_map(|name| self.channel(name)).collect(),
                        },
                        named: by_hand.channels.clone(),
                    }
                },
                audience: by_hand.audience,
                for_restricted: true,
                overrides: Overrides::Directory,
                standing: Standing::ByHand,
                service: None,
                text: Text::by_hand(by_hand),
            };
            match self.party_of.get(&by_hand.who) {
                Some(party) => gathered.add(source, &[*party]),
                None => gathered.gone(by_hand.who.clone(), self, &source),
            }
        }
    }

    fn assemble(&self, situation: &Situation, gathered: Gathered<'_>) -> Resolution {
        let Gathered {
            sources,
            mut hits,
            gone,
        } = gathered;
        // As one number, which sorts faster than two.
        hits.sort_unstable_by_key(|hit| u64::from(hit.party) << 32 | u64::from(hit.source));
        let mut told: [Vec<Recipient>; 4] = Default::default();
        let mut withheld: Vec<Withheld> = Vec::new();
        let mut shared = Shared::of(&sources);
        for group in hits.chunk_by(|a, b| a.party == b.party) {
            let party = &self.parties[group[0].party as usize];
            let all = group.iter().map(|hit| &sources[hit.source as usize]);
            match self.decide(party, all.clone(), situation) {
                Ok((audience, choices)) => told[audience as usize].push(Recipient {
                    who: party.id.clone(),
                    name: Arc::clone(&party.name),
                    audience,
                    choices,
                    reasons: match group {
                        [only] => shared.reasons(*only, audience, || self.reasons(all, audience)),
                        _ => self.reasons(acting(all, party, situation), audience).into(),
                    },
                }),
                Err(not_told) => withheld.push(not_told),
            }
        }
        withheld.extend(gone.into_iter().map(|(who, gone)| Withheld {
            name: who.as_str().into(),
            who,
            audience: gone.audience,
            reasons: sorted(gone.reasons),
            because: WithheldBecause::Unreachable,
            sentence: "No longer in the directory.".to_owned(),
        }));
        // Hits come in the order of names, so only the audiences need ordering; people who left
        // the directory have no name, and stand where their id puts them.
        withheld.sort_by(|a, b| {
            let (a, b) = (
                (a.audience, &a.name, a.who.as_str(), &a.who),
                (b.audience, &b.name, b.who.as_str(), &b.who),
            );
            a.cmp(&b)
        });
        Resolution {
            recipients: told.into_iter().reduce(appended).unwrap_or_default(),
            withheld,
        }
    }

    /// One party's hits, put together.
    fn decide<'a, 's: 'a>(
        &self,
        party: &Party,
        sources: impl Iterator<Item = &'a Source<'s>> + Clone,
        situation: &Situation,
    ) -> Result<(Audience, Vec<Choice>), Withheld> {
        let acting = acting(sources.clone(), party, situation);
        let Some(audience) = merged(party, acting.clone()) else {
            let mutes = Mutes::of(party, situation);
            let state = |source| blocked(source, party, mutes, situation);
            let because = sources.clone().filter_map(state).max();
            let because = because.unwrap_or(WithheldBecause::Unreachable);
            let audience = merged(party, sources.clone()).unwrap_or(Audience::Users);
            return Err(Withheld {
                who: party.id.clone(),
                name: Arc::clone(&party.name),
                audience,
                reasons: self.reasons(sources, audience),
                because,
                sentence: self.sentence(because, party, situation),
            });
        };
        let mut choices = self.choices(party, self.usable(party), acting.clone());
        if choices.is_empty() {
            let marked = self.despite_marks(party, situation);
            choices = self.choices(party, marked, acting.clone());
        }
        if choices.is_empty() {
            return Err(Withheld {
                who: party.id.clone(),
                name: Arc::clone(&party.name),
                audience,
                sentence: self.unreachable(party, acting.clone()),
                reasons: self.reasons(acting, audience),
                because: WithheldBecause::Unreachable,
            });
        }
        Ok((audience, choices))
    }

    fn reasons<'a, 's: 'a>(
        &self,
        sources: impl Iterator<Item = &'a Source<'s>> + Clone,
        audience: Audience,
    ) -> Vec<Reason> {
        let mut reasons = Vec::with_capacity(sources.clone().count());
        reasons.extend(sources.map(|source| self.reason(source, audience)));
        sorted(reasons)
    }

    fn reason(&self, source: &Source<'_>, audience: Audience) -> Reason {
        Reason {
            standing: source.standing,
            text: Arc::clone(source.text.for_audience(audience)),
            rule: source.rule.map(|ready| self.rule(ready).id.clone()),
            service: source.service.clone(),
            says: source
                .rule
                .map_or_else(|| "".into(), |ready| Arc::clone(&ready.says)),
        }
    }
}

/// The mutes of a person that hold now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mutes {
    directory: bool,
    incident: bool,
}

impl Mutes {
    pub(super) fn of(party: &Party, situation: &Situation) -> Self {
        let on_incident = match &party.id {
            RecipientId::Person(id) if !situation.muted.is_empty() => situation.muted.get(id),
            _ => None,
        };
        Self {
            directory: party.muted_until.is_some_and(|until| situation.now < until),
            incident: on_incident.is_some_and(|until| situation.now < *until),
        }
    }

    pub(super) fn holds_against(self, overrides: Overrides) -> bool {
        match overrides {
            Overrides::Nothing => self.directory || self.incident,
            Overrides::Directory => self.incident,
            Overrides::Everything => false,
        }
    }
}

/// The audience of one source for one party: outsiders never read more than `external`.
fn audience_of(source: &Source<'_>, party: &Party) -> Audience {
    if party.outside {
        source.audience.max(Audience::External)
    } else {
        source.audience
    }
}

/// What keeps a source from telling a party, if anything does.
fn blocked(
    source: &Source<'_>,
    party: &Party,
    mutes: Mutes,
    situation: &Situation,
) -> Option<WithheldBecause> {
    let audience = audience_of(source, party);
    if situation.restricted && (!source.for_restricted || audience.is_outside()) {
        Some(WithheldBecause::Restricted)
    } else if audience == Audience::Users && situation.users_contact != Some(true) {
        Some(WithheldBecause::NoUsersDecision)
    } else if mutes.holds_against(source.overrides) {
        Some(WithheldBecause::Muted)
    } else {
        None
    }
}

/// One audience: for a person the first of the four, for a channel, which others may read over
/// somebody's shoulder, the last.
fn merged<'a, 's: 'a>(
    party: &Party,
    sources: impl Iterator<Item = &'a Source<'s>>,
) -> Option<Audience> {
    let audiences = sources.map(|source| audience_of(source, party));
    match party.id {
        RecipientId::Person(_) => audiences.min(),
        RecipientId::Destination(_) => audiences.max(),
    }
}

/// The sources that tell a party, with nothing against it.
fn acting<'a, 's: 'a>(
    sources: impl Iterator<Item = &'a Source<'s>> + Clone,
    party: &Party,
    situation: &Situation,
) -> impl Iterator<Item = &'a Source<'s>> + Clone {
    let mutes = Mutes::of(party, situation);
    sources.filter(move |source| blocked(source, party, mutes, situation).is_none())
}

fn appended(mut one: Vec<Recipient>, mut other: Vec<Recipient>) -> Vec<Recipient> {
    one.append(&mut other);
    one
}

fn sorted(mut reasons: Vec<Reason>) -> Vec<Reason> {
    if reasons.len() > 1 {
        reasons.sort_unstable();
        reasons.dedup();
    }
    reasons
}

/// One party under one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    party: u32,
    source: u32,
}

/// The reasons of those whom one source alone names, made once for all of them: for readers inside
/// and outside.
#[derive(Debug)]
struct Shared(Vec<[Option<Arc<[Reason]>>; 2]>);

impl Shared {
    fn of(sources: &[Source<'_>]) -> Self {
        Self(vec![[None, None]; sources.len()])
    }

    fn reasons(
        &mut self,
        only: Hit,
        audience: Audience,
        make: impl FnOnce() -> Vec<Reason>,
    ) -> Arc<[Reason]> {
        let made = &mut self.0[only.source as usize][usize::from(audience.is_outside())];
        Arc::clone(made.get_or_insert_with(|| make().into()))
    }
}

/// What the rules and the additions by hand come to.
#[derive(Debug, Default)]
struct Gathered<'a> {
    sources: Vec<Source<'a>>,
    hits: Vec<Hit>,
    gone: BTreeMap<RecipientId, Gone>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, source: Source<'a>, parties: &[u32]) {
        if parties.is_empty() {
            return;
        }
        let number = super::compile::number(self.sources.len());
        self.sources.push(source);
        self.hits.extend(parties.iter().map(|party| Hit {
            party: *party,
            source: number,
        }));
    }

    fn gone(&mut self, who: RecipientId, compiled: &Compiled, source: &Source<'a>) {
        let reason = compiled.reason(source, source.audience);
        let gone = self.gone.entry(who).or_insert_with(|| Gone {
            audience: source.audience,
            reasons: Vec::new(),
        });
        gone.audience = gone.audience.min(source.audience);
        gone.reasons.push(reason);
    }
}

/// Texts of roles, made once per resolution however many rules tell the role.
#[derive(Debug, Default)]
struct Texts {
    roles: HashMap<(u32, RoleId, Relation), Text>,
}

impl Texts {
    fn role(
        &mut self,
        node: u32,
        role: &RoleId,
        relation: Relation,
        make: impl FnOnce() -> Text,
    ) -> Text {
        let key = (node, role.clone(), relation);
        self.roles.entry(key).or_insert_with(make).clone()
    }
}
