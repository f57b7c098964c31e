//! Who sees what: every reader of the test world against dialogs of every kind and in every state, through every way to read
//! one. What must come out is worked out by a model of its own; what came out is searched, whatever its status, for
//! everything that the dialogs keep.

mod faults;
mod model;
mod scene;

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use model::{Expected, Model, Op};
use scene::{Dialog, Reader, TRANSMISSIONS, marks_in, numbers_in, urn};
use serde_json::json;

use crate::harness::{Answer, TestApp};

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// One cell.
#[derive(Clone, Copy)]
struct Cell<'a> {
    reader: &'a Reader,
    dialog: &'a Dialog,
    op: Op,
}

impl Cell<'_> {
    async fn asks(&self, app: &TestApp) -> Answer {
        let Self { reader, dialog, op } = self;
        let (client, path) = (reader.client(app), format!("enduser/dialogs/{}", dialog.id));
        match op {
            Op::Open => client.get(&path).await,
            Op::Activities => client.get(&format!("{path}/activities")).await,
            Op::Activity => client.get(&format!("{path}/activities/{}", dialog.activity)).await,
            Op::Transmissions => client.get(&format!("{path}/transmissions")).await,
            Op::Transmission(n) => client.get(&format!("{path}/transmissions/{}", dialog.transmissions[*n])).await,
            Op::SeenLog => client.get(&format!("{path}/seenlog")).await,
            Op::LabelLog => client.get(&format!("{path}/context/labellog")).await,
            Op::Labels => client.put(&format!("{path}/context/systemlabels"), json!({ "addLabels": [] })).await,
            Op::LookUp => {
                client.get(&format!("enduser/dialoglookup?instanceRef=urn:altinn:dialog-id:{}", dialog.id)).await
            }
            Op::List => {
                let (party, resource) = (urn(&dialog.party), dialog.resource);
                let query = format!("party={party}&serviceResource=urn:altinn:resource:{resource}");
                client.get(&format!("enduser/dialogs?{query}")).await
            }
            Op::OpenFor => {
                let person = urn(&reader.who);
                dialog.owner(app).get(&format!("serviceowner/dialogs/{}?endUserId={person}", dialog.id)).await
            }
        }
    }

    /// What is wrong with an answer, in words.
    fn fault(&self, expected: &Expected, answer: &Answer) -> Option<String> {
        let shown = given_away(answer);
        if (answer.status.as_u16(), &shown) == (expected.status, &expected.marks) {
            return self.foreign_numbers(answer);
        }
        let more: Vec<_> = shown.difference(&expected.marks).collect();
        let less: Vec<_> = expected.marks.difference(&shown).collect();
        Some(format!(
            "{self}: {} instead of {}; too much: {more:?}, too little: {less:?}",
            answer.status.as_u16(),
            expected.status
        ))
    }

    /// No end user is ever told the number of anybody but the party, and that only where the dialog is shown.
    fn foreign_numbers(&self, answer: &Answer) -> Option<String> {
        if self.op == Op::OpenFor && answer.status.is_success() {
            return None;
        }
        let party = self.dialog.party.strip_prefix("person:").filter(|_| answer.status.is_success());
        let found: Vec<_> = numbers_in(&answer.text).into_iter().filter(|number| Some(*number) != party).collect();
        (!found.is_empty()).then(|| format!("{self}: the answer has {} numbers of persons", found.len()))
    }
}

impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { reader, dialog, op } = self;
        let Dialog { n, party, resource, state, storage, .. } = dialog;
        write!(
            f,
            "{op:?} by {} at level {} of {n} ({party}, {resource}, {state:?}, {storage:?})",
            reader.who, reader.level
        )
    }
}

/// Marks of everything that the answer shows. The dialog token is for other systems, and holds no text of the dialog.
fn given_away(answer: &Answer) -> BTreeSet<String> {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("dialogToken");
    }
    marks_in(&if body.is_null() { answer.text.clone() } else { body.to_string() })
}

/// The world as the sandbox has it.
async fn model(app: &TestApp) -> Model {
    Model(app.anonymous().get("/sandbox/world").await.expect(200).body)
}

fn cells<'a>(readers: &'a [Reader], dialogs: &'a [Dialog]) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for (i, reader) in readers.iter().enumerate() {
        for dialog in dialogs {
            let one = Op::Transmission((i + dialog.n) % TRANSMISSIONS.len());
            let mut ops = vec![Op::List, Op::LookUp, Op::Transmissions, one, Op::Activities, Op::Activity, Op::Open];
            ops.extend([Op::SeenLog, Op::LabelLog, Op::Labels]);
            if reader.person().is_some() && reader.level == 3 {
                ops.push(Op::OpenFor);
            }
            cells.extend(ops.into_iter().map(|op| Cell { reader, dialog, op }));
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_they_may_and_nothing_else() {
    let app = TestApp::start().await;
    let (readers, dialogs) = (scene::readers(), scene::dialogs(&app).await);
    let model = model(&app).await;
    let cells = cells(&readers, &dialogs);
    assert!(cells.len() >= 5_000, "{} cells", cells.len());
    let faults: Vec<String> = stream::iter(&cells)
        .map(async |cell| {
            let expected = model.expects(cell.reader, cell.dialog, &dialogs, cell.op);
            cell.fault(&expected, &cell.asks(&app).await)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |fault| fault)
        .collect()
        .await;
    println!("{} cells", cells.len());
    let shown = faults.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} of {} cells are wrong:\n{shown}", faults.len(), cells.len());
}

/// The model itself says what the world's own expectations say (chapter 09 §8), as far as they are about reading.
#[tokio::test]
async fn the_table_has_every_outcome() {
    let app = TestApp::start().await;
    let (readers, dialogs) = (scene::readers(), scene::dialogs(&app).await);
    let model = model(&app).await;
    let mut met: BTreeSet<(String, u16)> = BTreeSet::new();
    for cell in cells(&readers, &dialogs) {
        let expected = model.expects(cell.reader, cell.dialog, &dialogs, cell.op);
        let op = format!("{:?}", cell.op);
        met.insert((op.split('(').next().unwrap_or_default().to_owned(), expected.status));
    }
    let statuses =
        |op: &str| met.iter().filter(|(known, _)| known == op).map(|(_, status)| *status).collect::<Vec<_>>();
    assert_eq!(statuses("Open"), [200, 403, 404, 410]);
    for part in ["Activities", "Activity", "Transmissions", "Transmission", "SeenLog"] {
        assert_eq!(statuses(part), [200, 403, 404, 410], "{part}");
    }
    assert_eq!(statuses("LabelLog"), [200, 403, 404]);
    assert_eq!(statuses("Labels"), [204, 403, 404]);
    assert_eq!(statuses("LookUp"), [200, 403, 404]);
    assert_eq!(statuses("OpenFor"), [200, 404]);
}
