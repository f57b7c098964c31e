//! From streams of found rows to one page: a merge that reads each stream only as far as the page needs.

use std::time::Duration;

use sqlx::Row as _;

use super::{
    glance::{Hint, MANY},
    order::Segment,
    plan::{Axis, List, Plan},
    scope::{Branches, Guard},
    statements::{Ask, Branch, Budget, Hit, Step, Stretch},
};
use crate::{
    db::Connection,
    domain::{
        Instant,
        order::{Direction, Key, Order, Position},
    },
};

/// How far a search goes, and when it changes its way.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rows walked before it returns a short page, which says where to go on. An index entry counts for a part of one.
    pub rows: i64,
    /// The same as a time, for a database in trouble. Not before a row was found: however slow it is, a page is empty only if
    /// `rows` held none.
    pub patience: Duration,
    /// Rows walked by the first statement: enough for common conditions, cheap if it was in vain.
    pub first_walk: i64,
    /// The same where index entries are walked, not rows.
    pub first_index_walk: i64,
    /// The same where the text of each row is read, and the text's index might do.
    pub first_text_walk: i64,
    /// Most rows walked by one statement.
    pub longest_walk: i64,
    /// Rows still to be walked, as far as can be told, from which on lists are worth a try.
    pub long_walk: i64,
    /// The same where the text of each row is read.
    pub long_text_walk: i64,
    /// Most rows that a list may have; more, and the walk is the better way.
    pub list_rows: i64,
    /// Most dialogs of the whole store with the words that are looked for, as far as can be told, for which a list of them is
    /// tried on behalf of many parties.
    pub common_words: f64,
    /// The same where only index entries are sorted, not rows.
    pub index_list_rows: i64,
    /// Dialogs with the words that are looked for, of few parties, from which on they are not all fetched but sought along
    /// the parties' index entries.
    pub sieved_words: i64,
    /// Index entries that are passed through such a sieve.
    pub sieved_entries: i64,
    /// Index entries that cost as much as a row.
    pub entries_of_a_row: i64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            rows: 50_000,
            patience: Duration::from_secs(2),
            first_walk: 2_000,
            first_index_walk: 20_000,
            first_text_walk: 600,
            longest_walk: 50_000,
            long_walk: 10_000,
            long_text_walk: 6_000,
            list_rows: 20_000,
            common_words: 10_000.0,
            index_list_rows: 100_000,
            sieved_words: 2_000,
            sieved_entries: 25_000,
            entries_of_a_row: 4,
        }
    }
}

/// What was found, in order.
pub(super) struct Found {
    pub hits: Vec<Hit>,
    /// `Some`: the effort ended here, and there may be more beyond.
    pub stopped_at: Option<Position>,
}

/// One branch of a walk, a list or the delegated dialogs: rows in order, as far as they are known.
pub(super) struct Stream {
    source: Source,
    /// Where the next statement begins; inside the current segment.
    after: Option<Position>,
    /// Everything up to here is in `hits`.
    known: Option<Position>,
    is_done: bool,
    hits: Vec<Hit>,
}

enum Source {
    Walk { key: i64, set: i32, segment: usize },
    List(List),
    Delegated,
}

