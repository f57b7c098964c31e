//! Live updates: streams of one dialog, over Server-Sent Events.

use std::time::Duration;

use dialogporten::{domain::ids::DialogId, server::Stage};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{
    Client, Edit, PERSON, TestApp, bare, database, simple_activity, simple_dialog, simple_dialog_for,
    simple_transmission,
};

/// A stream that a client reads.
struct Events {
    response: reqwest::Response,
    read: String,
}

impl Events {
    /// As the inbox opens one.
    async fn open(app: &TestApp, token: &str, query: &str, variables: Value) -> Self {
        let body = json!({"query": query, "variables": variables, "operationName": "sub"});
        let request = crate::harness::http()
            .post(app.url("/graphql/stream"))
            .header("content-type", "application/json; charset=utf-8")
            .header("accept", "text/event-stream")
            .bearer_auth(token)
            .body(body.to_string());
        let response = in_time(request.send()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        Self { response, read: String::new() }
    }

    async fn of(app: &TestApp, token: &str, dialog: DialogId) -> Self {
        Self::open(app, token, &subscription(dialog), json!({})).await
    }

    /// The next frame that is no comment; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            while let Some((frame, rest)) = self.read.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.read = rest;
                if frame != ":" {
                    return Some(frame);
                }
            }
            let piece = in_time(self.response.chunk()).await.expect("the stream goes on or ends")?;
            self.read.push_str(std::str::from_utf8(&piece).expect("text"));
        }
    }

    async fn hears(&mut self, dialog: DialogId, kind: &str) {
        let data = json!({"data": {"dialogEvents": {"id": dialog, "type": kind}}});
        assert_eq!(self.next().await, Some(format!("event: next\ndata: {data}")));
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_mins(1), future).await.expect("it comes in time")
}

/// Letter by letter what the inbox sends.
fn subscription(dialog: DialogId) -> String {
    format!("subscription sub {{\n  dialogEvents(dialogId: \"{dialog}\") {{\n    id\n    type\n  }}\n}}")
}

async fn token(user: &Client<'_>, dialog: DialogId) -> String {
    user.opens(dialog).await["dialogToken"].as_str().expect("a token").to_owned()
}

async fn appends(owner: &Client<'_>, dialog: DialogId) {
    owner.post(&format!("serviceowner/dialogs/{dialog}/activities"), simple_activity("Information")).await.expect(201);
}

/// GQ-014: what is open and of which nothing is to be told says that it lives. Real time: it is what proxies go by.
#[tokio::test]
async fn a_silent_stream_says_that_it_lives() {
    let app = TestApp::start().await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await;
    let token = token(&app.person(PERSON), dialog).await;
    settled(&app).await;
    let mut events = Events::of(&app, &token, dialog).await;
    let mut piece = async || {
        let piece = timeout(Duration::from_secs(20), events.response.chunk()).await.expect("a comment within 20 s");
        piece.expect("the stream goes on").expect("it does not end")
    };
    // The first comes at once, with the head; the second after a silence.
    for _ in 0..2 {
        assert_eq!(piece().await, ":\n\n");
    }
}

/// GQ-008, GQ-014; chapter 07 §5
#[tokio::test]
async fn a_stream_tells_what_becomes_of_its_dialog() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let (dialog, other) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let token = token(&user, dialog).await;
    settled(&app).await;
    let mut events = Events::of(&app, &token, dialog).await;
    appends(&owner, other).await;
    appends(&owner, dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
    let transmissions = format!("serviceowner/dialogs/{dialog}/transmissions");
    owner.post(&transmissions, simple_transmission()).await.expect(201);
    events.hears(dialog, "DIALOG_UPDATED").await;
    owner.put(&format!("serviceowner/dialogs/{dialog}"), simple_dialog().with("progress", 7)).await.expect(204);
    events.hears(dialog, "DIALOG_UPDATED").await;
    owner.delete(&format!("serviceowner/dialogs/{dialog}")).await.expect(204);
    events.hears(dialog, "DIALOG_DELETED").await;
}

