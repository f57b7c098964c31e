//! An early refusal never kills a connection without a word (M-04).
//!
//! `scripts/refusals 10000` is the long form; without the variable that it sets a few of each kind run with the other tests.

use std::{collections::BTreeMap, net::SocketAddr, time::Instant};

use super::{
    Rig,
    raw::{Heard, Raw, get, post},
};
use crate::harness::{Client, PERSON, TestApp, simple_dialog};

/// In how many packets a request comes.
#[derive(Clone, Copy, Debug)]
enum Packets {
    One,
    /// Head, then body, as most libraries write.
    Two,
    Many,
}

/// A head that is refused without a look at the body.
struct Kind {
    name: &'static str,
    status: u16,
    head: String,
}

fn head(client: &Client<'_>, headers: &str) -> String {
    let token = client.token().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("POST /api/v1/serviceowner/dialogs HTTP/1.1\r\nHost: localhost\r\n{token}{headers}")
}

fn kinds(app: &TestApp) -> Vec<Kind> {
    const JSON: &str = "Content-Type: application/json\r\n";
    let owner = app.service_owner("ttd");
    vec![
        Kind { name: "unauthorized", status: 401, head: head(&app.anonymous(), JSON) },
        Kind { name: "forbidden", status: 403, head: head(&app.person(PERSON), JSON) },
        Kind { name: "media type", status: 415, head: head(&owner, "Content-Type: text/plain\r\n") },
        Kind {
            name: "if-match",
            status: 400,
            head: head(&owner, JSON).replace(
                "POST /api/v1/serviceowner/dialogs",
                "PUT /api/v1/serviceowner/dialogs/0196c0de-0000-7000-8000-000000000001",
            ) + "If-Match: x\r\n",
        },
    ]
}

/// Sends one request and hears the refusal, on a connection that must be alive.
async fn refused(connection: &mut Raw, kind: &Kind, body: &[u8], packets: Packets) -> Result<Heard, String> {
    let head = format!("{}Content-Length: {}\r\n\r\n", kind.head, body.len());
    // Whoever is told to leave may find that he cannot send on; what counts is that he hears why.
    let sent = match packets {
        Packets::One => connection.say([head.as_bytes(), body].concat()).await,
        Packets::Two | Packets::Many => {
            let piece = if matches!(packets, Packets::Two) { body.len() } else { body.len().div_ceil(7) };
            let mut sent = connection.say(head).await;
            for piece in body.chunks(piece.max(1)) {
                // The server gets its turn, and has answered the head when the body comes.
                tokio::task::yield_now().await;
                sent = sent.and(connection.say(piece).await);
            }
            sent
        }
    };
    let heard = connection.hear().await.ok_or_else(|| format!("nothing was heard, after {sent:?}"))?;
    if heard.status != kind.status {
        return Err(format!("{} {}", heard.status, heard.body));
    }
    Ok(heard)
}

/// Sends `count` requests, keeping each connection for as long as it is not told to leave.
async fn series(
    address: SocketAddr,
    kind: &Kind,
    size: usize,
    packets: Packets,
    count: usize,
) -> Result<usize, String> {
    let body = vec![b' '; size];
    let mut connection = Raw::connect(address).await;
    let mut announced = 0;
    for n in 0..count {
        let heard = refused(&mut connection, kind, &body, packets).await.map_err(|error| format!("{n}: {error}"))?;
        if heard.closes() {
            announced += 1;
            if !connection.is_over().await {
                return Err(format!("{n}: said that it ends, and does not"));
            }
            connection = Raw::connect(address).await;
        }
    }
    Ok(announced)
}

fn rounds() -> Option<usize> {
    #[expect(clippy::disallowed_methods, reason = "the length of a test is no setting of the service")]
    std::env::var("REFUSALS").ok()?.parse().ok()
}

/// M-04.
#[tokio::test]
async fn no_refusal_is_lost_and_every_end_is_announced() {
    let app = TestApp::start().await;
    let address = app.address();
    let mut announced = BTreeMap::new();
    for kind in kinds(&app) {
        for size in [0, 70, 14_000, 1_000_000, 25_000_000] {
            for packets in [Packets::One, Packets::Two, Packets::Many] {
                let count = rounds().unwrap_or(if size > 14_000 { 2 } else { 20 });
                let began = Instant::now();
                let ends = series(address, &kind, size, packets, count).await;
                let ends = ends.unwrap_or_else(|error| panic!("{}, {size} bytes, {packets:?}: {error}", kind.name));
                if rounds().is_some() {
                    let seconds = began.elapsed().as_secs_f32();
                    println!(
                        "{:13} {size:>9} bytes, {packets:?}: {count} heard, {ends} ends announced, {seconds:.1} s",
                        kind.name
                    );
                }
                *announced.entry(size > 64 * 1024).or_insert(0) += ends;
                if size > 64 * 1024 {
                    assert_eq!(ends, count, "{}, {size} bytes, {packets:?}", kind.name);
                }
            }
        }
    }
    // All small rests came within a second.
    assert_eq!(announced[&false], 0);
}

