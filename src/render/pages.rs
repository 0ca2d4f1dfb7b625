//! The pages that this server shows to people: built-in templates alone, in HTML.
//!
//! Everything that is put in is escaped, and a name that was not given is a fault, not a gap.

use std::collections::BTreeMap;

use handlebars::{Handlebars, RenderError};
use serde::Serialize;

use super::sources::built_in_pages;

/// The pages, compiled.
pub struct PageTemplates {
    registry: Handlebars<'static>,
    /// Templates that cannot be compiled, with why; none in a program that passed its tests.
    broken: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for PageTemplates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageTemplates")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

impl Default for PageTemplates {
    fn default() -> Self {
        Self::new()
    }
}

impl PageTemplates {
    /// Compiles those that come with the program.
    pub fn new() -> Self {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        let mut broken = BTreeMap::new();
        for (name, text) in built_in_pages() {
            if let Err(error) = registry.register_template_string(name, text) {
                broken.insert(name, error.to_string());
            }
        }
        Self { registry, broken }
    }

    /// A page with what it shows.
    pub fn page(&self, name: &str, shown: &impl Serialize) -> Result<String, RenderError> {
        self.registry.render(name, shown)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_page_compiles_and_escapes_what_it_shows() {
        let pages = PageTemplates::new();
        assert!(pages.broken.is_empty(), "{pages:?}");
        let shown = json!({
            "title": "<script>alert(1)</script>",
            "heading": "<b>",
            "sentence": "\"'><img src=x onerror=alert(1)>",
        });
        let page = pages.page("sorry", &shown).unwrap();
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert!(pages.page("sorry", &json!({})).is_err());
    }
}
