//! The classes of requests that lists must bear, on a seeded world.

use dialogporten::{
    db::Db,
    domain::{
        Instant,
        order::{Direction, Key, Order, Position},
        party::Party,
    },
    seed::{LARGE, People},
    store::search::{
        Effort, Request,
        conditions::{Conditions, Deleted, OwnerLabel, Range, Visibility},
        scope::{Delegated, Group, Resource, Scope},
    },
};
use uuid::Uuid;

use super::words;

pub type Case = (&'static str, Request);

/// What the requests are about.
struct World<'a> {
    people: &'a People,
    /// By rank: the first has the most dialogs.
    resources: Vec<Resource>,
    /// Now, as far as this world is concerned.
    now: Instant,
}

/// All classes.
///
/// # Errors
/// The database's.
pub async fn all(db: &Db, people: &People, now: Instant) -> anyhow::Result<Vec<Case>> {
    let mut resources = Vec::new();
    for resource in &people.resources {
        let (id, org): (i32, i16) = sqlx::query_as("select id, org_id from service_resource where urn = $1")
            .bind(&resource.urn)
            .fetch_one(db)
            .await?;
        resources.push(Resource { id, org });
    }
    let world = World { people, resources, now };
    let middle = world.middle_of_largest(db).await?;
    let shared: Vec<Uuid> = sqlx::query_scalar("select id from dialog where resource_id = $1 limit 500")
        .bind(world.resources[150].id)
        .fetch_all(db)
        .await?;
    let mut cases = world.of_one_party(&middle);
    cases.extend(world.of_few_parties(&middle, shared));
    cases.extend(world.of_many_parties(&middle));
    cases.extend(world.of_owners(&middle));
    let (ordinary, few, many) = (world.people.count() / 2, world.small(20), world.small(3_000));
    let requests = [
        ("an ordinary party", world.all_of([ordinary])),
        ("the largest party", world.largest()),
        ("20 parties", world.all_of(few)),
        ("100 parties, ten large", world.all_of((1..=10).chain(world.small(90)))),
        ("3,000 parties, one resource", world.user(many.clone(), &world.resources[..1])),
        ("3,000 parties, 20 resources", world.user(many, &world.resources[..20])),
        ("20,000 parties, one resource", world.user(world.small(20_000), &world.resources[..1])),
        ("20,000 parties, 20 resources", world.user(world.small(20_000), &world.resources[..20])),
    ];
    cases.extend(words::cases(&words::choose(db).await?, &requests, &middle));
    Ok(cases)
}

fn by(key: Key, direction: Direction) -> Order {
    Order { keys: vec![(key, direction)], id: Direction::Desc }
}

fn ordered(order: Order, search: Request) -> Request {
    Request { order, ..search }
}

fn with(mut search: Request, change: impl FnOnce(&mut Conditions)) -> Request {
    change(&mut search.conditions);
    search
}

