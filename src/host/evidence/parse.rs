//! From lines to [`Evidence`].

use super::{Condition, Disk, Evidence, File, Line, Log, Pod, Process, Unit};
use crate::host::survey::{SurveyError, certificate};

/// The script's first line; its number changes when older programs would misread newer evidence.
const FIRST: &str = "evidence 1";
const LAST: &str = "end";
/// What stands before each line of a text or a log.
const MARK: &str = "| ";

/// Where marked lines go.
enum Into {
    Nothing,
    Text(String),
    Journal,
    Events,
    Plain,
}

pub(super) fn evidence(stdout: &str) -> Result<Evidence, SurveyError> {
    let mut evidence = Evidence::default();
    let mut lines = stdout.lines();
    // The survey before has the certificates of files.
    for line in lines.by_ref() {
        if line == FIRST {
            break;
        }
        one_certificate(&mut evidence, line);
    }
    let mut last = "nothing".to_owned();
    let mut into = Into::Nothing;
    for line in lines {
        if let Some(text) = line.strip_prefix(MARK).or((line == "|").then_some("")) {
            marked(&mut evidence, &into, text);
            continue;
        }
        if line == LAST {
            return Ok(evidence);
        }
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        into = match key {
            "text" => {
                evidence.texts.entry(value.to_owned()).or_default();
                Into::Text(value.to_owned())
            }
            "log" => log(&mut evidence, value),
            _ => Into::Nothing,
        };
        take(&mut evidence, key, value);
        one_certificate(&mut evidence, line);
        last = clean(key);
    }
    Err(SurveyError::CutShort { last })
}

/// Begins a log: `kubelet.service`, `pod:etcd attempt=1 age=3`.
fn log(evidence: &mut Evidence, value: &str) -> Into {
    let mut words = value.split(' ');
    let name = words.next().unwrap_or_default().trim_end_matches(".service");
    let mut log = Log { source: clean(name), ..Log::default() };
    for word in words {
        match word.split_once('=') {
            Some(("attempt", number)) => log.attempt = number.parse().ok(),
            Some(("age", seconds)) => log.age = seconds.parse().ok(),
            _ => {}
        }
    }
    let into = match log.source.as_str() {
        "events" => Into::Events,
        source if source.starts_with("pod:") => Into::Plain,
        _ => Into::Journal,
    };
    evidence.logs.push(log);
    into
}

fn marked(evidence: &mut Evidence, into: &Into, text: &str) {
    match into {
        Into::Nothing => {}
        Into::Text(name) => {
            let all = evidence.texts.entry(name.clone()).or_default();
            all.push_str(text);
            all.push('\n');
        }
        Into::Events => {
            let (time, text) = text.split_once(' ').unwrap_or((text, ""));
            let line = Line { times: 1, first: None, last: seconds(time), text: clean(text) };
            evidence.logs.last_mut().into_iter().for_each(|log| log.lines.push(line.clone()));
        }
        Into::Plain => {
            let line = Line { times: 1, first: None, last: None, text: clean(text) };
            evidence.logs.last_mut().into_iter().for_each(|log| log.lines.push(line.clone()));
        }
        Into::Journal => {
            let mut words = text.splitn(4, ' ');
            let mut number = || words.next()?.parse::<u64>().ok();
            let (times, first, last) = (number(), number(), number());
            let line = Line {
                times: times.and_then(|times| u32::try_from(times).ok()).unwrap_or(1),
                first,
                last,
                text: words.next().map(clean).unwrap_or_default(),
            };
            evidence.logs.last_mut().into_iter().for_each(|log| log.lines.push(line.clone()));
        }
    }
}

