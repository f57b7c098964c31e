//! Calls that are kept, and faults.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Rig;

const ORGS: &str = "/orgs/altinn-orgs.json";

async fn fault(rig: &Rig, fault: Value) {
    let answer = rig.with("PUT", "/sandbox/faults", &json!([fault])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn platform_calls_are_kept_and_others_are_not() {
    let rig = Rig::new();
    rig.get("/sandbox/world").await;
    rig.get(&format!("{ORGS}?x=1")).await;
    rig.with("POST", "/authorization/api/v1/authorize", &json!({"Request": 1})).await;
    let calls = rig.data("/sandbox/calls").await;
    assert_eq!(calls.as_array().map(Vec::len), Some(2));
    assert_eq!((&calls[0]["seq"], &calls[0]["path"], &calls[0]["query"]), (&json!(1), &json!(ORGS), &json!("x=1")));
    assert_eq!((&calls[0]["status"], &calls[0]["request"]), (&json!(200), &Value::Null));
    assert_eq!(calls[0]["response"]["orgs"]["ttd"]["orgnr"], "991825827");
    assert_eq!((&calls[1]["method"], &calls[1]["status"]), (&json!("POST"), &json!(401)));
    assert_eq!(calls[1]["request"], json!({"Request": 1}));

    let path = "/sandbox/calls?path=/authorization";
    assert_eq!(rig.data(path).await[0]["seq"], 2);
    assert_eq!(rig.data("/sandbox/calls?after=2").await, json!([]));
    assert_eq!(rig.data("/sandbox/calls?limit=1").await[0]["seq"], 1);
    assert_eq!(rig.get("/sandbox/calls?after=x").await.status, 400);
}

#[tokio::test]
async fn a_fault_happens_as_often_as_it_should() {
    let rig = Rig::new();
    fault(&rig, json!({"path": "/orgs", "method": "get", "status": 503, "body": {"sorry": true}, "times": 2})).await;
    for left in [1, 0] {
        let answer = rig.get(ORGS).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({"sorry": true})));
        assert_eq!(rig.data("/sandbox/faults").await[0]["times"], left);
    }
    assert_eq!(rig.get(ORGS).await.status, 200);
    assert_eq!(rig.data("/sandbox/calls").await[0]["status"], 503);

    fault(&rig, json!({"path": "/orgs", "body": "nonsense", "delay_ms": 0})).await;
    let answer = rig.get(ORGS).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "nonsense"));
    assert_eq!(rig.get("/resourceregistry/api/v1/resource/resourcelist").await.status, 200);
    fault(&rig, json!({"path": "/orgs", "status": 500, "probability": 0.0})).await;
    assert_eq!(rig.get(ORGS).await.status, 200);

    fault(&rig, json!({"path": "/", "status": 500})).await;
    assert_eq!(rig.get(ORGS).await.status, 500);
    assert_eq!(rig.get("/api/GetPersonalToken").await.status, 200);
    assert_eq!(rig.with("DELETE", "/sandbox/faults", &Value::Null).await.status, 204);
    assert_eq!(rig.get(ORGS).await.status, 200);
}

#[tokio::test]
async fn a_fault_that_cannot_happen_is_refused() {
    let rig = Rig::new();
    for wrong in [json!({"path": "/"}), json!([{"path": "/", "status": 99}]), json!([{"path": "/", "sudden": true}])] {
        assert_eq!(rig.with("PUT", "/sandbox/faults", &wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(rig.data("/sandbox/faults").await, json!([]));
}

#[tokio::test]
async fn a_dropped_call_gets_no_answer_at_all() {
    let rig = Rig::new();
    fault(&rig, json!({"path": "/orgs", "drop": true, "times": 1})).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(axum::serve(listener, rig.sandbox.router()).into_future());

    let raw = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(format!("{} {ORGS} HTTP/1.1\r\nhost: x\r\n\r\n", Method::GET).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.map(|_| answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(10), raw).await.expect("the connection is closed");
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.is_empty()));
    assert_eq!(rig.data("/sandbox/calls").await[0]["status"], Value::Null);
    assert_eq!(rig.get(ORGS).await.status, 200);
    server.abort();
}
