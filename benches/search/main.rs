//! Pages of lists on a large database: `cargo bench --bench search -- [dialogs]` (500,000 unless told otherwise).
//!
//! Starts a PostgreSQL of its own, fills it, prints for each case the time of one page from the service's side (all
//! statements and the rows of the page) with the database's pages (8 kB) that were looked at, and stops it again.
//! `--at URL` takes a database that was filled before.

use std::time::{Duration, Instant as Timer};

use anyhow::Context;
use dialogporten::{
    db::Db,
    dev::postgres::{Options, Postgres, temporary},
    domain::{
        Instant,
        order::{Direction, Key, Order, Position},
        party::Party,
    },
    store::{
        migrations::MIGRATIONS,
        search::{
            self, Effort, Request,
            conditions::{Conditions, Deleted, OwnerLabel, Range, Visibility},
            scope::{Delegated, Group, Resource, Scope},
        },
    },
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

const ROUNDS: usize = 30;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut dialogs: u64 = 500_000;
    let mut at = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--at" => at = arguments.next(),
            // What cargo adds.
            "--bench" => {}
            other => dialogs = other.parse().with_context(|| format!("a number of dialogs, not `{other}`"))?,
        }
    }
    let mut server = None;
    let url = if let Some(url) = at {
        url
    } else {
        let started = Postgres::start(&Options {
            folder: temporary()?,
            throw_away: true,
            remove: true,
            max_connections: 10,
            program: env!("CARGO_BIN_EXE_dialogporten").into(),
            users: None,
        })?;
        let url = started.url("postgres");
        fill(&url, dialogs).await?;
        server = Some(started);
        url
    };
    let db = Db::at(&url, 1)?;
    let now: Instant = sqlx::query_scalar("select max(created_at) from dialog").fetch_one(&db).await?;
    println!("{:<58} {:>5} {:>9} {:>9} {:>9} {:>9}", "case", "rows", "median ms", "p90 ms", "first ms", "buffers");
    // What the first looks is the catalogue.
    let (_, second, third) = (buffers(&db).await?, buffers(&db).await?, buffers(&db).await?);
    let looking = third - second;
    for (name, search) in cases(&db, now).await? {
        measure(&db, name, &search, looking).await?;
    }
    db.close();
    drop(server);
    Ok(())
}

async fn fill(url: &str, dialogs: u64) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await.context("the database")?;
    MIGRATIONS.run(&mut connection).await?;
    let started = Timer::now();
    let sql = include_str!("world.sql").replace("$dialogs", &dialogs.to_string());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    sqlx::raw_sql("vacuum analyze").execute(&mut connection).await?;
    println!("{dialogs} dialogs in {:.0?}", started.elapsed());
    connection.close().await?;
    Ok(())
}

/// Pages that the database has looked at so far.
async fn buffers(db: &Db) -> anyhow::Result<i64> {
    sqlx::query("select pg_stat_force_next_flush()").execute(db).await?;
    let total = "select blks_hit + blks_read from pg_stat_database where datname = current_database()";
    Ok(sqlx::query_scalar(total).fetch_one(db).await?)
}

/// `looking`: pages that [`buffers`] itself looks at.
async fn measure(db: &Db, name: &str, search: &Request, looking: i64) -> anyhow::Result<()> {
    let started = Timer::now();
    let rows = search::page(db, search).await?.rows.len();
    let first = started.elapsed();
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Timer::now();
        search::page(db, search).await?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (median, p90) = (ms(times[ROUNDS / 2]), ms(times[ROUNDS * 9 / 10]));
    let before = buffers(db).await?;
    search::page(db, search).await?;
    let looked = buffers(db).await? - before - looking;
    println!("{name:<58} {rows:>5} {median:>9.2} {p90:>9.2} {:>9.2} {looked:>9}", ms(first));
    Ok(())
}

fn party(number: usize) -> Party {
    Party::from_stored(format!("urn:altinn:organization:identifier-no:{number:09}"))
}

fn granted(parties: impl Iterator<Item = usize>, resources: &[Resource]) -> Scope {
    Scope::Pairs(vec![Group { parties: parties.map(party).collect(), resources: resources.to_vec() }])
}

fn ten_large() -> impl Iterator<Item = usize> {
    (2..12).chain((1..=90).map(|i| i * 1000))
}

fn by(key: Key, direction: Direction) -> Order {
    Order { keys: vec![(key, direction)], id: Direction::Desc }
}

