//! What the live display shows at one moment: a line per host. Pure, so that it can be tested.

use std::time::SystemTime;

use super::state::{Doing, Host, Own, State};
use super::style::{self, Style};
use super::{clean, line, words};

/// Columns of the longest host name that is not cut.
const NAME: usize = 24;
/// Columns of an upload's bar.
const BAR: u64 = 20;

/// The frame for a terminal of so many rows and columns. It has fewer lines than the terminal has
/// rows, each narrower than the terminal: a frame that scrolls or wraps cannot be drawn over.
pub fn lines(state: &State, now: SystemTime, rows: u16, columns: u16, style: Style) -> Vec<String> {
    // The total, the line about hidden hosts, and a row for the cursor.
    let most = usize::from(rows).saturating_sub(3).max(1);
    let own: Vec<String> = state.own.iter().take(most / 2).map(|it| own(it, now, style)).collect();
    let most = most - own.len();
    let visible = choose(&state.hosts, most);
    let width =
        state.hosts.iter().map(|host| host.name.chars().count()).max().unwrap_or(0).min(NAME);
    let mut lines: Vec<String> =
        visible.iter().map(|place| host(&state.hosts[*place], now, width, style)).collect();
    if visible.len() < state.hosts.len() {
        lines.push(hidden(&state.hosts, &visible, style));
    }
    lines.extend(own);
    lines.push(total(state, now, style));
    let columns = usize::from(columns).saturating_sub(1);
    let cut = style.sign("…", "...");
    lines.iter().map(|line| console::truncate_str(line, columns, cut).into_owned()).collect()
}

/// The places of the hosts to show: the most interesting ones, in the order of the file.
fn choose(hosts: &[Host], most: usize) -> Vec<usize> {
    let rank = |place: &usize| match hosts[*place].doing {
        Doing::Failed(_) => 0,
        Doing::Step { .. } => 1,
        Doing::Nothing => 2,
        Doing::Waiting(_) => 3,
        Doing::Stopped => 4,
        Doing::Done => 5,
    };
    let mut places: Vec<usize> = (0..hosts.len()).collect();
    if places.len() > most {
        places.sort_by_key(rank);
        places.truncate(most);
        places.sort_unstable();
    }
    places
}

/// What this machine itself does: `⠋   1.2 s  sources: download kubelet for amd64  [###   ] ...`
fn own(own: &Own, now: SystemTime, style: Style) -> String {
    let since = words::between(own.since, now);
    let step = clean::line(&line::step(&own.step), clean::LINE).into_owned();
    let bar = own.bytes.map(|(done, total)| bar(done, total, style)).unwrap_or_default();
    let (sign, seconds) = (spinner(since, style), words::duration(since));
    format!("{sign} {seconds:>10}  {step}  {bar}").trim_end().to_owned()
}

fn host(host: &Host, now: SystemTime, width: usize, style: Style) -> String {
    let since = words::between(host.since, now);
    let (sign, seconds, text) = match &host.doing {
        Doing::Nothing => (style.dim(style.sign("·", ".")), None, String::new()),
        Doing::Step { step, upload, attempt } => {
            let mut text = clean::line(&line::step(step), clean::LINE).into_owned();
            if *attempt > 1 {
                text.push_str(&style.yellow(&format!(" (try {attempt})")));
            }
            if let Some((done, total)) = upload {
                text.push_str("  ");
                text.push_str(&bar(*done, *total, style));
            }
            (spinner(since, style).to_owned(), Some(since), text)
        }
        Doing::Waiting(gate) => {
            let text = format!("waits for `{}`", clean::line(gate, clean::LINE));
            (style.dim(style.sign("·", ".")), Some(since), style.dim(&text))
        }
        Doing::Done => {
            let text = format!("done, {} changed", words::count(host.changed, "step"));
            (style.green(style.sign("✓", "ok")), host.seconds, text)
        }
        Doing::Failed(step) => {
            let text = format!("`{}` did not work", clean::line(&line::step(step), clean::LINE));
            (style.red(style.sign("✗", "!!")), host.seconds, style.red(&text))
        }
        Doing::Stopped => {
            (style.yellow(style.sign("■", "--")), host.seconds, "stopped early".to_owned())
        }
    };
    let sign = style::pad(&sign, style.sign("x", "xx").len());
    let name = clean::line(&host.name, clean::LINE);
    let name = style::pad(&console::truncate_str(&name, width, style.sign("…", "~")), width);
    let seconds = seconds.map(words::duration).unwrap_or_default();
    format!("{sign} {name}  {seconds:>10}  {text}").trim_end().to_owned()
}

fn spinner(seconds: f64, style: Style) -> &'static str {
    const UNICODE: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
    let signs: &[&'static str] = if style.unicode { &UNICODE } else { &ASCII };
    let turns = std::time::Duration::from_secs_f64(seconds).as_millis() / 100;
    let place = usize::try_from(turns % signs.len() as u128).unwrap_or(0);
    signs.get(place).copied().unwrap_or("*")
}

/// `[#########           ]  45 % 135/300 MiB`
fn bar(done: u64, total: u64, style: Style) -> String {
    let done = done.min(total);
    let part =
        |of: u64| u64::try_from(u128::from(done) * u128::from(of) / u128::from(total.max(1)));
    let full = usize::try_from(part(BAR).unwrap_or(0)).unwrap_or(0);
    let empty = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
    format!(
        "[{}{}] {:>3} % {}",
        style.sign("█", "#").repeat(full),
        " ".repeat(empty),
        part(100).unwrap_or(0),
        words::bytes(done, total)
    )
}

/// `and 12 more hosts: 9 at work, 3 done`
fn hidden(hosts: &[Host], visible: &[usize], style: Style) -> String {
    let mut numbers = [0_usize; 4];
    for (place, host) in hosts.iter().enumerate() {
        if visible.binary_search(&place).is_err() {
            numbers[match host.doing {
                Doing::Nothing | Doing::Step { .. } => 0,
                Doing::Waiting(_) => 1,
                Doing::Done => 2,
                Doing::Failed(_) | Doing::Stopped => 3,
            }] += 1;
        }
    }
    let parts: Vec<String> = numbers
        .iter()
        .zip(["at work", "waiting", "done", "stopped"])
        .filter(|(number, _)| **number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let more = words::count(hosts.len() - visible.len(), "more host");
    style.dim(&format!("and {more}: {}", parts.join(", ")))
}

/// `init of demo  41.2 s  3 of 5 hosts done`
fn total(state: &State, now: SystemTime, style: Style) -> String {
    let done = state.hosts.iter().filter(|host| host.doing == Doing::Done).count();
    // A bundle is gathered for nobody yet.
    if state.hosts.is_empty() {
        return words::duration(state.elapsed(now));
    }
    let what = format!("{} of {}", state.verb, state.cluster);
    format!(
        "{}  {}  {done} of {} done",
        style.bold(&clean::line(&what, clean::LINE)),
        words::duration(state.elapsed(now)),
        words::count(state.hosts.len(), "host")
    )
}
