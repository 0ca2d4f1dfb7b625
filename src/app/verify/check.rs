//! The checks themselves: the same for a database and for an export.

use super::{
    super::status::kind_of,
    Verified,
    evidence::{Erased, KeptRecord},
};
use crate::domain::{
    IncidentId,
    chain::{self, Digits, Head},
    event::Record,
    proof::{self, Verdict, Written},
};

/// One incident while it is checked.
pub(super) struct Check {
    id: IncidentId,
    records: Vec<KeptRecord>,
    /// How many records from the first on are as they were written.
    good: usize,
    faults: Vec<String>,
    unproven: Vec<String>,
}

impl Check {
    /// Follows the chain and compares its end with `end`, what the incident's row says.
    pub(super) fn of(id: IncidentId, records: Vec<KeptRecord>, end: &Head) -> Self {
        let mut check = Self {
            id,
            good: records.len(),
            records,
            faults: Vec::new(),
            unproven: Vec::new(),
        };
        if let Err(broken) = chain::verify(check.records.iter().map(KeptRecord::link)) {
            check.good = usize::try_from(broken.seq).unwrap_or(1).saturating_sub(1);
            check.good = check.good.min(check.records.len());
            check.faults.push(capital(&broken.to_string()));
        }
        check.compare_end(end);
        check
    }

    fn compare_end(&mut self, end: &Head) {
        let last = self.records.last();
        let seq = last.map_or(0, |record| record.seq);
        if seq != end.seq {
            self.faults.push(format!(
                "The incident has {} records and the log ends with number {seq}",
                end.seq
            ));
        } else if last.is_some_and(|record| record.hash != end.hash) {
            self.faults
                .push("The last record is not the one that the incident ends with".to_owned());
        }
    }

    /// The records that prove what was said. What was erased proves nothing any more, and is noted.
    pub(super) fn says(&mut self) -> Vec<Record> {
        let mut says = Vec::new();
        for kept in &self.records {
            if let Some(erased) = &kept.erased {
                self.unproven.push(erased_words(kept.seq, erased));
                continue;
            }
            match kept.read() {
                Some(record) if record.said.is_some() => says.push(record),
                Some(_) => {}
                None => self.unproven.push(format!(
                    "Record {} cannot be read by this version of Oyez, so what it said and to \
                     whom is not proven.",
                    kept.seq
                )),
            }
        }
        says
    }

    /// Holds what was written about an event against the digests in its record.
    pub(super) fn hold(&mut self, record: &Record, written: &Written) {
        let Some(said) = &record.said else { return };
        let seq = record.seq;
        let held = [
            (
                proof::check_words(&said.words, &written.messages),
                format!("The words of event {seq} are not those that were written"),
                "words",
            ),
            (
                proof::check_audience(&said.audience, &written.told),
                format!("The recipients of event {seq} are not those that were written"),
                "recipients",
            ),
        ];
        for (verdict, fault, what) in held {
            match verdict {
                Verdict::Same => {}
                Verdict::Altered => self.faults.push(fault),
                Verdict::Unknown => self.unproven.push(format!(
                    "The {what} of event {seq} have a proof that only a newer version of Oyez \
                     can check."
                )),
            }
        }
    }

    /// What was written about an event is no longer even readable.
    pub(super) fn unreadable(&mut self, seq: u32) {
        self.faults.push(format!(
            "The words and recipients of event {seq} cannot be read"
        ));
    }

    /// The answer. With digits, the record is looked for whose hash begins with them.
    pub(super) fn conclude(mut self, digits: Option<&Digits>) -> Verified {
        let at = digits.and_then(|digits| {
            let good = &self.records[..self.good];
            good.iter().position(|record| digits.begin(&record.hash))
        });
        if let (Some(digits), None) = (digits, at) {
            let fault = no_record_has(digits);
            self.faults.push(fault.trim_end_matches('.').to_owned());
        }
        let found = at.and_then(|at| self.records.get(at));
        let follows = at.and_then(|at| self.records.get(at + 1..));
        let intact = self.faults.is_empty();
        let head = self.records.last().filter(|_| intact);
        Verified {
            incident: self.id,
            intact,
            events: self.records.len(),
            sentence: self.sentence(),
            erased: self
                .records
                .iter()
                .filter(|record| record.erased.is_some())
                .map(|record| record.seq)
                .collect(),
            head: head.map(|record| record.hash.clone()),
            found: found.map(|record| record.seq),
            follows: follows.unwrap_or_default().iter().map(in_words).collect(),
            faults: self.faults,
            unproven: self.unproven,
        }
    }

    fn sentence(&self) -> String {
        let id = self.id;
        if !self.faults.is_empty() {
            let faults = self.faults.join(". ");
            return format!("{id}: {faults}. Compare it with a backup.");
        }
        let records = match self.records.len() {
            1 => "its one record is as it was written".to_owned(),
            many => format!("all {many} records are as they were written"),
        };
        let besides = if self.unproven.is_empty() {
            ", and so are words and recipients."
        } else {
            ", and so are words and recipients as far as they can be proven."
        };
        format!("{id}: {records}{besides}")
    }
}

/// That no record has such a hash, and what that means.
pub(super) fn no_record_has(digits: &Digits) -> String {
    format!("No record has a hash that begins with {digits}: it was altered or cut off.")
}

fn in_words(kept: &KeptRecord) -> String {
    let seq = kept.seq;
    if kept.erased.is_some() {
        return format!("Record {seq}: erased");
    }
    match kept.read() {
        Some(record) => format!(
            "Record {seq}: {} by {}",
            kind_of(&record.event),
            record.actor.name
        ),
        None => format!("Record {seq}: of a newer version of Oyez"),
    }
}

fn erased_words(seq: u32, erased: &Erased) -> String {
    let because = erased.because.trim_end_matches('.');
    format!(
        "Record {seq} was erased on {} ({because}), so what it said and to whom cannot be proven \
         any more.",
        erased.at.format("%-d %B %Y")
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
