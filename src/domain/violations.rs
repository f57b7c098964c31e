//! Everything that is wrong with a request, in the contract's order.

use indexmap::IndexMap;

/// How many texts are kept. A body of 20 MB has room for a million faults, and its answer must not be larger than itself.
const MOST: usize = 1000;

/// Texts by key. Keys stand in the order of their first failure, texts in the order of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    texts: IndexMap<String, Vec<String>>,
    count: usize,
}

impl Violations {
    pub fn new() -> Self {
        Self::default()
    }

    /// One text under one key.
    pub fn one(key: impl Into<String>, text: impl Into<String>) -> Self {
        let mut found = Self::new();
        found.add(key, text);
        found
    }

    /// One more text, unless there are a thousand already.
    pub fn add(&mut self, key: impl Into<String>, text: impl Into<String>) {
        if self.count < MOST {
            self.count += 1;
            self.texts.entry(key.into()).or_default().push(text.into());
        }
    }

    /// Whether this very fault was found already.
    pub fn has(&self, key: &str, text: &str) -> bool {
        self.texts.get(key).is_some_and(|texts| texts.iter().any(|known| known == text))
    }

    pub fn append(&mut self, other: Self) {
        for (key, texts) in other.texts {
            for text in texts {
                self.add(key.as_str(), text);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub fn entries(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.texts.iter().map(|(key, texts)| (key.as_str(), texts.as_slice()))
    }

    /// `Ok` if nothing was found.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl serde::Serialize for Violations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts.serialize(serializer)
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
            found.add(format!("dto.tags[{n}]"), "one");
        }
        found.append(found.clone());
        assert_eq!(found.entries().map(|(_, texts)| texts.len()).sum::<usize>(), MOST);
        assert_eq!(found.entries().next(), Some(("dto.tags[0]", &["one".to_owned(), "one".to_owned()][..])));
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
