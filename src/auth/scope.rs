//! Scopes: what a token was issued for.

/// The scopes that mean something here (chapter 03 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The end users' API.
    EndUser,
    /// The same; the difference is only in what ID-porten asks its user.
    EndUserNoConsent,
    /// The service owners' API.
    ServiceProvider,
    /// Lists of the service owners' API.
    Search,
    /// Replacing a transmission.
    ChangeTransmissions,
    /// Acting for all service owners, freezing.
    Admin,
    /// HTML media types and legacy embeddable ones.
    LegacyHtml,
    /// Correspondence resources and activities, longer texts.
    Correspondence,
    /// The notification condition.
    NotificationCondition,
}

impl Scope {
    /// As it stands in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndUser => "digdir:dialogporten",
            Self::EndUserNoConsent => "digdir:dialogporten.noconsent",
            Self::ServiceProvider => "digdir:dialogporten.serviceprovider",
            Self::Search => "digdir:dialogporten.serviceprovider.search",
            Self::ChangeTransmissions => "digdir:dialogporten.serviceprovider.changetransmissions",
            Self::Admin => "digdir:dialogporten.serviceprovider.admin",
            Self::LegacyHtml => "digdir:dialogporten.serviceprovider.legacyhtml",
            Self::Correspondence => "digdir:dialogporten.correspondence",
            Self::NotificationCondition => "altinn:system/notifications.condition.check",
        }
    }

    /// Whether a list names this scope, as a whole word and letter for letter. Only spaces separate (RFC 6749 §3.3).
    pub fn is_in(self, list: &str) -> bool {
        // Whole words: `…serviceprovider` is the beginning of other scopes.
        list.split(' ').any(|word| word == self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-16.
    #[test]
    fn only_spaces_separate_scopes() {
        for (list, is_in) in [
            ("digdir:dialogporten", true),
            ("a  digdir:dialogporten b", true),
            ("a\tdigdir:dialogporten", false),
            ("a\ndigdir:dialogporten", false),
            ("a\u{a0}digdir:dialogporten", false),
            ("a,digdir:dialogporten", false),
            ("digdir:dialogporten.noconsent", false),
            ("Digdir:dialogporten", false),
        ] {
            assert_eq!(Scope::EndUser.is_in(list), is_in, "{list:?}");
        }
    }
}
