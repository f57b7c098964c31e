//! Clients that say little or nothing cost little, and others are served (M-05).

use super::{
    Rig,
    raw::{Raw, get, post},
};

/// Asks something quick on a connection of its own.
async fn is_served(rig: &Rig) -> bool {
    let mut other = Raw::connect(rig.address).await;
    other.say(get("/quick")).await.unwrap();
    other.hear().await.is_some_and(|heard| heard.body == "quick")
}

/// M-05.
#[tokio::test]
async fn a_head_has_a_time_and_a_size() {
    let rig = Rig::start(&[("head_timeout", "100ms")]).await;
    let mut silent = Raw::connect(rig.address).await;
    let mut half = Raw::connect(rig.address).await;
    half.say("GET /quick HTTP/1.1\r\nHost: loc").await.unwrap();
    let heard = half.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes()), (408, true));
    assert!(heard.body.contains("\"code\":\"request-timeout\""), "{}", heard.body);
    assert!(half.is_over().await && silent.is_over().await);

    // A second request on a connection has the same time.
    let mut second = Raw::connect(rig.address).await;
    second.say(get("/quick") + "GET /qui").await.unwrap();
    assert_eq!(second.hear().await.expect("an answer").status, 200);
    second.say("ck HTT").await.unwrap();
    assert_eq!(second.hear().await.expect("an answer").status, 408);

    for (padding, status) in [(31_000, 200), (33_000, 431)] {
        let mut large = Raw::connect(rig.address).await;
        let head = format!("GET /quick HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(padding));
        large.say(head).await.unwrap();
        let heard = large.hear().await.expect("an answer");
        assert_eq!((heard.status, heard.closes()), (status, status != 200), "{padding}");
    }
}

/// M-05.
#[tokio::test]
async fn a_body_has_to_come_at_some_rate() {
    let rig = Rig::start(&[("body_grace", "100ms"), ("body_min_rate", "1000")]).await;
    let mut stopped = Raw::connect(rig.address).await;
    stopped.say(post("/read", 100_000)).await.unwrap();
    stopped.say(vec![b' '; 5000]).await.unwrap();
    let heard = stopped.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes()), (408, true), "{}", heard.body);
    assert!(heard.body.contains("\"code\":\"request-timeout\""), "{}", heard.body);
    assert!(stopped.is_over().await);

    let mut steady = Raw::connect(rig.address).await;
    steady.say(post("/read", 100_000)).await.unwrap();
    for _ in 0..100 {
        steady.say(vec![b' '; 1000]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let heard = steady.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.body.as_str(), heard.closes()), (200, "100000", false));
}

/// M-05.
#[tokio::test]
async fn a_connection_that_is_not_used_ends() {
    let rig = Rig::start(&[("idle_timeout", "100ms")]).await;
    let mut idle = Raw::connect(rig.address).await;
    idle.say(get("/quick")).await.unwrap();
    assert!(!idle.hear().await.expect("an answer").closes());
    assert!(idle.is_over().await);
}

/// M-05: beyond the bound the idlest make room; if none is idle, the newcomer is told so.
#[tokio::test]
async fn connections_are_bounded() {
    let rig = Rig::start(&[("max_connections", "4")]).await;
    let mut used = Raw::connect(rig.address).await;
    used.say(get("/quick")).await.unwrap();
    used.hear().await.expect("an answer");
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(Raw::connect(rig.address).await);
        assert!(is_served(&rig).await);
    }
    for connection in silent.iter_mut().take(10) {
        assert!(connection.is_over().await);
    }
    // A connection that was good for something is worth more than those.
    used.say(get("/quick")).await.unwrap();
    assert_eq!(used.hear().await.expect("an answer").body, "quick");

    let mut busy = Vec::new();
    for _ in 0..4 {
        let mut connection = Raw::connect(rig.address).await;
        connection.say(get("/wait")).await.unwrap();
        rig.one_waits().await;
        busy.push(connection);
    }
    let mut refused = Raw::connect(rig.address).await;
    let heard = refused.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes(), heard.header("retry-after")), (503, true, "1"));
    assert_eq!(heard.header("traceparent").len(), 55, "M-30: every answer names its trace");
    assert!(heard.body.contains("\"code\":\"overloaded\""), "{}", heard.body);
    assert!(refused.is_over().await);
    rig.gate.add_permits(4);
    for connection in &mut busy {
        assert_eq!(connection.hear().await.expect("an answer").body, "waited");
    }
}