/// Finds the first `wanted` rows beyond `after`, after a glance that did not.
pub(super) async fn find(
    connection: &mut Connection,
    streams: &mut Streams<'_>,
    plan: &Plan,
    hint: Hint,
    after: Option<&Position>,
    wanted: usize,
) -> Result<Found, sqlx::Error> {
    let Streams { ask, .. } = *streams;
    let effort = ask.effort;
    let started = std::time::Instant::now();
    let mut lists = plan.after.iter();
    let before = plan.before.iter().skip(usize::from(hint.has_long_list));
    if streams.has_walks() && !streams.try_lists(connection, before, after, wanted).await? && hint.is_far {
        streams.try_lists(connection, lists.by_ref(), after, wanted).await?;
    }

    let mut budget = ask.first_walk(plan.axis);
    let mut rounds = 1;
    let mut until = hint.until;
    if hint.has_walked {
        budget = (budget * 4).min(effort.longest_walk.max(budget));
        rounds = 4;
    }
    loop {
        let (hits, bound) = streams.merged();
        let ready = ready(&hits, bound.as_ref(), ask.order);
        if ready >= wanted || bound.is_none() {
            return Ok(Found { hits: hits.into_iter().take(ready.min(wanted)).cloned().collect(), stopped_at: None });
        }
        // A page that stops short must still go on: the next one begins where this one stopped.
        let goes_on = |position: &Position| after.is_none_or(|after| ask.order.compare(after, position).is_lt());
        let left = (effort.rows - streams.rows) * ask.entries_of_a_row(plan.axis);
        if let Some(Bound::Position(position)) = bound
            && (left <= 0 || (ready > 0 && started.elapsed() >= effort.patience))
            && goes_on(&position)
        {
            return Ok(Found { hits: hits.into_iter().take(ready).cloned().collect(), stopped_at: Some(position) });
        }
        let target = hits.get(wanted - 1).map(|hit| hit.at.clone());
        let extent = Extent { wanted, budget: budget.min(left.max(1)), rounds, until };
        let walked = streams.refill(connection, target.as_ref(), extent).await?;
        rounds = rounds.saturating_mul(2);
        if walked {
            // Where a walk kept to an end, nothing tells how many rows it saw.
            let is_far = until.is_none() && streams.is_far_from(wanted, budget);
            until = if rounds <= LAST_GUESS { streams.until(wanted) } else { None };
            budget = (budget * 4).min(effort.longest_walk.max(budget));
            if is_far {
                streams.try_lists(connection, lists.by_ref(), after, wanted).await?;
            }
        }
    }
}

/// Ten years in microseconds: a page that seems to end later is not guessed at.
const FARTHEST: i64 = 315_360_000_000_000;

/// From this round on, where the page ends is not guessed any more.
const LAST_GUESS: i64 = 64;

/// How far the next statement goes.
#[derive(Clone, Copy)]
struct Extent {
    wanted: usize,
    /// Rows, of all branches together.
    budget: i64,
    rounds: i64,
    /// The value of the order's first key where the page ends, or seems to: no branch need go further.
    until: Option<Instant>,
}

/// How many of the hits have all others before them.
fn ready(hits: &[&Hit], bound: Option<&Bound>, order: &Order) -> usize {
    hits.iter().take_while(|hit| bound.is_none_or(|bound| !bound.is_before(order, &hit.at))).count()
}

/// Up to where all streams are known.
#[derive(Clone)]
enum Bound {
    /// Some stream has not begun.
    Nowhere,
    Position(Position),
}

impl Bound {
    fn is_before(&self, order: &Order, at: &Position) -> bool {
        match self {
            Self::Nowhere => true,
            Self::Position(known) => order.compare(known, at).is_lt(),
        }
    }
}

impl Stream {
    fn begin(source: Source, after: Option<Position>) -> Self {
        Self { source, after, known: None, is_done: false, hits: Vec::new() }
    }
}

/// The streams of one search, as far as they are read.
pub(super) struct Streams<'a> {
    pub ask: &'a Ask<'a>,
    guard: &'a Guard<'a>,
    pub axis: Axis,
    pub admitted: Option<&'a [(i32, i64)]>,
    /// The delegated dialogs, if there are any; then the branches of the walk, or a list in their place.
    pub all: Vec<Stream>,
    /// Walked so far.
    rows: i64,
}

impl<'a> Streams<'a> {
    pub(super) fn new(
        ask: &'a Ask<'a>,
        guard: &'a Guard<'a>,
        axis: Axis,
        walk: &'a Branches,
        after: Option<&Position>,
    ) -> Self {
        let mut streams = Vec::new();
        if !ask.delegated.ids.is_empty() {
            streams.push(Stream::begin(Source::Delegated, after.cloned()));
        }
        let segment = after.map_or(0, |position| ask.order.segment_of(position));
        let stream = |&(key, set): &(i64, i32)| Stream::begin(Source::Walk { key, set, segment }, after.cloned());
        streams.extend(walk.keys.iter().map(stream));
        Self { ask, guard, axis, admitted: walk.admitted.as_deref(), all: streams, rows: 0 }
    }
}

