//! How often a request waits for the database, once statements are prepared and the platform's answers are at hand.
//!
//! The numbers stand in `docs/performance.md`; the test holds them equal. What is promised of them stands here: the bound of
//! each operation, and that no number grows with what is written.
//!
//! With `PLANS_AT=URL`, the address of a seeded database that the test may write to and change the settings of, it also writes
//! down how the server ran each statement: `docs/plans/requests.md`.

#[path = "../../benches/heard.rs"]
mod heard;

use std::fmt::Write as _;

use dialogporten::domain::ids::DialogId;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use self::heard::Heard;

use crate::harness::{
    Client, Edit, ORGANIZATION, PERSON, Proxy, RESOURCE, TestApp, TestDatabase, bare, database, fresh_id,
    simple_activity, simple_dialog, simple_dialog_for, simple_transmission,
};

const DIALOGS: &str = "serviceowner/dialogs";
const DOCUMENT: &str = include_str!("../../docs/performance.md");

/// Counts operations and keeps what it counted.
struct Counter<'a> {
    proxy: &'a Proxy,
    table: Vec<(&'static str, usize)>,
    beyond: Vec<String>,
    /// If plans are told, and what they came to.
    plans: Option<(Heard, String)>,
}

impl Counter<'_> {
    /// Least turns of `act`, each time on what `prepare` made for it; at most `bound`. Not each run is warm: now and then
    /// one looks again for what did not exist the last time.
    async fn count<T>(
        &mut self,
        name: &'static str,
        bound: usize,
        prepare: impl AsyncFn() -> T,
        act: impl AsyncFn(T),
    ) -> usize {
        let mut turns = usize::MAX;
        for _ in 0..4 {
            let subject = prepare().await;
            let before = self.proxy.turns();
            self.forget_plans();
            act(subject).await;
            turns = turns.min(self.proxy.turns() - before);
        }
        if let Some((heard, text)) = &mut self.plans {
            let _ = writeln!(text, "\n## {name}\n{}", heard.take().trim_end());
        }
        if turns > bound {
            self.beyond.push(format!("{name}: {turns} round trips, at most {bound} are promised"));
        }
        self.table.push((name, turns));
        turns
    }

    fn forget_plans(&self) {
        if let Some((heard, _)) = &self.plans {
            heard.take();
        }
    }

    fn markdown(&self) -> String {
        let row = |(name, turns): &(&str, usize)| format!("| {name} | {turns} |\n");
        let rows: String = self.table.iter().map(row).collect();
        format!("| Operation | Round trips |\n|---|---|\n{rows}")
    }
}

fn person() -> String {
    format!("urn:altinn:person:identifier-no:{PERSON}")
}

fn on_behalf() -> String {
    format!("enduserId={}", person())
}

fn big_dialog(transmissions: usize) -> Value {
    let transmissions: Vec<Value> = (0..transmissions).map(|_| simple_transmission()).collect();
    simple_dialog().with("transmissions", transmissions)
}

async fn ok(answer: impl Future<Output = crate::harness::Answer>) -> crate::harness::Answer {
    let answer = answer.await;
    assert!(answer.status.is_success(), "{}: {}", answer.status, answer.text);
    answer
}

async fn added(owner: &Client<'_>, dialog: DialogId, children: &str, body: Value) -> Uuid {
    let answer = ok(owner.post(&format!("{DIALOGS}/{dialog}/{children}"), body)).await;
    answer.body.as_str().expect("an id").parse().expect("an id")
}

#[tokio::test]
async fn requests_wait_for_the_database_as_often_as_documented() {
    #[expect(clippy::disallowed_methods, reason = "whether plans are written is no setting of the service")]
    let seeded = std::env::var("PLANS_AT").ok();
    let database = match &seeded {
        Some(url) => TestDatabase::at(url),
        None => database().await,
    };
    let (mut plans, mut listening) = (None, None);
    if let Some(url) = &seeded {
        let heard = Heard::default();
        // All of this test is polled on this thread.
        listening = Some(tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone())));
        tell_plans(url, true).await;
        plans = Some((heard, String::new()));
    }
    let proxy = Proxy::before(&database.url).await;
    let url = proxy.url.clone();
    // One connection, so that what is prepared once is prepared for all.
    let app = TestApp::start_over(database, &url, bare(), &[("database.max_connections", "1")]).await;
    let mut counter = Counter { proxy: &proxy, table: Vec::new(), beyond: Vec::new(), plans };
    writes(&app, &mut counter).await;
    reads(&app, &mut counter).await;
    let table = counter.markdown();
    if let (Some(url), Some((_, text))) = (&seeded, &counter.plans) {
        tell_plans(url, false).await;
        drop(listening);
        write_plans(url, text).await;
    }
    assert_eq!(counter.beyond, [] as [&str; 0], "{table}");
    assert!(DOCUMENT.contains(&table), "docs/performance.md shall say:\n{table}");
}

