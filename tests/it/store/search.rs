//! Every way to a page gives the page that a plain reading of the rules gives.
//!
//! 500 searches, or as many as `SEARCH_CASES` says: `scripts/equality-of-lists` asks for 20,000.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use chrono::{TimeZone, Utc};
use dialogporten::{
    db::Db,
    domain::{
        Instant,
        order::{Direction, Key, Order},
        party::Party,
    },
    store::{
        dictionary::Dictionary,
        search::{
            self, Effort, Request,
            conditions::{Conditions, Deleted, OwnerLabel, Range, Visibility},
            scope::{Delegated, Group, Resource, Scope},
        },
    },
};
use uuid::Uuid;

/// Numbers that look random and are the same every time (splitmix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// One of few instants, so that ties are common.
    fn instant(&mut self) -> Instant {
        Utc.with_ymd_and_hms(2030, 1, 1 + u32::try_from(self.below(9)).unwrap(), 0, 0, 0).unwrap()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) party: Party,
    pub(super) resource: Resource,
    created: Instant,
    updated: Instant,
    content: Instant,
    due: Option<Instant>,
    visible_from: Option<Instant>,
    expires_at: Option<Instant>,
    deleted: bool,
    status: i16,
    labels: i16,
    is_content_seen: bool,
    is_api_only: bool,
    extended_status: Option<String>,
    reference: Option<String>,
    process: Option<String>,
    owner_labels: Vec<String>,
}

impl Stored {
    fn drawn(chance: &mut Chance, parties: &[Party], resources: &[Resource]) -> Self {
        let created = chance.instant();
        let updated = created.max(chance.instant());
        let content = created.max(updated.min(chance.instant()));
        let some = |chance: &mut Chance| (!chance.one_in(3)).then(|| chance.pick(&["a", "b", "c"]).to_owned());
        let party = if chance.one_in(3) { parties[0].clone() } else { chance.pick(parties) };
        let mut owner_labels: Vec<String> =
            ["red", "red_1", "redx1", "blue"].into_iter().filter(|_| chance.one_in(3)).map(str::to_owned).collect();
        owner_labels.sort();
        Self {
            id: Uuid::from_u128((u128::from(chance.next()) << 64) | u128::from(chance.next())),
            party,
            resource: if chance.one_in(3) { resources[0] } else { chance.pick(resources) },
            created,
            updated,
            content,
            due: chance.one_in(2).then(|| chance.instant()),
            visible_from: chance.one_in(4).then(|| chance.instant()),
            expires_at: chance.one_in(4).then(|| chance.instant()),
            deleted: chance.one_in(10),
            status: chance.pick(&[2, 3, 5, 6, 7, 8]),
            labels: chance.pick(&[1, 1, 1, 2, 4, 9, 20, 24]),
            is_content_seen: chance.one_in(2),
            is_api_only: chance.one_in(4),
            extended_status: some(chance),
            reference: some(chance),
            process: some(chance).map(|name| format!("urn:process:{name}")),
            owner_labels,
        }
    }

