//! From an operation to its replay: each request is sent to the service whose connection to the database is read.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize},
    },
};

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;

use super::{
    Stage,
    bare::{Replay, Twins},
    client::{Client, Request},
    operations::{Fresh, Kind, Operation, first_reading},
    recorder::Turn,
    script::{Change, Script, Statements},
    stage::Behind,
    twin::{self, State},
};

/// Requests of one kind that are recorded where one dialog is like the other.
const RECORDED: usize = 32;
/// Before anything is recorded, so that statements are prepared and the platform's answers at hand.
const WARM_UP: usize = 4;

/// One after the other: what the service asked for each of the operation's requests.
pub fn record(stage: &Stage, behind: &Behind, runtime: &Runtime, operation: &Operation) -> anyhow::Result<Replay> {
    let mut recording =
        Recording { behind, runtime, client: Client::connect(&behind.recorded)?, statements: Statements::default() };
    let mut scripts: Vec<Vec<Script>> = Vec::new();
    let mut fresh = Vec::new().into_iter();
    if let Kind::FirstReadings = operation.kind {
        fresh = Fresh::create(stage, WARM_UP + RECORDED)?.dialogs.into_iter();
    }
    // What is only read is read once before: a first reading leaves its trace.
    let subjects = operation.requests.len();
    let warm_up = if matches!(operation.kind, Kind::Reads) { subjects.max(WARM_UP) } else { WARM_UP };
    for at in 0..warm_up {
        match fresh.next() {
            Some(dialog) => recording.turns(&first_reading(stage, dialog))?,
            None => recording.turns(operation.next(at % subjects).1)?,
        };
    }
    match &operation.kind {
        Kind::Reads => {
            for subject in 0..subjects {
                let turns = recording.turns(operation.next(subject).1)?;
                scripts.push(vec![Script::verbatim(&turns, &mut recording.statements)?]);
            }
        }
        Kind::Creates => {
            for _ in 0..RECORDED {
                let now = twin::now();
                let turns = recording.turns(operation.next(0).1)?;
                scripts.push(vec![Script::write(&turns, &mut recording.statements, None, now)?]);
            }
        }
        Kind::Changes(dialogs) => {
            for (subject, dialog) in dialogs.iter().enumerate() {
                let mut of_dialog: Vec<Option<Script>> = vec![None; operation.requests[subject].len()];
                for _ in 0..of_dialog.len() {
                    let (turn, request) = operation.next(subject);
                    of_dialog[turn] = Some(recording.change(*dialog, request)?);
                }
                scripts.push(of_dialog.into_iter().collect::<Option<_>>().context("each request once")?);
            }
        }
        Kind::FirstReadings => {
            for dialog in fresh {
                scripts.push(vec![recording.change(dialog, &first_reading(stage, dialog))?]);
            }
        }
    }
    let common = common(&scripts)?;
    let is_common = |of_subject: &Vec<Script>| of_subject.iter().all(|script| script.names() == common);
    // What the service does by the clock came in between.
    let odd = scripts.iter().filter(|of_subject| !is_common(of_subject)).count();
    ensure!(odd * 4 <= scripts.len(), "{}: {odd} recordings are unlike the others", operation.name);
    let mut dialogs = Vec::new();
    if let Kind::Changes(changed) = &operation.kind {
        dialogs = changed.iter().zip(&scripts).filter(|(_, of)| is_common(of)).map(|(dialog, _)| *dialog).collect();
    }
    scripts.retain(is_common);
    let Recording { statements, .. } = recording;
    let session = behind.recorder.session();
    Ok(Replay { scripts, dialogs, twins: Twins::Nobody, statements, session, unlike: AtomicU64::new(0) })
}

impl Replay {
    /// The statements of one request, by their names.
    pub fn names(&self) -> Vec<&str> {
        self.scripts.first().and_then(|of_subject| of_subject.first()).map(Script::names).unwrap_or_default()
    }

    /// Dialogs for the next runs, as they are now.
    pub fn take_twins(&mut self, behind: &Behind, runtime: &Runtime, fresh: Option<&Fresh>) -> anyhow::Result<()> {
        let states = |dialogs: &[uuid::Uuid]| -> anyhow::Result<Vec<State>> {
            dialogs.iter().map(|dialog| runtime.block_on(State::of(&behind.db, *dialog))).collect()
        };
        if let Some(fresh) = fresh {
            self.twins = Twins::Fresh(states(&fresh.dialogs)?, AtomicUsize::new(0));
        } else if !self.dialogs.is_empty() {
            self.twins = Twins::Own(states(&self.dialogs)?.into_iter().map(Mutex::new).collect());
        }
        Ok(())
    }
}

struct Recording<'a> {
    behind: &'a Behind,
    runtime: &'a Runtime,
    client: Client,
    statements: Statements,
}

impl Recording<'_> {
    fn turns(&mut self, request: &Request) -> anyhow::Result<Vec<Turn>> {
        self.behind.recorder.start();
        self.client.ask(request)?;
        let mut turns = self.behind.recorder.stop();
        // Speaks for all writes of some milliseconds, when those are over.
        turns.retain(|turn| turn.name() != "signal");
        Ok(turns)
    }

    fn change(&mut self, dialog: uuid::Uuid, request: &Request) -> anyhow::Result<Script> {
        let before = self.runtime.block_on(State::of(&self.behind.db, dialog))?;
        let now = twin::now();
        let turns = self.turns(request)?;
        let after = self.runtime.block_on(State::of(&self.behind.db, dialog))?;
        Script::write(&turns, &mut self.statements, Some(&Change { before, after }), now)
    }
}

/// The names of statements that most recordings have.
fn common(scripts: &[Vec<Script>]) -> anyhow::Result<Vec<String>> {
    let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
    for script in scripts.iter().flatten() {
        *counts.entry(script.names().into_iter().map(str::to_owned).collect()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(names, _)| names).context("nothing was recorded")
}
