//! Free text in lists: which dialogs words find, for whom, and from when on.

use futures_util::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    Client, Edit, PERSON, RESOURCE, TestApp, fresh_id, localized, simple_activity, simple_dialog, simple_dialog_for,
    simple_transmission, text,
};

const LEVEL_4: &str = "urn:altinn:resource:ttd-dialogporten-transmissions-test";
const CHANGE_TRANSMISSIONS: &str = "digdir:dialogporten.serviceprovider.changetransmissions";

fn person(number: &str) -> String {
    format!("urn:altinn:person:identifier-no:{number}")
}

/// A dialog with this title and nothing else to find.
fn titled(name: &str, title: &str) -> Value {
    simple_dialog()
        .with("externalReference", name)
        .with("content.title", text(title))
        .with("content.summary", text("-"))
}

/// The names of what the caller finds in its own list, with further parameters.
async fn found_with(client: &Client<'_>, typed: &str, more: &str) -> Vec<String> {
    let typed = utf8_percent_encode(typed, NON_ALPHANUMERIC);
    let answer = client.get(&format!("enduser/dialogs?search={typed}&{more}")).await;
    assert_eq!(answer.status, 200, "{typed}: {}", answer.text);
    names(&answer.body)
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    let mut names: Vec<_> = items.map(|item| item["externalReference"].as_str().unwrap_or("-").to_owned()).collect();
    names.sort();
    names
}

async fn found(client: &Client<'_>, typed: &str) -> Vec<String> {
    found_with(client, typed, &format!("party={}", person(PERSON))).await
}

async fn found_in(client: &Client<'_>, typed: &str, language: &str) -> Vec<String> {
    found_with(client, typed, &format!("searchLanguageCode={language}&party={}", person(PERSON))).await
}

/// S-001, S-002, S-003, S-004, S-005, S-018, S-019
#[tokio::test]
async fn words_are_found_as_written_and_by_their_stems() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    owner.creates(titled("faktura", "Din faktura")).await;
    owner.creates(titled("arbeidsflate", "Ny arbeidsflate")).await;
    owner.creates(titled("tag", "-").with("searchTags", json!([{"value": "Arbeidsplass"}]))).await;
    owner.creates(titled("melding", "skattemelding")).await;
    owner.creates(titled("file", "Selvangivelse.pdf fra NAV.no den 2024-05-12")).await;
    let both = json!({"mediaType": "text/plain", "value": [
        {"languageCode": "en", "value": "Several invoices"}, {"languageCode": "nb", "value": "Flere regninger"},
    ]});
    owner.creates(titled("both", "-").with("content.title", both)).await;
    let user = app.person(PERSON);
    for language in ["nb", "en"] {
        assert_eq!(found_in(&user, "faktura", language).await, ["faktura"], "{language}");
        assert_eq!(found_in(&user, "arbeidsplass", language).await, ["tag"], "{language}");
    }
    assert_eq!(found(&user, "faktura").await, ["faktura"]);
    assert_eq!(found(&user, "arbeidsplass").await, ["tag"]);
    for form in ["fakturaer", "FAKTURAENE"] {
        assert_eq!(found(&user, form).await, ["faktura"], "{form}");
    }
    for form in ["arbeidsflatene", "arbeidsflater", "arbeidsflate", "ARBEIDSFLATE"] {
        for language in ["nb", "nb-NO", "NB", "nb_no", "nn"] {
            assert_eq!(found_in(&user, form, language).await, ["arbeidsflate"], "{form} {language}");
        }
    }
    assert_eq!(found_in(&user, "invoices", "nb").await, ["both"]);
    assert_eq!(found_in(&user, "invoice", "en").await, ["both"]);
    for (typed, expected) in [
        ("selvangivelse.pdf", &["file"][..]),
        ("selvangivelse", &["file"]),
        ("nav.no", &["file"]),
        ("2024-05-12", &["file"]),
        ("2024", &["file"]),
        ("skatt", &[]),
        ("skattemeldinger", &["melding"]),
    ] {
        assert_eq!(found(&user, typed).await, expected, "{typed}");
    }
    for language in ["no", "xx"] {
        let answer =
            user.get(&format!("enduser/dialogs?search=word&searchLanguageCode={language}&party=x")).await.expect(400);
        assert!(answer.text.contains("earchLanguageCode"), "{}", answer.text);
    }
}

