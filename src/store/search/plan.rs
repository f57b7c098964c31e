//! Which way leads to a page: a pure choice from who asks, for what, in which order.
//!
//! Every page is a **walk** along an index in the requested order that tests each row, or a **list**: the rows that one
//! selective condition names, fetched whole and sorted. Nothing is guessed from statistics. A walk begins with a small
//! budget; if that does not fill the page, the lists that might be shorter are tried, each up to a cap; if none is short
//! enough, the page cannot be far away on the walk, which then goes on.

use super::{
    conditions::{Conditions, Deleted, OwnerLabel},
    scope::Scope,
    text::TextCondition,
};
use crate::domain::order::{Key, Order};

/// Most parties that are walked one by one.
pub const PARTIES: usize = 100;
/// Most resources that are walked one by one.
pub const RESOURCES: usize = 20;

/// Most pairs of party and resource that are walked one by one.
pub const PAIRS: usize = 100;

/// What a walk has one index branch per. All but `Party` and `Org` have indexes by content alone: for the default order and
/// the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Party,
    /// The marks of each party that tell of this label.
    Mark(i16),
    /// Each party with each resource.
    Pair,
    Resource,
    Org,
    /// Each owner with each extended status.
    OrgExtended,
    /// Each party with each extended status.
    PartyExtended,
}

/// A condition that names its dialogs through an index of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Dialogs by external reference.
    Reference(String),
    /// Dialogs by process.
    Process(String),
    /// Dialogs of one owner by one of its labels.
    OwnerLabel { org: i16, label: OwnerLabel },
    /// Dialogs of the parties that carry a system label other than Default.
    Mark(i16),
    /// Dialogs of the parties, or of the owner, inside the range of a key that is not the order's.
    Range(Key),
    /// Dialogs with the words that are looked for: of each party, or of all of them if they are many.
    Text,
    /// All dialogs of every party with every resource.
    Pairs,
    /// All dialogs of the parties, soft-deleted ones too or only them.
    Parties,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub axis: Axis,
    /// Tried before the walk: each is nearly always short.
    pub before: Vec<List>,
    /// Tried when the walk's first budget did not fill the page.
    pub after: Vec<List>,
}

/// Most distinct resources at which listing the (party, resource) pairs may beat walking the parties.
const FEW_RESOURCES: usize = 5;
/// Most parties whose pairs are listed: each has some dialogs, and a look costs as much as a row.
const PARTIES_IN_PAIRS: usize = 5_000;
/// Bits of the labels that have lists, from the rarest.
const MARKS: [i16; 4] = [2, 16, 8, 4];

pub fn choose(scope: &Scope, conditions: &Conditions, order: &Order) -> Plan {
    let parties = scope.party_count();
    let resources = scope.resource_count();
    let axis = axis(scope, conditions, order);

    let mut before = Vec::new();
    before.extend(conditions.external_reference.clone().map(List::Reference));
    before.extend(conditions.process.clone().map(List::Process));
    if let Some([org]) = conditions.orgs.as_deref() {
        before.extend(conditions.owner_labels.iter().map(|label| List::OwnerLabel { org: *org, label: label.clone() }));
    }

    let few_parties = parties.is_some_and(|count| count <= PARTIES);
    if few_parties && matches!(axis, Axis::Org | Axis::OrgExtended) {
        before.push(List::Parties);
    }

    let mut after = Vec::new();
    if few_parties && !matches!(axis, Axis::Mark(_)) {
        after.extend(marks(conditions).map(List::Mark));
    }
    if conditions.text.as_ref().is_some_and(TextCondition::has_list) {
        after.push(List::Text);
    }
    if axis != Axis::Resource {
        let others = [Key::ContentUpdatedAt, Key::CreatedAt, Key::UpdatedAt, Key::DueAt];
        let led = order.leading().0;
        after
            .extend(others.into_iter().filter(|key| *key != led && !conditions.range(*key).is_open()).map(List::Range));
    }
    let few_resources = if axis == Axis::Party { FEW_RESOURCES } else { RESOURCES };
    if conditions.deleted == Deleted::Exclude
        && !matches!(axis, Axis::Pair | Axis::PartyExtended | Axis::Mark(_))
        && parties.is_some_and(|count| count <= PARTIES_IN_PAIRS)
        && resources.is_some_and(|count| count <= few_resources)
    {
        after.push(List::Pairs);
    }
    Plan { axis, before, after }
}

/// The labels asked for that have marks, the rarest first.
fn marks(conditions: &Conditions) -> impl Iterator<Item = i16> {
    MARKS.into_iter().filter(|bit| conditions.labels & bit != 0)
}