/// GQ-015
#[tokio::test]
async fn what_readers_need_not_look_at_is_not_told() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let token = token(&user, dialog).await;
    settled(&app).await;
    let mut events = Events::of(&app, &token, dialog).await;
    let path = format!("serviceowner/dialogs/{dialog}");
    owner.put(&format!("{path}?isSilentUpdate=true"), simple_dialog().with("progress", 1)).await.expect(204);
    events.hears(dialog, "DIALOG_UPDATED").await;
    appends(&owner, dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
    // The reader looks again: told once for this state of the dialog, however often.
    user.opens(dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
    user.opens(dialog).await;
    user.put(&format!("enduser/dialogs/{dialog}/context/systemlabels"), json!({"addLabels": ["Bin"]}))
        .await
        .expect(204);
    owner.delete(&format!("{path}?isSilentUpdate=true")).await.expect(204);
    owner.post(&format!("{path}/actions/restore?isSilentUpdate=true"), None).await.expect(204);
    // Of all these nothing was told: the next is what is told of this.
    owner.delete(&path).await.expect(204);
    events.hears(dialog, "DIALOG_DELETED").await;
}

/// GQ-015: a first read by somebody else is told to everybody who has the dialog open.
#[tokio::test]
async fn somebody_elses_first_read_is_told() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let system_user = app.system_user("51551dd0-b9c5-4f4b-a4a2-9b7e3669b364");
    let dialog = owner.creates(simple_dialog_for("310057223")).await;
    let token = token(&system_user, dialog).await;
    settled(&app).await;
    let mut events = Events::of(&app, &token, dialog).await;
    // The managing director of that organization.
    app.person("29886896598").opens(dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
}

/// GQ-013, GQ-016; §9.6
#[tokio::test]
async fn a_stream_takes_the_token_of_its_dialog() {
    const NOT_AUTHORIZED: &str = "The current user is not authorized to access this resource.";
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let (dialog, other) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let (mine, of_other) = (token(&user, dialog).await, token(&user, other).await);
    settled(&app).await;
    let with_variable = "subscription sub($id: UUID!) { dialogEvents(dialogId: $id) { type } }";
    let persons = user.token().expect("a token");
    for (bearer, query, variables) in [
        (&persons, subscription(dialog), json!({})),
        (&of_other, subscription(dialog), json!({})),
        (&mine, with_variable.to_owned(), json!({ "id": other })),
    ] {
        let mut refused = Events::open(&app, bearer, &query, variables).await;
        let frame = refused.next().await.expect("a frame");
        let told: Value = serde_json::from_str(frame.strip_prefix("event: next\ndata: ").expect("data")).expect("JSON");
        let error = json!({"message": NOT_AUTHORIZED, "extensions": {"code": "AUTH_NOT_AUTHORIZED"}});
        assert_eq!(told, json!({ "errors": [error] }));
        assert_eq!(refused.next().await, None);
    }
    // A variable is as good as a literal, and members are those that were selected, under their aliases.
    let mut events = Events::open(&app, &mine, with_variable, json!({ "id": dialog })).await;
    appends(&owner, dialog).await;
    let data = json!({"data": {"dialogEvents": {"type": "DIALOG_UPDATED"}}});
    assert_eq!(events.next().await, Some(format!("event: next\ndata: {data}")));
    let aliased = format!(
        "subscription sub {{ it: dialogEvents(dialogId: \"{dialog}\") {{ kind: type ...f }} }} fragment f on DialogEventPayload {{ __typename }}"
    );
    let mut events = Events::open(&app, &mine, &aliased, json!({})).await;
    appends(&owner, dialog).await;
    let data: Value =
        serde_json::from_str(events.next().await.expect("a frame").strip_prefix("event: next\ndata: ").expect("data"))
            .expect("JSON");
    assert_eq!(data, json!({"data": {"it": {"kind": "DIALOG_UPDATED", "__typename": "DialogEventPayload"}}}));

    // A document that does not fit is one frame too.
    for wrong in [
        "subscription sub { dialogEvents { id } }".to_owned(),
        format!(
            "subscription sub {{ a: dialogEvents(dialogId: \"{dialog}\") {{ id }} b: dialogEvents(dialogId: \"{dialog}\") {{ id }} }}"
        ),
    ] {
        let mut refused = Events::open(&app, &mine, &wrong, json!({})).await;
        let frame = refused.next().await.expect("a frame");
        assert!(frame.contains("\"errors\"") && !frame.contains("\"data\":"), "{frame}");
        assert_eq!(refused.next().await, None);
    }

    let holder = app.with_token(&mine);
    let kind = json!({"errors": [{"message": "The specified operation kind is not allowed."}]});
    for (accept, status) in
        [("application/json", 200), ("application/graphql-response+json", 405), ("multipart/mixed", 405)]
    {
        let client = holder.clone().header("accept", accept);
        let answer = client.post("/graphql", json!({"query": subscription(dialog)})).await.expect(status);
        assert_eq!(answer.body, kind, "{accept}");
    }
    let client = user.clone().header("accept", "application/graphql-response+json");
    let answer = client.post("/graphql", json!({"query": subscription(dialog)})).await.expect(401);
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "AUTH_NOT_AUTHORIZED");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description="), "{challenge}");
}