/// M-05: heads that stop in the middle hold no more than their bound; what the oldest have sent is thrown away, and they are
/// told so when they go on, or when their time is over.
#[tokio::test]
async fn unfinished_heads_are_bounded() {
    let rig = Rig::start(&[("max_head_bytes_in_flight", "100000"), ("head_timeout", "2s")]).await;
    let half = format!("GET /quick HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(24_000));
    let mut stopped = Vec::new();
    for _ in 0..5 {
        let mut connection = Raw::connect(rig.address).await;
        connection.say(&half).await.unwrap();
        stopped.push(connection);
    }
    assert!(is_served(&rig).await);
    // Sent away at once it would be back at once.
    let mut thrown_away = 0;
    for connection in &mut stopped[1..] {
        connection.say("\r\n\r\n").await.unwrap();
        let heard = connection.hear().await.expect("an answer");
        match heard.status {
            503 => {
                assert!(heard.closes());
                thrown_away += 1;
            }
            status => assert_eq!((status, heard.body.as_str()), (200, "quick")),
        }
    }
    assert!(thrown_away <= 1, "{thrown_away} of the younger ones");
    let heard = stopped[0].hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes(), heard.header("retry-after")), (503, true, "1"));
    assert!(stopped[0].is_over().await);
}

/// M-05: beyond the bound of requests, 503; health is told all the same, and those do not count who wait for their client.
#[tokio::test]
async fn requests_under_way_are_bounded() {
    let rig = Rig::start(&[("max_requests", "2")]).await;
    let mut unfinished = Vec::new();
    for _ in 0..10 {
        let mut connection = Raw::connect(rig.address).await;
        connection.say(post("/read", 10)).await.unwrap();
        connection.say("12345").await.unwrap();
        // By the time another is served, this one waits for its client.
        assert!(is_served(&rig).await);
        unfinished.push(connection);
    }
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut connection = Raw::connect(rig.address).await;
        connection.say(get("/wait")).await.unwrap();
        rig.one_waits().await;
        busy.push(connection);
    }
    let mut other = Raw::connect(rig.address).await;
    other.say(get("/quick")).await.unwrap();
    let heard = other.hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes(), heard.header("retry-after")), (503, false, "1"));
    assert_eq!(heard.header("traceparent").len(), 55, "M-30: every answer names its trace");
    other.say(get("/health/liveness")).await.unwrap();
    assert_eq!(other.hear().await.expect("an answer").body, "well");
    for connection in &mut unfinished {
        connection.say("67890").await.unwrap();
        assert_eq!(connection.hear().await.expect("an answer").body, "10");
    }
    rig.gate.add_permits(2);
    for connection in &mut busy {
        assert_eq!(connection.hear().await.expect("an answer").body, "waited");
    }
    other.say(get("/quick")).await.unwrap();
    assert_eq!(other.hear().await.expect("an answer").body, "quick");
}

/// M-05: bodies that stopped coming give way to those that come; there is never more than the bound.
#[tokio::test]
async fn bytes_of_bodies_are_bounded() {
    let settings = [("max_body_bytes_in_flight", "100000"), ("body_grace", "100ms"), ("body_min_rate", "0")];
    let rig = Rig::start(&settings).await;
    let mut stopped = Vec::new();
    for _ in 0..3 {
        let mut connection = Raw::connect(rig.address).await;
        connection.say(post("/read", 40_000)).await.unwrap();
        connection.say(vec![b' '; 30_000]).await.unwrap();
        assert!(is_served(&rig).await);
        stopped.push(connection);
    }
    // Once nothing has come for a second there is room; until then it is asked for again.
    let asking = async {
        loop {
            let mut connection = Raw::connect(rig.address).await;
            connection.say(post("/read", 40_000)).await.unwrap();
            connection.say(vec![b' '; 40_000]).await.unwrap();
            let heard = connection.hear().await.expect("an answer");
            if heard.status == 200 {
                break;
            }
            assert_eq!((heard.status, heard.header("retry-after")), (503, "1"));
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), asking).await.expect("room for one more");
    let heard = stopped[0].hear().await.expect("an answer");
    assert_eq!((heard.status, heard.closes()), (503, true), "the oldest gave way");
}
