//! The query parameters that both lists know, and their rules in the contract's order (chapter 08 §3.4).

use crate::{
    domain::{
        dialog::StatusInput,
        rules,
        system_label::SystemLabel,
        violations::{At, Code, Violations},
        wire_enum::{Given, WireEnum, wire_enum},
    },
    http::{PageRequest, Query},
    openapi::{self, Operation},
    store::search::{
        conditions::{Conditions, Deleted, Range},
        text::{TextCondition, TextReach},
    },
};

wire_enum! {
    /// Whether soft-deleted dialogs are listed.
    DeletedFilter { Exclude = 0, Include = 1, Only = 2 }
}

impl From<DeletedFilter> for Deleted {
    fn from(filter: DeletedFilter) -> Self {
        match filter {
            DeletedFilter::Exclude => Self::Exclude,
            DeletedFilter::Include => Self::Include,
            DeletedFilter::Only => Self::Only,
        }
    }
}

/// Most values of the list parameters.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    pub resources: usize,
    pub parties: usize,
    pub extended_statuses: usize,
}

/// As given. What could not be read is kept by the query until [`Query::finish`].
#[derive(Clone, Debug)]
pub struct Parameters {
    pub page: PageRequest,
    pub resources: Vec<String>,
    /// In lower case.
    pub parties: Vec<String>,
    pub extended_statuses: Vec<String>,
    pub external_reference: Option<String>,
    pub process: Option<String>,
    pub statuses: Vec<Given<StatusInput>>,
    pub labels: Vec<Given<SystemLabel>>,
    pub created: Range,
    pub updated: Range,
    pub content_updated: Range,
    pub due: Range,
    pub is_content_seen: Option<bool>,
    pub exclude_api_only: bool,
    pub search: Option<String>,
    pub language: Option<String>,
}

impl Parameters {
    pub fn of(query: &mut Query) -> Self {
        Self {
            page: PageRequest::of(query),
            resources: query.texts("serviceResource"),
            parties: query.texts("party").iter().map(|party| party.to_lowercase()).collect(),
            extended_statuses: query.texts("extendedStatus"),
            external_reference: query.text("externalReference"),
            process: query.text("process"),
            statuses: query.enumerations("status"),
            labels: query.enumerations("systemLabel"),
            created: range(query, "createdAfter", "createdBefore"),
            updated: range(query, "updatedAfter", "updatedBefore"),
            content_updated: range(query, "contentUpdatedAfter", "contentUpdatedBefore"),
            due: range(query, "dueAfter", "dueBefore"),
            is_content_seen: query.boolean("isContentSeen"),
            exclude_api_only: query.boolean("excludeApiOnly").unwrap_or(false),
            search: query.text("search"),
            language: query.text("searchLanguageCode"),
        }
    }

    pub fn check_text(&self, found: &mut Violations) {
        rules::text::min_length(self.search.as_deref(), 3, At::Root("").field("search"), found);
        if let Some(code) = &self.language {
            let code = rules::localized::normalised_code(code);
            rules::localized::language_code(&code, "SearchLanguageCode", At::Root("searchLanguageCode"), found);
        }
    }

    /// Whether nothing narrows the list down to parties or resources.
    pub fn is_unbounded(&self) -> bool {
        self.parties.is_empty() && self.resources.is_empty()
    }

    pub fn check_parties(&self, found: &mut Violations) {
        let at = At::Root("party");
        for (i, party) in self.parties.iter().enumerate() {
            rules::actor::party_format(Some(party), at.item(i), found);
        }
    }

    pub fn check_counts(&self, most: Most, found: &mut Violations) {
        at_most("serviceResource", self.resources.len(), most.resources, found);
        at_most("party", self.parties.len(), most.parties, found);
        at_most("extendedStatus", self.extended_statuses.len(), most.extended_statuses, found);
    }

    pub fn check_process(&self, found: &mut Violations) {
        rules::uri::well_formed_text(self.process.as_deref(), At::Root("process"), found);
    }

    pub fn check_enums(&self, found: &mut Violations) {
        for (i, status) in self.statuses.iter().enumerate() {
            rules::defined(*status, At::Root("status").item(i), found);
        }
        for (i, label) in self.labels.iter().enumerate() {
            rules::defined(*label, At::Root("systemLabel").item(i), found);
        }
    }

    pub fn check_intervals(&self, found: &mut Violations) {
        interval("createdAfter", "created", self.created, found);
        interval("dueAfter", "due", self.due, found);
        interval("updatedAfter", "updated", self.updated, found);
        interval("contentUpdatedAfter", "contentUpdated", self.content_updated, found);
    }