    /// Which of two comes first, read plainly: a date that is missing counts as later than any other.
    pub(super) fn sequence(&self, other: &Self, order: &Order) -> Ordering {
        for (key, direction) in &order.keys {
            let (a, b) = match key {
                Key::ContentUpdatedAt => (Some(self.content), Some(other.content)),
                Key::CreatedAt => (Some(self.created), Some(other.created)),
                Key::UpdatedAt => (Some(self.updated), Some(other.updated)),
                Key::DueAt => (self.due, other.due),
            };
            let ascending = match (a, b) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => a.timestamp_micros().cmp(&b.timestamp_micros()),
            };
            match (ascending, direction) {
                (Ordering::Equal, _) => {}
                (sequence, Direction::Asc) => return sequence,
                (Ordering::Less, Direction::Desc) => return Ordering::Greater,
                (Ordering::Greater, Direction::Desc) => return Ordering::Less,
            }
        }
        let (a, b) = (self.id.as_bytes(), other.id.as_bytes());
        if order.id == Direction::Asc { a.cmp(b) } else { b.cmp(a) }
    }

    /// The rules, read plainly.
    pub(super) fn matches(&self, search: &Request) -> bool {
        let conditions = &search.conditions;
        let inside = |range: Range, at: Option<Instant>| {
            range.after.is_none_or(|after| at.is_some_and(|at| at >= after))
                && range.before.is_none_or(|before| at.is_some_and(|at| at <= before))
        };
        let holds = |resources: &[Resource]| resources.contains(&self.resource);
        let in_scope = match &search.scope {
            Scope::Pairs(groups) => {
                groups.iter().any(|group| group.parties.contains(&self.party) && holds(&group.resources))
            }
            Scope::Parties(parties) => parties.contains(&self.party),
            Scope::Resources(resources) => holds(resources),
            Scope::Everything => true,
        };
        let delegated = search.delegated.ids.contains(&self.id)
            && search.delegated.parties.as_ref().is_none_or(|parties| parties.contains(&self.party))
            && search.delegated.resources.as_ref().is_none_or(|resources| holds(resources));
        let labelled = |label: &OwnerLabel| match label {
            OwnerLabel::Exact(label) => self.owner_labels.contains(label),
            OwnerLabel::Prefix(prefix) => self.owner_labels.iter().any(|label| label.starts_with(prefix)),
        };
        let one_of = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        (in_scope || delegated)
            && conditions.orgs.as_ref().is_none_or(|orgs| orgs.contains(&self.resource.org))
            && (conditions.statuses.is_empty() || conditions.statuses.contains(&self.status))
            && (conditions.extended_statuses.is_empty()
                || self.extended_status.as_ref().is_some_and(|status| conditions.extended_statuses.contains(status)))
            && one_of(&conditions.external_reference, &self.reference)
            && one_of(&conditions.process, &self.process)
            && inside(conditions.created, Some(self.created))
            && inside(conditions.updated, Some(self.updated))
            && inside(conditions.content_updated, Some(self.content))
            && inside(conditions.due, self.due)
            && [self.created, self.updated, self.content].iter().all(|at| conditions.present.is_none_or(|by| *at <= by))
            && match conditions.visibility {
                Visibility::Any => true,
                Visibility::AsOf(now) => self.visible_from.is_none_or(|at| at <= now),
                Visibility::Within(range) => inside(range, self.visible_from),
            }
            && conditions.alive_at.is_none_or(|now| self.expires_at.is_none_or(|at| at > now))
            && match conditions.deleted {
                Deleted::Exclude => !self.deleted,
                Deleted::Include => true,
                Deleted::Only => self.deleted,
            }
            && self.labels & conditions.labels == conditions.labels
            && conditions.is_content_seen.is_none_or(|seen| (self.is_content_seen && self.labels & 8 == 0) == seen)
            && !(conditions.exclude_api_only && self.is_api_only)
            && conditions.owner_labels.iter().all(labelled)
    }
}

/// 101 parties, 21 resources of 3 owners, and some hundred dialogs.
pub(super) struct World {
    parties: Vec<Party>,
    pub(super) resources: Vec<Resource>,
    pub(super) dialogs: Vec<Stored>,
}

