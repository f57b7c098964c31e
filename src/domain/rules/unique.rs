//! Lists in which nothing may stand twice.

use std::{collections::HashSet, fmt::Display, hash::Hash};

use super::{At, Violations, code::Code};

/// No two items are equal.
pub fn unique<T: Copy + Eq + Hash + Display>(items: impl Iterator<Item = T> + Clone, at: At, found: &mut Violations) {
    unique_by(items, |item| item, at, found);
}

/// No two items have an equal `key`; the text shows the first of each group of equals.
pub fn unique_by<T, K>(items: impl Iterator<Item = T> + Clone, key: impl Fn(T) -> K, at: At, found: &mut Violations)
where
    T: Copy + Display,
    K: Eq + Hash,
{
    let repeated = repeated_by(items, key);
    if !repeated.is_empty() {
        let text = format!("Can not contain duplicate items: [{}].", joined(&repeated, ","));
        found.add(at, Code::DuplicateItems.says(text).hint("Send each of them once."));
    }
}

/// The first of each group of items whose `key` occurs more than once, in the list's order.
pub fn repeated_by<T: Copy, K: Eq + Hash>(items: impl Iterator<Item = T> + Clone, key: impl Fn(T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    // Two passes instead of comparing each with each: a body may hold hundreds of thousands of items.
    let mut twice: HashSet<K> = items.clone().map(&key).filter_map(|key| seen.replace(key)).collect();
    // Taken out when shown, so each group is shown once, by its first item.
    items.filter(|item| twice.remove(&key(*item))).collect()
}

pub fn joined<T: Display>(items: &[T], separator: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::texts, *};

    #[test]
    fn each_repeated_item_is_named_once() {
        assert!(texts(|at, found| unique([1, 2, 3].iter(), at, found)).is_empty());
        assert_eq!(
            texts(|at, found| unique([3, 1, 2, 1, 3, 1].iter(), at, found)),
            ["Can not contain duplicate items: [3,1]."]
        );
        assert_eq!(
            texts(|at, found| unique_by(["Ab", "aB", "c"].iter(), |s| s.to_lowercase(), at, found)),
            ["Can not contain duplicate items: [Ab]."]
        );
    }
}