/// Makes every new session of a database tell its plans, or not any more.
async fn tell_plans(url: &str, on: bool) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let name: String =
        sqlx::query_scalar("select quote_ident(current_database())").fetch_one(&mut connection).await.unwrap();
    let settings = std::iter::once(("session_preload_libraries", "auto_explain")).chain(heard::SETTINGS);
    for (setting, value) in settings {
        let change = if on {
            format!("alter database {name} set {setting} = {value}")
        } else {
            format!("alter database {name} reset {setting}")
        };
        sqlx::raw_sql("load 'auto_explain'").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(change)).execute(&mut connection).await.unwrap();
    }
}

async fn write_plans(url: &str, text: &str) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let dialogs: f32 = sqlx::query_scalar("select reltuples from pg_class where oid = 'dialog'::regclass")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let head = format!(
        "# Plans of requests\n\nAbout {dialogs} dialogs, warm, for any values; of each operation the statements of its last run, \
         what triggers ran included. Made by `PLANS_AT=URL cargo test --test it round_trips`.\n"
    );
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plans/requests.md");
    std::fs::write(file, head + text).unwrap();
}

async fn writes(app: &TestApp, counter: &mut Counter<'_>) {
    let (owner, admin) = (&app.service_owner("ttd"), &app.admin());
    let nothing = async || ();
    let dialog = async || owner.creates(simple_dialog()).await;
    let at = |dialog: DialogId, rest: &str| format!("{DIALOGS}/{dialog}{rest}");

    let create = async |body: Value| {
        owner.creates(body).await;
    };
    let one = counter.count("POST dialog", 4, nothing, async |()| create(big_dialog(1)).await).await;
    let many =
        counter.count("POST dialog with 100 transmissions", 4, nothing, async |()| create(big_dialog(100)).await);
    assert_eq!(one, many.await, "the number of transmissions does not matter");
    counter
        .count("POST dialog with an idempotency key", 4, nothing, async |()| {
            create(simple_dialog().with("idempotentKey", fresh_id().to_string())).await;
        })
        .await;

    let replacing = async |dialog: DialogId, growth: usize| {
        let body =
            simple_dialog().with("progress", 7).with("transmissions", big_dialog(growth)["transmissions"].clone());
        ok(owner.put(&at(dialog, ""), body)).await;
    };
    let one = counter.count("PUT dialog", 4, dialog, async |id| replacing(id, 1).await).await;
    let many = counter.count("PUT dialog with 100 transmissions", 4, dialog, async |id| replacing(id, 100).await).await;
    assert_eq!(one, many, "the number of transmissions does not matter");
    counter
        .count("PATCH dialog", 5, dialog, async |id| {
            let patch = json!([{ "op": "replace", "path": "/progress", "value": 42 }]);
            ok(owner.patch(&at(id, ""), patch)).await;
        })
        .await;
    counter.count("DELETE dialog", 4, dialog, async |id| drop(ok(owner.delete(&at(id, ""))).await)).await;
    let deleted = async || {
        let id = dialog().await;
        ok(owner.delete(&at(id, ""))).await;
        id
    };
    let act = async |by: &Client<'_>, id, action: &str| drop(ok(by.post(&at(id, action), None)).await);
    counter.count("POST restore", 4, deleted, async |id| act(owner, id, "/actions/restore").await).await;
    counter.count("POST purge", 4, dialog, async |id| act(owner, id, "/actions/purge").await).await;
    counter.count("POST freeze", 4, dialog, async |id| act(admin, id, "/actions/freeze").await).await;

    counter
        .count("POST transmission", 4, dialog, async |id| {
            added(owner, id, "transmissions", simple_transmission()).await;
        })
        .await;
    let with_transmission = async || {
        let id = dialog().await;
        (id, added(owner, id, "transmissions", simple_transmission()).await)
    };
    counter
        .count("PUT transmission", 5, with_transmission, async |(id, transmission)| {
            let body = simple_transmission().with("isSilentUpdate", true);
            ok(owner.put(&at(id, &format!("/transmissions/{transmission}")), body)).await;
        })
        .await;
    counter
        .count("POST activity", 4, dialog, async |id| {
            added(owner, id, "activities", simple_activity("Information")).await;
        })
        .await;

    let with_saved_form = async || {
        let id = dialog().await;
        (id, added(owner, id, "activities", simple_activity("FormSaved")).await)
    };
    counter
        .count("POST updateFormSavedActivityTime", 9, with_saved_form, async |(id, activity)| {
            let path = at(id, &format!("/activities/{activity}/actions/updateFormSavedActivityTime"));
            ok(admin.post(&path, json!("2026-01-01T00:00:00Z"))).await;
        })
        .await;

    let labels = |id| at(id, "/context/labels");
    let labelled = async || {
        let id = dialog().await;
        ok(owner.post(&labels(id), json!({ "value": "mine" }))).await;
        id
    };
    counter
        .count("POST service-owner label", 4, dialog, async |id| {
            ok(owner.post(&labels(id), json!({ "value": "mine" }))).await;
        })
        .await;
    counter
        .count("DELETE service-owner label", 4, labelled, async |id| {
            ok(owner.delete(&format!("{}/mine", labels(id)))).await;
        })
        .await;

    let to_bin = json!({ "addLabels": ["Bin"] });
    counter
        .count("PUT system labels on behalf of an end user", 4, dialog, async |id| {
            ok(owner.put(&at(id, &format!("/endusercontext/systemlabels?{}", on_behalf())), to_bin.clone())).await;
        })
        .await;
    let dialogs = async |count: usize| {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(json!({ "dialogId": dialog().await }));
        }
        ids
    };
    let bulk = async |ids: Vec<Value>| {
        let path = format!("{DIALOGS}/endusercontext/systemlabels/actions/bulkset?{}", on_behalf());
        ok(owner.post(&path, to_bin.clone().with("dialogs", ids))).await;
    };
    let one = counter.count("POST system labels of 1 dialog", 4, async || dialogs(1).await, &bulk).await;
    let many = counter.count("POST system labels of 100 dialogs", 4, async || dialogs(100).await, &bulk).await;
    assert_eq!(one, many, "the number of dialogs does not matter");
}

