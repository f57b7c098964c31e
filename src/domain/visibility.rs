//! What an end user sees of a dialog: whether it is shown at all (chapter 02 §1.1), what the platform is asked about it
//! (chapter 03 §5.1) and which URLs give way to a placeholder (chapter 02 §1.3).

use std::collections::BTreeSet;

use super::{
    Instant,
    dialog::{Dialog, Transmission},
    ids::DialogId,
    party::Party,
};

/// The attribute that stands for the dialog itself.
pub const MAIN: &str = "main";

/// What stands on a dialog's cover: all that decides who may look inside.
#[derive(Clone, Copy, Debug)]
pub struct Cover<'a> {
    pub id: DialogId,
    pub party: &'a Party,
    /// URN in lower case.
    pub service_resource: &'a str,
    /// Of these the instance follows that the platform is asked about.
    pub owner_labels: &'a [String],
    pub deleted_at: Option<Instant>,
    pub visible_from: Option<Instant>,
    pub expires_at: Option<Instant>,
}

impl Dialog {
    pub fn cover(&self) -> Cover<'_> {
        Cover {
            id: self.id,
            party: &self.party,
            service_resource: &self.service_resource,
            owner_labels: &self.owner_labels,
            deleted_at: self.deleted_at,
            visible_from: self.visible_from,
            expires_at: self.expires_at,
        }
    }
}

/// What stands in place of a URL that the reader may not use.
pub const UNAUTHORIZED: &str = "urn:dialogporten:unauthorized";
/// What stands in place of a URL whose time is over.
pub const EXPIRED: &str = "urn:dialogporten:expired";

/// How a reader stands to a dialog.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Some action on the dialog itself is permitted, or lists show it.
    pub has_access: bool,
    /// The authentication level of the reader; `None`, if the token says none, is below all.
    pub level: Option<i32>,
    /// What the resource demands.
    pub minimum_level: i32,
}

/// Why a dialog is not shown to an end user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    NoAccess,
    Deleted,
    /// `own`: what the token says, if it says any.
    LevelTooLow {
        demanded: i32,
        own: Option<i32>,
    },
    NotVisibleUntil(Instant),
    ExpiredAt(Instant),
}

/// Whether an end user is shown the dialog; of several reasons against it the first counts. A stranger is never told that
/// a dialog is deleted, nor anybody below the level when it appears.
pub fn check(dialog: &Cover, standing: Standing, now: Instant) -> Result<(), Hidden> {
    // First of all: whoever has no access learns nothing, not even that the dialog is deleted.
    if !standing.has_access {
        return Err(Hidden::NoAccess);
    }
    if dialog.deleted_at.is_some() {
        return Err(Hidden::Deleted);
    }
    // `None < Some(_)`: a token without a level is below every one, also below 0.
    if standing.level < Some(standing.minimum_level) {
        return Err(Hidden::LevelTooLow { demanded: standing.minimum_level, own: standing.level });
    }
    if let Some(from) = dialog.visible_from.filter(|from| *from > now) {
        return Err(Hidden::NotVisibleUntil(from));
    }
    // At the very instant it is still shown, as with `visibleFrom`: both bounds are inside.
    match dialog.expires_at.filter(|expiry| *expiry < now) {
        Some(expiry) => Err(Hidden::ExpiredAt(expiry)),
        None => Ok(()),
    }
}

/// The (action, attribute) pairs that the platform must decide before the dialog can be shown, each once, in ordinal
/// order. Transmissions without an attribute follow the dialog itself.
pub fn pairs_to_decide<'a>(
    dialog: &'a Dialog,
    transmissions: impl IntoIterator<Item = &'a Transmission>,
) -> BTreeSet<(&'a str, &'a str)> {
    let attribute = |attribute: &'a Option<String>| attribute.as_deref().unwrap_or(MAIN);
    let api = dialog.body.api_actions.iter().map(|it| (it.action.as_str(), attribute(&it.authorization_attribute)));
    let gui = dialog.body.gui_actions.iter().map(|it| (it.action.as_str(), attribute(&it.authorization_attribute)));
    let of_transmissions =
        transmissions.into_iter().filter_map(|transmission| transmission.authorization_attribute.as_deref());
    let mut pairs = pairs_of_parts(of_transmissions);
    pairs.extend(api.chain(gui));
    pairs
}

/// The same before only parts of the dialog are shown: `attributes` are those of transmissions, if transmissions are.
pub fn pairs_of_parts<'a>(attributes: impl Iterator<Item = &'a str>) -> BTreeSet<(&'a str, &'a str)> {
    // `read` of the dialog itself is always asked, since it is also the answer to whether the content may be shown.
    attributes.map(|attribute| (action_on_transmission(attribute), attribute)).chain([("read", MAIN)]).collect()
}

