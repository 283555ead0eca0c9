//! What the operator sees of recorded runs, on every kind of stream.

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bivouac::event::{
    Breaks, Comparison, Difference, Event, EventKind, Finding, PathStep, Phase, Severity, StepName,
};
use bivouac::report::{Detail, Display, Live, Output, Plain, Reporter, Settings, Style, Summary};
use indicatif::InMemoryTerm;
use insta::assert_snapshot;

const STYLE: Style = Style { colour: false, unicode: true };

/// A stream whose text can be read while somebody else owns it.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while it writes").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panics while it writes").clone();
        String::from_utf8(bytes).expect("reports are UTF-8")
    }
}

fn at(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_400_000) + Duration::from_secs_f64(seconds)
}

fn on(seconds: f64, host: &str, kind: EventKind) -> Event {
    Event { time: at(seconds), host: Some(host.to_owned()), kind }
}

fn run(seconds: f64, kind: EventKind) -> Event {
    Event { time: at(seconds), host: None, kind }
}

fn step(playbook: &str, step: &str) -> StepName {
    StepName { playbook: playbook.into(), step: step.into() }
}

fn started(verb: &str, hosts: &[&str]) -> Event {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    run(0.0, EventKind::RunStarted { verb: verb.into(), cluster: "demo".into(), hosts })
}

fn begins(seconds: f64, host: &str, name: &StepName) -> Event {
    on(seconds, host, EventKind::StepStarted { step: name.clone() })
}

fn ends(at: f64, host: &str, name: &StepName, changed: bool, seconds: f64) -> Event {
    on(at, host, EventKind::StepDone { step: name.clone(), changed, seconds })
}

fn over(at: f64, host: &str, ok: bool, changed: usize) -> Event {
    on(at, host, EventKind::HostDone { ok, changed, seconds: at })
}

fn finding(host: &str, name: &str, severity: Severity, message: &str, fix: &str) -> Event {
    on(0.5, host, EventKind::Finding(Finding::new(name, severity, message, fix)))
}

fn failed(at: f64, host: &str, cause: &str, tail: &[&str]) -> Event {
    on(
        at,
        host,
        EventKind::StepFailed {
            step: step("kubernetes", "join the cluster"),
            cause: cause.into(),
            fix: "open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`".into(),
            stderr_tail: tail.iter().map(|line| (*line).to_owned()).collect(),
            seconds: 12.3,
        },
    )
}

/// An install that works: a control plane and a worker that waits for it.
fn install() -> Vec<Event> {
    let (load, runtime) = (step("runtime", "upload images"), step("runtime", "start containerd"));
    let (init, join) = (step("kubernetes", "kubeadm init"), step("kubernetes", "join the cluster"));
    let gate = || "control plane answers".to_owned();
    vec![
        started("init", &["cp1", "w1"]),
        on(0.4, "cp1", EventKind::Fact { name: "os".into(), value: "debian 12".into() }),
        finding("w1", "swap", Severity::Warning, "swap is on: `/dev/sda2`", "swapoff -a"),
        begins(1.0, "cp1", &load),
        begins(1.0, "w1", &load),
        on(
            2.0,
            "w1",
            EventKind::StepProgress { step: load.clone(), done: 120 << 20, total: 300 << 20 },
        ),
        ends(3.2, "cp1", &load, true, 2.2),
        begins(3.2, "cp1", &runtime),
        on(
            3.5,
            "cp1",
            EventKind::StepOutput { step: runtime.clone(), line: "Created symlink\x1b[0m".into() },
        ),
        ends(4.0, "cp1", &runtime, false, 0.8),
        begins(4.0, "cp1", &init),
        on(
            5.0,
            "w1",
            EventKind::StepRetried {
                step: load.clone(),
                cause: "connection reset".into(),
                attempt: 2,
            },
        ),
        ends(7.0, "w1", &load, true, 6.0),
        on(7.0, "w1", EventKind::GateWaiting { gate: gate() }),
        ends(19.1, "cp1", &init, true, 15.1),
        over(19.2, "cp1", true, 2),
        on(19.2, "w1", EventKind::GateOpened { gate: gate(), seconds: 12.2 }),
        begins(19.2, "w1", &join),
        ends(31.2, "w1", &join, true, 12.0),
        over(31.2, "w1", true, 2),
        run(
            31.3,
            EventKind::RunDone {
                ok: true,
                seconds: 31.3,
                differences: None,
                critical_path: vec![
                    PathStep { host: "cp1".into(), step: load, seconds: 2.2 },
                    PathStep { host: "cp1".into(), step: runtime, seconds: 0.1 },
                    PathStep { host: "cp1".into(), step: init, seconds: 15.1 },
                    PathStep { host: "w1".into(), step: join, seconds: 12.0 },
                ],
            },
        ),
    ]
}

