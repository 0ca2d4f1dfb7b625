//! A text as words with their places, so that findings can quote it.

/// A text and its words.
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    pub(super) words: Vec<Word<'t>>,
}

/// A run without white space.
pub(super) struct Word<'t> {
    /// As typed, with its punctuation.
    pub(super) raw: &'t str,
    /// Without punctuation at either end.
    pub(super) core: &'t str,
    /// The core in lower case, with straight apostrophes: what is compared.
    pub(super) lower: String,
    start: usize,
    core_start: usize,
    core_end: usize,
    /// Whether a sentence or a line ends behind it.
    pub(super) ends_sentence: bool,
}

impl<'t> Words<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut words: Vec<Word<'t>> = Vec::new();
        let mut at = 0;
        for raw in text.split_whitespace() {
            let start = at + text[at..].find(raw).unwrap_or_default();
            let between = &text[at..start];
            if between.contains('\n')
                && let Some(last) = words.last_mut()
            {
                last.ends_sentence = true;
            }
            at = start + raw.len();
            let is_edge =
                |c: char| c.is_ascii_punctuation() && !"/+\\@".contains(c) || "“”‘’…".contains(c);
            let left = raw.trim_start_matches(is_edge);
            let core = left.trim_end_matches(is_edge);
            let core_start = start + (raw.len() - left.len());
            words.push(Word {
                raw,
                core,
                lower: core.to_lowercase().replace('’', "'"),
                start,
                core_start,
                core_end: core_start + core.len(),
                ends_sentence: raw
                    .trim_end_matches(['"', ')', '”', '’'])
                    .ends_with(['.', '!', '?']),
            });
        }
        Self { text, words }
    }

    /// The text from one word to another, both included, without the outer punctuation.
    pub(super) fn quote(&self, from: usize, to: usize) -> &'t str {
        match (self.words.get(from), self.words.get(to)) {
            (Some(from), Some(to)) => &self.text[from.core_start..to.core_end.max(from.core_start)],
            _ => "",
        }
    }

    /// The same with the punctuation.
    pub(super) fn quote_raw(&self, from: usize, to: usize) -> &'t str {
        match (self.words.get(from), self.words.get(to)) {
            (Some(from), Some(to)) => &self.text[from.start..to.start + to.raw.len()],
            _ => "",
        }
    }

    /// Every place where these words (lower case, parted by blanks) stand, as quoted text.
    pub(super) fn phrase(&self, phrase: &str) -> Vec<&'t str> {
        let wanted: Vec<&str> = phrase.split_whitespace().collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        self.words
            .windows(wanted.len())
            .enumerate()
            .filter(|(_, window)| {
                let same = window
                    .iter()
                    .zip(&wanted)
                    .all(|(word, wanted)| word.lower == *wanted);
                // A phrase does not go on behind the end of a sentence.
                same && window[..window.len() - 1]
                    .iter()
                    .all(|word| !word.ends_sentence)
            })
            .map(|(at, _)| self.quote(at, at + wanted.len() - 1))
            .collect()
    }

    /// First and last word of each sentence.
    pub(super) fn sentences(&self) -> Vec<(usize, usize)> {
        let mut sentences = Vec::new();
        let mut from = 0;
        for (at, word) in self.words.iter().enumerate() {
            if word.ends_sentence || at + 1 == self.words.len() {
                sentences.push((from, at));
                from = at + 1;
            }
        }
        sentences
    }
}