async fn reads(app: &TestApp, counter: &mut Counter<'_>) {
    let (owner, user) = (&app.service_owner("ttd"), &app.person(PERSON));
    let dialog = async || owner.creates(big_dialog(3).and("activities", simple_activity("Information"))).await;
    for _ in 0..3 {
        owner.creates(simple_dialog_for(ORGANIZATION)).await;
    }
    let to = |id: DialogId| format!("{DIALOGS}/{id}");
    let (mine, for_person) =
        (|id: DialogId| format!("enduser/dialogs/{id}"), |id| format!("{}?{}", to(id), on_behalf()));
    let opened = async || {
        let id = dialog().await;
        user.opens(id).await;
        id
    };
    let read = async |caller: &Client<'_>, path: String| drop(ok(caller.get(&path)).await);
    counter.count("GET dialog, end user", 1, &opened, async |id| read(user, mine(id)).await).await;
    counter.count("GET dialog, end user: a first look", 2, dialog, async |id| read(user, mine(id)).await).await;
    counter.count("GET dialog, service owner", 1, dialog, async |id| read(owner, to(id)).await).await;
    let name = "GET dialog, service owner on behalf of an end user";
    counter.count(name, 1, &opened, async |id| read(owner, for_person(id)).await).await;
    let name = "GET dialog, service owner on behalf of an end user: a first look";
    counter.count(name, 2, dialog, async |id| read(owner, for_person(id)).await).await;
    counter.count("GET seen log, end user", 1, &opened, async |id| read(user, mine(id) + "/seenlog").await).await;
    counter.count("GET seen log, service owner", 1, &opened, async |id| read(owner, to(id) + "/seenlog").await).await;
    let entry = async || {
        let id = opened().await;
        let log = ok(user.get(&(mine(id) + "/seenlog"))).await;
        (id, format!("/seenlog/{}", log.body[0]["id"].as_str().expect("an entry")))
    };
    counter
        .count("GET seen log entry, end user", 1, &entry, async |(id, rest)| read(user, mine(id) + &rest).await)
        .await;
    let name = "GET seen log entry, service owner";
    counter.count(name, 1, &entry, async |(id, rest)| read(owner, to(id) + &rest).await).await;
    counter.count("GET label log", 1, &opened, async |id| read(user, mine(id) + "/context/labellog").await).await;
    let to_bin = json!({ "addLabels": ["Bin"] });
    counter
        .count("PUT system labels, end user", 2, dialog, async |id| {
            ok(user.put(&(mine(id) + "/context/systemlabels"), to_bin.clone())).await;
        })
        .await;
    counter
        .count(
            "POST system labels of 20 dialogs, end user",
            2,
            async || {
                let mut ids = Vec::new();
                for _ in 0..20 {
                    ids.push(json!({ "dialogId": owner.creates(simple_dialog()).await }));
                }
                ids
            },
            async |ids: Vec<Value>| {
                let body = to_bin.clone().with("dialogs", ids);
                ok(user.post("enduser/dialogs/context/systemlabels/actions/bulkset", body)).await;
            },
        )
        .await;

    parts(app, counter).await;
    others(app, counter).await;
    let (party, organization) = (person(), format!("urn:altinn:organization:identifier-no:{ORGANIZATION}"));
    let second = {
        let first = ok(user.get(&format!("enduser/dialogs?party={party}&limit=2"))).await;
        first.body["continuationToken"].as_str().expect("there are more").to_owned()
    };
    // The lists of this person hold delegated dialogs, which are a second look; the order by due time has two parts, the
    // dialogs with and without one.
    let searches = [
        (3, "List, end user: one party", user, format!("enduser/dialogs?party={party}")),
        (
            3,
            "List, end user: one party, the second page",
            user,
            format!("enduser/dialogs?party={party}&limit=2&continuationToken={second}"),
        ),
        (3, "List, end user: two parties", user, format!("enduser/dialogs?party={party}&party={organization}")),
        (
            4,
            "List, end user: one service resource, all parties, delegated dialogs",
            user,
            format!("enduser/dialogs?serviceResource={RESOURCE}"),
        ),
        (
            3,
            "List, end user: one party, by createdAt",
            user,
            format!("enduser/dialogs?party={party}&orderBy=createdAt_asc"),
        ),
        (
            4,
            "List, end user: one party, by dueAt, the owner named",
            user,
            format!("enduser/dialogs?party={party}&org=ttd&orderBy=dueAt_asc"),
        ),
        (3, "List, end user: one party, label Bin", user, format!("enduser/dialogs?party={party}&systemLabel=Bin")),
        (3, "List, service owner: everything", owner, DIALOGS.to_owned()),
        (
            3,
            "List, service owner: one party and service resource",
            owner,
            format!("{DIALOGS}?party={party}&serviceResource={RESOURCE}"),
        ),
        (3, "List, service owner: one of the owner's labels", owner, format!("{DIALOGS}?serviceOwnerLabels=mine")),
        (3, "List, service owner: on behalf of an end user", owner, format!("{DIALOGS}?{}&party={party}", on_behalf())),
    ];
    for (bound, name, caller, path) in searches {
        counter.count(name, bound, async || (), async |()| drop(ok(caller.get(&path)).await)).await;
    }
}