/// F-001, F-002, S-007, S-008, S-009
#[tokio::test]
async fn these_texts_are_searched_and_no_others() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let attachment = |display: &str, name: &str| {
        let urls = json!([{"url": "https://example.com/a", "consumerType": "gui"}]);
        json!({"displayName": localized(display), "name": name, "urls": urls})
    };
    let performer = json!({"actorType": "PartyRepresentative", "actorName": "Word21"});
    let dialog = titled("x", "word01")
        .with("content.summary", text("word02"))
        .with("content.extendedStatus", text("word03"))
        .with("content.nonSensitiveTitle", text("word04"))
        .with("content.nonSensitiveSummary", text("word05"))
        .with("content.senderName", text("word06"))
        .with("content.additionalInfo", text("word07"))
        .with("searchTags", json!([{"value": "word08"}]))
        .and("attachments", attachment("word09", "word22"))
        .and(
            "transmissions",
            simple_transmission()
                .with("content.title", text("word10"))
                .with("content.summary", text("word11"))
                .and("attachments", attachment("word12", "word22")),
        )
        .and("activities", simple_activity("Information").with("description", localized("word13")).with("performedBy", performer))
        .and(
            "guiActions",
            json!({"action": "submit", "url": "https://example.com", "priority": "tertiary", "title": localized("word23")}),
        )
        .with("extendedStatus", "word24")
        .with("externalReference", "word25")
        .with("serviceOwnerContext", json!({"serviceOwnerLabels": [{"value": "word26"}]}));
    owner.creates(dialog).await;
    let markdown = text("word27").with("mediaType", "text/markdown");
    owner.creates(titled("markdown", "-").with("content.additionalInfo", markdown)).await;
    let user = app.person(PERSON);
    for number in 1..=13 {
        assert_eq!(found(&user, &format!("word{number:02}")).await, ["word25"], "word{number:02}");
    }
    for number in 21..=27 {
        assert_eq!(found(&user, &format!("word{number:02}")).await, [""; 0], "word{number:02}");
    }
}

/// S-010, S-011, S-012, S-013, S-014, S-015, S-016, S-017, S-020, F-005, F-006, F-008, F-009, F-010
#[tokio::test]
async fn searches_are_read_as_the_grammar_says() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let spread = simple_activity("Information").with("description", localized("delta"));
    owner.creates(titled("ab", "alpha bravo").and("activities", spread)).await;
    owner.creates(titled("c", "charlie")).await;
    owner.creates(titled("a", "alpha")).await;
    owner.creates(titled("pr", "payment reminder").with("content.summary", text("invoice"))).await;
    owner.creates(titled("split", "one payment").with("content.summary", text("reminder two"))).await;
    owner.creates(titled("i", "invoice paid")).await;
    owner.creates(titled("am", "A-melding - 2024")).await;
    owner.creates(titled("avgift", "avgift og det")).await;
    let user = app.person(PERSON);
    for (typed, expected) in [
        ("alpha AND delta", &["ab"][..]),
        ("alpha AND bravo charlie", &["ab", "c"]),
        ("alpha AND bravo OR charlie", &["ab", "c"]),
        ("alpha bravo", &["a", "ab"]),
        ("alpha and bravo", &["ab"]),
        ("\"reminder payment\"", &[]),
        ("\"payment reminder\"", &["pr"]),
        ("\"payment reminder\" charlie", &["c", "pr"]),
        ("\"payment reminder", &["pr"]),
        ("-\"payment reminder\" invoice", &["i"]),
        ("invoice -paid", &["pr"]),
        ("invoice -paid alpha", &[]),
        ("invoice OR -paid", &["a", "ab", "am", "avgift", "c", "i", "pr", "split"]),
        ("-paid", &["a", "ab", "am", "avgift", "c", "pr", "split"]),
        ("-paid -alpha", &["am", "avgift", "c", "pr", "split"]),
        ("A-melding - 2024", &["am"]),
        ("skatt & avgift", &["avgift"]),
        ("skatt / avgift", &["avgift"]),
        ("skatt | avgift", &["avgift"]),
        ("skatt*", &[]),
        ("   ", &[]),
        ("(((", &[]),
        ("...", &[]),
        ("AND", &[]),
        ("or ", &[]),
        ("det", &["avgift"]),
    ] {
        assert_eq!(found(&user, typed).await, expected, "{typed}");
    }
    let answer = user.get(&format!("enduser/dialogs?search=ab&party={}", person(PERSON))).await.expect(400);
    assert_eq!(answer.errors("search").len(), 1, "{}", answer.text);
}

/// S-006
#[tokio::test]
async fn every_uuid_finds_its_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let ids: Vec<String> =
        (0..100u128).map(|n| Uuid::from_u128(n * 0x0123_4567_89ab_cdef_fedc_ba98_7654_3211).to_string()).collect();
    for id in &ids {
        owner.creates(titled(id, id)).await;
    }
    let user = app.person(PERSON);
    for id in &ids {
        assert_eq!(found(&user, id).await, [id.as_str()]);
        assert_eq!(found_in(&user, id, "nb").await, [id.as_str()]);
    }
}

