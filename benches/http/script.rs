//! A recorded request as something that can be done again: the same statements with the same parameters, but for what a
//! second write must have of its own.
//!
//! Ids and times stand in the parameters as 16 and 8 bytes, alone or in arrays, and the types tell where. A write is done
//! again on a *twin*: a dialog like the one that was recorded, often itself. What was the recorded dialog's before the
//! request (its id, revisions, times) becomes the twin's. Any other id is made anew, the same one wherever it stood; if it was
//! the recorded dialog's new revision, it is the twin's from then on, so the next replay passes the guard. Times of the
//! moment of the recording become the present time, or else a new row version would leave all indexes as they are. Bodies,
//! which are JSON, and everything else stay as they are.

use std::sync::Arc;

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::{
    recorder::{Asked, Prepared, Turn},
    twin::{State, TIMES, UUIDS},
    wire::{Message, Reader},
};

const UUID: usize = 2950;
const UUID_ARRAY: usize = 2951;
const TIME: usize = 1184;
const TIME_ARRAY: usize = 1185;
/// So far from the moment of the recording a time is still one of it, in microseconds.
const MOMENT: i64 = 60_000_000;

/// The dialog of a recording, around it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub before: State,
    pub after: State,
}

/// One request, ready to be done again.
#[derive(Clone, Debug)]
pub struct Script {
    pub steps: Vec<Step>,
    /// Ids of the recording and what becomes of them.
    ids: Vec<Id>,
}

/// What is sent at once.
#[derive(Clone, Debug)]
pub struct Step {
    /// Of a statement or a query without parameters.
    pub name: String,
    bytes: Vec<u8>,
    places: Vec<(usize, Rule)>,
    pub tags: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Id {
    was: [u8; 16],
    /// The twin's, by its place there.
    of_twin: Option<usize>,
    becomes: [bool; UUIDS],
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Id(usize),
    TimeOfTwin(usize),
    Now { becomes: [bool; TIMES] },
}

/// Statements by the names that they have on bare connections: `r0`, `r1`, …
#[derive(Default)]
pub struct Statements(pub Vec<Arc<Prepared>>);

impl Statements {
    fn name(&mut self, prepared: &Arc<Prepared>) -> String {
        let at = self.0.iter().position(|known| known == prepared).unwrap_or_else(|| {
            self.0.push(prepared.clone());
            self.0.len() - 1
        });
        format!("r{at}")
    }
}

impl Script {
    /// Word for word, for what only reads.
    pub fn verbatim(turns: &[Turn], statements: &mut Statements) -> anyhow::Result<Self> {
        Self::of(turns, statements, |_, _| Ok(()))
    }

    /// A write: `change` is what it made of its dialog, if there was one before; `now` the moment of the recording.
    pub fn write(
        turns: &[Turn],
        statements: &mut Statements,
        change: Option<&Change>,
        now: i64,
    ) -> anyhow::Result<Self> {
        let mut ids = Vec::new();
        let mut script = Self::of(turns, statements, |step, parameters| {
            for (at, kind) in places(&step.bytes, parameters)? {
                let rule = match kind {
                    UUID => Some(Rule::Id(id(&mut ids, step.bytes[at..at + 16].try_into()?, change))),
                    _ => time(i64::from_be_bytes(step.bytes[at..at + 8].try_into()?), change, now),
                };
                step.places.extend(rule.map(|rule| (at, rule)));
            }
            Ok(())
        })?;
        script.ids = ids;
        Ok(script)
    }

    fn of(
        turns: &[Turn],
        statements: &mut Statements,
        mut mark: impl FnMut(&mut Step, &[(usize, Vec<usize>)]) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let mut steps = Vec::new();
        for turn in turns {
            let mut step = Step { name: turn.name(), bytes: Vec::new(), places: Vec::new(), tags: turn.tags.clone() };
            // Where the parameters of a statement begin, and their types.
            let mut parameters = Vec::new();
            for asked in &turn.asked {
                match asked {
                    Asked::Other(message) => message.write(&mut step.bytes),
                    Asked::Bind(prepared, rest) => {
                        let name = statements.name(prepared);
                        let head = [&[0], name.as_bytes(), &[0]].concat();
                        parameters.push((step.bytes.len() + 5 + head.len(), prepared.types.clone()));
                        Message::new(b'B', [head, rest.clone()].concat()).write(&mut step.bytes);
                    }
                }
            }
            mark(&mut step, &parameters)?;
            steps.push(step);
        }
        Ok(Self { steps, ids: Vec::new() })
    }

