//! What the report says, of our own wipes and of others' leftovers, and that nothing in it is markup.

use super::*;
use crate::event::{
    Comparison, Difference, Event, EventKind, Fate, How, Leftover, Looked, Shipped, Sight,
    StepName, Taken,
};

fn state(events: Vec<(Option<&str>, EventKind)>) -> State {
    let mut state = State::default();
    for (host, kind) in events {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        state.apply(&Event { time, host: host.map(str::to_owned), kind });
    }
    state
}

fn named(run: &str, who: &str) -> Settings {
    Settings { run_id: run.to_owned(), who: who.to_owned(), ..Settings::default() }
}

fn by_proof(run: &str, who: &str) -> Settings {
    Settings { by_proof: true, ..named(run, who) }
}

fn difference(line: &str) -> Difference {
    Difference { line: line.to_owned(), because: "it is so".to_owned() }
}

fn ended(ok: bool) -> (Option<&'static str>, EventKind) {
    let end = EventKind::RunDone { ok, seconds: 2.0, differences: None, critical_path: vec![] };
    (None, end)
}

fn started() -> (Option<&'static str>, EventKind) {
    let hosts = ["a", "b", "c"].map(str::to_owned).to_vec();
    (None, EventKind::RunStarted { verb: "wipe".into(), cluster: "demo".into(), hosts })
}

