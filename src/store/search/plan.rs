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

/// What a walk has one index branch per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Party,
    /// Only in the default order and the opposite: resources have no index by other keys.
    Resource,
    Org,
}

/// A condition that names its dialogs through an index of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Dialogs of one owner by external reference.
    Reference { org: i16, reference: String },
    /// Dialogs of one owner by process.
    Process { org: i16, process: String },
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
/// Bits of the labels that have lists, from the rarest.
const MARKS: [i16; 4] = [2, 16, 8, 4];

pub fn choose(scope: &Scope, conditions: &Conditions, order: &Order) -> Plan {
    let parties = scope.party_count();
    let resources = scope.resource_count();
    let axis = axis(parties, resources, conditions, order);

    let mut before = Vec::new();
    if let Some([org]) = conditions.orgs.as_deref() {
        let org = *org;
        before.extend(conditions.external_reference.clone().map(|reference| List::Reference { org, reference }));
        before.extend(conditions.process.clone().map(|process| List::Process { org, process }));
        before.extend(conditions.owner_labels.iter().map(|label| List::OwnerLabel { org, label: label.clone() }));
    }

    let few_parties = parties.is_some_and(|count| count <= PARTIES);
    if few_parties && conditions.deleted != Deleted::Exclude {
        before.push(List::Parties);
    }

    let mut after = Vec::new();
    if few_parties {
        after.extend(MARKS.into_iter().filter(|bit| conditions.labels & bit != 0).map(List::Mark));
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
    let few_resources = match axis {
        Axis::Party => FEW_RESOURCES,
        Axis::Resource | Axis::Org => RESOURCES,
    };
    if conditions.deleted == Deleted::Exclude
        && parties.is_some()
        && resources.is_some_and(|count| count <= few_resources)
    {
        after.push(List::Pairs);
    }
    Plan { axis, before, after }
}

fn axis(parties: Option<usize>, resources: Option<usize>, conditions: &Conditions, order: &Order) -> Axis {
    // The indexes of parties and resources leave soft-deleted dialogs out.
    if conditions.deleted != Deleted::Exclude {
        return Axis::Org;
    }
    let by_content_alone = matches!(order.keys[..], [(Key::ContentUpdatedAt, _)]);
    if parties.is_some_and(|count| count <= PARTIES) {
        Axis::Party
    } else if by_content_alone && resources.is_some_and(|count| count <= RESOURCES) {
        Axis::Resource
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
        assert_eq!(
            plan.before,
            [List::Reference { org: 7, reference: "x".into() }, List::OwnerLabel { org: 7, label }]
        );
    }

    #[test]
    fn deleted_dialogs_are_walked_by_owner_where_their_parties_have_too_many() {
        let conditions = Conditions { deleted: Deleted::Only, labels: 2, orgs: Some(vec![7]), ..Conditions::default() };
        let plan = choose(&granted(1, 1), &conditions, &Order::default());
        assert_eq!(plan, Plan { axis: Axis::Org, before: vec![List::Parties], after: vec![List::Mark(2)] });
    }

    #[test]
    fn words_have_a_list_unless_it_is_enough_to_lack_them() {
        let plan = |typed, count| {
            let text = Some(TextCondition::of(typed, None, TextReach::All));
            choose(&granted(count, 2), &Conditions { text, labels: 2, ..Conditions::default() }, &Order::default())
                .after
        };
        assert_eq!(plan("alpha -bravo", 1), [List::Mark(2), List::Text, List::Pairs]);
        assert_eq!(plan("alpha", 101), [List::Text, List::Pairs]);
        assert_eq!(plan("-bravo", 101), [List::Pairs]);
    }

    #[test]
    fn a_range_of_another_key_has_a_list() {
        let created = Range { after: Some(crate::domain::Instant::UNIX_EPOCH), before: None };
        let conditions = Conditions { created, ..Conditions::default() };
        let plan = |key| choose(&granted(1, 9), &conditions, &by(key)).after;
        assert_eq!(plan(Key::ContentUpdatedAt), [List::Range(Key::CreatedAt)]);
        assert_eq!(plan(Key::CreatedAt), []);
    }
}