/// Ours (chapter 11 §4), against the last words of GQ-014: a stream ends with its token, and when the process stops, and
/// says so.
#[tokio::test]
async fn a_stream_ends_with_its_token_and_with_the_process() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let (first, second) = (owner.creates(simple_dialog()).await, owner.creates(simple_dialog()).await);
    let of_first = token(&user, first).await;
    settled(&app).await;
    let mut over = Events::of(&app, &of_first, first).await;
    app.clock.advance(chrono::Duration::seconds(500));
    appends(&owner, first).await;
    over.hears(first, "DIALOG_UPDATED").await;
    app.clock.advance(chrono::Duration::seconds(110));
    appends(&owner, first).await;
    assert_eq!(over.next().await.as_deref(), Some("event: complete"));
    assert_eq!(over.next().await, None);

    let of_second = token(&user, second).await;
    settled(&app).await;
    let mut stopped = Events::of(&app, &of_second, second).await;
    appends(&owner, second).await;
    stopped.hears(second, "DIALOG_UPDATED").await;
    app.lifecycle.advance(Stage::Closing);
    assert_eq!(stopped.next().await.as_deref(), Some("event: complete"));
    assert_eq!(stopped.next().await, None);
}

/// Two instances over one database: a stream on one hears what is written on the other, and loses nothing while the
/// connections of both are ended again and again.
#[tokio::test]
async fn instances_hear_each_other_and_lose_nothing() {
    const WRITES: usize = 40;
    let here = TestApp::start().await;
    let url = here.config.database.url.expose_secret().to_owned();
    let there = TestApp::start_over(database().await, &url, bare(), &[]).await;
    for app in [&here, &there] {
        tokio::spawn(app.service.signal.clone().keep(app.door.clone()));
    }
    let dialog = there.service_owner("ttd").creates(simple_dialog()).await;
    let token = token(&there.person(PERSON), dialog).await;
    settled(&here).await;
    let mut events = Events::of(&there, &token, dialog).await;
    let owner = here.service_owner("ttd");
    for n in 0..WRITES {
        appends(&owner, dialog).await;
        if n % 10 == 5 {
            // Whoever listens loses its connection; what is under way is left alone.
            let listening = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                             where datname = current_database() and (query like '/* signal */%' or query ilike 'listen%')";
            sqlx::query(listening).execute(&here.db).await.expect("terminated");
        }
    }
    for _ in 0..WRITES {
        events.hears(dialog, "DIALOG_UPDATED").await;
    }
}

/// While what happens cannot be read, nobody knows what a stream misses: it is told to read again, and then hears as before.
#[tokio::test]
async fn after_trouble_of_the_database_streams_read_again() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let token = token(&user, dialog).await;
    settled(&app).await;
    let mut events = Events::of(&app, &token, dialog).await;
    appends(&owner, dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
    let failed = "select xact_rollback from pg_stat_database where datname = current_database()";
    let failed = async || sqlx::query_scalar::<_, i64>(failed).fetch_one(&app.db).await.expect("a count");
    let before = failed().await;
    sqlx::query("alter table outbox rename to elsewhere").execute(&app.db).await.expect("moved away");
    // It looks of itself after a while.
    in_time(async { while failed().await == before {} }).await;
    sqlx::query("alter table elsewhere rename to outbox").execute(&app.db).await.expect("moved back");
    events.hears(dialog, "DIALOG_UPDATED").await;
    appends(&owner, dialog).await;
    events.hears(dialog, "DIALOG_UPDATED").await;
}

/// A stream is no request under way: as many as there are connections may be open. They are counted.
#[tokio::test]
async fn streams_leave_room_for_requests() {
    let app = TestApp::start_with(&[("server.max_requests", "2"), ("telemetry.metrics", "true")]).await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    let dialog = owner.creates(simple_dialog()).await;
    let token = token(&user, dialog).await;
    settled(&app).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(Events::of(&app, &token, dialog).await);
    }
    appends(&owner, dialog).await;
    for stream in &mut streams {
        stream.hears(dialog, "DIALOG_UPDATED").await;
    }
    let metrics = app.anonymous().get("/metrics").await.expect(200).text;
    let told = metrics.lines().find_map(|line| line.strip_prefix("live_streams ")?.parse().ok());
    assert!(told.is_some_and(|open: u32| open >= 10), "{told:?}");
    drop(streams);
    in_time(user.get("enduser/parties")).await.expect(200);
}

/// Waits until nothing older than now is still to be told: transactions of other tests on the same server hold that up.
async fn settled(app: &TestApp) {
    let written: i64 = sqlx::query_scalar("select position::text::bigint from outbox order by position desc limit 1")
        .fetch_one(&app.db)
        .await
        .expect("the outbox");
    in_time(async {
        loop {
            let now = dialogporten::store::outbox::now(&app.door).await.expect("a place");
            if now.commit > written {
                return;
            }
        }
    })
    .await;
}