fn axis(scope: &Scope, conditions: &Conditions, order: &Order) -> Axis {
    let by_content = order.is_by_content_alone();
    let statuses = conditions.extended_statuses.len();
    let is_walked_by_status = |parties: Option<usize>| {
        statuses > 0 && parties.is_some_and(|parties| parties.saturating_mul(statuses) <= PAIRS)
    };
    if scope.party_count().is_some_and(|count| count <= PARTIES) {
        // Of other orders, parties have indexes only of what is not deleted.
        let alive = conditions.deleted == Deleted::Exclude;
        match marks(conditions).next() {
            Some(bit) if by_content => return Axis::Mark(bit),
            _ if by_content && is_walked_by_status(scope.party_count()) => return Axis::PartyExtended,
            _ if by_content && alive && scope.pair_count().is_some_and(|count| count <= PAIRS) => return Axis::Pair,
            _ if by_content || alive => return Axis::Party,
            Some(_) | None => {}
        }
    } else if by_content && scope.resource_count().is_some_and(|count| count <= RESOURCES) {
        return Axis::Resource;
    }
    let owners = conditions.orgs.as_ref().map_or(usize::MAX, Vec::len);
    if by_content && statuses > 0 && owners.saturating_mul(statuses) <= RESOURCES {
        Axis::OrgExtended
    } else {
        Axis::Org
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::scope::{Group, Resource},
        *,
    };
    use crate::{
        domain::{order::Direction, party::Party},
        store::search::{conditions::Range, text::TextReach},
    };

    fn parties(count: u32) -> Vec<Party> {
        (0..count).map(|i| Party::from_stored(format!("urn:altinn:person:idporten-email:{i}@x.no"))).collect()
    }

    fn granted(party_count: u32, resource_count: i32) -> Scope {
        let resources = (0..resource_count).map(|id| Resource { id, org: 1 }).collect();
        Scope::Pairs(vec![Group { parties: parties(party_count), resources }])
    }

    fn by(key: Key) -> Order {
        Order { keys: vec![(key, Direction::Desc)], id: Direction::Desc }
    }

    #[test]
    fn few_parties_lead_whatever_the_resources() {
        for count in [1, 2, 51, 100] {
            let plan = choose(&granted(count, 3000), &Conditions::default(), &by(Key::DueAt));
            assert_eq!(plan, Plan { axis: Axis::Party, before: vec![], after: vec![] });
        }
    }

    #[test]
    fn many_parties_are_led_by_resources_or_their_owners() {
        let plan = |key| choose(&granted(101, 20), &Conditions::default(), &by(key));
        assert_eq!(plan(Key::ContentUpdatedAt).axis, Axis::Resource);
        assert_eq!(plan(Key::CreatedAt).axis, Axis::Org);
        assert_eq!(plan(Key::CreatedAt).after, [List::Pairs]);
    }

    #[test]
    fn an_owner_s_selective_conditions_come_first() {
        let label = OwnerLabel::Exact("a".into());
        let conditions = Conditions {
            orgs: Some(vec![7]),
            external_reference: Some("x".into()),
            owner_labels: vec![label.clone()],
            ..Conditions::default()
        };
        let plan = choose(&Scope::Everything, &conditions, &Order::default());
        assert_eq!(plan.axis, Axis::Org);
        assert_eq!(plan.before, [List::Reference("x".into()), List::OwnerLabel { org: 7, label }]);
    }

    #[test]
    fn deleted_dialogs_have_their_own_walks_in_the_default_order() {
        let conditions = Conditions { deleted: Deleted::Only, orgs: Some(vec![7]), ..Conditions::default() };
        let plan = |scope, key| choose(&scope, &conditions, &by(key));
        assert_eq!(plan(granted(1, 1), Key::ContentUpdatedAt).axis, Axis::Party);
        assert_eq!(plan(granted(101, 1), Key::ContentUpdatedAt).axis, Axis::Resource);
        let by_creation = plan(granted(1, 1), Key::CreatedAt);
        assert_eq!(by_creation, Plan { axis: Axis::Org, before: vec![List::Parties], after: vec![] });
    }

    #[test]
    fn labels_and_few_pairs_are_walked_by_themselves() {
        let binned = Conditions { labels: 2 | 8, ..Conditions::default() };
        assert_eq!(choose(&granted(100, 300), &binned, &Order::default()).axis, Axis::Mark(2));
        let by_creation = choose(&granted(100, 300), &binned, &by(Key::CreatedAt));
        assert_eq!((by_creation.axis, by_creation.after), (Axis::Party, vec![List::Mark(2), List::Mark(8)]));
        assert_eq!(choose(&granted(20, 5), &Conditions::default(), &Order::default()).axis, Axis::Pair);
        assert_eq!(choose(&granted(21, 5), &Conditions::default(), &Order::default()).axis, Axis::Party);
    }

    #[test]
    fn extended_statuses_are_walked_by_themselves() {
        let conditions =
            Conditions { extended_statuses: vec!["a".into()], orgs: Some(vec![7]), ..Conditions::default() };
        assert_eq!(choose(&Scope::Everything, &conditions, &Order::default()).axis, Axis::OrgExtended);
        assert_eq!(choose(&granted(100, 300), &conditions, &Order::default()).axis, Axis::PartyExtended);
        assert_eq!(choose(&granted(100, 300), &conditions, &by(Key::DueAt)).axis, Axis::Party);
        let two = Conditions { extended_statuses: vec!["a".into(), "b".into()], ..Conditions::default() };
        assert_eq!(choose(&granted(51, 300), &two, &Order::default()).axis, Axis::Party);
        assert_eq!(choose(&Scope::Everything, &conditions, &by(Key::DueAt)).axis, Axis::Org);
    }

    #[test]
    fn words_have_a_list_unless_it_is_enough_to_lack_them() {
        let plan = |typed, count| {
            let text = Some(TextCondition::of(typed, None, TextReach::All));
            choose(&granted(count, 2), &Conditions { text, labels: 2, ..Conditions::default() }, &Order::default())
                .after
        };
        assert_eq!(plan("alpha -bravo", 1), [List::Text]);
        assert_eq!(plan("alpha", 101), [List::Text, List::Pairs]);
        assert_eq!(plan("-bravo", 101), [List::Pairs]);
    }

    #[test]
    fn a_range_of_another_key_has_a_list() {
        let created = Range { after: Some(crate::domain::Instant::UNIX_EPOCH), before: None };
        let conditions = Conditions { created, ..Conditions::default() };
        let plan = |key| choose(&granted(1, 101), &conditions, &by(key)).after;
        assert_eq!(plan(Key::ContentUpdatedAt), [List::Range(Key::CreatedAt)]);
        assert_eq!(plan(Key::CreatedAt), []);
    }
}
