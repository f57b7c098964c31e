//! The mistakes of newcomers: what the answer alone tells must mend them (issue 8, E; M-27 … M-30).
//!
//! A row is a mistake as somebody makes it, the status it is answered with, and the words of headers or body by which one sees
//! what to do. Nobody looks into a manual here.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Edit, OTHER_PERSON, PERSON, TestApp, fresh_id, localized, simple_activity, simple_dialog,
    simple_transmission, text,
};

const DIALOGS: &str = "serviceowner/dialogs";
const OWNER_SCOPE: &str = "digdir:dialogporten.serviceprovider";

/// Collects the answers that do not tell how to go on.
#[derive(Default)]
struct Judge {
    looked_at: usize,
    silent: Vec<String>,
}

impl Judge {
    fn looks(&mut self, mistake: &str, answer: &Answer, status: u16, words: &[&str]) {
        self.looked_at += 1;
        let challenge = answer.header("www-authenticate");
        let told = [challenge, answer.header("allow"), answer.header("dialogporten-ignored"), &answer.text].join("\n");
        let missing: Vec<_> = words.iter().filter(|word| !told.contains(**word)).collect();
        if answer.status != status || !missing.is_empty() {
            self.silent.push(format!("{mistake}: {} instead of {status}, without {missing:?}:\n{told}", answer.status));
        }
    }

    fn rules(self) {
        assert!(self.looked_at >= 15, "only {} mistakes were looked at", self.looked_at);
        assert!(self.silent.is_empty(), "{}", self.silent.join("\n\n"));
    }
}

/// Tokens and addresses.
#[tokio::test]
async fn of_tokens_and_addresses() {
    let app = TestApp::start().await;
    let mut judge = Judge::default();
    let owner = app.service_owner("ttd").header("prefer", "return=representation");
    let nobody = app.anonymous().header("prefer", "return=representation");
    let (missing, now) = (fresh_id(), app.clock.now().timestamp());
    let list = "enduser/dialogs?party=urn:altinn:person:identifier-no:08844397713";

    judge.looks("no token", &nobody.get(DIALOGS).await, 401, &["token-missing", "Authorization: Bearer"]);
    let basic = nobody.clone().header("authorization", "Basic dXNlcjpwdw==").get(DIALOGS).await;
    judge.looks("basic authentication", &basic, 401, &["token-missing", "Authorization: Bearer"]);
    let cut = app.with_token("eyJhbGciOi").header("prefer", "return=representation");
    judge.looks("half a token", &cut.get(DIALOGS).await, 401, &["the token is malformed"]);
    let old = json!({ "pid": PERSON, "scope": "digdir:dialogporten", "exp": now - 600 });
    judge.looks("an expired token", &app.with_claims(old).get(list).await, 401, &["the token expired at 20"]);
    let early = json!({ "pid": PERSON, "scope": "digdir:dialogporten", "exp": now + 600, "nbf": now + 300 });
    judge.looks("a token of tomorrow", &app.with_claims(early).get(list).await, 401, &["not valid before 20"]);
    let production = json!({ "iss": "https://maskinporten.no/", "scope": OWNER_SCOPE });
    let production = app.with_claims(production).header("prefer", "return=representation");
    judge.looks("a token of production", &production.get(DIALOGS).await, 401, &["not trusted", "this environment"]);
    judge.looks(
        "the owner's token on the end users' side",
        &owner.get(list).await,
        403,
        &["insufficient_scope", "digdir:dialogporten.noconsent"],
    );
    let person = app.person(PERSON).header("prefer", "return=representation");
    judge.looks("a person's token on the owners' side", &person.get(DIALOGS).await, 403, &[OWNER_SCOPE]);
    let writer = owner.clone().with_scopes(&[OWNER_SCOPE]);
    judge.looks(
        "lists without the list scope",
        &writer.get(DIALOGS).await,
        403,
        &["the token lacks the scope digdir:dialogporten.serviceprovider.search"],
    );
    let freeze = format!("{DIALOGS}/{missing}/actions/freeze");
    judge.looks(
        "freezing without the admin scope",
        &owner.post(&freeze, None).await,
        403,
        &["digdir:dialogporten.serviceprovider.admin"],
    );
    let nameless = app.with_claims(json!({ "scope": OWNER_SCOPE })).header("prefer", "return=representation");
    let nameless = nameless.get(&format!("{DIALOGS}/{missing}")).await;
    judge.looks("a token without consumer", &nameless, 403, &["iso6523-actorid-upis", "0192:"]);
    let feide = app.with_claims(json!({ "scope": "digdir:dialogporten", "sub": "x" })).get(list).await;
    judge.looks("a login of an unknown kind", &feide, 403, &["names no known kind of user", "Person"]);
    judge.looks(
        "the version is missing",
        &nobody.get("/api/serviceowner/dialogs").await,
        404,
        &["/api/v1/", "/swagger"],
    );
    judge.looks("a mistyped path", &nobody.get("serviceowner/dialog").await, 404, &["route-unknown", "/swagger"]);
    let wrong_verb = nobody.send(Method::DELETE, DIALOGS, None).await;
    judge.looks("a wrong verb", &wrong_verb, 405, &["GET", "POST", "method-not-allowed"]);
    let form = owner.send_text(Method::POST, DIALOGS, Some(("a=b", "application/x-www-form-urlencoded"))).await;
    judge.looks("a form", &form, 415, &["Content-Type: application/json"]);
    let bare = owner.send_text(Method::POST, DIALOGS, Some(("{}", ""))).await;
    judge.looks("no content type", &bare, 415, &["Content-Type: application/json"]);
    let xml = app.anonymous().header("accept", "application/xml").get("metadata/limits").await;
    judge.looks("XML wanted", &xml, 406, &["Accept: application/json"]);
    judge.looks("an id that is none", &owner.get(&format!("{DIALOGS}/17")).await, 400, &["path-malformed", "UUID"]);
    judge.looks(
        "an id that nobody has",
        &owner.get(&format!("{DIALOGS}/{missing}")).await,
        404,
        &["dialog-not-found", "environment"],
    );
    judge.rules();
}

