//! How far a seed is: a bar on a terminal, a line every ten seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(10);

/// What is told, on standard error.
pub struct Progress {
    bar: ProgressBar,
    is_quiet: bool,
    /// When there was last a line.
    told_at: Instant,
    /// Where this run began, and when.
    from: (u64, Instant),
}

impl Progress {
    /// Of so many dialogs, of which `there` are there already. `is_quiet`: nothing is told.
    pub(super) fn new(dialogs: u64, there: u64, is_quiet: bool) -> Self {
        const LOOK: &str = "{bar:30} {human_pos} of {human_len} dialogs, {per_sec}, {eta} left {msg}";
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(4) };
        let style = ProgressStyle::with_template(LOOK).expect("the pattern is well-formed");
        let bar = ProgressBar::with_draw_target(Some(dialogs), target).with_style(style).with_position(there);
        bar.reset_eta();
        Self { bar, is_quiet, told_at: Instant::now(), from: (there, Instant::now()) }
    }

    pub(super) fn reached(&mut self, dialogs: u64) {
        self.bar.set_position(dialogs);
        if self.tells_lines() && self.told_at.elapsed() >= LINES {
            self.told_at = Instant::now();
            eprintln!("{}", self.line(dialogs));
        }
    }

    /// What follows the rows.
    pub(super) fn says(&mut self, what: &str) {
        self.bar.set_message(what.to_owned());
        if self.tells_lines() && self.told_at.elapsed() >= LINES {
            self.told_at = Instant::now();
            eprintln!("{what}");
        }
    }

    pub(super) fn ends(&self) {
        self.bar.finish_and_clear();
    }

    fn tells_lines(&self) -> bool {
        !self.is_quiet && self.bar.is_hidden()
    }

    fn line(&self, dialogs: u64) -> String {
        let (there, began) = self.from;
        let all = self.bar.length().unwrap_or(dialogs);
        let per_second =
            (dialogs - there) * 1000 / u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let left = Duration::from_secs((all - dialogs) / per_second.max(1));
        format!(
            "{} of {} dialogs, {}/s, {} left",
            HumanCount(dialogs),
            HumanCount(all),
            HumanCount(per_second),
            HumanDuration(left)
        )
    }
}