/// S-021, S-010 where texts take several parts
#[tokio::test]
async fn no_word_of_a_long_dialog_is_lost() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let sent = |n: usize| simple_transmission().with("content.title", text(&format!("tittel{n} nummer")));
    let body = (0..1_200).fold(titled("long", "begynnelse"), |body, n| body.and("transmissions", sent(n)));
    let dialog = owner.creates(body).await;
    let parts: i64 = sqlx::query_scalar("select count(*) from dialog_text where dialog_id = $1")
        .bind(dialog.0)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert!(parts > 2, "{parts} parts");
    let user = app.person(PERSON);
    for typed in [
        "tittel0",
        "tittel600",
        "tittel1199",
        "begynnelse AND tittel1199",
        "tittel0 AND tittel600 AND tittel1199",
        "\"tittel700 nummer\"",
        "tittel5 -fraværende",
    ] {
        assert_eq!(found(&user, typed).await, ["long"], "{typed}");
    }
    for typed in ["tittel1200", "tittel0 -tittel1199", "-tittel1199", "\"nummer tittel701\"", "fraværende AND tittel1"]
    {
        assert_eq!(found(&user, typed).await, [""; 0], "{typed}");
    }
    // Own texts change and more is appended: the parts follow.
    let path = format!("serviceowner/dialogs/{dialog}");
    let change = json!({"status": "NotApplicable", "content": {"title": text("forandret"), "summary": text("-")}});
    owner.put(&path, change.with("externalReference", "long")).await.expect(204);
    owner.post(&format!("{path}/transmissions"), sent(1_200)).await.expect(201);
    for (typed, expected) in [
        ("begynnelse", &[][..]),
        ("forandret AND tittel3", &["long"]),
        ("tittel1200 AND forandret", &["long"]),
        ("tittel0 -begynnelse", &["long"]),
    ] {
        assert_eq!(found(&user, typed).await, expected, "{typed}");
    }
}

/// S-022
#[tokio::test]
async fn words_appended_at_once_are_all_found() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(titled("one", "samtidig")).await;
    let path = format!("serviceowner/dialogs/{dialog}/transmissions");
    let sent = |n: usize| simple_transmission().with("content.title", text(&format!("parallell{n}")));
    for answer in join_all((0..20).map(|n| owner.post(&path, sent(n)))).await {
        answer.expect(201);
    }
    let user = app.person(PERSON);
    for n in 0..20 {
        assert_eq!(found(&user, &format!("parallell{n} AND samtidig")).await, ["one"], "{n}");
    }
}

/// S-023, S-024
#[tokio::test]
async fn words_come_and_go_with_their_texts() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd").and_scopes(&[CHANGE_TRANSMISSIONS]);
    let sent = fresh_id();
    let transmission = simple_transmission().with("id", sent.to_string()).with("content.title", text("forsendelsen"));
    let transmission = transmission.with("content.summary", text("-"));
    let dialog = owner.creates(titled("x", "gammel").and("transmissions", transmission.clone())).await;
    let user = app.person(PERSON);
    let path = format!("serviceowner/dialogs/{dialog}");
    for (silent, word) in [("", "fersk"), ("?isSilentUpdate=true", "ulik")] {
        let change = json!({"status": "NotApplicable", "externalReference": "x", "content": {"title": text(word), "summary": text("-")}});
        owner.put(&format!("{path}{silent}"), change).await.expect(204);
        assert_eq!(found(&user, &format!("{word} AND forsendelsen")).await, ["x"]);
        assert_eq!(found(&user, "gammel").await, [""; 0]);
    }
    assert_eq!(found(&user, "fersk AND forsendelsen").await, [""; 0]);
    let correction = transmission.without("id").with("isSilentUpdate", true).with("content.title", text("rettelsen"));
    owner.put(&format!("{path}/transmissions/{sent}"), correction).await.expect(204);
    assert_eq!(found(&user, "rettelsen AND ulik").await, ["x"]);
    assert_eq!(found(&user, "forsendelsen").await, [""; 0]);

    owner.delete(&path).await.expect(204);
    assert_eq!(found(&user, "ulik").await, [""; 0]);
    let query = format!("serviceowner/dialogs?search=ulik&party={0}&endUserId={0}", person(PERSON));
    assert_eq!(names(&owner.get(&format!("{query}&deleted=Only")).await.expect(200).body), ["x"]);
    assert_eq!(names(&owner.get(&query).await.expect(200).body), [""; 0]);
    owner.post(&format!("{path}/actions/restore"), Value::Null).await.expect(204);
    assert_eq!(found(&user, "ulik").await, ["x"]);
}