async fn cases(db: &Db, now: Instant) -> anyhow::Result<Vec<(&'static str, Request)>> {
    let all: Vec<Resource> = sqlx::query_as("select id, org_id from service_resource order by id")
        .fetch_all(db)
        .await?
        .into_iter()
        .map(|(id, org)| Resource { id, org })
        .collect();
    let visible = Conditions { visibility: Visibility::AsOf(now), alive_at: Some(now), ..Conditions::default() };
    let user = |scope| Request {
        scope,
        delegated: Delegated::default(),
        conditions: visible.clone(),
        order: Order::default(),
        after: None,
        limit: 100,
        effort: Effort::default(),
    };
    let filtered = |scope, change: &dyn Fn(&mut Conditions)| {
        let mut search = user(scope);
        change(&mut search.conditions);
        search
    };
    let ordered = |scope, order| Request { order, ..user(scope) };
    let owner = |change: &dyn Fn(&mut Conditions)| {
        let mut conditions = Conditions { orgs: Some(vec![3]), ..Conditions::default() };
        change(&mut conditions);
        Request { conditions, ..user(Scope::Everything) }
    };
    let largest = || granted(1..=1, &all);
    let month =
        Range { after: Some(now - chrono::Duration::days(400)), before: Some(now - chrono::Duration::days(370)) };
    let many = |count: usize, resources: &[Resource]| granted((1000..1000 + count).map(|i| i * 7), resources);
    let sparse = |search: &Request| Request {
        conditions: Conditions { statuses: vec![8], ..search.conditions.clone() },
        ..search.clone()
    };
    let delegated = Request {
        delegated: Delegated {
            ids: sqlx::query_scalar("select id from dialog where resource_id = 150 limit 500").fetch_all(db).await?,
            ..Delegated::default()
        },
        ..user(granted(50_000..50_001, &all))
    };

    let mut cases = vec![
        ("one small party", user(granted(50_000..50_001, &all))),
        ("party of 10,000", user(granted(5..6, &all))),
        ("largest party", user(largest())),
        ("largest party, createdAt_asc", ordered(largest(), by(Key::CreatedAt, Direction::Asc))),
        ("largest party, dueAt_desc (nulls first)", ordered(largest(), by(Key::DueAt, Direction::Desc))),
        ("largest party, dueAt_asc", ordered(largest(), by(Key::DueAt, Direction::Asc))),
        (
            "largest party, dueAt_desc,updatedAt_desc",
            ordered(
                largest(),
                Order {
                    keys: vec![(Key::DueAt, Direction::Desc), (Key::UpdatedAt, Direction::Desc)],
                    id: Direction::Desc,
                },
            ),
        ),
        ("largest party, one rare resource", user(granted(1..=1, &all[180..181]))),
        ("largest party, label Bin", filtered(largest(), &|conditions| conditions.labels = 2)),
        (
            "largest party, Bin and a rare status",
            filtered(largest(), &|conditions| {
                conditions.labels = 2;
                conditions.statuses = vec![8];
            }),
        ),
        (
            "largest party, a month of createdAt, default order",
            filtered(largest(), &|conditions| conditions.created = month),
        ),
        (
            "largest party, unknown external reference",
            filtered(largest(), &|conditions| {
                conditions.external_reference = Some("none".into());
            }),
        ),
        ("20 parties", user(granted((1..=20).map(|i| i * 3000), &all))),
        ("100 parties", user(granted((1..=100).map(|i| i * 900), &all))),
        ("100 parties, 41 of them large", user(granted(1..=100, &all))),
        (
            "100 parties, 41 of them large, label Bin",
            filtered(granted(1..=100, &all), &|conditions| conditions.labels = 2),
        ),
        ("3,000 parties, one common resource", user(many(3_000, &all[..1]))),
        ("3,000 parties, one rare resource", user(many(3_000, &all[180..181]))),
        ("20,000 parties, one common resource", user(many(20_000, &all[..1]))),
        ("20,000 parties, 20 resources", user(many(20_000, &all[..20]))),
        (
            "20,000 parties, 20 resources, createdAt_desc",
            ordered(many(20_000, &all[..20]), by(Key::CreatedAt, Direction::Desc)),
        ),
        ("20,000 parties, 20 resources, rare status", sparse(&user(many(20_000, &all[..20])))),
        ("121 parties, one resource", user(many(121, &all[100..101]))),
        ("a small party and 500 delegated dialogs", delegated),
        ("owner", owner(&|_| ())),
        ("owner, limit 1,000", Request { limit: 1000, ..owner(&|_| ()) }),
        ("owner, createdAt_asc", Request { order: by(Key::CreatedAt, Direction::Asc), ..owner(&|_| ()) }),
        ("owner, dueAt_asc", Request { order: by(Key::DueAt, Direction::Asc), ..owner(&|_| ()) }),
        (
            "owner, external reference that it does not have",
            owner(&|conditions| conditions.external_reference = Some("ref77777".into())),
        ),
        ("owner, unknown process", owner(&|conditions| conditions.process = Some("urn:process:none".into()))),
        ("owner, one label", owner(&|conditions| conditions.owner_labels = vec![OwnerLabel::Exact("group17".into())])),
        (
            "owner, label prefix",
            owner(&|conditions| conditions.owner_labels = vec![OwnerLabel::Prefix("l7777".into())]),
        ),
        (
            "owner, all labels (prefix l)",
            owner(&|conditions| conditions.owner_labels = vec![OwnerLabel::Prefix("l".into())]),
        ),
        ("owner, deleted only", owner(&|conditions| conditions.deleted = Deleted::Only)),
        (
            "owner, rare extended status and status",
            owner(&|conditions| {
                conditions.extended_statuses = vec!["s7".into()];
                conditions.statuses = vec![8];
            }),
        ),
        (
            "owner, extended status that none has",
            owner(&|conditions| conditions.extended_statuses = vec!["none".into()]),
        ),
    ];
    // A page far down: half of the largest party's dialogs are newer.
    let middle: (Instant, uuid::Uuid) = sqlx::query_as(
        "select content_updated_at, id from dialog where party_key = $1 and deleted_at is null
          order by content_updated_at desc, id desc offset (
              select count(*) / 2 from dialog where party_key = $1 and deleted_at is null) limit 1",
    )
    .bind(party(1).key())
    .fetch_one(db)
    .await?;
    let down = |search| {
        let after = Some(Position { values: vec![Some(middle.0)], id: middle.1 });
        Request { after, ..search }
    };
    cases.insert(3, ("largest party, half way down", down(user(largest()))));
    cases.extend([
        ("largest party, updatedAt_desc", ordered(largest(), by(Key::UpdatedAt, Direction::Desc))),
        ("largest party, createdAt_desc", ordered(largest(), by(Key::CreatedAt, Direction::Desc))),
        ("largest party, contentUpdatedAt_asc", ordered(largest(), by(Key::ContentUpdatedAt, Direction::Asc))),
        ("100 parties, ten of them large", user(granted(ten_large(), &all))),
        ("100 parties, ten of them large, half way down", down(user(granted(ten_large(), &all)))),
        (
            "100 parties, ten of them large, dueAt_asc",
            ordered(granted(ten_large(), &all), by(Key::DueAt, Direction::Asc)),
        ),
        ("20,000 parties, 20 resources, half way down", down(user(many(20_000, &all[..20])))),
        ("20,000 parties, 20 resources, dueAt_asc", ordered(many(20_000, &all[..20]), by(Key::DueAt, Direction::Asc))),
        ("owner, half way down", down(owner(&|_| ()))),
        ("owner, deleted included", owner(&|conditions| conditions.deleted = Deleted::Include)),
        ("owner and the largest party", Request { scope: Scope::Parties(vec![party(1)]), ..owner(&|_| ()) }),
        (
            "owner and the largest party, deleted only",
            Request {
                scope: Scope::Parties(vec![party(1)]),
                ..owner(&|conditions| conditions.deleted = Deleted::Only)
            },
        ),
        (
            "owner and a small party, deleted only",
            Request {
                scope: Scope::Parties(vec![party(50_000)]),
                ..owner(&|conditions| conditions.deleted = Deleted::Only)
            },
        ),
        (
            "owner and a small party, deleted included",
            Request {
                scope: Scope::Parties(vec![party(50_000)]),
                ..owner(&|conditions| conditions.deleted = Deleted::Include)
            },
        ),
        (
            "owner and a rare resource, deleted only",
            Request {
                scope: Scope::Resources(vec![all[181]]),
                ..owner(&|conditions| conditions.deleted = Deleted::Only)
            },
        ),
        ("owner and a rare resource", Request { scope: Scope::Resources(vec![all[181]]), ..owner(&|_| ()) }),
    ]);
    Ok(cases)
}
