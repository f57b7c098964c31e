//! `dialogporten events …`: what happened, what waits to be delivered, and sending it again.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use url::Url;
use uuid::Uuid;

use super::{Common, log};
use crate::{
    background::{Background, STOP},
    config::Source,
    db::Db,
    events::{
        cloud_event::{CloudEvent, MEDIA_TYPE},
        follow::Follower,
        shown::{Shown, of_type},
        signal::Signal,
    },
    outgoing, server,
    store::{
        outbox::Happened,
        outbox_list::{self, State, Wanted},
    },
};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// One JSON object a line
    #[arg(long, global = true)]
    json: bool,
    /// The database, if not the configured one
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest events, oldest first
    List(List),
    /// Every event as it happens, until stopped
    Tail,
    /// Post every event as it happens to an address as well, and print how it answered
    Forward {
        url: Url,
        /// The service's public address, which events name
        #[arg(long, value_name = "URL")]
        base_url: Option<Url>,
    },
    /// Deliver events again
    Replay(Replay),
}

#[derive(Debug, Args)]
struct List {
    #[arg(long)]
    state: Option<StateName>,
    #[arg(long, value_name = "ID")]
    dialog: Option<Uuid>,
    /// Such as dialogporten.dialog.created.v1, or created, or activity.payment-made
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Those that happened then or later
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateName {
    Pending,
    Parked,
    Delivered,
    Silent,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
struct Replay {
    /// Those of one dialog
    #[arg(long, value_name = "ID", group = "which")]
    dialog: Option<Uuid>,
    /// Those that happened then or later
    #[arg(long, value_name = "TIME", group = "which")]
    since: Option<DateTime<Utc>>,
    /// And before that
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<DateTime<Utc>>,
    /// Those that were not taken
    #[arg(long, group = "which")]
    parked: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Go on behind this event: where an interrupted replay stopped
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: i64,
}

pub fn run(arguments: &Arguments, common: &Common) -> anyhow::Result<()> {
    let mut settings = common.settings();
    if let Some(url) = &arguments.database_url {
        settings.put("database.url", url.as_str(), Source::Flag("--database-url"));
    }
    let (mut database, lines) = settings.database()?;
    database.max_connections = database.max_connections.min(2);
    log::start(&lines);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let db = Db::new(&database)?;
        match &arguments.command {
            Command::List(list) => list.run(&db, arguments.json).await,
            Command::Tail => {
                follow(&db, async |events| {
                    for event in &events {
                        print(&Shown::from(event), arguments.json)?;
                    }
                    Ok(())
                })
                .await
            }
            Command::Forward { url, base_url } => {
                let root = base_url.as_ref().map(Url::to_string).or(settings.text("dialogporten.base_uri"));
                let root = root.unwrap_or_else(|| "http://127.0.0.1:5123".to_owned());
                forward(&db, url, root.trim_end_matches('/'), arguments.json).await
            }
            Command::Replay(replay) => replay.run(&db, arguments.json).await,
        }
    })
}

impl List {
    async fn run(&self, db: &Db, as_json: bool) -> anyhow::Result<()> {
        let state = self.state.map(|state| match state {
            StateName::Pending => State::Pending,
            StateName::Parked => State::Parked,
            StateName::Delivered => State::Delivered,
            StateName::Silent => State::Silent,
        });
        let mut wanted = Wanted { state, dialog: self.dialog, since: self.since, ..Wanted::default() };
        if let Some(event_type) = &self.event_type {
            wanted = of_type(wanted, event_type).with_context(|| format!("no event is of the type `{event_type}`"))?;
        }
        let mut found = outbox_list::newest(db, &wanted, i64::MAX, self.limit).await?;
        found.reverse();
        for listed in found {
            print(&Shown::from(listed), as_json)?;
        }
        Ok(())
    }
}

fn print(shown: &Shown, as_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        writeln!(out, "{}", serde_json::to_string(shown)?)?;
    } else {
        writeln!(out, "{shown}")?;
    }
    Ok(out.flush()?)
}

/// Hands over everything that happens from here on, until the process is asked to stop.
async fn follow(db: &Db, mut each: impl AsyncFnMut(Vec<Happened>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (signal, background) = (Signal::default(), Background::default());
    background.spawn("signal", signal.clone().keep(db.clone()));
    let mut follower = Follower::new(db.clone(), &signal).await?;
    eprintln!("following; Ctrl-C ends it");
    let mut stop = std::pin::pin!(server::drain::stop_asked());
    let outcome = loop {
        tokio::select! {
            () = &mut stop => break Ok(()),
            events = follower.next() => match events {
                Ok(events) => if let Err(error) = each(events).await { break Err(error) },
                Err(error) => {
                    eprintln!("the database does not answer: {error}; asking again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            },
        }
    };
    background.stop(STOP).await;
    outcome
}

async fn forward(db: &Db, url: &Url, root: &str, as_json: bool) -> anyhow::Result<()> {
    let client = outgoing::unredirected(url, Duration::from_secs(10));
    follow(db, async |events| {
        for event in events.iter().filter(|happened| !happened.event.is_silent_update) {
            let body = serde_json::to_vec(&CloudEvent::of(&event.event, root))?;
            let sent = client.post(url.clone()).header("content-type", MEDIA_TYPE).body(body).send().await;
            let answer = match sent {
                Ok(answer) => format!("answered with status {}", answer.status().as_u16()),
                Err(error) => format!("did not answer: {}", error.without_url()),
            };
            let mut shown = Shown::from(event);
            shown.last_error = Some(answer);
            print(&shown, as_json)?;
        }
        Ok(())
    })
    .await
}

impl Replay {
    /// Rows of one step.
    const BATCH: i64 = 1000;

    /// As JSON, one object for each event that waits again; what is said to people goes beside it then.
    async fn run(&self, db: &Db, as_json: bool) -> anyhow::Result<()> {
        let say = |text: String| if as_json { eprintln!("{text}") } else { println!("{text}") };
        let wanted = Wanted {
            state: self.parked.then_some(State::Parked),
            dialog: self.dialog,
            since: self.since,
            until: self.until,
            ..Wanted::default()
        };
        let (events, dialogs) = outbox_list::count(db, &wanted, self.after).await?;
        if events == 0 {
            say("0 events to deliver again".to_owned());
            return Ok(());
        }
        if !self.yes {
            ask(&format!("Deliver {events} events of {dialogs} dialogs again?"))?;
        }
        let (mut after, mut done) = (self.after, 0);
        while done < events {
            let batch = Self::BATCH.min(events - done);
            let step = outbox_list::replay(db, &wanted, after, batch).await;
            let freed = step.with_context(|| format!("{done} of {events} done; --after {after} goes on"))?;
            let Some(last) = freed.last() else { break };
            (after, done) = (last.seq, done + i64::try_from(freed.len())?);
            if as_json {
                for event in freed {
                    print(&Shown::from(event), true)?;
                }
            }
            eprintln!("{done} of {events}, up to {after}");
        }
        say(format!("{done} events will be delivered again"));
        Ok(())
    }
}

fn ask(question: &str) -> anyhow::Result<()> {
    ensure!(std::io::stdin().is_terminal(), "{question} Nobody is there to be asked: --yes says that it is meant");
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!("nothing was done");
    }
    Ok(())
}