impl Streams<'_> {
    /// Key and set of each branch of the walk.
    pub(super) fn walks(&self) -> Vec<(i64, i32)> {
        let branch = |stream: &Stream| match stream.source {
            Source::Walk { key, set, .. } => Some((key, set)),
            Source::List(_) | Source::Delegated => None,
        };
        self.all.iter().filter_map(branch).collect()
    }

    fn has_walks(&self) -> bool {
        self.all.iter().any(|stream| matches!(stream.source, Source::Walk { .. }))
    }

    /// Whether the stream is a walk that has come to this segment.
    pub(super) fn stands_in(&self, at: usize, number: usize) -> bool {
        let stream = &self.all[at];
        !stream.is_done && matches!(stream.source, Source::Walk { segment, .. } if segment == number)
    }

    /// The first `wanted` hits, or all there are, if nothing can come between them any more.
    pub(super) fn settled(&self, wanted: usize) -> Option<Vec<Hit>> {
        let (hits, bound) = self.merged();
        let ready = ready(&hits, bound.as_ref(), self.ask.order);
        (ready >= wanted || bound.is_none()).then(|| hits.into_iter().take(ready.min(wanted)).cloned().collect())
    }

    /// All hits in order, each once, and the bound up to which nothing is missing between them; `None`: nothing is missing
    /// at all.
    fn merged(&self) -> (Vec<&Hit>, Option<Bound>) {
        let order = self.ask.order;
        let mut hits: Vec<&Hit> = self.all.iter().flat_map(|stream| &stream.hits).collect();
        hits.sort_unstable_by(|a, b| order.compare(&a.at, &b.at));
        hits.dedup_by_key(|hit| hit.at.id);
        let open = || self.all.iter().filter(|stream| !stream.is_done);
        let bound = if open().any(|stream| stream.known.is_none()) {
            Some(Bound::Nowhere)
        } else {
            let known = open().filter_map(|stream| stream.known.as_ref());
            known.min_by(|a, b| order.compare(a, b)).cloned().map(Bound::Position)
        };
        (hits, bound)
    }

    /// Whether the walk, at the density found so far, has a long way to go.
    pub(super) fn is_far_from(&self, wanted: usize, walked: i64) -> bool {
        let (hits, bound) = self.merged();
        let found = as_limit(hits.len());
        let long = self.ask.long_walk(self.axis);
        bound.is_some() && hits.len() < wanted && as_limit(wanted) * walked / (found + 1) > long
    }

    /// Where the page ends in the order's first key: at its last hit, if enough are known; else, with many branches, where it
    /// seems to at the density of each. What lies beyond need not be walked before it is known that this was too little.
    pub(super) fn until(&self, wanted: usize) -> Option<Instant> {
        let (leading, direction) = self.ask.order.leading();
        if leading == Key::DueAt || self.walks().len() < MANY {
            return None;
        }
        let (hits, _) = self.merged();
        let value = |at: &Position| at.values.first().copied().flatten();
        if let Some(target) = hits.get(wanted - 1) {
            return value(&target.at);
        }
        // Microseconds into the order, from the first hit.
        let from = value(&hits.first()?.at)?;
        let depth = |at: Instant| match direction {
            Direction::Asc => (at - from).num_microseconds().unwrap_or(i64::MAX),
            Direction::Desc => (from - at).num_microseconds().unwrap_or(i64::MAX),
        };
        let found: Vec<i64> = hits.iter().filter_map(|hit| value(&hit.at)).map(depth).collect();
        // How far each branch is known, and how many hits it had.
        let open = self.all.iter().filter(|stream| !stream.is_done);
        let open: Vec<(i64, i64)> = open
            .filter_map(|stream| Some((depth(value(stream.known.as_ref()?)?).max(1), as_limit(stream.hits.len()))))
            .collect();
        let expected = |end: i64| {
            let known = as_limit(found.iter().filter(|depth| **depth <= end).count());
            let beyond = open.iter().filter(|(depth, _)| *depth < end);
            let beyond = beyond.map(|(depth, hits)| i128::from(*hits) * i128::from(end - depth) / i128::from(*depth));
            i128::from(known) + beyond.sum::<i128>()
        };
        // A third more than is wanted: what comes too short costs another statement.
        let enough = i128::from(as_limit(wanted + wanted / 3));
        let mut end = open.iter().map(|(depth, _)| *depth).min()?;
        while expected(end) < enough {
            end = end.checked_add(end / 4 + 1).filter(|end| *end < FARTHEST)?;
        }
        let into = chrono::Duration::microseconds(end);
        match direction {
            Direction::Asc => from.checked_add_signed(into),
            Direction::Desc => from.checked_sub_signed(into),
        }
    }

    /// Reads on in every stream that may hold rows before `target`. Says whether walks were among them.
    async fn refill(
        &mut self,
        connection: &mut Connection,
        target: Option<&Position>,
        extent: Extent,
    ) -> Result<bool, sqlx::Error> {
        let wanted = extent.wanted;
        let order = self.ask.order;
        let blocks = |stream: &Stream| {
            let reached = |target| stream.known.as_ref().is_some_and(|known| order.compare(known, target).is_ge());
            !stream.is_done && !target.is_some_and(reached)
        };
        let blocking: Vec<usize> = (0..self.all.len()).filter(|at| blocks(&self.all[*at])).collect();
        let mut walks = Vec::new();
        for at in blocking {
            match &self.all[at].source {
                Source::Walk { segment, .. } => walks.push((*segment, at)),
                Source::List(list) => {
                    let list = list.clone();
                    let after = self.all[at].after.clone();
                    let most = self.ask.most_of(&list);
                    let hits = self.list(connection, &list, most, after.as_ref(), wanted).await?.unwrap_or_default();
                    self.take(at, hits, wanted);
                }
                Source::Delegated => {
                    let after = self.all[at].after.clone();
                    let mut sql = self.ask.delegated(after.as_ref(), as_limit(wanted));
                    let rows = sql.build().fetch_all(&mut *connection).await?;
                    let hits = rows.iter().map(|row| self.ask.read_hit(row)).collect::<Result<_, _>>()?;
                    self.take(at, hits, wanted);
                }
            }
        }
        // Branches in a later segment wait: what they hold lies behind the others.
        let Some(segment) = walks.iter().map(|(segment, _)| *segment).min() else { return Ok(false) };
        let mut walks: Vec<usize> = walks.into_iter().filter(|(of, _)| *of == segment).map(|(_, at)| at).collect();
        let end = extent.until.map(|until| order.end_at(until));
        let behind = |at: &usize| {
            let known = self.all[*at].known.as_ref();
            end.as_ref().is_some_and(|end| known.is_none_or(|known| order.compare(known, end).is_lt()))
        };
        let short: Vec<usize> = walks.iter().copied().filter(behind).collect();
        let end = if short.is_empty() { None } else { end };
        if end.is_some() {
            walks = short;
        }
        self.walk(connection, order.segments()[segment], &walks, extent, end.as_ref()).await?;
        Ok(true)
    }

    /// One statement for all branches at `walks`.
    async fn walk(
        &mut self,
        connection: &mut Connection,
        segment: Segment,
        walks: &[usize],
        Extent { wanted, budget, rounds, until }: Extent,
        end: Option<&Position>,
    ) -> Result<(), sqlx::Error> {
        let share = |total: i64| total / i64::try_from(walks.len().max(1)).unwrap_or(i64::MAX);
        let wanted = as_limit(wanted);
        let budget = if end.is_some() {
            // Large branches have more in the same time than small ones; the end keeps all of them short.
            Budget { walked: (8 * share(budget)).min(budget).max(wanted), found: wanted }
        } else {
            // Few per branch where there are many: the page needs only the newest of them all.
            let found = (share(wanted.saturating_mul(2).saturating_mul(rounds)) + 8).min(wanted);
            Budget { walked: share(budget).max(found), found }
        };
        let until = until.filter(|_| end.is_some());
        let stretch = Stretch { axis: self.axis, admitted: self.admitted, budget, until, is_sieved: false };
        let mut sql = self.ask.walk(stretch, segment, &self.branches(walks));
        let rows = sql.build().fetch_all(&mut *connection).await?;
        let mut steps: Vec<Vec<_>> = walks.iter().map(|_| Vec::new()).collect();
        for row in &rows {
            let step = self.ask.read_step(row)?;
            steps[step.place - 1].push(step);
        }
        self.advance(walks, steps, budget, end);
        Ok(())
    }

    /// Takes what a statement found in each of the branches at `walks`. `cut`: beyond this it told nothing of any branch.
    pub(super) fn advance(&mut self, walks: &[usize], steps: Vec<Vec<Step>>, budget: Budget, cut: Option<&Position>) {
        let mut walked = 0;
        for (at, mut steps) in walks.iter().zip(steps) {
            steps.sort_unstable_by_key(|step| step.number);
            // Of a branch that came to its end, what lies behind its last hit is not counted.
            walked += steps.last().map_or(0, |step| step.number);
            let stopped = steps
                .last()
                .filter(|step| step.number == budget.walked || as_limit(steps.len()) == budget.found)
                .map(|step| &step.at)
                .or(cut)
                .cloned();
            let hits = steps.into_iter().filter_map(|step| step.hit).filter(|hit| is_admitted(self.guard, hit));
            let stream = &mut self.all[*at];
            stream.hits.extend(hits);
            stream.reached(stopped, self.ask.order);
        }
        self.rows += walked / self.ask.entries_of_a_row(self.axis);
    }

    /// Puts the first list that is short enough in the place of the walk, or brings the walk to the page's end. Says whether it
    /// did.
    async fn try_lists(
        &mut self,
        connection: &mut Connection,
        lists: impl Iterator<Item = &List>,
        after: Option<&Position>,
        wanted: usize,
    ) -> Result<bool, sqlx::Error> {
        for list in lists {
            let most = self.ask.most_of(list);
            if *list == List::Text && self.ask.can_sieve(self.axis) {
                if self.words(connection, most, after, wanted).await? {
                    return Ok(true);
                }
            } else if let Some(hits) = self.list(connection, list, most, after, wanted).await? {
                self.replace_by_list(list, after, hits, wanted);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Seeks the words of the parties whose walks are not at their end: puts the list of them in the place of those walks if
    /// they are few, else reads on in the walks, looking only at dialogs with the words. Says whether one or the other was
    /// done and is enough: not if there are more than `most`.
    async fn words(
        &mut self,
        connection: &mut Connection,
        most: i64,
        after: Option<&Position>,
        wanted: usize,
    ) -> Result<bool, sqlx::Error> {
        let is_open = |stream: &Stream| !stream.is_done && matches!(stream.source, Source::Walk { .. });
        let walks: Vec<usize> = (0..self.all.len()).filter(|at| is_open(&self.all[*at])).collect();
        let effort = self.ask.effort;
        // Large parties have more in the same time than small ones.
        let each = (4 * effort.sieved_entries / as_limit(walks.len().max(1))).min(effort.sieved_entries);
        let budget = Budget { walked: each.max(as_limit(wanted)), found: as_limit(wanted) };
        let stretch = Stretch { axis: self.axis, admitted: self.admitted, budget, until: None, is_sieved: true };
        let few = effort.sieved_words.min(most);
        let mut sql = self.ask.words(stretch, &self.branches(&walks), (few, most), after);
        let rows = sql.build().fetch_all(&mut *connection).await?;
        let tells = |column| rows.first().map_or(Ok(false), |row| row.try_get::<bool, _>(column));
        if tells("is_short")? {
            let hits = self.ask.read_list(&rows)?.unwrap_or_default();
            self.replace_by_list(&List::Text, after, hits, wanted);
            return Ok(true);
        }
        if !tells("is_sieve")? {
            // The walk comes across them.
            return Ok(false);
        }
        let mut steps: Vec<Vec<_>> = walks.iter().map(|_| Vec::new()).collect();
        for row in &rows {
            if row.try_get::<Option<i64>, _>("place")?.is_some() {
                let step = self.ask.read_step(row)?;
                steps[step.place - 1].push(step);
            }
        }
        let before = self.rows;
        self.advance(&walks, steps, budget, None);
        // Entries, not rows.
        self.rows = before + (self.rows - before) / effort.entries_of_a_row;
        if self.settled(wanted).is_none() {
            // They stand farther apart than the sieve went: all are fetched.
            let Some(hits) = self.list(connection, &List::Text, most, after, wanted).await? else { return Ok(false) };
            self.replace_by_list(&List::Text, after, hits, wanted);
        }
        Ok(true)
    }

    /// Where the walks at these places go on.
    fn branches(&self, walks: &[usize]) -> Vec<Branch<'_>> {
        let branch = |at: &usize| {
            let stream = &self.all[*at];
            let Source::Walk { key, set, .. } = stream.source else { return None };
            Some(Branch { key, set, after: stream.after.as_ref() })
        };
        walks.iter().filter_map(branch).collect()
    }

    /// Puts a list, of which the first rows are known, in the place of what is not at its end.
    pub(super) fn replace_by_list(&mut self, list: &List, after: Option<&Position>, hits: Vec<Hit>, wanted: usize) {
        self.all.retain(|stream| stream.is_done || matches!(stream.source, Source::Delegated));
        self.all.push(Stream::begin(Source::List(list.clone()), after.cloned()));
        self.take(self.all.len() - 1, hits, wanted);
    }

    /// The next rows of a list; `None` if it has more than `most`.
    async fn list(
        &mut self,
        connection: &mut Connection,
        list: &List,
        most: i64,
        after: Option<&Position>,
        wanted: usize,
    ) -> Result<Option<Vec<Hit>>, sqlx::Error> {
        if *list == List::Text && self.is_common(&mut *connection).await? {
            return Ok(None);
        }
        let mut sql = self.ask.list(list, most, after, as_limit(wanted));
        self.ask.read_list(&sql.build().fetch_all(connection).await?)
    }

    /// Whether the words are so common in the whole store that reading their list costs more than it can save.
    async fn is_common(&self, connection: &mut Connection) -> Result<bool, sqlx::Error> {
        let Some(mut sql) = self.ask.text_estimate() else { return Ok(false) };
        let plan: serde_json::Value = sql.build_query_scalar().fetch_one(connection).await?;
        let expected = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64);
        Ok(expected.is_none_or(|rows| rows > self.ask.effort.common_words))
    }

    /// Rows of a sorted answer: complete if fewer came than were wanted.
    pub(super) fn take(&mut self, at: usize, mut hits: Vec<Hit>, wanted: usize) {
        let order = self.ask.order;
        hits.sort_unstable_by(|a, b| order.compare(&a.at, &b.at));
        let stopped = if hits.len() < wanted { None } else { hits.last().map(|hit| hit.at.clone()) };
        hits.retain(|hit| is_admitted(self.guard, hit));
        let stream = &mut self.all[at];
        stream.hits.extend(hits);
        stream.reached(stopped, order);
    }
}

impl Stream {
    /// The last statement stopped here, or at the end of the segment.
    fn reached(&mut self, stopped: Option<Position>, order: &Order) {
        if let Some(position) = stopped {
            self.known = Some(position.clone());
            self.after = Some(position);
            return;
        }
        match &mut self.source {
            Source::Walk { segment, .. } if *segment + 1 < order.segments().len() => {
                self.known = Some(order.end_of(order.segments()[*segment]));
                self.after = None;
                *segment += 1;
            }
            Source::Walk { .. } | Source::List(_) | Source::Delegated => self.is_done = true,
        }
    }
}

fn is_admitted(guard: &Guard, hit: &Hit) -> bool {
    guard.admits(hit.at.id, hit.party_key, hit.resource)
}

pub(super) fn as_limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