fn settings(directory: &Path) -> Settings {
    Settings {
        log_dir: Some(directory.join("logs")),
        run_id: "r1".into(),
        resume_command: "bivouac init -f cluster.yaml".into(),
        ..Settings::default()
    }
}

/// The text and the JSON of a run without a terminal.
fn plain(settings: Settings, detail: Detail, events: &[Event]) -> (String, String, Summary) {
    let (text, json) = (Stream::default(), Stream::default());
    let display = Display::Plain(Plain::new(Box::new(text.clone()), detail, STYLE));
    let logs = settings.log_dir.clone().unwrap_or_default().display().to_string();
    let mut reporter = Reporter::with(settings, display, Box::new(json.clone()), STYLE);
    for event in events {
        reporter.event(event);
    }
    let summary = reporter.finish();
    (text.text().replace(&logs, "LOGS"), json.text(), summary)
}

fn changes(events: &[Event]) -> String {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    plain(settings(directory.path()), Detail::Changes, events).0
}

#[test]
fn plain_lines_say_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let (text, json, summary) = plain(settings(directory.path()), Detail::Changes, &install());
    assert!(summary.ok && summary.failures.is_empty());
    assert_eq!(summary.findings.len(), 1);
    assert_eq!(json, "", "JSON was not wanted");
    assert_snapshot!(text, @r#"
   0.0s  `init` of `demo` on 2 hosts
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
   3.2s  cp1  runtime: upload images  changed (2.2 s)
   5.0s  w1   runtime: upload images  try 2, because connection reset
   7.0s  w1   runtime: upload images  changed (6.0 s)
   7.0s  w1   waits for `control plane answers`
  19.1s  cp1  kubernetes: kubeadm init  changed (15.1 s)
  19.2s  cp1  done after 19.2 s: 2 steps changed, 1 unchanged
  31.2s  w1   kubernetes: join the cluster  changed (12.0 s)
  31.2s  w1   done after 31.2 s: 2 steps changed, 0 unchanged

  host  steps changed  time    slowest step
  cp1   2 of 3         19.2 s  kubernetes: kubeadm init (15.1 s)
  w1    2 of 2         31.2 s  kubernetes: join the cluster (12.0 s)

critical path 29.4 s: cp1 runtime: upload images 2.2 s → cp1 kubernetes: kubeadm init 15.1 s
  → w1 kubernetes: join the cluster 12.0 s and 1 shorter step 0.1 s

`init` of `demo` is done after 31.3 s
logs: LOGS
"#);
}