#[test]
fn each_host_has_its_result_and_what_it_was_compared_with() {
    let comparison = Comparison {
        owners: vec![difference("+ user deploy")],
        baseline: "ab12".to_owned(),
        taken: Some(SystemTime::UNIX_EPOCH),
        ..Comparison::default()
    };
    let left = Comparison { left: vec![difference("+ link cni0")], ..comparison.clone() };
    let failed = EventKind::StepFailed {
        step: StepName { playbook: "wipe".into(), step: "connect".into() },
        cause: "no route".into(),
        fix: "see to it".into(),
        stderr_tail: vec![],
        seconds: 1.0,
    };
    let state = state(vec![
        started(),
        (Some("a"), EventKind::Compared(Box::new(comparison))),
        (Some("b"), EventKind::Compared(Box::new(left))),
        (Some("c"), failed),
        ended(false),
    ]);
    let json: serde_json::Value =
        serde_json::from_str(&Audit::of(&state, &named("r1", "ops@laptop")).json()).unwrap();
    let results: Vec<_> = (0..3).map(|n| json["hosts"][n]["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["as before", "differs", "not compared"]);
    assert_eq!(json["hosts"][0]["baseline"]["sha256"], "ab12");
    assert_eq!(json["hosts"][0]["owners"][0]["what"], "+ user deploy");
    assert_eq!(json["hosts"][1]["differences"][0]["because"], "it is so");
    assert_eq!(json["hosts"][2]["failures"][0]["cause"], "no route");
    assert_eq!((json["ok"].as_bool(), json["run"].as_str()), (Some(false), Some("r1")));
    assert!(json["never_a_difference"].as_array().unwrap().len() > 5);
}

#[test]
fn no_sum_of_a_file_is_in_it() {
    let comparison =
        Comparison { left: vec![difference("+ sum 5e88489 /etc/a b")], ..Comparison::default() };
    let state = state(vec![
        started(),
        (Some("a"), EventKind::Compared(Box::new(comparison))),
        ended(false),
    ]);
    let audit = Audit::of(&state, &named("r", ""));
    for text in [audit.json(), audit.page()] {
        assert!(text.contains("+ content /etc/a b") && !text.contains("5e88489"), "{text}");
    }
}

#[test]
fn what_hosts_say_is_no_markup() {
    let evil = "+ path f 644 0:0 /etc/<script>alert(\"1\")</script>&\u{1b}[2J'";
    let comparison = Comparison { left: vec![difference(evil)], ..Comparison::default() };
    let state = state(vec![
        started(),
        (Some("a"), EventKind::Compared(Box::new(comparison))),
        ended(false),
    ]);
    let page = Audit::of(&state, &named("<b>", "<i>")).page();
    assert!(
        !page.contains("<script") && !page.contains('\u{1b}') && !page.contains("<b>"),
        "{page}"
    );
    assert!(
        page.contains("&lt;script&gt;alert(&quot;1&quot;)") && page.contains("&amp;"),
        "{page}"
    );
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains(" src="));
}

#[test]
fn the_ending_says_the_form() {
    let names = |name: &str| {
        files(Path::new(name))
            .into_iter()
            .map(|(path, form)| (path.display().to_string(), form))
            .collect::<Vec<_>>()
    };
    assert_eq!(names("a.json"), [("a.json".to_owned(), Form::Json)]);
    assert_eq!(names("a.html"), [("a.html".to_owned(), Form::Page)]);
    assert_eq!(
        names("x/a.b"),
        [("x/a.b.json".to_owned(), Form::Json), ("x/a.b.html".to_owned(), Form::Page)]
    );
}

fn leftover(name: &'static str, thing: &str, fate: Fate, because: &str) -> Leftover {
    let setting = (fate == Fate::Setting).then(|| Shipped {
        now: "1".to_owned(),
        ships: "0 (the kernel's own)".to_owned(),
        by_hand: thing.contains("by hand"),
    });
    let (thing, because) = (thing.to_owned(), because.to_owned());
    Leftover { name, classes: &["R01"], thing, fate, because, setting }
}

fn looked(after: bool, leftovers: Vec<Leftover>) -> EventKind {
    let passed_over = vec!["link br-mine".to_owned(), "link <b>eth0</b>".to_owned()];
    EventKind::Looked(Box::new(Looked { after, seen: Ok(Sight { leftovers, passed_over }) }))
}

fn fact(host: &'static str, name: &str, value: &str) -> (Option<&'static str>, EventKind) {
    (Some(host), EventKind::Fact { name: name.to_owned(), value: value.to_owned() })
}

/// A wipe of what others left: `a` is clean, of `b` something stays, `c` was not reached.
fn foreign() -> State {
    let evil = "/etc/kubernetes/manifests/<script>alert(1)</script>\u{1b}[2J.yaml";
    let volume = leftover("VolumeData", "/var/lib/longhorn", Fate::Kept, "data of volumes");
    let chain = leftover("Unread", "the sets of ipset", Fate::Unsure, "it could not be read");
    let own = leftover("OtherTools", "/usr/bin/helm", Fate::Stays, "a tool");
    let sysctl = leftover("Sysctls", "setting vm.panic_on_oom", Fate::Setting, "now 1");
    let firewall = leftover("FirewallService", "unit ufw by hand", Fate::Setting, "now 1");
    let file = leftover("StaticPods", evil, Fate::Goes, "a manifest of a static pod");
    let before = vec![file, volume.clone(), chain.clone(), own.clone(), sysctl, firewall.clone()];
    let hosts = [started()]
        .into_iter()
        .chain([
            fact("a", "address", "10.0.0.1"),
            fact("a", "host key", "ssh-ed25519 SHA256:abc"),
            fact("a", "os", "Debian GNU/Linux 12 (bookworm)"),
            fact("a", "kubernetes", "v1.20.2"),
            fact("a", "installer", "kubeadm, by hand"),
            fact("a", "installer", "kubeadm, by hand"),
        ])
        .chain(["a", "b"].map(|host| (Some(host), looked(false, before.clone()))))
        .chain([
            (Some("a"), looked(true, vec![own.clone()])),
            (Some("b"), looked(true, vec![volume, chain, own, firewall])),
        ])
        .chain([(
            Some("c"),
            EventKind::Looked(Box::new(Looked { after: false, seen: Err("no route".into()) })),
        )])
        .chain([ended(true)]);
    state(hosts.collect())
}

#[test]
fn what_others_left_is_reported_with_what_went_and_what_stays() {
    let audit = Audit::of(&foreign(), &by_proof("20261126T120000Z-0001", "ops@laptop"));
    let version = concat!("bivouac ", env!("CARGO_PKG_VERSION"));
    // What no look tells is the table's to say (`what_nobody_calls_kubernetes_is_named_where_it_is_asked_for`).
    let same = |text: String, end: &str| {
        let text = text.replace(version, "bivouac VERSION");
        text.split_once(end).unwrap().0.to_owned()
    };
    insta::assert_snapshot!("foreign.json", same(audit.json(), "\"not_looked_at\""));
    insta::assert_snapshot!(
        "foreign.html",
        same(audit.page(), "<h2>Not looked at").replace("><", ">\n<")
    );
    let json: serde_json::Value = serde_json::from_str(&audit.json()).unwrap();
    let results: Vec<_> = (0..3).map(|n| json["hosts"][n]["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["clean of what is known", "not clean", "not looked at"]);
    assert_eq!(json["ok"], false);
    assert_eq!(json["hosts"][0]["kubernetes"], "v1.20.2");
    assert_eq!(json["hosts"][0]["settings"][0]["restored"], "yes");
    assert_eq!(json["hosts"][1]["settings"][1]["restored"], "only by hand");
}

#[test]
fn a_name_on_a_host_is_no_markup_of_the_page() {
    let page = Audit::of(&foreign(), &by_proof("r", "<u>")).page();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    let raw = ["<script", "\u{1b}", "<u>", "<b>eth0"];
    assert!(raw.iter().all(|it| !page.contains(it)), "{page}");
}

#[test]
fn a_look_that_finds_nothing_is_clean_and_one_that_finds_something_is_not() {
    let look = |leftovers| {
        let run = EventKind::RunStarted {
            verb: "verify-clean".into(),
            cluster: "x".into(),
            hosts: vec!["a".to_owned()],
        };
        let state = state(vec![(None, run), (Some("a"), looked(false, leftovers)), ended(false)]);
        let json: serde_json::Value =
            serde_json::from_str(&Audit::of(&state, &by_proof("r", "")).json()).unwrap();
        (json["ok"].clone(), json["hosts"][0]["went"].clone(), json["hosts"][0]["left"].clone())
    };
    let none = serde_json::json!([]);
    let clean = look(vec![leftover("OtherTools", "/usr/bin/helm", Fate::Stays, "a tool")]);
    assert_eq!(clean, (true.into(), none.clone(), none.clone()));
    let (ok, went, left) = look(vec![leftover("PodLogs", "/var/log/pods", Fate::Goes, "theirs")]);
    assert_eq!((ok, went), (false.into(), none));
    assert_eq!(left[0]["what"], "/var/log/pods");
}

#[test]
fn a_host_that_nobody_saw_is_not_clean() {
    let run = EventKind::RunStarted {
        verb: "verify-clean".into(),
        cluster: "x".into(),
        hosts: vec!["a".to_owned()],
    };
    let state = state(vec![(None, run), ended(true)]);
    let json: serde_json::Value =
        serde_json::from_str(&Audit::of(&state, &by_proof("r", "")).json()).unwrap();
    assert_eq!(
        (&json["ok"], &json["hosts"][0]["result"]),
        (&false.into(), &"not looked at".into())
    );
}

fn taken(name: &'static str, thing: &str, how: How, run: Option<&str>) -> EventKind {
    let (thing, run) = (thing.to_owned(), run.map(str::to_owned));
    EventKind::Taken(Taken { name, thing, how, run })
}

/// The JSON and the page of a wipe of one host, `a`.
fn wiped(events: Vec<EventKind>) -> (serde_json::Value, String) {
    let hosts = vec!["a".to_owned()];
    let run = EventKind::RunStarted { verb: "wipe".into(), cluster: "kubernetes".into(), hosts };
    let events = events.into_iter().map(|kind| (Some("a"), kind));
    let all = [(None, run)].into_iter().chain(events).chain([ended(false)]).collect();
    let audit = Audit::of(&state(all), &by_proof("r2", ""));
    (serde_json::from_str(&audit.json()).unwrap(), audit.page())
}

fn whats(list: &serde_json::Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect()
}

#[test]
fn what_an_interrupted_wipe_did_is_in_its_report_and_nothing_is_called_gone() {
    let before = vec![
        leftover("Services", "unit kubelet.service", Fate::Goes, "a kubelet"),
        leftover("Chains", "chain KUBE-FW", Fate::Goes, "kube-proxy's"),
        leftover("Shared", "/etc/cni", Fate::Goes, "empty by then"),
        leftover("Links", "link cni0", Fate::Goes, "a bridge"),
        leftover("Sysctls", "setting vm.panic_on_oom", Fate::Setting, "now 1"),
    ];
    let unseen = Looked { after: true, seen: Err("it was not wiped to the end".into()) };
    let stopped = EventKind::HostDone { ok: false, changed: 2, seconds: 1.0 };
    let (json, page) = wiped(vec![
        taken("Services", "unit old.service", How::Done, Some("r1")),
        looked(false, before),
        taken("Services", "unit kubelet.service", How::Done, None),
        taken("Chains", "chain KUBE-FW", How::Begun, None),
        taken("Shared", "/etc/cni", How::IfEmpty, None),
        taken("Sysctls", "setting vm.panic_on_oom", How::Done, None),
        stopped,
        EventKind::Looked(Box::new(unseen)),
    ]);
    let host = &json["hosts"][0];
    assert_eq!(host["result"], "not done");
    assert_eq!(whats(&host["went"]), [""; 0]);
    let hows: Vec<_> = host["done"].as_array().unwrap().iter().map(|it| &it["how"]).collect();
    assert_eq!(
        whats(&host["done"]),
        ["unit kubelet.service", "chain KUBE-FW", "/etc/cni", "setting vm.panic_on_oom"]
    );
    assert_eq!(hows, ["done", "begun", "if empty", "done"]);
    assert_eq!(whats(&host["left"]), ["link cni0"]);
    assert_eq!(host["settings"][0]["restored"], "done, not looked at since");
    assert_eq!(
        (whats(&host["earlier"]), &host["earlier"][0]["run"]),
        (vec!["unit old.service"], &"r1".into())
    );
    assert!(!page.contains("changed nothing") && !page.contains("Gone, and"), "{page}");
    assert!(!page.contains("when the host answers") && page.contains("goes on where"), "{page}");
    assert!(page.contains("<h1>wipe --foreign of a</h1>"), "{page}");
}

#[test]
fn only_what_a_look_did_not_find_is_called_gone() {
    let before = vec![
        leftover("Shared", "/etc/cni", Fate::Goes, "empty by then"),
        leftover("Links", "link br-mine", Fate::Goes, "a bridge"),
        leftover("Services", "unit kubelet.service", Fate::Goes, "a kubelet"),
        leftover("Unsure", "/etc/kubernetes/x", Fate::Unsure, "nobody knows"),
    ];
    let held = leftover("Shared", "/etc/cni", Fate::Stays, "something else is in it");
    // `looked` tells of the link as of one that nothing calls Kubernetes'.
    let (json, _) = wiped(vec![looked(false, before), looked(true, vec![held])]);
    let host = &json["hosts"][0];
    assert_eq!(whats(&host["went"]), ["unit kubelet.service"]);
    assert_eq!(whats(&host["left"]), ["link br-mine"]);
    assert_eq!(whats(&host["owners"]), ["/etc/cni"]);
    assert_eq!(whats(&host["vanished"]), ["/etc/kubernetes/x"]);
}

#[test]
fn a_run_that_ended_before_its_look_speaks_of_no_baseline() {
    let (json, page) = wiped(vec![]);
    assert_eq!(json["hosts"][0]["result"], "not looked at");
    for word in ["as it was before", "taken back", "see the failures", "Never a difference"] {
        assert!(!page.contains(word), "`{word}` in {page}");
    }
}