/// What reading a transmission is called. A rule that lets somebody `read` a whole resource also matches requests that
/// add a sub-resource, so those need an action of their own; another resource has its own policy, where `read` is right.
fn action_on_transmission(attribute: &str) -> &'static str {
    const RESOURCE: &str = "urn:altinn:resource:";
    let names_resource = attribute.get(..RESOURCE.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(RESOURCE));
    if names_resource { "read" } else { "transmissionread" }
}

/// What stands in place of a URL of a transmission; `None` if the URL itself is shown. Unauthorized wins over expired.
pub fn placeholder(is_authorized: bool, expires_at: Option<Instant>, now: Instant) -> Option<&'static str> {
    if !is_authorized {
        Some(UNAUTHORIZED)
    } else if expires_at.is_some_and(|expiry| expiry < now) {
        Some(EXPIRED)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{api_action, at, bare_dialog, gui_action, transmission};

    const INSIDE: Standing = Standing { has_access: true, level: Some(3), minimum_level: 3 };

    #[test]
    fn the_first_reason_against_showing_counts() {
        // every reason at once; row by row the first one is taken away
        let mut dialog = bare_dialog();
        (dialog.deleted_at, dialog.visible_from, dialog.expires_at) = (Some(at(1)), Some(at(20)), Some(at(5)));
        let mut standing = Standing { has_access: false, level: Some(2), minimum_level: 3 };
        assert_eq!(check(&dialog.cover(), standing, at(10)), Err(Hidden::NoAccess));
        standing.has_access = true;
        assert_eq!(check(&dialog.cover(), standing, at(10)), Err(Hidden::Deleted));
        dialog.deleted_at = None;
        assert_eq!(check(&dialog.cover(), standing, at(10)), Err(Hidden::LevelTooLow { demanded: 3, own: Some(2) }));
        standing.level = Some(3);
        assert_eq!(check(&dialog.cover(), standing, at(10)), Err(Hidden::NotVisibleUntil(at(20))));
        dialog.visible_from = Some(at(10));
        assert_eq!(check(&dialog.cover(), standing, at(10)), Err(Hidden::ExpiredAt(at(5))));
        dialog.expires_at = Some(at(10));
        assert_eq!(check(&dialog.cover(), standing, at(10)), Ok(()), "both bounds are still inside");
    }

    ///
    #[test]
    fn levels_are_compared_with_what_the_resource_demands() {
        for (level, minimum_level, shown) in [
            (Some(0), 0, true),
            (Some(2), 3, false),
            (Some(3), 3, true),
            (Some(3), 4, false),
            (Some(4), 4, true),
            (None, 0, false),
        ] {
            let found = check(&bare_dialog().cover(), Standing { level, minimum_level, ..INSIDE }, at(0));
            assert_eq!(found.is_ok(), shown, "level {level:?}, demanded {minimum_level}");
        }
    }

    #[test]
    fn each_pair_is_asked_once() {
        let mut dialog = bare_dialog();
        dialog.body.gui_actions =
            vec![gui_action(1, "sign", None), gui_action(2, "sign", Some("part-b")), gui_action(3, "sign", None)];
        dialog.body.api_actions = vec![api_action(4, "Sign", None)];
        let transmissions =
            [None, Some("part-a"), Some("part-a"), Some("urn:altinn:resource:other"), Some("URN:ALTINN:RESOURCE:x")]
                .map(|attribute| transmission(6, attribute, None));

        let asked: Vec<_> = pairs_to_decide(&dialog, &transmissions).into_iter().collect();

        assert_eq!(
            asked,
            [
                ("Sign", "main"),
                ("read", "URN:ALTINN:RESOURCE:x"),
                ("read", "main"),
                ("read", "urn:altinn:resource:other"),
                ("sign", "main"),
                ("sign", "part-b"),
                ("transmissionread", "part-a"),
            ]
        );
    }

    /// EG-025
    #[test]
    fn unauthorized_wins_over_expired() {
        for (authorized, expires_at, shown) in [
            (true, None, None),
            (true, Some(10), None),
            (true, Some(9), Some(EXPIRED)),
            (false, Some(9), Some(UNAUTHORIZED)),
            (false, None, Some(UNAUTHORIZED)),
        ] {
            assert_eq!(placeholder(authorized, expires_at.map(at), at(10)), shown);
        }
    }
}