#[test]
fn verbose_lines_say_everything() {
    let directory = tempfile::tempdir().unwrap();
    let events = install();
    let (text, _, _) = plain(settings(directory.path()), Detail::All, &events[..12]);
    assert_snapshot!(text, @r#"
   0.0s  `init` of `demo` on 2 hosts
   0.4s  cp1  os is debian 12
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
   1.0s  cp1  runtime: upload images  begins
   1.0s  w1   runtime: upload images  begins
   3.2s  cp1  runtime: upload images  changed (2.2 s)
   3.2s  cp1  runtime: start containerd  begins
   3.5s  cp1    | Created symlink\x1b[0m
   4.0s  cp1  runtime: start containerd  unchanged (0.8 s)
   4.0s  cp1  kubernetes: kubeadm init  begins
   5.0s  w1   runtime: upload images  try 2, because connection reset

  host  steps changed  time      slowest step
  cp1   1 of 2         not done  runtime: upload images (2.2 s)
  w1    0 of 0         not done

`init` of `demo` was cut off after 5.0 s
logs: LOGS
go on with: bivouac init -f cluster.yaml
"#);
}

#[test]
fn json_is_one_object_a_line_with_the_promised_names() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { output: Output::Json, ..settings(directory.path()) };
    let mut events = install();
    events.push(failed(32.0, "w1", "no route", &["a\u{9b}2J", "b"]));
    let (text, json, _) = plain(settings, Detail::Changes, &events);
    assert!(text.contains("kubeadm init"), "text still goes to standard error");
    for line in json.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in ["time", "run", "host", "playbook", "step", "event"] {
            assert!(value.get(field).is_some(), "{field} in {line}");
        }
    }
    assert_snapshot!(json, @r#"
{"time":"2026-11-23T02:13:20.000Z","run":"r1","host":null,"playbook":null,"step":null,"event":"run_started","verb":"init","cluster":"demo","hosts":["cp1","w1"]}
{"time":"2026-11-23T02:13:20.400Z","run":"r1","host":"cp1","playbook":null,"step":null,"event":"fact","name":"os","value":"debian 12"}
{"time":"2026-11-23T02:13:20.500Z","run":"r1","host":"w1","playbook":null,"step":null,"event":"finding","name":"swap","severity":"warning","message":"swap is on: `/dev/sda2`","fix":"swapoff -a","command":null,"phase":null,"breaks":null,"repairs":false}
{"time":"2026-11-23T02:13:21.000Z","run":"r1","host":"cp1","playbook":"runtime","step":"upload images","event":"step_started"}
{"time":"2026-11-23T02:13:21.000Z","run":"r1","host":"w1","playbook":"runtime","step":"upload images","event":"step_started"}
{"time":"2026-11-23T02:13:23.200Z","run":"r1","host":"cp1","playbook":"runtime","step":"upload images","event":"step_done","changed":true,"seconds":2.2}
{"time":"2026-11-23T02:13:23.200Z","run":"r1","host":"cp1","playbook":"runtime","step":"start containerd","event":"step_started"}
{"time":"2026-11-23T02:13:24.000Z","run":"r1","host":"cp1","playbook":"runtime","step":"start containerd","event":"step_done","changed":false,"seconds":0.8}
{"time":"2026-11-23T02:13:24.000Z","run":"r1","host":"cp1","playbook":"kubernetes","step":"kubeadm init","event":"step_started"}
{"time":"2026-11-23T02:13:27.000Z","run":"r1","host":"w1","playbook":"runtime","step":"upload images","event":"step_done","changed":true,"seconds":6.0}
{"time":"2026-11-23T02:13:27.000Z","run":"r1","host":"w1","playbook":null,"step":null,"event":"gate_waiting","gate":"control plane answers"}
{"time":"2026-11-23T02:13:39.100Z","run":"r1","host":"cp1","playbook":"kubernetes","step":"kubeadm init","event":"step_done","changed":true,"seconds":15.1}
{"time":"2026-11-23T02:13:39.200Z","run":"r1","host":"w1","playbook":null,"step":null,"event":"gate_opened","gate":"control plane answers","seconds":12.2}
{"time":"2026-11-23T02:13:39.200Z","run":"r1","host":"w1","playbook":"kubernetes","step":"join the cluster","event":"step_started"}
{"time":"2026-11-23T02:13:51.200Z","run":"r1","host":"w1","playbook":"kubernetes","step":"join the cluster","event":"step_done","changed":true,"seconds":12.0}
{"time":"2026-11-23T02:13:51.300Z","run":"r1","host":null,"playbook":null,"step":null,"event":"run_done","ok":true,"seconds":31.3,"differences":null,"critical_path":[{"host":"cp1","playbook":"runtime","step":"upload images","seconds":2.2},{"host":"cp1","playbook":"runtime","step":"start containerd","seconds":0.1},{"host":"cp1","playbook":"kubernetes","step":"kubeadm init","seconds":15.1},{"host":"w1","playbook":"kubernetes","step":"join the cluster","seconds":12.0}]}
{"time":"2026-11-23T02:13:52.000Z","run":"r1","host":"w1","playbook":"kubernetes","step":"join the cluster","event":"step_failed","cause":"no route","fix":"open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`","stderr_tail":["a\u009b2J","b"],"seconds":12.3}
"#);
}

#[test]
fn quiet_says_nothing_of_a_run_that_works() {
    let directory = tempfile::tempdir().unwrap();
    let settings = Settings { quiet: true, ..settings(directory.path()) };
    let (text, _, summary) = plain(settings, Detail::None, &install());
    assert_eq!((text.as_str(), summary.ok), ("", true));
}

#[test]
fn a_failure_names_host_step_cause_output_fix_and_the_way_on() {
    let cause = "dial tcp 10.89.7.11:6443: connect: connection refused";
    let tail = ["[preflight] Running pre-flight checks", "\x1b[31merror\x1b[0m:\tno\r"];
    let text = changes(&[
        started("init", &["cp1", "w1"]),
        begins(1.0, "w1", &step("kubernetes", "join the cluster")),
        failed(13.3, "w1", cause, &tail),
        over(13.3, "w1", false, 0),
        over(13.4, "cp1", false, 0),
        run(
            13.5,
            EventKind::RunDone {
                ok: false,
                seconds: 13.5,
                differences: None,
                critical_path: vec![],
            },
        ),
    ]);
    assert_snapshot!(text, @r#"
   0.0s  `init` of `demo` on 2 hosts
  13.3s  w1   kubernetes: join the cluster  did not work after 12.3 s: dial tcp 10.89.7.11:6443: connect: connection refused
  13.3s  w1   stopped after 13.3 s: 0 steps changed, 0 unchanged
  13.4s  cp1  stopped after 13.4 s: 0 steps changed, 0 unchanged

  host  steps changed  time    slowest step
  cp1   0 of 0         13.4 s
  w1    0 of 1         13.3 s  kubernetes: join the cluster (12.3 s)

w1: `kubernetes: join the cluster` did not work after 12.3 s
  cause: dial tcp 10.89.7.11:6443: connect: connection refused
  last lines of its output:
    [preflight] Running pre-flight checks
    \x1b[31merror\x1b[0m:    no\r
  fix: open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`
  log: LOGS/w1.log
  go on with: bivouac init -f cluster.yaml

`init` of `demo` is not done, after 13.5 s: 1 host with a step that did not work and 1 host stopped early
logs: LOGS
"#);
}

#[test]
fn hosts_with_the_same_cause_share_a_block() {
    let mut events = vec![started("init", &[])];
    for host in 1..=12 {
        events.push(failed(13.0, &format!("w{host}"), "no route to host", &["line"]));
    }
    events.push(failed(13.0, "cp1", "disk full\nno space left on /var", &[]));
    let text = changes(&events);
    let closing = text.split("\n\n").skip(1).collect::<Vec<_>>().join("\n\n");
    assert_snapshot!(closing, @r#"
  host  steps changed  time      slowest step
  w1    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w2    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w3    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w4    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w5    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w6    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w7    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w8    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w9    0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w10   0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w11   0 of 1         not done  kubernetes: join the cluster (12.3 s)
  w12   0 of 1         not done  kubernetes: join the cluster (12.3 s)
  cp1   0 of 1         not done  kubernetes: join the cluster (12.3 s)

w1, w2, w3, w4, w5, w6, w7, w8 and 4 more: `kubernetes: join the cluster` did not work after 12.3 s
  cause: no route to host
  last lines of its output on w1:
    line
  fix: open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`
  log: LOGS/w1.log

cp1: `kubernetes: join the cluster` did not work after 12.3 s
  cause: disk full
         no space left on /var
  fix: open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`
  log: LOGS/cp1.log
  go on with: bivouac init -f cluster.yaml

`init` of `demo` was cut off after 13.0 s
logs: LOGS
"#);
}

#[test]
fn findings_are_grouped_by_fix() {
    let text = changes(&[
        started("check", &["cp1", "w1", "w2"]),
        finding("cp1", "swap", Severity::Warning, "swap is on", "swapoff -a"),
        finding(
            "cp1",
            "ports",
            Severity::Error,
            "port 6443 is taken by `nginx`",
            "stop it:\nsystemctl stop nginx",
        ),
        finding("w1", "swap", Severity::Warning, "swap is on", "swapoff -a"),
        finding("w1", "memory", Severity::Warning, "1.5 GiB of memory\x1b[2J", ""),
        finding("w2", "swap", Severity::Error, "swap is on and fills up", "swapoff -a"),
        run(
            0.9,
            EventKind::RunDone {
                ok: false,
                seconds: 0.9,
                differences: None,
                critical_path: vec![],
            },
        ),
    ]);
    assert_snapshot!(text, @r#"
   0.0s  `check` of `demo` on 3 hosts
found 2 errors and 2 warnings
  severity  check   hosts       finding
  error     swap    w2          swap is on and fills up
  warning   swap    cp1 and w1  swap is on
    fix: swapoff -a
  error     ports   cp1         port 6443 is taken by `nginx`
    fix: stop it:
         systemctl stop nginx
  warning   memory  w1          1.5 GiB of memory\x1b[2J

`check` of `demo` is not done, after 0.9 s: 2 errors found, nothing was changed
logs: LOGS
go on with: bivouac init -f cluster.yaml
"#);
}

#[test]
fn a_fault_of_many_hosts_is_one_row() {
    let names: Vec<String> = (1..=120).map(|number| format!("w{number}")).collect();
    let hosts: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = |message: &str, command: Option<&str>| Finding {
        command: command.map(str::to_owned),
        breaks: Some(Breaks { phase: Phase::Kubelet, what: "the kubelet does not start" }),
        repairs: command.is_some(),
        ..Finding::new("Swap", Severity::Error, message, "switch it off")
    };
    let unchecked = |because: &str| {
        let (name, because) = ("Clock".to_owned(), because.to_owned());
        EventKind::Unchecked { name, because }
    };
    let mut events = vec![started("check", &hosts)];
    for host in &hosts {
        events.push(on(0.5, host, EventKind::Finding(found("swap is on", Some("swapoff -a")))));
        events.push(on(0.5, host, unchecked("the clock is unknown")));
    }
    for host in &hosts[..12] {
        events.push(on(0.5, host, EventKind::Finding(found("it will be on", Some("swapoff -a")))));
    }
    for host in &hosts[..64] {
        events.push(on(0.5, host, EventKind::Finding(found(&format!("on {host}"), None))));
    }
    events.push(on(0.5, "w7", unchecked("nobody asked")));
    let text = changes(&events);
    // Of rows that differ in what was seen there are many, and they are bounded.
    assert_eq!(text.lines().filter(|line| line.contains("  on w")).count(), 60, "{text}");
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("  on w")).collect();
    assert_snapshot!(text.join("\n"), @r"
   0.0s  `check` of `demo` on 120 hosts
found 66 errors
  severity  check  hosts          finding
  error     Swap   all 120 hosts  swap is on
  error     Swap   12 hosts       it will be on
    hosts: w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12
    breaks: the kubelet does not start (kubelet)
    fix: switch it off
    run, as root on the host:
      swapoff -a
    or let it be done: `bivouac preflight --fix`
    and 4 like these on: w61, w62, w63, w64
    breaks: the kubelet does not start (kubelet)
    fix: switch it off
not checked:
  Clock on all 120 hosts: the clock is unknown
  Clock on w7: nobody asked

`check` of `demo` was cut off after 0.5 s
logs: LOGS
go on with: bivouac init -f cluster.yaml
");
}

#[test]
fn a_wipe_lists_what_differs() {
    let difference =
        |line: &str, because: &str| Difference { line: line.into(), because: because.into() };
    let mut left: Vec<Difference> = (1..=23)
        .map(|n| difference(&format!("+ /var/lib/left/{n}"), "it is in `/var/lib/left`"))
        .collect();
    left[0] = difference("- /etc/was\x1bhere", "bivouac wrote it");
    let owners = vec![difference("+ user deploy", "no step of bivouac made it")];
    let comparison = Comparison { left, owners, ..Comparison::default() };
    let events = [
        started("wipe", &["cp1", "w1"]),
        on(1.0, "cp1", EventKind::Compared(Box::default())),
        on(1.1, "w1", EventKind::Compared(Box::new(comparison))),
        over(1.2, "cp1", true, 0),
        over(1.2, "w1", true, 0),
        run(
            1.3,
            EventKind::RunDone {
                ok: false,
                seconds: 1.3,
                differences: Some(23),
                critical_path: vec![],
            },
        ),
    ];
    let directory = tempfile::tempdir().unwrap();
    let (text, _, summary) = plain(settings(directory.path()), Detail::Changes, &events);
    assert_eq!((summary.ok, summary.differences), (false, Some(23)));
    assert_snapshot!(text, @r#"
   0.0s  `wipe` of `demo` on 2 hosts
   1.0s  cp1  0 differences from before
   1.1s  w1   23 differences from before; 1 change of its owner's since
   1.2s  cp1  done after 1.2 s: 0 steps changed, 0 unchanged
   1.2s  w1   done after 1.2 s: 0 steps changed, 0 unchanged

  host  differences  its owner's changes
  cp1   0            0
  w1    23           1

w1 differs from before (+ is new, - is gone):
  - /etc/was\x1bhere
    bivouac wrote it
  + /var/lib/left/2
    it is in `/var/lib/left`
  + /var/lib/left/3
  + /var/lib/left/4
  + /var/lib/left/5
  + /var/lib/left/6
  + /var/lib/left/7
  + /var/lib/left/8
  + /var/lib/left/9
  + /var/lib/left/10
  + /var/lib/left/11
  + /var/lib/left/12
  + /var/lib/left/13
  + /var/lib/left/14
  + /var/lib/left/15
  + /var/lib/left/16
  + /var/lib/left/17
  + /var/lib/left/18
  + /var/lib/left/19
  + /var/lib/left/20
  and 3 more lines in LOGS/w1.log

w1: others than bivouac and its cluster changed this since, so it stays:
  + user deploy
    no step of bivouac made it

`wipe` of `demo` is not done, after 1.3 s: 23 differences from before
logs: LOGS
go on with: bivouac init -f cluster.yaml
"#);
    let log = std::fs::read_to_string(directory.path().join("logs/w1.log")).unwrap();
    assert!(log.contains("+ /var/lib/left/23"), "the rest is in the log");
}

#[test]
fn a_run_that_is_cut_off_is_not_ok() {
    let directory = tempfile::tempdir().unwrap();
    let (text, _, summary) = plain(settings(directory.path()), Detail::Changes, &install()[..8]);
    assert!(!summary.ok);
    assert_snapshot!(text.rsplit("\n\n").next().unwrap(), @r#"
`init` of `demo` was cut off after 3.2 s
logs: LOGS
go on with: bivouac init -f cluster.yaml
"#);
}

#[test]
fn a_step_that_runs_for_long_is_mentioned_less_and_less() {
    let directory = tempfile::tempdir().unwrap();
    let text = Stream::default();
    let display = Display::Plain(Plain::new(Box::new(text.clone()), Detail::Changes, STYLE));
    let mut reporter =
        Reporter::with(settings(directory.path()), display, Box::new(io::sink()), STYLE);
    reporter.event(&started("init", &["cp1"]));
    reporter.event(&begins(10.0, "cp1", &step("kubernetes", "kubeadm init")));
    for second in 10..=260 {
        reporter.tick(at(f64::from(second)));
    }
    reporter.event(&begins(261.0, "cp1", &step("network", "roll out")));
    for second in 261..=300 {
        reporter.tick(at(f64::from(second)));
    }
    assert_snapshot!(text.text(), @r#"
  0.0s  `init` of `demo` on 1 host
 40.0s  cp1  kubernetes: kubeadm init  still runs (30.0 s)
 70.0s  cp1  kubernetes: kubeadm init  still runs (1 min 00 s)
130.0s  cp1  kubernetes: kubeadm init  still runs (2 min 00 s)
250.0s  cp1  kubernetes: kubeadm init  still runs (4 min 00 s)
291.0s  cp1  network: roll out  still runs (30.0 s)
"#);
}

/// A reporter on a terminal in memory.
fn on_terminal(
    directory: &Path,
    rows: u16,
    columns: u16,
    style: Style,
) -> (InMemoryTerm, Reporter) {
    let terminal = InMemoryTerm::new(rows, columns);
    let display = Display::Live(Live::new(terminal.clone(), style));
    let reporter = Reporter::with(settings(directory), display, Box::new(io::sink()), style);
    (terminal, reporter)
}

/// Two files that come to this machine: one is here after 3 s, the other is half here after 62 s.
fn downloads() -> Vec<Event> {
    let (one, two) = (
        step("sources", "download kubelet for amd64"),
        step("sources", "download b.tgz for arm64"),
    );
    let begins =
        |seconds, name: &StepName| run(seconds, EventKind::StepStarted { step: name.clone() });
    let bytes = |seconds, name: &StepName, done| {
        run(seconds, EventKind::StepProgress { step: name.clone(), done, total: 64 << 20 })
    };
    vec![
        begins(1.0, &one),
        begins(1.0, &two),
        bytes(2.0, &one, 32 << 20),
        bytes(2.0, &two, 16 << 20),
        bytes(4.0, &one, 64 << 20),
        run(4.0, EventKind::StepDone { step: one, changed: false, seconds: 3.0 }),
        bytes(62.0, &two, 32 << 20),
    ]
}

#[test]
fn downloads_of_this_machine_are_shown_file_by_file() {
    let directory = tempfile::tempdir().unwrap();
    let text = Stream::default();
    let display = Display::Plain(Plain::new(Box::new(text.clone()), Detail::Changes, STYLE));
    let mut reporter =
        Reporter::with(settings(directory.path()), display, Box::new(io::sink()), STYLE);
    reporter.event(&started("init", &["cp1"]));
    for event in downloads() {
        reporter.event(&event);
        reporter.tick(event.time);
    }
    assert_snapshot!(text.text(), @r#"
 0.0s  `init` of `demo` on 1 host
 4.0s  sources: download kubelet for amd64  64 MiB (3.0 s)
62.0s  sources: download b.tgz for arm64  32/64 MiB (1 min 01 s)
"#);
    // With hosts, and where there are none: a bundle is made.
    for hosts in [&["cp1"][..], &[]] {
        let (terminal, mut reporter) = on_terminal(directory.path(), 20, 90, STYLE);
        if !hosts.is_empty() {
            reporter.event(&started("init", hosts));
        }
        for event in &downloads()[..4] {
            reporter.event(event);
        }
        reporter.tick(at(2.5));
        assert_snapshot!(terminal.contents());
    }
}

#[test]
fn a_terminal_shows_a_line_per_host() {
    let directory = tempfile::tempdir().unwrap();
    let (terminal, mut reporter) = on_terminal(directory.path(), 20, 90, STYLE);
    let events = install();
    for event in &events[..7] {
        reporter.event(event);
    }
    reporter.tick(at(3.3));
    assert_snapshot!(terminal.contents(), @r#"
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
· cp1
⠸ w1        2.3 s  runtime: upload images  [████████            ]  40 % 120/300 MiB
init of demo  3.3 s  0 of 2 hosts done
"#);
    for event in &events[7..14] {
        reporter.event(event);
    }
    reporter.tick(at(9.0));
    assert_snapshot!(terminal.contents(), @r#"
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
⠋ cp1       5.0 s  kubernetes: kubeadm init
· w1        2.0 s  waits for `control plane answers`
init of demo  9.0 s  0 of 2 hosts done
"#);
    for event in &events[14..17] {
        reporter.event(event);
    }
    reporter.event(&failed(31.5, "w1", "connection refused", &[]));
    reporter.tick(at(32.0));
    assert_snapshot!(terminal.contents(), @r#"
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
  31.5s  w1   kubernetes: join the cluster  did not work after 12.3 s: connection refused
✓ cp1      19.2 s  done, 2 steps changed
✗ w1               `kubernetes: join the cluster` did not work
init of demo  32.0 s  1 of 2 hosts done
"#);
    reporter.finish();
    assert_snapshot!(terminal.contents().replace(&directory.path().display().to_string(), "DIR"), @r#"
found 1 warning
  severity  check  hosts  finding
  warning   swap   w1     swap is on: `/dev/sda2`
    fix: swapoff -a
  31.5s  w1   kubernetes: join the cluster  did not work after 12.3 s: connection refused

  host  steps changed  time      slowest step
  cp1   2 of 3         19.2 s    kubernetes: kubeadm init (15.1 s)
  w1    1 of 2         not done  kubernetes: join the cluster (12.3 s)

w1: `kubernetes: join the cluster` did not work after 12.3 s
  cause: connection refused
  fix: open port 6443 on cp1, e.g. `firewall-cmd --add-port 6443/tcp`
  log: DIR/logs/w1.log
  go on with: bivouac init -f cluster.yaml

`init` of `demo` was cut off after 31.5 s
logs: DIR/logs
"#);
}

#[test]
fn more_hosts_than_rows_are_summed_up() {
    let directory = tempfile::tempdir().unwrap();
    let ascii = Style { colour: false, unicode: false };
    let (terminal, mut reporter) = on_terminal(directory.path(), 8, 60, ascii);
    let hosts: Vec<String> = (0..1000).map(|n| format!("worker-{n:03}.rack.example.org")).collect();
    reporter.event(&started("init", &hosts.iter().map(String::as_str).collect::<Vec<_>>()));
    for host in &hosts[..500] {
        reporter.event(&over(5.0, host, true, 3));
    }
    for host in &hosts[500..990] {
        reporter.event(&on(
            5.0,
            host,
            EventKind::GateWaiting { gate: "first control plane".into() },
        ));
    }
    for host in &hosts[996..] {
        reporter.event(&begins(
            5.0,
            host,
            &step("runtime", "a step whose name is too long for this line"),
        ));
    }
    reporter.event(&failed(6.0, &hosts[700], "no", &[]));
    // Drawn more than once: lines that wrapped or scrolled would pile up.
    for tick in 0..20 {
        reporter.tick(at(7.0 + f64::from(tick) / 10.0));
    }
    assert_snapshot!(terminal.contents(), @r#"
luster  did not work after 12.3 s: no
!! worker-700.rack.example~              `kubernetes: jo...
\  worker-996.rack.example~       3.9 s  runtime: a step...
\  worker-997.rack.example~       3.9 s  runtime: a step...
\  worker-998.rack.example~       3.9 s  runtime: a step...
\  worker-999.rack.example~       3.9 s  runtime: a step...
and 995 more hosts: 6 at work, 489 waiting, 500 done
init of demo  8.9 s  500 of 1000 hosts done
"#);
}

#[test]
fn colours_are_only_where_they_are_wanted() {
    let directory = tempfile::tempdir().unwrap();
    for colour in [false, true] {
        let (terminal, mut reporter) =
            on_terminal(directory.path(), 20, 90, Style { colour, unicode: true });
        for event in install() {
            reporter.event(&event);
        }
        reporter.tick(at(40.0));
        let shown = terminal.contents_formatted();
        assert_eq!(shown.windows(4).any(|bytes| bytes == b"\x1b[32"), colour);
    }
}

/// A comparison that says this everywhere.
fn all_of(text: &str) -> Comparison {
    let list = || vec![Difference { line: text.into(), because: text.into() }];
    Comparison { left: list(), owners: list(), noise: list(), baseline: text.into(), taken: None }
}

#[test]
fn nothing_that_hosts_say_reaches_the_terminal_raw() {
    let evil = "\x1b]0;owned\x07\r\x1b[2Jx\0\u{9b}31m\u{202e}\nforged line";
    let name = StepName { playbook: evil.into(), step: evil.into() };
    let fail = EventKind::StepFailed {
        step: name.clone(),
        cause: evil.into(),
        fix: evil.into(),
        stderr_tail: vec![evil.into()],
        seconds: 1.0,
    };
    let events = [
        run(
            0.0,
            EventKind::RunStarted {
                verb: evil.into(),
                cluster: evil.into(),
                hosts: vec![evil.into()],
            },
        ),
        finding(evil, evil, Severity::Error, evil, evil),
        on(1.0, evil, EventKind::Fact { name: evil.into(), value: evil.into() }),
        begins(1.0, evil, &name),
        on(1.0, evil, EventKind::StepOutput { step: name.clone(), line: evil.into() }),
        on(
            1.0,
            evil,
            EventKind::StepRetried { step: name.clone(), cause: evil.into(), attempt: 2 },
        ),
        on(1.0, evil, fail),
        on(1.0, evil, EventKind::GateWaiting { gate: evil.into() }),
        on(1.0, evil, EventKind::Compared(Box::new(all_of(evil)))),
        run(
            2.0,
            EventKind::RunDone {
                ok: false,
                seconds: 2.0,
                differences: Some(1),
                critical_path: vec![PathStep { host: evil.into(), step: name, seconds: 1.0 }],
            },
        ),
    ];
    let directory = tempfile::tempdir().unwrap();
    for detail in [Detail::Changes, Detail::All] {
        let settings =
            Settings { output: Output::Json, verbose: true, ..settings(directory.path()) };
        let (text, json, _) = plain(settings, detail, &events);
        let mut logs = String::new();
        for entry in std::fs::read_dir(directory.path().join("logs")).unwrap() {
            logs.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
        for shown in [&text, &json, &logs] {
            assert!(shown.contains("forged line"), "{shown}");
            let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!shown.contains(raw), "{shown:?}");
        }
        assert!(!json.contains("\nforged") && !logs.contains("\nforged"));
    }
}

#[test]
fn log_files_are_for_their_owner_and_complete() {
    let directory = tempfile::tempdir().unwrap();
    plain(settings(directory.path()), Detail::Changes, &install());
    let logs = directory.path().join("logs");
    assert_eq!(std::fs::metadata(&logs).unwrap().mode() & 0o777, 0o700);
    for name in ["cp1.log", "w1.log", "_run.log", "events.jsonl"] {
        assert_eq!(std::fs::metadata(logs.join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    let events = std::fs::read_to_string(logs.join("events.jsonl")).unwrap();
    assert_eq!(events.lines().count(), install().len());
    assert!(events.contains(r#""event":"step_output""#));
    assert_snapshot!(std::fs::read_to_string(logs.join("cp1.log")).unwrap(), @r#"
2026-11-23T02:13:20.400Z  os is debian 12
2026-11-23T02:13:21.000Z  runtime: upload images  begins
2026-11-23T02:13:23.200Z  runtime: upload images  changed (2.2 s)
2026-11-23T02:13:23.200Z  runtime: start containerd  begins
2026-11-23T02:13:23.500Z    | Created symlink\x1b[0m
2026-11-23T02:13:24.000Z  runtime: start containerd  unchanged (0.8 s)
2026-11-23T02:13:24.000Z  kubernetes: kubeadm init  begins
2026-11-23T02:13:39.100Z  kubernetes: kubeadm init  changed (15.1 s)
2026-11-23T02:13:39.200Z  done after 19.2 s, 2 steps changed
"#);
}

#[test]
fn a_link_in_the_place_of_a_log_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let victim = directory.path().join("victim");
    std::fs::write(&victim, "").unwrap();
    symlink(&victim, logs.join("cp1.log")).unwrap();
    let (text, _, summary) = plain(settings(directory.path()), Detail::Changes, &install());
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "");
    assert!(summary.ok);
    assert_eq!(text.matches("warning: the run goes on without").count(), 1, "{text}");
}

#[test]
fn an_older_log_that_others_can_read_is_closed_to_them() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    std::fs::write(logs.join("cp1.log"), "older\n").unwrap();
    std::fs::set_permissions(logs.join("cp1.log"), std::fs::Permissions::from_mode(0o644)).unwrap();
    plain(settings(directory.path()), Detail::Changes, &install());
    assert_eq!(std::fs::metadata(logs.join("cp1.log")).unwrap().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(logs.join("cp1.log")).unwrap().starts_with("older\n"));
}

#[test]
fn without_a_place_for_logs_the_run_goes_on_with_one_warning() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("logs"), "a file, not a directory").unwrap();
    let (text, _, summary) = plain(settings(directory.path()), Detail::Changes, &install());
    assert!(summary.ok);
    assert_eq!(text.matches("warning: the run goes on without").count(), 1, "{text}");
    assert!(!text.contains("logs: "), "{text}");
}

#[test]
fn readers_that_went_away_do_not_stop_the_run() {
    let directory = tempfile::tempdir().unwrap();
    let broken = || {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        Box::new(writer)
    };
    let settings = Settings { output: Output::Json, ..settings(directory.path()) };
    let display = Display::Plain(Plain::new(broken(), Detail::Changes, STYLE));
    let mut reporter = Reporter::with(settings, display, broken(), STYLE);
    for event in install() {
        reporter.event(&event);
    }
    assert!(reporter.finish().ok);
}

#[tokio::test]
async fn the_channel_is_read_until_it_closes() {
    let directory = tempfile::tempdir().unwrap();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let quiet = Settings { quiet: true, ..settings(directory.path()) };
    let reporter = tokio::spawn(bivouac::report::run(quiet, receiver));
    for event in install() {
        sender.send(event).unwrap();
    }
    assert!(!reporter.is_finished());
    drop(sender);
    assert!(reporter.await.unwrap().ok);
}