impl World {
    pub(super) async fn stored(db: &Db, chance: &mut Chance) -> Self {
        let email = |i| Party::parse(&format!("urn:altinn:person:idporten-email:p{i}@example.no")).unwrap();
        let parties: Vec<Party> = (0..101).map(email).collect();
        let resources: Vec<Resource> =
            (1..=21).map(|id| Resource { id, org: i16::try_from(id % 3 + 1).unwrap() }).collect();
        let dialogs: Vec<Stored> = (0..700).map(|_| Stored::drawn(chance, &parties, &resources)).collect();
        sqlx::raw_sql(
            "insert into org (name) values ('o1'), ('o2'), ('o3');
             insert into service_resource (urn, org_id) select 'urn:altinn:resource:r' || i, i % 3 + 1 from generate_series(1, 21) i",
        )
        .execute(db)
        .await
        .unwrap();
        for party in &parties {
            sqlx::query("insert into party (party_key, urn) values ($1, $2)")
                .bind(party.key())
                .bind(party.as_str())
                .execute(db)
                .await
                .unwrap();
        }
        for dialog in &dialogs {
            dialog.insert(db).await;
        }
        sqlx::raw_sql(
            "insert into party_resource select party_key, max(content_updated_at), resource_id, count(*) from dialog group by 1, 3;
             insert into dialog_mark select party_key, content_updated_at, id, bit from dialog, unnest(array[2, 4, 8, 16]) bit
              where system_labels & bit <> 0;
             insert into dialog_owner_label select id, org_id, unnest(owner_labels), party_key from dialog;
             insert into dialog_document select id, party_key, '{}', '{}' from dialog",
        )
        .execute(db)
        .await
        .unwrap();
        Self { parties, resources, dialogs }
    }

    /// A search as `chance` has it, for this many parties and resources.
    pub(super) fn search(&self, chance: &mut Chance, parties: usize, resources: usize) -> Request {
        let parties = &self.parties[..parties];
        let resources = &self.resources[..resources];
        let mut conditions = Conditions::default();
        let mut delegated = Delegated::default();
        let scope = if chance.one_in(3) {
            // a service owner's own list
            let org = i16::try_from(1 + chance.below(3)).unwrap();
            conditions.orgs = Some(vec![org]);
            conditions.deleted = chance.pick(&[Deleted::Exclude, Deleted::Include, Deleted::Only]);
            if chance.one_in(3) {
                conditions.owner_labels.push(OwnerLabel::Prefix(chance.pick(&["red_", "red", "b"]).to_owned()));
            }
            if chance.one_in(4) {
                conditions.owner_labels.push(OwnerLabel::Exact("blue".into()));
            }
            if chance.one_in(5) {
                conditions.visibility = Visibility::Within(range(chance));
            }
            let few = parties[..parties.len().min(20)].to_vec();
            match chance.below(4) {
                0 => Scope::Parties(few),
                1 => Scope::Resources(resources.to_vec()),
                2 => Scope::Pairs(vec![Group { parties: few, resources: resources.to_vec() }]),
                _ => Scope::Everything,
            }
        } else {
            let now = chance.instant();
            conditions.visibility = Visibility::AsOf(now);
            conditions.alive_at = Some(now);
            conditions.present = chance.one_in(3).then(|| chance.instant());
            if chance.one_in(4) {
                conditions.orgs = Some(vec![1, 2]);
            }
            if chance.one_in(3) {
                delegated.ids = self.dialogs.iter().filter(|_| chance.one_in(20)).map(|dialog| dialog.id).collect();
                delegated.parties = chance.one_in(2).then(|| self.parties[..60].to_vec());
                delegated.resources = chance.one_in(2).then(|| self.resources[..10].to_vec());
            }
            Scope::Pairs(grouped(chance, parties, resources))
        };
        let mut some = |wanted: &[&str]| (chance.one_in(6)).then(|| chance.pick(wanted).to_owned());
        conditions.external_reference = some(&["a", "b", "x"]);
        conditions.process = some(&["urn:process:a", "urn:process:x"]);
        conditions.extended_statuses = some(&["a", "c"]).into_iter().collect();
        for bound in
            [&mut conditions.created, &mut conditions.updated, &mut conditions.content_updated, &mut conditions.due]
        {
            if chance.one_in(6) {
                *bound = range(chance);
            }
        }
        if chance.one_in(5) {
            conditions.statuses = vec![2, 3, 8];
        }
        if chance.one_in(3) {
            conditions.labels = chance.pick(&[1, 2, 4, 8, 16, 12, 6]);
        }
        conditions.is_content_seen = chance.one_in(6).then(|| chance.one_in(2));
        conditions.exclude_api_only = chance.one_in(6);
        Request {
            scope,
            delegated,
            conditions,
            order: order(chance),
            after: None,
            limit: 1 + chance.below(30),
            effort: effort(chance),
        }
    }
}