/// Bodies of new dialogs.
#[tokio::test]
async fn of_new_dialogs() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut judge = Judge::default();
    let dialog = simple_dialog;
    let bare_number = dialog().with("party", PERSON);
    let yesterday = (app.clock.now() - TimeDelta::days(1)).to_rfc3339();
    let rows: [(&str, Value, u16, &[&str]); 24] = [
        (
            "a number as party",
            bare_number,
            400,
            &["party-form", "A number alone is no party", "identifier-no:{11 digits}"],
        ),
        (
            "a mistyped organization",
            dialog().with("party", "urn:altinn:organization:identifier-no:310923045"),
            400,
            &["party-check-digit", "check digits do not fit"],
        ),
        ("ten digits", dialog().with("party", "urn:altinn:person:identifier-no:0884439771"), 400, &["eleven digits"]),
        (
            "a resource without its prefix",
            dialog().with("serviceResource", "ttd-level-3"),
            400,
            &["resource-prefix-missing", "urn:altinn:resource:"],
        ),
        (
            "an unknown resource",
            dialog().with("serviceResource", "urn:altinn:resource:nothing"),
            422,
            &["resource-unknown", "lists no such resource"],
        ),
        (
            "another owner's resource",
            dialog().with("serviceResource", "urn:altinn:resource:brg-dialogporten-automated-tests"),
            403,
            &["resource-not-owned", "organization 991825827"],
        ),
        ("no title", dialog().without("content.title"), 400, &["title-missing", "Add `title`"]),
        ("no content", dialog().without("content"), 400, &["value-missing", "`content` is mandatory"]),
        (
            "a title that is a text",
            dialog().with("content.title", "Søknad"),
            400,
            &["value-malformed", "content.title"],
        ),
        (
            "the language no",
            dialog().with("content.title.value.0.languageCode", "no"),
            400,
            &["Write nb (bokmål) or nn"],
        ),
        (
            "the language Norsk",
            dialog().with("content.title.value.0.languageCode", "norsk"),
            400,
            &["two letters from ISO 639-1"],
        ),
        (
            "two titles in one language",
            dialog().with(
                "content.title.value",
                json!([
                    { "value": "a", "languageCode": "nb" }, { "value": "b", "languageCode": "nb-NO" },
                ]),
            ),
            400,
            &["duplicate-languages", "nb and nb-NO are one"],
        ),
        (
            "a long title",
            dialog().with("content.title.value.0.value", "x".repeat(600)),
            400,
            &["Leave out 88 characters"],
        ),
        (
            "HTML in the title",
            dialog().with("content.title.mediaType", "text/html"),
            400,
            &["media-type-not-allowed", "Markdown"],
        ),
        (
            "Markdown in the title",
            dialog().with("content.title.mediaType", "text/markdown"),
            400,
            &["\"allowed\":[\"text/plain\"]"],
        ),
        ("an unknown status", dialog().with("status", "Done"), 400, &["RequiresAttention", "Completed"]),
        ("a progress of 101", dialog().with("progress", 101), 400, &["from 0 to 100"]),
        ("a date without a time zone", dialog().with("dueAt", "2031-04-05T06:07:08"), 400, &["2031-04-05T06:07:08Z"]),
        (
            "a due date that is over",
            dialog().with("dueAt", yesterday.as_str()),
            422,
            &["time-not-future", "Write a time after 20"],
        ),
        (
            "an id of version 4",
            dialog().with("id", "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f"),
            400,
            &["third group begins with 7"],
        ),
        (
            "an address without https",
            dialog().with(
                "attachments",
                json!([{
                    "displayName": localized("x"), "urls": [{ "url": "http://example.com", "consumerType": "Gui" }],
                }]),
            ),
            400,
            &["https-required", "https://example.com/path"],
        ),
        (
            "two primary buttons",
            dialog().with("guiActions", json!([button(), button()])),
            400,
            &["2 have the priority Primary"],
        ),
        (
            "an attribute with dots",
            dialog().with("guiActions", json!([button().with("authorizationAttribute", "a.b")])),
            400,
            &["attribute-malformed", "element1"],
        ),
        (
            "a service owner with a name",
            dialog()
                .with("activities", json!([simple_activity("DialogCreated").with("performedBy.actorName", "Etaten"),])),
            400,
            &["actor-incomplete", "Leave `actorId` and `actorName` out"],
        ),
    ];
    for (mistake, body, status, words) in rows {
        judge.looks(mistake, &owner.post(DIALOGS, body).await, status, words);
    }
    for (mistake, body, words) in [
        ("an empty body", "", "The body is empty"),
        ("a trailing comma", "{\"party\": \"x\",}", "trailing commas are no JSON"),
        ("XML", "<dialog/>", "Send JSON"),
        ("null", "null", "Send the document"),
    ] {
        let answer = owner.send_text(Method::POST, DIALOGS, Some((body, "application/json"))).await;
        judge.looks(mistake, &answer, 400, &[words]);
    }
    let mistyped = owner.post(DIALOGS, dialog().with("titel", text("x"))).await;
    judge.looks("a member in Norwegian", &mistyped, 201, &["titel"]);
    let strict =
        owner.clone().header("prefer", "handling=strict").post(DIALOGS, dialog().with("proces", "urn:x")).await;
    judge.looks("a mistyped member, strictly", &strict, 400, &["Did you mean `process`?"]);
    judge.rules();
}