/// Parts of a dialog, each without what it does not show.
async fn parts(app: &TestApp, counter: &mut Counter<'_>) {
    let (owner, user) = (&app.service_owner("ttd"), &app.person(PERSON));
    let (activity, transmission) = (fresh_id(), fresh_id());
    let body = big_dialog(3)
        .and("activities", simple_activity("Information").with("id", activity.to_string()))
        .and("transmissions", simple_transmission().with("id", transmission.to_string()));
    let dialog = owner.creates(body).await;
    let one = [("activities", activity), ("transmissions", transmission)];
    for (name, who, side) in [("end user", user, "enduser"), ("service owner", owner, "serviceowner")] {
        for (part, id) in one {
            let path = format!("{side}/dialogs/{dialog}/{part}");
            let (list, get): (&'static str, &'static str) = match (name, part) {
                ("end user", "activities") => ("List of activities, end user", "GET activity, end user"),
                ("end user", _) => ("List of transmissions, end user", "GET transmission, end user"),
                (_, "activities") => ("List of activities, service owner", "GET activity, service owner"),
                (..) => ("List of transmissions, service owner", "GET transmission, service owner"),
            };
            counter.count(list, 1, async || (), async |()| drop(ok(who.get(&path)).await)).await;
            counter.count(get, 1, async || (), async |()| drop(ok(who.get(&format!("{path}/{id}"))).await)).await;
        }
    }
}

/// What is no dialog, and what only tells of one.
async fn others(app: &TestApp, counter: &mut Counter<'_>) {
    let (owner, user) = (&app.service_owner("ttd"), &app.person(PERSON));
    let notifier = &app.service_owner("ttd").with_scopes(&["altinn:system/notifications.condition.check"]);
    let dialog = owner.creates(simple_dialog()).await;
    let lookup = |side: &str| format!("{side}/dialoglookup?instanceRef=urn:altinn:dialog-id:{dialog}");
    let condition =
        format!("{DIALOGS}/{dialog}/actions/should-send-notification?conditionType=Exists&activityType=Information");
    let reads = [
        (0, "Parties", user, "enduser/parties".to_owned()),
        (1, "Service resources, end user", user, "enduser/serviceresources".to_owned()),
        (1, "Service resources, public", user, "metadata/serviceresources".to_owned()),
        (1, "Lookup, end user", user, lookup("enduser")),
        (1, "Lookup, service owner", owner, lookup("serviceowner")),
        (1, "End-user contexts", owner, format!("{DIALOGS}/endusercontext?party={}", person())),
        (1, "End-user contexts, label Bin", owner, format!("{DIALOGS}/endusercontext?party={}&label=Bin", person())),
        (1, "Notification condition", notifier, condition),
    ];
    for (bound, name, caller, path) in reads {
        counter.count(name, bound, async || (), async |()| drop(ok(caller.get(&path)).await)).await;
    }
}