impl Stored {
    async fn insert(&self, db: &Db) {
        sqlx::query(
            "insert into dialog (content_updated_at, created_at, updated_at, due_at, visible_from, expires_at, deleted_at
                 , party_key, id, revision, context_revision, owner_context_revision, resource_id, org_id, status
                 , system_labels, is_api_only, is_content_seen, resource_type, extended_status, external_reference
                 , process, owner_labels)
             values ($1, $2, $3, $4, $5, $6, case when $7 then $1 end, $8, $9, $9, $9, $9, $10, $11, $12, $13, $14, $15
                 , 'genericaccessresource', $16, $17, $18, $19)",
        )
        .bind(self.content)
        .bind(self.created)
        .bind(self.updated)
        .bind(self.due)
        .bind(self.visible_from)
        .bind(self.expires_at)
        .bind(self.deleted)
        .bind(self.party.key())
        .bind(self.id)
        .bind(self.resource.id)
        .bind(self.resource.org)
        .bind(self.status)
        .bind(self.labels)
        .bind(self.is_api_only)
        .bind(self.is_content_seen)
        .bind(&self.extended_status)
        .bind(&self.reference)
        .bind(&self.process)
        .bind(&self.owner_labels)
        .execute(db)
        .await
        .unwrap();
    }
}

fn range(chance: &mut Chance) -> Range {
    let (a, b) = (chance.instant(), chance.instant());
    Range { after: (!chance.one_in(4)).then(|| a.min(b)), before: (!chance.one_in(4)).then(|| a.max(b)) }
}

/// The parties in up to three groups, each with a part of the resources.
fn grouped(chance: &mut Chance, parties: &[Party], resources: &[Resource]) -> Vec<Group> {
    let mut groups: Vec<Group> = (0..3)
        .map(|number| {
            let held = |_: &&Resource| number == 0 || chance.one_in(2);
            Group { parties: Vec::new(), resources: resources.iter().filter(held).copied().collect() }
        })
        .collect();
    for party in parties {
        let of = chance.below(3);
        groups[of].parties.push(party.clone());
    }
    groups.retain(|group| !group.parties.is_empty() && !group.resources.is_empty());
    groups
}

fn order(chance: &mut Chance) -> Order {
    let mut keys = vec![Key::ContentUpdatedAt, Key::CreatedAt, Key::UpdatedAt, Key::DueAt];
    let direction = |chance: &mut Chance| chance.pick(&[Direction::Asc, Direction::Desc]);
    let count = chance.pick(&[1, 1, 2, 3, 4]);
    let keys = (0..count).map(|_| (keys.swap_remove(chance.below(keys.len())), direction(chance))).collect();
    Order { keys, id: direction(chance) }
}

/// From what production does down to a handful of rows per statement, so that walks stop and lists overflow.
fn effort(chance: &mut Chance) -> Effort {
    let small = |chance: &mut Chance| i64::try_from(1 + chance.below(40)).unwrap();
    if chance.one_in(4) {
        return Effort::default();
    }
    Effort {
        rows: chance.pick(&[1, 20, 50_000, 50_000]),
        patience: if chance.one_in(4) { Duration::ZERO } else { Duration::from_secs(20) },
        first_walk: small(chance),
        first_index_walk: small(chance),
        first_text_walk: small(chance),
        longest_walk: 4 * small(chance),
        long_walk: chance.pick(&[0, 30, 10_000]),
        long_text_walk: chance.pick(&[0, 30, 10_000]),
        list_rows: chance.pick(&[5, 100, 10_000]),
        common_words: chance.pick(&[0.0, 1e9]),
        index_list_rows: chance.pick(&[5, 100, 10_000]),
        sieved_words: chance.pick(&[0, 5, 10_000]),
        sieved_entries: chance.pick(&[1, 40, 10_000]),
        entries_of_a_row: chance.pick(&[1, 4]),
    }
}

