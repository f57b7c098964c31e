//! A dialog with 20,000 transmissions and as many activities opens, is noted, and shows its log without reading them.

use crate::harness::{PERSON, TestApp, simple_activity, simple_dialog, simple_transmission};

#[tokio::test]
async fn a_dialog_of_twenty_thousand_opens() {
    const EACH: i32 = 20_000;
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let body = crate::harness::Edit::and(simple_dialog(), "transmissions", simple_transmission());
    let body = crate::harness::Edit::and(body, "activities", simple_activity("Information"));
    let id = owner.creates(body).await;
    for copies in [
        "insert into dialog_transmission (created_at, party_key, id, dialog_id, type, depth, has_content, body)
         select created_at, party_key, gen_random_uuid(), dialog_id, type, depth, has_content, body
           from dialog_transmission, generate_series(2, $2)
          where dialog_id = $1",
        "insert into dialog_activity (created_at, party_key, id, dialog_id, type, body)
         select created_at, party_key, gen_random_uuid(), dialog_id, type, body
           from dialog_activity, generate_series(2, $2)
          where dialog_id = $1",
    ] {
        sqlx::query(copies).bind(id).bind(EACH).execute(&app.db).await.unwrap();
    }
    let user = app.person(PERSON);

    let opened = user.opens(id).await;

    for list in ["transmissions", "activities"] {
        let items = opened[list].as_array().expect("a list");
        assert_eq!(items.len(), usize::try_from(EACH).unwrap(), "{list}");
        assert!(items.is_sorted_by_key(|item| (item["createdAt"].as_str(), item["id"].as_str())), "{list}");
    }
    assert_eq!(opened["seenSinceLastUpdate"].as_array().map(Vec::len), Some(1));
    let log = user.get(&format!("enduser/dialogs/{id}/seenlog")).await.expect(200);
    assert_eq!(log.body.as_array().map(Vec::len), Some(1));
    let log = owner.get(&format!("serviceowner/dialogs/{id}/seenlog")).await.expect(200);
    assert_eq!(log.body.as_array().map(Vec::len), Some(1));
}
