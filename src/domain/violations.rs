//! Everything that is wrong with a request, in the contract's order.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Serialize, ser::SerializeMap};

pub use super::rules::code::Code;

/// How many texts are kept. A body of 20 MB has room for a million faults, and its answer must not be larger than itself.
const MOST: usize = 1000;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule that does not hold.
    pub code: Code,
    /// The contract's words.
    pub text: String,
    /// A sentence that mends it. Never says anything of a person.
    pub hint: Option<Cow<'static, str>>,
    /// The values there are, where there are few.
    pub allowed: Vec<Cow<'static, str>>,
}

impl Fault {
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), hint: None, allowed: Vec::new() }
    }

    /// An id that names nothing, and is as good as missing.
    pub fn nil_id(text: &str) -> Self {
        Self::new(Code::ValueMissing, text)
            .hint("The all-zero UUID names nothing: write the id that was given at creation.")
    }

    #[must_use]
    pub fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    #[must_use]
    pub fn allowed<T: Into<Cow<'static, str>>>(self, values: impl IntoIterator<Item = T>) -> Self {
        Self { allowed: values.into_iter().map(Into::into).collect(), ..self }
    }
}

/// Faults by key. Keys stand in the order of their first failure, faults in the order of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    // Answers list keys in the order of their first fault; a hash map would shuffle them from run to run.
    faults: IndexMap<String, Vec<Fault>>,
    count: usize,
}

impl Violations {
    pub fn new() -> Self {
        Self::default()
    }

    /// One fault under one key.
    pub fn one(key: impl Into<String>, fault: Fault) -> Self {
        let mut found = Self::new();
        found.add(key, fault);
        found
    }

    /// One more fault, unless there are a thousand already.
    pub fn add(&mut self, key: impl Into<String>, fault: Fault) {
        if self.count < MOST {
            self.count += 1;
            self.faults.entry(key.into()).or_default().push(fault);
        }
    }

    /// Whether this very fault was found already.
    pub fn has(&self, key: &str, text: &str) -> bool {
        self.faults.get(key).is_some_and(|faults| faults.iter().any(|known| known.text == text))
    }

    pub fn append(&mut self, other: Self) {
        for (key, faults) in other.faults {
            for fault in faults {
                // One by one, for the limit.
                self.add(key.as_str(), fault);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    pub fn entries(&self) -> impl Iterator<Item = (&str, &[Fault])> {
        self.faults.iter().map(|(key, faults)| (key.as_str(), faults.as_slice()))
    }

    /// Every fault with its key.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &Fault)> {
        self.entries().flat_map(|(key, faults)| faults.iter().map(move |fault| (key, fault)))
    }

    /// `Ok` if nothing was found.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// As `errors` of a problem document: the texts under their keys.
impl Serialize for Violations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.faults.len()))?;
        for (key, faults) in &self.faults {
            map.serialize_entry(key, &faults.iter().map(|fault| fault.text.as_str()).collect::<Vec<_>>())?;
        }
        map.end()
    }
}
/// Where in the request a value stands. Lives on the stack and becomes text only when a rule fails.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// The key's first name, such as `dto`; empty for requests without a prefix.
    Root(&'a str),
    Field(&'a At<'a>, &'a str),
    Item(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub fn field(&'a self, name: &'a str) -> At<'a> {
        At::Field(self, name)
    }

    pub fn item(&'a self, index: usize) -> At<'a> {
        At::Item(self, index)
    }

    /// The last name of the path: an item has its list's.
    pub fn name(&self) -> &'a str {
        match self {
            At::Root(name) | At::Field(_, name) => name,
            At::Item(parent, _) => parent.name(),
        }
    }
}

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // Without this a path below an empty root would begin with a dot.
            At::Root(name) | At::Field(At::Root(""), name) => f.write_str(name),
            At::Field(parent, name) => write!(f, "{parent}.{name}"),
            At::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl From<At<'_>> for String {
    fn from(at: At<'_>) -> Self {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_faults_are_enough() {
        let mut found = Violations::new();
        for n in 0..600 {
            found.add(format!("dto.tags[{n}]"), Code::TextTooShort.says("one"));
        }
        found.append(found.clone());
        assert_eq!(found.entries().map(|(_, texts)| texts.len()).sum::<usize>(), MOST);
        let first = Code::TextTooShort.says("one");
        assert_eq!(found.entries().next(), Some(("dto.tags[0]", &[first.clone(), first][..])));
    }

    #[test]
    fn a_path_reads_as_the_contract_writes_it() {
        let root = At::Root("dto");
        let list = root.field("transmissions");
        let item = list.item(3);
        assert_eq!(item.field("sender").to_string(), "dto.transmissions[3].sender");
        assert_eq!(At::Root("").field("limit").to_string(), "limit");
    }
}