    /// The words that are looked for, with the texts that `reach` says; checked.
    pub fn text(&self, reach: impl FnOnce() -> TextReach) -> Option<TextCondition> {
        let language = self.language.as_deref().map(rules::localized::normalised_code);
        self.search.as_ref().map(|typed| TextCondition::of(typed, language.as_deref(), reach()))
    }

    /// The conditions on dialogs, but for owner, visibility, deletion and labels of owners.
    pub fn filter(&self) -> Conditions {
        // Retired names ask for what is stored in their place.
        let known = |status: &Given<StatusInput>| status.known().map(crate::domain::dialog::Status::from);
        Conditions {
            statuses: self.statuses.iter().filter_map(known).map(WireEnum::id).collect(),
            extended_statuses: self.extended_statuses.clone(),
            external_reference: self.external_reference.clone(),
            process: self.process.clone(),
            created: self.created,
            updated: self.updated,
            content_updated: self.content_updated,
            due: self.due,
            // A mask: a dialog has to carry all of them.
            labels: self.labels.iter().filter_map(|label| label.known()).fold(0, |mask, label| mask | label.bit()),
            is_content_seen: self.is_content_seen,
            exclude_api_only: self.exclude_api_only,
            ..Conditions::default()
        }
    }

    /// The parameters as the API documents show them.
    pub fn describe(operation: Operation) -> Operation {
        use openapi::Query::{Flag, Number, Text, Texts, Time};
        operation
            .query("serviceResource", Texts, "Only dialogs of any of these service resources.")
            .query("party", Texts, "Only dialogs of any of these parties, as URNs.")
            .query("extendedStatus", Texts, "Only dialogs with any of these extended statuses, letter for letter.")
            .query("externalReference", Text, "Only dialogs with this external reference, letter for letter.")
            .query_of::<crate::domain::dialog::Status>("status", true, "Only dialogs with any of these statuses.")
            .query("createdAfter", Time, "Only dialogs created then or later.")
            .query("createdBefore", Time, "Only dialogs created then or earlier.")
            .query("updatedAfter", Time, "Only dialogs updated then or later.")
            .query("updatedBefore", Time, "Only dialogs updated then or earlier.")
            .query("contentUpdatedAfter", Time, "Only dialogs whose content was updated then or later.")
            .query("contentUpdatedBefore", Time, "Only dialogs whose content was updated then or earlier.")
            .query("isContentSeen", Flag, "Only dialogs that were, or were not, seen since their content changed.")
            .query("dueAfter", Time, "Only dialogs due then or later.")
            .query("dueBefore", Time, "Only dialogs due then or earlier.")
            .query("process", Text, "Only dialogs of this process, letter for letter.")
            .query_of::<SystemLabel>("systemLabel", true, "Only dialogs that carry all of these labels.")
            .query("excludeApiOnly", Flag, "Without dialogs that are meant for systems only.")
            .query(
                "search",
                Text,
                "Only dialogs with these words: any of them, all that are joined by `AND`, none after a `-`, those in quotation \
                 marks one after the other. At least three characters.",
            )
            .query("searchLanguageCode", Text, "The language of the words, two letters; it hides no texts in others.")
            .query(
                "orderBy",
                Text,
                "A comma list of `contentUpdatedAt` (the default), `updatedAt`, `createdAt`, `dueAt` and `id`, each with \
                 `_asc` or `_desc` (the default).",
            )
            .query("continuationToken", Text, "Where the page before ended. It must have every key of the order.")
            .query("limit", Number, "Most dialogs of the page: 1 to 1000, 100 unless told otherwise.")
    }
}

fn range(query: &mut Query, after: &str, before: &str) -> Range {
    Range { after: query.instant(after), before: query.instant(before) }
}

/// A list parameter has no more values than `most`.
pub fn at_most(name: &str, count: usize, most: usize, found: &mut Violations) {
    if count > most {
        let text = format!("'Count' must be less than or equal to '{most}'.");
        let hint = format!("{count} values are given for `{name}`; ask in several requests.");
        found.add(At::Root(name).field("Count"), Code::TooManyValues.says(text).hint(hint));
    }
}

/// The beginning is not after the end. `key` is the beginning's parameter, `stem` what both are called.
pub fn interval(key: &str, stem: &str, range: Range, found: &mut Violations) {
    if range.after.zip(range.before).is_some_and(|(after, before)| after > before) {
        let (first, rest) = stem.split_at(1);
        let name = format!("{}{rest}", first.to_uppercase());
        let text = format!("'{name}After' must be less than or equal to '{name}Before'.");
        let hint = format!("`{stem}After` is where the interval begins, `{stem}Before` where it ends.");
        found.add(key, Code::TimesReversed.says(text).hint(hint));
    }
}
