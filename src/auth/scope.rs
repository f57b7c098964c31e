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

    /// Whether a blank-separated list names this scope, as a whole word and letter for letter.
    pub fn is_in(self, list: &str) -> bool {
        list.split_whitespace().any(|word| word == self.as_str())
    }
}
