//! Feature metrics: what is executed is counted for its owner, and summed up by day.

use std::process::Command;

use dialogporten::{store::usage, usage::costs::norwegian_day};

use crate::harness::{OWNER_ORGANIZATION, PERSON, RESOURCE, TestApp, simple_dialog};

/// Chapter 05 D9 and C2.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_executed_is_counted_and_summed_up() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog()).await;
    owner.get(&format!("serviceowner/dialogs/{dialog}")).await.expect(200);
    app.person(PERSON).opens(dialog).await;
    app.person(PERSON).opens(dialog).await;
    owner.post("serviceowner/dialogs", serde_json::json!({})).await.expect(400);
    // Neither is an operation that was executed.
    app.anonymous().get(&format!("enduser/dialogs/{dialog}")).await.expect(401);
    app.anonymous().get("/health").await.expect(200);
    let day = norwegian_day(app.clock.now());
    app.service.usage.store(&app.door).await.unwrap();
    app.service.usage.store(&app.door).await.unwrap();
    let counted = usage::of_day(&app.door, day).await.unwrap();
    assert!(counted.iter().all(|it| it.of.status_code != 401 && !it.of.route.starts_with("/health")), "{counted:?}");
    let read = counted.iter().find(|it| it.of.route == "/api/v1/enduser/dialogs/{dialogId}").unwrap();
    assert_eq!((read.count, read.of.service_resource.as_str()), (2, RESOURCE));
    assert_eq!((read.of.owner_org.as_str(), read.of.caller_org.as_str()), (OWNER_ORGANIZATION, "unknown"));

    let output = Command::new(env!("CARGO_BIN_EXE_dialogporten"))
        .args(["metrics", "costs", "--date", &day.to_string(), "--database-url", &app.database_url()])
        .env_remove("DATABASE_URL")
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let org = OWNER_ORGANIZATION;
    for line in [
        "Miljø,Tjeneste,Admin,Konsumentorgnr,Tjenesteeierorgnr,Transaksjonstype,Feilet,Antall,RelativRessursbruk",
        &format!("TEST,{RESOURCE},Nei,{org},{org},Opprette dialog,Nei,1,1.5"),
        &format!("TEST,unknown,Nei,{org},unknown,Opprette dialog,Ja,1,1.5"),
        &format!("TEST,{RESOURCE},Nei,{org},{org},Hente dialog (tjenesteeier),Nei,1,1.0"),
        &format!("TEST,{RESOURCE},Nei,unknown,{org},Hente dialog (sluttbruker),Nei,2,2.4"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}