    pub fn names(&self) -> Vec<&str> {
        self.steps.iter().map(|step| step.name.as_str()).collect()
    }

    /// New ids for one more run on `twin`, whose next ids they are as well.
    pub fn fresh_ids(&self, twin: &mut State) -> Vec<[u8; 16]> {
        let before = *twin;
        let fresh = |id: &Id| match id.of_twin {
            Some(at) => before.ids[at],
            None if id.was[6] >> 4 == 7 => *Uuid::now_v7().as_bytes(),
            None => *Uuid::new_v4().as_bytes(),
        };
        let fresh: Vec<_> = self.ids.iter().map(fresh).collect();
        for (id, value) in self.ids.iter().zip(&fresh) {
            for at in (0..UUIDS).filter(|at| id.becomes[*at]) {
                twin.ids[at] = *value;
            }
        }
        fresh
    }
}

impl Step {
    /// What is to be sent in this run, in `bytes`; times that the write gives the twin are noted in `after`.
    pub fn tell(&self, bytes: &mut Vec<u8>, ids: &[[u8; 16]], before: &State, after: &mut State, now: i64) {
        bytes.clear();
        bytes.extend(&self.bytes);
        for (at, rule) in &self.places {
            match rule {
                Rule::Id(id) => bytes[*at..at + 16].copy_from_slice(&ids[*id]),
                Rule::TimeOfTwin(field) => {
                    let time = before.times[*field].unwrap_or_default();
                    bytes[*at..at + 8].copy_from_slice(&time.to_be_bytes());
                }
                Rule::Now { becomes } => {
                    bytes[*at..at + 8].copy_from_slice(&now.to_be_bytes());
                    for field in (0..TIMES).filter(|field| becomes[*field]) {
                        after.times[field] = Some(now);
                    }
                }
            }
        }
    }
}

/// The place of an id among those of the recording.
fn id(ids: &mut Vec<Id>, was: [u8; 16], change: Option<&Change>) -> usize {
    ids.iter().position(|known| known.was == was).unwrap_or_else(|| {
        let of_twin = change.and_then(|change| change.before.ids.iter().position(|id| *id == was));
        let becomes = |at: usize| change.is_some_and(|change| of_twin.is_none() && change.after.ids[at] == was);
        ids.push(Id { was, of_twin, becomes: std::array::from_fn(becomes) });
        ids.len() - 1
    })
}

fn time(was: i64, change: Option<&Change>, now: i64) -> Option<Rule> {
    let before = change.and_then(|change| change.before.times.iter().position(|time| *time == Some(was)));
    if let Some(field) = before {
        return Some(Rule::TimeOfTwin(field));
    }
    let becomes = |at: usize| change.is_some_and(|change| change.after.times[at] == Some(was));
    ((was - now).abs() < MOMENT).then(|| Rule::Now { becomes: std::array::from_fn(becomes) })
}

/// Where ids and times stand: behind the names of a Bind come the formats, then each parameter with its length.
fn places(bytes: &[u8], parameters: &[(usize, Vec<usize>)]) -> anyhow::Result<Vec<(usize, usize)>> {
    let mut found = Vec::new();
    for (begin, types) in parameters {
        let mut reader = Reader::new(bytes);
        reader.at = *begin;
        let formats = reader.small().context("formats")?;
        reader.at += 2 * formats;
        let count = reader.small().context("the number of parameters")?;
        ensure!(count == types.len(), "as many types as parameters");
        for kind in types {
            if reader.is_null() {
                continue;
            }
            let size = reader.number().context("a length")?;
            let end = reader.at + size;
            match *kind {
                UUID | TIME => found.push((reader.at, *kind)),
                UUID_ARRAY | TIME_ARRAY if size > 12 => {
                    // Dimensions, flags, type; then length and lower bound of the one dimension.
                    reader.at += 20;
                    while reader.at < end {
                        if !reader.is_null() {
                            let size = reader.number().context("the length of an element")?;
                            found.push((reader.at, if *kind == UUID_ARRAY { UUID } else { TIME }));
                            reader.at += size;
                        }
                    }
                }
                _ => {}
            }
            reader.at = end;
        }
    }
    Ok(found)
}