/// Takes in one line; what is not understood stays unknown.
fn take(evidence: &mut Evidence, key: &str, value: &str) {
    match key {
        "now" => evidence.now = value.parse().ok(),
        "unit" => unit(evidence, value),
        "disk" => evidence.disks.extend(disk(value)),
        "read_only" => evidence.read_only.push(clean(value)),
        "noexec" => evidence.noexec.push(clean(value)),
        "swap" => evidence.swaps.push(clean(value)),
        "address" => {
            let address: Option<std::net::IpAddr> =
                value.split(' ').next().and_then(|address| address.parse().ok());
            evidence.addresses.extend(address);
        }
        "listeners" => evidence.listeners = Some(Vec::new()),
        "listener" => {
            if let Some((port, who)) = value.split_once(' ')
                && let Ok(port) = port.parse()
            {
                evidence.listeners.get_or_insert_default().push((port, clean(who)));
            }
        }
        "process" => {
            if let [name, age, state] = value.split(' ').collect::<Vec<_>>()[..] {
                evidence.processes.push(Process {
                    name: clean(name),
                    age: age.parse().unwrap_or(0),
                    frozen: state == "T",
                });
            }
        }
        "path" => {
            if let [kind, mode, _, size, path] = value.splitn(5, '|').collect::<Vec<_>>()[..] {
                let size = size.parse().unwrap_or(0);
                let file = File { kind: clean(kind), mode: clean(mode), size };
                evidence.files.insert(clean(path), file);
            }
        }
        "absent" => evidence.absent.push(clean(value)),
        "program" => {
            let (name, place) = value.split_once(' ').unwrap_or((value, ""));
            let place = Some(clean(place)).filter(|place| !place.is_empty());
            evidence.programs.insert(clean(name), place);
        }
        "exec" => {
            if let Some((unit, program)) = value.split_once(' ') {
                evidence.starts.insert(clean(unit), clean(program));
            }
        }
        "missing" => {
            if let Some((manifest, path)) = value.split_once(' ') {
                evidence.missing.push((clean(manifest), clean(path)));
            }
        }
        "images" => evidence.images = Some(Vec::new()),
        "image" => evidence.images.get_or_insert_default().push(clean(value)),
        "pods" => evidence.pods = Some(Vec::new()),
        "pod" => {
            if let [_, name, node, phase, container, restarts, why] =
                value.splitn(7, '\t').collect::<Vec<_>>()[..]
            {
                evidence.pods.get_or_insert_default().push(Pod {
                    name: clean(name),
                    node: clean(node),
                    phase: clean(phase),
                    container: clean(container).trim_matches('-').to_owned(),
                    restarts: restarts.parse().unwrap_or(0),
                    why: clean(why),
                });
            }
        }
        "conditions" => {
            evidence.conditions.get_or_insert_default();
        }
        "condition" => {
            if let [node, kind, status, why] = value.splitn(4, ' ').collect::<Vec<_>>()[..] {
                evidence.conditions.get_or_insert_default().push(Condition {
                    node: clean(node),
                    kind: clean(kind),
                    status: clean(status),
                    why: clean(why),
                });
            }
        }
        "lease" => {
            if let [name, time, ..] = value.split(' ').collect::<Vec<_>>()[..]
                && let Some(seconds) = seconds(time)
            {
                evidence.leases.push((clean(name), seconds));
            }
        }
        "rule" => evidence.rules.push(clean(value)),
        "text" | "log" | "certificate" => {}
        _ => {
            evidence.answers.insert(clean(key), clean(value));
        }
    }
}

fn unit(evidence: &mut Evidence, value: &str) {
    let mut words = value.split(' ');
    let Some(name) = words.next() else { return };
    let mut unit = Unit::default();
    for (key, value) in words.filter_map(|word| word.split_once('=')) {
        match key {
            "age" => unit.age = value.parse().ok(),
            "LoadState" => unit.load = clean(value),
            "ActiveState" => unit.active = clean(value),
            "SubState" => unit.sub = clean(value),
            "Result" => unit.result = clean(value),
            "UnitFileState" => unit.file = clean(value),
            "ExecMainStatus" => unit.status = value.parse().ok(),
            "NRestarts" => unit.restarts = value.parse().unwrap_or(0),
            "ConditionResult" => unit.refused = value == "no",
            _ => {}
        }
    }
    evidence.units.insert(clean(name.trim_end_matches(".service")), unit);
}

/// A time of the API's, in seconds since 1970.
fn seconds(time: &str) -> Option<u64> {
    let time = chrono::DateTime::parse_from_rfc3339(time).ok()?;
    u64::try_from(time.timestamp()).ok()
}

fn disk(value: &str) -> Option<Disk> {
    let mut words = value.split(' ');
    let path = clean(words.next()?);
    let mut number = || words.next()?.parse().ok();
    Some(Disk { path, size: number()?, free: number()?, inodes: number()?, inodes_free: number()? })
}

/// `certificate BASE64 PATH`: the path is the last word, because it is the one that may have blanks in it.
fn one_certificate(evidence: &mut Evidence, line: &str) {
    let Some((base64, path)) = line.strip_prefix("certificate ").and_then(|it| it.split_once(' '))
    else {
        return;
    };
    evidence.certificates.push((clean(path), certificate::read(base64)));
}

/// Takes out what could play tricks on a terminal or in a log.
fn clean(value: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    value.trim_end().chars().map(|c| if c == '\t' { ' ' } else { c }).map(visible).collect()
}