impl World<'_> {
    fn parties(&self, ranks: impl IntoIterator<Item = u32>) -> Vec<Party> {
        ranks.into_iter().map(|rank| self.people.party(rank)).collect()
    }

    /// So many small parties, spread over all of them.
    fn small(&self, count: u32) -> Vec<u32> {
        let all = self.people.count() - LARGE - 1;
        let step = (all / count).max(1);
        (0..count.min(all)).map(|number| LARGE + 1 + number * step).collect()
    }

    /// An end user who may see these resources of these parties.
    fn user(&self, ranks: impl IntoIterator<Item = u32>, resources: &[Resource]) -> Request {
        let group = Group { parties: self.parties(ranks), resources: resources.to_vec() };
        Request {
            scope: Scope::Pairs(vec![group]),
            delegated: Delegated::default(),
            conditions: Conditions {
                visibility: Visibility::AsOf(self.now),
                alive_at: Some(self.now),
                present: Some(self.now),
                ..Conditions::default()
            },
            order: Order::default(),
            after: None,
            limit: 100,
            effort: Effort::default(),
        }
    }

    fn all_of(&self, ranks: impl IntoIterator<Item = u32>) -> Request {
        self.user(ranks, &self.resources)
    }

    fn largest(&self) -> Request {
        self.all_of([0])
    }

    /// A service owner of middling size.
    fn owner(&self) -> Request {
        let conditions = Conditions { orgs: Some(vec![self.resources[2].org]), ..Conditions::default() };
        Request { scope: Scope::Everything, conditions, ..self.largest() }
    }

    /// Half of the largest party's dialogs are newer.
    async fn middle_of_largest(&self, db: &Db) -> anyhow::Result<Position> {
        let party = self.people.party(0).key();
        let middle: (Instant, Uuid) = sqlx::query_as(
            "select content_updated_at, id from dialog where party_key = $1 and deleted_at is null
              order by content_updated_at desc, id desc offset (
                  select count(*) / 2 from dialog where party_key = $1 and deleted_at is null) limit 1",
        )
        .bind(party)
        .fetch_one(db)
        .await?;
        Ok(Position { values: vec![Some(middle.0)], id: middle.1 })
    }

    fn of_one_party(&self, middle: &Position) -> Vec<Case> {
        let largest = || self.largest();
        let at = |days| Some(self.now - chrono::Duration::days(days));
        let month = Range { after: at(400), before: at(370) };
        let two =
            Order { keys: vec![(Key::DueAt, Direction::Desc), (Key::UpdatedAt, Direction::Desc)], id: Direction::Desc };
        let rare = &self.resources[180..181];
        vec![
            ("one small party", self.all_of([self.people.count() / 2])),
            ("party of half a percent", self.all_of([5])),
            ("largest party", largest()),
            ("largest party, half way down", Request { after: Some(middle.clone()), ..largest() }),
            ("largest party, contentUpdatedAt_asc", ordered(by(Key::ContentUpdatedAt, Direction::Asc), largest())),
            ("largest party, createdAt_asc", ordered(by(Key::CreatedAt, Direction::Asc), largest())),
            ("largest party, createdAt_desc", ordered(by(Key::CreatedAt, Direction::Desc), largest())),
            ("largest party, updatedAt_desc", ordered(by(Key::UpdatedAt, Direction::Desc), largest())),
            ("largest party, dueAt_desc (nulls first)", ordered(by(Key::DueAt, Direction::Desc), largest())),
            ("largest party, dueAt_asc", ordered(by(Key::DueAt, Direction::Asc), largest())),
            ("largest party, dueAt_desc,updatedAt_desc", ordered(two, largest())),
            ("largest party, one rare resource", self.user([0], rare)),
            ("largest party, five resources", self.user([0], &self.resources[176..181])),
            ("largest party, label Bin", with(largest(), |all| all.labels = 2)),
            (
                "largest party, Bin and a rare status",
                with(largest(), |all| {
                    all.labels = 2;
                    all.statuses = vec![8];
                }),
            ),
            ("largest party, label MarkedAsUnopened", with(largest(), |all| all.labels = 8)),
            ("largest party, a month of createdAt, default order", with(largest(), |all| all.created = month)),
            ("largest party, a month of dueAt, default order", with(largest(), |all| all.due = month)),
            ("largest party, a rare status", with(largest(), |all| all.statuses = vec![8])),
            ("largest party, not seen", with(largest(), |all| all.is_content_seen = Some(false))),
            (
                "largest party, rare extended status and status",
                with(largest(), |all| {
                    all.extended_statuses = vec!["s7".into()];
                    all.statuses = vec![8];
                }),
            ),
            (
                "largest party, unknown external reference",
                with(largest(), |all| all.external_reference = Some("none".into())),
            ),
            ("largest party, unknown process", with(largest(), |all| all.process = Some("urn:process:none".into()))),
            (
                "largest party, unknown extended status",
                with(largest(), |all| all.extended_statuses = vec!["none".into()]),
            ),
        ]
    }

    fn of_few_parties(&self, middle: &Position, shared: Vec<Uuid>) -> Vec<Case> {
        let ten_large: Vec<u32> = (1..=10).chain(self.small(90)).collect();
        let ten_large = || self.all_of(ten_large.clone());
        let all_large: Vec<u32> = (0..=LARGE).chain(self.small(59)).collect();
        let all_large = || self.all_of(all_large.clone());
        let delegated = Delegated { ids: shared, ..Delegated::default() };
        vec![
            ("20 parties", self.all_of(self.small(20))),
            ("100 parties", self.all_of(self.small(100))),
            ("100 parties, ten of them large", ten_large()),
            ("100 parties, ten large, half way down", Request { after: Some(middle.clone()), ..ten_large() }),
            ("100 parties, ten large, dueAt_asc", ordered(by(Key::DueAt, Direction::Asc), ten_large())),
            ("100 parties, 41 of them large", all_large()),
            ("100 parties, 41 large, label Bin", with(all_large(), |all| all.labels = 2)),
            ("100 parties, 41 large, a rare status", with(all_large(), |all| all.statuses = vec![8])),
            (
                "a small party and 500 delegated dialogs",
                Request { delegated, ..self.all_of([self.people.count() / 2]) },
            ),
        ]
    }

    fn of_many_parties(&self, middle: &Position) -> Vec<Case> {
        let many = |count, resources: &[Resource]| self.user(self.small(count), resources);
        let twenty = || many(20_000, &self.resources[..20]);
        vec![
            ("121 parties, one resource", many(121, &self.resources[100..101])),
            ("3,000 parties, one common resource", many(3_000, &self.resources[..1])),
            ("3,000 parties, one rare resource", many(3_000, &self.resources[180..181])),
            ("20,000 parties, one common resource", many(20_000, &self.resources[..1])),
            ("20,000 parties, 20 resources", twenty()),
            ("20,000 parties, 20 resources, half way down", Request { after: Some(middle.clone()), ..twenty() }),
            ("20,000 parties, 20 resources, createdAt_desc", ordered(by(Key::CreatedAt, Direction::Desc), twenty())),
            ("20,000 parties, 20 resources, dueAt_asc", ordered(by(Key::DueAt, Direction::Asc), twenty())),
            ("20,000 parties, 20 resources, rare status", with(twenty(), |all| all.statuses = vec![8])),
        ]
    }

    fn of_owners(&self, middle: &Position) -> Vec<Case> {
        let owner = || self.owner();
        let deleted = |search, deleted| with(search, |all: &mut Conditions| all.deleted = deleted);
        let labelled = |label| with(owner(), |all| all.owner_labels = vec![label]);
        let extended = |status: &str| with(owner(), |all| all.extended_statuses = vec![status.into()]);
        let of_parties = |rank| Request { scope: Scope::Parties(self.parties([rank])), ..owner() };
        let small = self.people.count() / 2;
        // Of the same owner as the third.
        let rare = || Request { scope: Scope::Resources(vec![self.resources[182]]), ..owner() };
        vec![
            ("owner", owner()),
            ("owner, half way down", Request { after: Some(middle.clone()), ..owner() }),
            ("owner, limit 1,000", Request { limit: 1000, ..owner() }),
            ("owner, createdAt_asc", ordered(by(Key::CreatedAt, Direction::Asc), owner())),
            ("owner, dueAt_asc", ordered(by(Key::DueAt, Direction::Asc), owner())),
            ("owner, unknown external reference", with(owner(), |all| all.external_reference = Some("none".into()))),
            ("owner, unknown process", with(owner(), |all| all.process = Some("urn:process:none".into()))),
            ("owner, one label", labelled(OwnerLabel::Exact("gruppe017".into()))),
            ("owner, label prefix", labelled(OwnerLabel::Prefix("sak-7777".into()))),
            ("owner, all labels (prefix sak)", labelled(OwnerLabel::Prefix("sak".into()))),
            ("owner, deleted included", deleted(owner(), Deleted::Include)),
            ("owner, deleted only", deleted(owner(), Deleted::Only)),
            ("owner, rare extended status", extended("s7")),
            ("owner, rare extended status and status", with(extended("s7"), |all| all.statuses = vec![8])),
            ("owner, extended status that none has", extended("none")),
            ("owner, a rare status", with(owner(), |all| all.statuses = vec![8])),
            ("owner and the largest party", of_parties(0)),
            ("owner and the largest party, deleted only", deleted(of_parties(0), Deleted::Only)),
            ("owner and the largest party, deleted included", deleted(of_parties(0), Deleted::Include)),
            ("owner and a small party, deleted only", deleted(of_parties(small), Deleted::Only)),
            ("owner and a small party, deleted included", deleted(of_parties(small), Deleted::Include)),
            ("owner and a rare resource", rare()),
            ("owner and a rare resource, deleted only", deleted(rare(), Deleted::Only)),
        ]
    }
}