fn button() -> Value {
    json!({ "action": "read", "url": "https://example.com", "priority": "Primary", "title": localized("Les") })
}

/// What is there already, and lists.
#[tokio::test]
async fn of_changes_and_lists() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let mut judge = Judge::default();
    let id = owner.creates(simple_dialog().with("idempotentKey", "sak-2031-17")).await;
    let dialog = format!("{DIALOGS}/{id}");
    let transmission = simple_transmission().with("id", fresh_id().to_string());
    owner.post(&format!("{dialog}/transmissions"), transmission.clone()).await.expect(201);
    let etag = owner.get(&dialog).await.expect(200).etag().to_owned();

    let again = owner.post(DIALOGS, simple_dialog().with("idempotentKey", "sak-2031-17")).await;
    judge.looks("the same key again", &again, 409, &["existingId", &id.to_string()]);
    let twice = owner.post(DIALOGS, simple_dialog().with("id", id.to_string())).await;
    judge.looks("the same id again", &twice, 422, &["id-taken", "Leave the id out"]);
    let repeated = owner.put(&dialog, simple_dialog().with("transmissions", json!([transmission]))).await;
    judge.looks("a stored transmission sent again", &repeated, 422, &["Send only what is new"]);
    let stale = owner.clone().if_match(&fresh_id().to_string()).put(&dialog, simple_dialog()).await;
    judge.looks("an old revision", &stale, 412, &["revision-stale", "currentRevision", &etag]);
    let weak = owner.clone().if_match("W/\"1\"").put(&dialog, simple_dialog()).await;
    judge.looks("a weak ETag", &weak, 400, &["revision-malformed", "without W/"]);
    let any = owner.clone().if_match("*").put(&dialog, simple_dialog()).await;
    judge.looks("any revision", &any, 400, &["without *"]);
    let merge = owner.patch(&dialog, json!({ "progress": 5 })).await;
    judge.looks("a merge patch", &merge, 400, &["patch-malformed", "RFC 6902"]);
    let opened = owner.post(&format!("{dialog}/activities"), simple_activity("TransmissionOpened")).await;
    judge.looks("opened, but what", &opened, 400, &["Add `transmissionId`"]);
    let described = simple_activity("PaymentMade").with("description", localized("Betalt"));
    let described = owner.post(&format!("{dialog}/activities"), described).await;
    judge.looks("a description too many", &described, 400, &["choose the type Information"]);
    let unknown = simple_activity("TransmissionOpened").with("transmissionId", fresh_id().to_string());
    let unknown = owner.post(&format!("{dialog}/activities"), unknown).await;
    judge.looks("a transmission of another dialog", &unknown, 422, &["Name a transmission that the dialog has"]);
    let nobody =
        json!({ "actorType": "PartyRepresentative", "actorId": "urn:altinn:person:identifier-no:01819012365" });
    let nobody =
        owner.post(&format!("{dialog}/activities"), simple_activity("PaymentMade").with("performedBy", nobody)).await;
    judge.looks(
        "an actor whom the register does not know",
        &nobody,
        422,
        &["actor-name-unknown", "`actorName` instead"],
    );
    let labels = owner.put(&format!("{dialog}/endusercontext/systemlabels"), json!({ "addLabels": ["Bin"] })).await;
    judge.looks("labels of nobody", &labels, 400, &["end-user-missing", "?enduserId=urn:altinn:person"]);
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");
    let sent = format!("{dialog}/endusercontext/systemlabels?enduserId={person}");
    let sent = owner.put(&sent, json!({ "addLabels": ["Sent"] })).await;
    judge.looks("the label Sent", &sent, 400, &["system-label-sent", "Leave Sent out"]);
    let wrong = owner.get(&format!("{dialog}?endUserId=urn:altinn:person:identifier-no:08844397714")).await;
    judge.looks("a mistyped end user", &wrong, 400, &["end-user-malformed", "check digits fit"]);

    let user = app.person(PERSON);
    let list = format!("enduser/dialogs?party={person}");
    judge.looks("a list of everything", &user.get("enduser/dialogs").await, 400, &["filter-missing", "Add `party=`"]);
    let plus = user.get(&format!("{list}&createdAfter=2031-04-05T06:07:08+02:00")).await;
    judge.looks("a plus in the query", &plus, 400, &["write %2B for +"]);
    let date = user.get(&format!("{list}&dueAfter=5.4.2031x")).await;
    judge.looks("a date as people write it", &date, 400, &["2031-04-05T06:07:08Z"]);
    let status = user.get(&format!("{list}&status=Done")).await;
    judge.looks("an unknown status in a filter", &status, 400, &["RequiresAttention", "allowed"]);
    let order = user.get(&format!("{list}&orderBy=title")).await;
    judge.looks("an order by title", &order, 400, &["contentUpdatedAt, updatedAt, createdAt, dueAt and id"]);
    judge.looks("a page of 5000", &user.get(&format!("{list}&limit=5000")).await, 400, &["from 1 to 1000"]);
    let token = user.get(&format!("{list}&continuationToken=abc")).await;
    judge.looks("a token that is none", &token, 400, &["of the page before"]);
    let interval = format!("{list}&createdAfter=2031-01-02&createdBefore=2031-01-01");
    judge.looks("an interval the wrong way round", &user.get(&interval).await, 400, &["where the interval begins"]);
    let mistyped = user.get(&format!("{list}&staus=New")).await;
    judge.looks("a mistyped filter", &mistyped, 200, &["staus"]);
    let languages = user.clone().header("accept-language", "nb;level=1").get(&format!("enduser/dialogs/{id}")).await;
    judge.looks("odd languages", &languages, 400, &["nb, en;q=0.5"]);

    let high = owner.creates(simple_dialog().with("serviceResource", "urn:altinn:resource:ttd-level-3")).await;
    let low = user.clone().level(2).get(&format!("enduser/dialogs/{high}")).await;
    judge.looks("a login that is too weak", &low, 403, &["level-too-low", "demands level 3; the token says 2"]);
    let stranger = app.person(OTHER_PERSON).get(&format!("enduser/dialogs/{id}")).await;
    judge.looks(
        "somebody else's dialog",
        &stranger,
        403,
        &["access-denied", "a role, an access package or a delegation"],
    );
    let later = (app.clock.now() + TimeDelta::days(3)).to_rfc3339();
    let hidden = owner.creates(simple_dialog().with("visibleFrom", later.as_str())).await;
    let hidden = user.get(&format!("enduser/dialogs/{hidden}")).await;
    judge.looks("a dialog that is not visible yet", &hidden, 404, &["dialog-not-yet-visible", "from that time"]);
    owner.delete(&dialog).await.expect(204);
    judge.looks("a deleted dialog", &user.get(&format!("enduser/dialogs/{id}")).await, 410, &["actions/restore"]);
    judge.rules();
}