/// F-003, F-004, F-007, OS-008
#[tokio::test]
async fn only_what_may_be_seen_is_found() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let delegated = "urn:altinn:resource:ttd-delegated";
    let label = "urn:altinn:integration:storage:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013";
    let theirs = |name: &str| {
        let dialog = simple_dialog_for("319900012").with("externalReference", name).with("serviceResource", delegated);
        dialog.with("content.title", text("felles ord"))
    };
    let labels = json!({ "serviceOwnerLabels": [{ "value": label }] });
    owner.creates(theirs("delegated").with("serviceOwnerContext", labels)).await;
    owner.creates(theirs("not delegated")).await;
    owner.creates(titled("own", "felles ord")).await;
    owner.creates(titled("foreign", "felles ord").with("serviceResource", delegated)).await;
    owner.creates(titled("later", "felles ord")).await;
    let receiver = app.person("05838090011");
    assert_eq!(found_with(&receiver, "felles", &format!("serviceResource={delegated}")).await, ["delegated"]);
    assert_eq!(found_with(&receiver, "finnes-ikke", &format!("serviceResource={delegated}")).await, [""; 0]);
    let user = app.person(PERSON);
    assert_eq!(found(&user, "felles").await, ["later", "own"]);

    let page = user.get(&format!("enduser/dialogs?search=felles&party={}", person(PERSON))).await.expect(200).body;
    let newest = page["items"][0]["contentUpdatedAt"].as_str().unwrap();
    let bound = format!("party={}&contentUpdatedAfter={newest}", person(PERSON));
    assert_eq!(found_with(&user, "felles", &bound).await, ["later"]);

    owner.creates(titled("owned", "ettersøkt")).await;
    owner.creates(titled("other", "noe annet")).await;
    let query =
        format!("serviceowner/dialogs?search=ettersøkt&serviceResource={RESOURCE}&endUserId={}", person(PERSON));
    assert_eq!(names(&owner.get(&query).await.expect(200).body), ["owned"]);
}

/// Decision 17 of chapter 04 §12: below the level of the resource only what everybody may read finds a dialog, and what it lacks
/// there is no hint either.
#[tokio::test]
async fn the_level_decides_which_texts_find_a_dialog() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let sent = simple_transmission().with("content.title", text("oversendt"));
    let dialog = titled("x", "hemmelig")
        .with("serviceResource", LEVEL_4)
        .with("content.summary", text("fortrolig"))
        .with("content.nonSensitiveTitle", text("offentlig"))
        .with("content.senderName", text("avsenderen"))
        .with("searchTags", json!([{"value": "merkelapp"}]))
        .and("transmissions", sent)
        .and("activities", simple_activity("Information").with("description", localized("hendelsen")));
    owner.creates(dialog).await;
    let (low, high) = (app.person(PERSON), app.person(PERSON).level(4));
    for word in ["hemmelig", "fortrolig", "oversendt", "hendelsen"] {
        assert_eq!(found(&low, word).await, [""; 0], "{word}");
        assert_eq!(found(&high, word).await, ["x"], "{word}");
        assert_eq!(found(&low, &format!("offentlig -{word}")).await, ["x"], "{word}");
        assert_eq!(found(&high, &format!("offentlig -{word}")).await, [""; 0], "{word}");
    }
    for word in ["offentlig", "avsenderen", "merkelapp"] {
        assert_eq!(found(&low, word).await, ["x"], "{word}");
    }
    let query = format!("serviceowner/dialogs?search=hemmelig&party={0}&endUserId={0}", person(PERSON));
    assert_eq!(names(&owner.get(&query).await.expect(200).body), ["x"], "owners wrote it");
}

/// Whatever is typed is answered.
#[tokio::test]
async fn anything_may_be_typed() {
    let app = TestApp::start().await;
    app.service_owner("ttd").creates(titled("x", "שלום verden 'sitat' \\ skråstrek")).await;
    let user = app.person(PERSON);
    let terms = (0..3_000).map(|n| format!("t{n}")).collect::<Vec<_>>().join(" ");
    for typed in [
        "\"".repeat(1_000).as_str(),
        &"- ".repeat(500),
        &"-".repeat(2_000),
        "OR AND OR",
        "\u{200f}\u{202e}'; drop table dialog; --",
        "':* & | ! <-> (",
        "\\' \\\\ '' :A",
        &terms,
        &"æ".repeat(4_000),
    ] {
        found(&user, typed).await;
    }
    let answer = user.get(&format!("enduser/dialogs?search=a%00b&party={}", person(PERSON))).await.expect(400);
    assert_eq!(answer.errors("search").len(), 1, "{}", answer.text);
    assert_eq!(found(&user, "\u{200f}שלום\u{200e}").await, ["x"]);
    assert_eq!(found(&user, "'sitat'").await, ["x"]);
    assert_eq!(found(&user, "verden:B").await, [""; 0]);
}