/// More rows than a world has.
const WHOLE: i64 = 50_000;

/// Searches in one world.
const IN_WORLD: usize = 1_000;

/// OS-007, ES-006, ES-015, ES-017, ES-018, S-030, S-033, S-034: every number of parties and resources, every order, all
/// pages, every way that the search may choose.
#[tokio::test]
async fn every_way_gives_the_same_pages() {
    let asked = std::env::var_os("SEARCH_CASES").and_then(|cases| cases.to_str()?.parse().ok());
    let cases: usize = asked.unwrap_or(500);
    let mut chance = Chance(2026);
    let mut ways: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for first in (0..cases).step_by(IN_WORLD) {
        let database = crate::harness::database().await;
        let db = Db::at(&database.url, 4).unwrap();
        let dictionary = Dictionary::default();
        let world = World::stored(&db, &mut chance).await;
        for case in first..cases.min(first + IN_WORLD) {
            let parties = chance.pick(&[1, 2, 51, 100, 101]);
            let resources = if parties > 100 { chance.pick(&[1, 2, 20]) } else { chance.pick(&[1, 2, 20, 21]) };
            let search = world.search(&mut chance, parties, resources);
            for way in ways_of(&search) {
                *ways.entry(way).or_default() += 1;
            }
            let found = all_pages(&db, &dictionary, search.clone()).await;
            let mut expected: Vec<&Stored> = world.dialogs.iter().filter(|dialog| dialog.matches(&search)).collect();
            expected.sort_by(|a, b| a.sequence(b, &search.order));
            let expected: Vec<Uuid> = expected.iter().map(|dialog| dialog.id).collect();
            *seen.entry(if expected.is_empty() { "empty" } else { "filled" }).or_default() += 1;
            assert_eq!(found, expected, "case {case}, {parties} parties, {resources} resources: {search:#?}");
        }
        db.close();
    }
    assert!(seen["filled"] > seen["empty"], "the comparison is about something: {seen:?}");
    let all =
        ["Party", "Mark", "Pair", "Resource", "Org", "OrgExtended", "PartyExtended"].map(|axis| format!("walk {axis}"));
    let lists = ["Reference", "Process", "OwnerLabel", "Mark", "Range", "Pairs", "Parties"];
    for way in all.into_iter().chain(lists.map(|list| format!("list {list}"))) {
        assert!(ways.contains_key(&way), "no search took the way {way}: {ways:?}");
    }
}

/// The walk of a search, and the lists that may take its place.
fn ways_of(search: &Request) -> Vec<String> {
    let plan = search::way(search);
    let name = |value: String| value.split(['(', ' ']).next().unwrap_or_default().to_owned();
    let lists = plan.before.iter().chain(&plan.after).map(|list| format!("list {}", name(format!("{list:?}"))));
    std::iter::once(format!("walk {}", name(format!("{:?}", plan.axis)))).chain(lists).collect()
}

pub(super) async fn all_pages(db: &Db, dictionary: &Dictionary, mut search: Request) -> Vec<Uuid> {
    let mut found = Vec::new();
    for _ in 0..10_000 {
        let page = search::page(db, dictionary, &search).await.unwrap();
        assert!(page.rows.len() <= search.limit);
        let Effort { rows, patience, .. } = search.effort;
        let is_hurried = rows < WHOLE || patience.is_zero();
        assert!(page.rows.len() == search.limit || !page.has_next || is_hurried, "a page is full");
        // Time alone never makes an empty page: these worlds are smaller than what may be walked.
        assert!(!page.rows.is_empty() || !page.has_next || rows < WHOLE, "a page that goes on has a row");
        found.extend(page.rows.iter().map(|row| row.head.id.0));
        if !page.has_next {
            return found;
        }
        assert!(page.next.is_some() && page.next != search.after, "every page goes on");
        search.after = page.next;
    }
    panic!("paging does not end: {search:#?}");
}
