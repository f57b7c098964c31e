//! Words by which dialogs are found: search tags and service-owner labels.

/// As they are stored, compared and searched. The rules judge this form: what is stored must be acceptable when it is sent
/// back.
pub fn normalised(word: &str) -> String {
    word.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-09
    #[test]
    fn the_normal_form_is_its_own() {
        for word in [" Skatt ", "\u{130}stanbul", "ΑΣ", "\u{3000}ny\u{a0}", "STRAẞE", "ǅ"] {
            let stored = normalised(word);
            assert_eq!(normalised(&stored), stored);
        }
    }
}