/// M-04: what is announced to be too large is refused before any of it is read, or even sent.
#[tokio::test]
async fn too_large_is_said_by_the_head_alone() {
    let app = TestApp::start().await;
    let owner = head(&app.service_owner("ttd"), "Content-Type: application/json\r\n");
    for expectation in ["", "Expect: 100-continue\r\n"] {
        let mut client = Raw::connect(app.address()).await;
        client.say(format!("{owner}{expectation}Content-Length: 20000001\r\n\r\n")).await.unwrap();
        let heard = client.hear().await.expect("an answer");
        assert_eq!((heard.status, heard.closes()), (413, true), "{expectation}");
        assert!(client.is_over().await);
    }
}

/// M-04: whoever waits to be told so before sending a body is told so, if anybody wants it.
#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_answered() {
    let app = TestApp::start().await;
    let address = app.address();
    let body = simple_dialog().to_string();
    let owner = head(&app.service_owner("ttd"), "Content-Type: application/json\r\nExpect: 100-continue\r\n");
    let mut client = Raw::connect(address).await;
    for _ in 0..2 {
        client.say(format!("{owner}Content-Length: {}\r\n\r\n", body.len())).await.unwrap();
        assert_eq!(client.hear().await.expect("a go-ahead").status, 100);
        client.say(&body).await.unwrap();
        let created = client.hear().await.expect("an answer");
        assert_eq!((created.status, created.closes()), (201, false), "{}", created.body);
    }
    // Refused: a small body is taken all the same, so that the connection can live on; a large one is not.
    let anonymous = head(&app.anonymous(), "Content-Type: application/json\r\nExpect: 100-continue\r\n");
    client.say(format!("{anonymous}Content-Length: {}\r\n\r\n", body.len())).await.unwrap();
    assert_eq!(client.hear().await.expect("a go-ahead").status, 100);
    client.say(&body).await.unwrap();
    let refused = client.hear().await.expect("an answer");
    assert_eq!((refused.status, refused.closes()), (401, false));
    client.say(format!("{anonymous}Content-Length: 1000000\r\n\r\n")).await.unwrap();
    let refused = client.hear().await.expect("an answer");
    assert_eq!((refused.status, refused.closes()), (401, true));
    assert!(client.is_over().await);
}

/// M-04: a small body that does not come is not waited for; nor is one without a stated length that goes on and on.
#[tokio::test]
async fn a_rest_that_does_not_come_soon_ends_the_connection() {
    let rig = Rig::start(&[]).await;
    let mut client = Raw::connect(rig.address).await;
    client.say(post("/ignore", 70)).await.unwrap();
    let heard = client.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes()), (401, true));
    assert!(client.is_over().await);

    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let head = "POST /ignore HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (chunks, closes) in [(3, false), (10, true)] {
        let mut client = Raw::connect(rig.address).await;
        client.say(format!("{head}{}", chunk.repeat(chunks))).await.unwrap();
        client.say("0\r\n\r\n").await.unwrap();
        let heard = client.hear().await.expect("an answer");
        assert_eq!((heard.status, heard.closes()), (401, closes), "{chunks}");
        if !closes {
            client.say(get("/quick")).await.unwrap();
            assert_eq!(client.hear().await.expect("an answer").body, "quick");
        }
    }
}

/// M-04: a long answer that comes before the body was read arrives whole, also at a client that takes it slowly.
#[tokio::test]
async fn a_long_early_answer_arrives_whole() {
    let rig = Rig::start(&[]).await;
    let mut client = Raw::connect(rig.address).await;
    client.say(post("/large", 1_000_000)).await.unwrap();
    client.say(vec![b' '; 1_000_000]).await.unwrap();
    let heard = client.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes(), heard.body.len()), (200, true, 8_000_000));
    assert!(client.is_over().await);
}

/// M-16.
#[tokio::test]
async fn a_request_without_its_host_or_with_two_is_refused() {
    let app = TestApp::start().await;
    for (hosts, status) in [("", 400), ("Host: a\r\nHost: a\r\n", 400), ("Host: a/b\r\n", 400), ("Host: a\r\n", 200)] {
        let mut client = Raw::connect(app.address()).await;
        client.say(format!("GET /api/v1/metadata/limits HTTP/1.1\r\n{hosts}\r\n")).await.unwrap();
        let heard = client.hear().await.expect("an answer");
        assert_eq!(heard.status, status, "{hosts}");
        if status == 400 {
            assert_eq!(heard.header("content-type"), "application/problem+json; charset=utf-8");
            assert!(heard.body.contains("\"Host\":"), "{}", heard.body);
        }
    }
    let mut old = Raw::connect(app.address()).await;
    old.say("GET /api/v1/metadata/limits HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(old.hear().await.expect("an answer").status, 200);
}
