//! Processor time of processes, from `/proc`: what a busy machine does otherwise hardly disturbs it.

use std::{fs, process::Command};

use anyhow::Context;

/// Microseconds of processor time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    pub service: f64,
    pub database: f64,
}

impl Usage {
    pub fn since(self, before: Self) -> Self {
        Self { service: self.service - before.service, database: self.database - before.database }
    }
}

/// Reads what the service and the database server have used so far, if they are ours.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    /// The service, and what all processes of the server descend from.
    pub processes: Option<(u32, u32)>,
    tick: f64,
}

impl Meter {
    pub fn new(processes: Option<(u32, u32)>) -> anyhow::Result<Self> {
        let told = Command::new("getconf").arg("CLK_TCK").output().context("getconf")?;
        let ticks: f64 = String::from_utf8_lossy(&told.stdout).trim().parse().context("ticks of a second")?;
        Ok(Self { processes, tick: 1_000_000.0 / ticks })
    }

    pub fn read(&self) -> anyhow::Result<Usage> {
        let Some((service, server)) = self.processes else { return Ok(Usage::default()) };
        let all = all();
        // With what ended children have used, or else a backend that ends would take its time with it.
        let database: u32 = family(server, &all).map(|stat| stat.used + stat.used_by_ended).sum();
        let service = all.iter().find(|stat| stat.process == service).context("the service has ended")?;
        Ok(Usage { service: f64::from(service.used) * self.tick, database: f64::from(database) * self.tick })
    }
}

/// The only child of this process.
pub fn only_child() -> anyhow::Result<u32> {
    let own = std::process::id();
    all().iter().find(|stat| stat.parent == own).map(|stat| stat.process).context("no child process")
}

struct Stat {
    process: u32,
    parent: u32,
    /// In ticks.
    used: u32,
    used_by_ended: u32,
}

fn all() -> Vec<Stat> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn stat(process: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u32>().ok();
    Some(Stat {
        process,
        parent: number(1)?,
        used: number(11)? + number(12)?,
        used_by_ended: number(13)? + number(14)?,
    })
}

fn family(root: u32, all: &[Stat]) -> impl Iterator<Item = &Stat> {
    let mut found: Vec<u32> = vec![root];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(all.iter().filter(|stat| stat.parent == parent).map(|stat| stat.process));
        at += 1;
    }
    all.iter().filter(move |stat| found.contains(&stat.process))
}
