//! Requests made by `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1` with these subjects and names.

use serde_json::json;

use super::*;

const GOOD: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkl6Q0J5Z0lCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFYnZoVW4zeFZiU0ZDCnNlRWZGZU5jb0E2cWE1WkxQUFNCRGVjLytkdmRlY2RE\
    aC9iL2ZERmNSSVY2YTY5S3VCaXE3UmVacTU3YXJ4d08KTVlnbi9wa0pzS0E0TURZR0NTcUdTSWIzRFFFSkRqRXBN\
    Q2N3SlFZRFZSMFJCQjR3SElJQ2R6R0hCQW9BQUFLSApFUDBBQUFBQUFBQUFBQUFBQUFBQUFBSXdDZ1lJS29aSXpq\
    MEVBd0lEU0FBd1JRSWdhb0o0UDBsSFAxZTJRRjIzCkNNSUtvNkdGbG5HOHNQL2krNmxXU05FVW9DOENJUUNVNVcy\
    R3FaMjQ0MGRYaVM5UjBIZm9TSU1HY25uKzFxZnUKdWRGYnE3c1ptUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJF\
    UVVFU1QtLS0tLQo=\
";
const ONE: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkRUQ0J0QUlCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFM29sVzRnN01KVHdnCjZyYndXNlpkcUFoNHVqR3Roa1drbUZFL21uUzB6SWNZ\
    R0JHRTJFYTlEWXlNTjVIZkRiWlNjcStMRkRWcktjVlUKbXI5VnRDdTNqcUFpTUNBR0NTcUdTSWIzRFFFSkRqRVRN\
    QkV3RHdZRFZSMFJCQWd3Qm9jRUNnQUFBakFLQmdncQpoa2pPUFFRREFnTklBREJGQWlBb1JtMHJmVEFqSEYrWnNo\
    MkFmaFFPTkt2dUdXb1F5WVh2aWFtSHpneUFCQUloCkFKWk95S05mRnFsOGhnaUNyakgyS2hwV0hlcDc0YlpxZmFy\
    WGY0cElPZHBmCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=\
";
const OTHER_NAME: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkR6Q0J0d0lCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFS1dKbDNVclZUTklKCmNtZHdzVzFpQUpuNFFoWnhOQ0xMdmw3aWFGeXNwY2lz\
    RGxRS2MvYWJHdSs0SHdvSWdwdUxneW9ONWc5bktkWVoKeUp3L3p2RzF5cUFsTUNNR0NTcUdTSWIzRFFFSkRqRVdN\
    QlF3RWdZRFZSMFJCQXN3Q1lJQ2R6R0NBMk53TVRBSwpCZ2dxaGtqT1BRUURBZ05IQURCRUFpQXVWTzZlZnVsUUlw\
    OVY4UFpMVG14SityTFdBN05tUjJ1MWZGY3VDT2ZGCmJBSWdHTm5DZUJ6MUo2T1hqc3ZYVDlQY09OYjBXR0l1QmF2\
    RnhQZHBxcVo5SzJFPQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K\
";
const OTHER_ADDRESS: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkVEQ0J1QUlCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFRnVXUlV3aHVCQjU5CllCa2h6YUM3NysvZHNMcGlvNEY0RnBORnFsWlA4R25k\
    RUhaMkhqQXl1OXJrbUI4RklROHdSQnlhMWxNVHJGZDQKbWRYbUJhYVhYNkFtTUNRR0NTcUdTSWIzRFFFSkRqRVhN\
    QlV3RXdZRFZSMFJCQXd3Q29JQ2R6R0hCQW9BQUFFdwpDZ1lJS29aSXpqMEVBd0lEUndBd1JBSWdmanlmc1JRZ2tr\
    bUtpT3Z4YmM5WFQ2TEtPaTZFek1PT2Evc3k2bzdzClpmWUNJQ2lRcGorbFlEMEttKy9Ib04yYnRFTUVLSGZxMUZZ\
    bmRFcWI0QjgxNFFPTQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K\
";
const EMAIL: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkZ6Q0J2d0lCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFRmVBUE5QNlZDYzZaCittSnpVN1BwSklOVWFBdmRJN2pqZ1pmRXBvNC8rdk44\
    eTdYejkrc245L01ySHJhdXRQeUhIUFI4R0N3RldJam0KQTVBRlByQlVRS0F0TUNzR0NTcUdTSWIzRFFFSkRqRWVN\
    Qnd3R2dZRFZSMFJCQk13RVlJQ2R6R0JDMkZBWWk1bAplR0Z0Y0d4bE1Bb0dDQ3FHU000OUJBTUNBMGNBTUVRQ0lE\
    clh0V3p6OUE1emVxRjRVdnoxZkNqZm5XTno1Wkl3Ci9EeGVhQ0NvVVUzWUFpQUQ2VWM4TnZiTHFWVkNDeG9TNzZm\
    QkJmNUtnMFNhMm82bU85LzFGK29JWXc9PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K\
";
const OTHER_NODE: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkRUQ0Jzd0lCQURBeE1SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14R0RBV0JnTlZCQU1NRDNONQpjM1JsYlRwdWIyUmxPbU53TVRCWk1CTUdCeXFHU000\
    OUFnRUdDQ3FHU000OUF3RUhBMElBQkNkQnZLN1A1SUVEClg0YUthOGorOGlpQkdUL2RGRUUxV1I3YnVtMENRRlYy\
    ZmRodTRxVzNGWnZaTEtpSGlXN3pFcGxDU2NwR1hkekMKRGlwdzNFdUZqblNnSURBZUJna3Foa2lHOXcwQkNRNHhF\
    VEFQTUEwR0ExVWRFUVFHTUFTQ0FuY3hNQW9HQ0NxRwpTTTQ5QkFNQ0Ewa0FNRVlDSVFEcWp0ODF1ZklYelRYVThI\
    L0NhU2JOblZ3WkVaa2dxZnV0aGM5aHAxdVoyUUloCkFOdmpVZTUrNFdGQjM5VWNyUHBTM2wvdFRzRmZFSTN6U1Mx\
    T0Vlb0V0dERPCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=\
";
const MASTERS: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkpEQ0J5d0lCQURCSk1SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQW9NRG5ONQpjM1JsYlRwdFlYTjBaWEp6TVJjd0ZRWURWUVFEREE1\
    emVYTjBaVzA2Ym05a1pUcDNNVEJaTUJNR0J5cUdTTTQ5CkFnRUdDQ3FHU000OUF3RUhBMElBQkJMa3I0QURQTmJh\
    cjRhc2lLM1pmUFhQalRaL3hUOG9MN2NueloycEFZN0kKVW1NWG1Lbk9FOWZOU0J3ZVZnSXJWdjBzVi9DbDZMa0NU\
    R3lxTEExcU9ndWdJREFlQmdrcWhraUc5dzBCQ1E0eApFVEFQTUEwR0ExVWRFUVFHTUFTQ0FuY3hNQW9HQ0NxR1NN\
    NDlCQU1DQTBnQU1FVUNJUUN4MC9zOHQ5VW1mRENHCjFkejNzQlNueU85dmdHK2N2dDN4bWw1NUZ0T0FIUUlnS0Zh\
    K0Zib1RDTnMwa1hneXpPd05uTy83Zk0raHF5eE4KcFhMQmlHUUErQzQ9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJF\
    UVVFU1QtLS0tLQo=\
";
const AUTHORITY: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkdqQ0J3QUlCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFajE1QURaazFkTUYzCjVjNk5YVXk3czFLN1FENHhHc3R4V0h1NWdveWw4SDNH\
    NGNZWjhtQ3cySkVvaWZNSVJlbEdXUExKQ3duMENuSkQKU2w1aDdKVWhRYUF1TUN3R0NTcUdTSWIzRFFFSkRqRWZN\
    QjB3RFFZRFZSMFJCQVl3QklJQ2R6RXdEQVlEVlIwVApCQVV3QXdFQi96QUtCZ2dxaGtqT1BRUURBZ05KQURCR0Fp\
    RUE2eHR4ZkROSkJuYVhEVlRtZGtwNERERGZHcXhpCnNCOUhUNTBJYWVBaGJDNENJUURiaTdmdVJnU1pGSTM3ZTJn\
    UTI1OUxWTkVRWk0xaUpxNmJKck9PNXp1bDlnPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==\
";
const NAMELESS: &str = "\
    LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQkNUQ0JzQUlCQURBd01SVXdFd1lEVlFRS0RB\
    eHplWE4wWlcwNmJtOWtaWE14RnpBVkJnTlZCQU1NRG5ONQpjM1JsYlRwdWIyUmxPbmN4TUZrd0V3WUhLb1pJemow\
    Q0FRWUlLb1pJemowREFRY0RRZ0FFZzViR3VVVDA4YXQ3CnFZZmQyb1VmN3dmZG5QRDNyNEJaZ1FLVDJYQVZNOElx\
    K2VJa3VZWEw2YnI1ZE94VW82c0RENkt3Z1VDVEk1Y2MKcHcvUVFFYWpPNkFlTUJ3R0NTcUdTSWIzRFFFSkRqRVBN\
    QTB3Q3dZRFZSMFBCQVFEQWdlQU1Bb0dDQ3FHU000OQpCQU1DQTBnQU1FVUNJQ1ZDRjc2UVE4WitCU1JueGtVbGxt\
    cUFIYUUxd3N2ODVoaXNGUyt5L3ZrQkFpRUF6U1ZOCndycnpRS000aE85WFBSZGdGbmx5UUJLMllGVTZVMDF4Zi9L\
    NHFvdz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==\
";

fn nodes() -> [Asker; 2] {
    let asker = |node: &str, addresses: &[&str]| Asker {
        node: node.to_owned(),
        addresses: addresses.iter().map(|it| it.parse().unwrap()).collect(),
    };
    [asker("cp1", &["10.0.0.1", "fd00::1"]), asker("w1", &["10.0.0.2", "fd00::2"])]
}

/// A request of node w1's kubelet.
fn request(request: &str) -> serde_json::Value {
    json!({"metadata": {"name": "csr-a"}, "spec": {
        "request": request,
        "signerName": "kubernetes.io/kubelet-serving",
        "username": "system:node:w1",
        "groups": ["system:nodes", "system:authenticated"],
        "usages": ["digital signature", "key encipherment", "server auth"],
    }})
}

fn judged(requests: &[serde_json::Value]) -> Vec<Verdict> {
    judge(&json!({"items": requests}).to_string(), &nodes()).unwrap()
}

fn why(value: serde_json::Value) -> Option<String> {
    let verdicts = judged(&[value]);
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].name, "csr-a");
    verdicts[0].wrong.clone()
}

#[test]
fn a_node_gets_what_is_its_own() {
    assert_eq!(why(request(GOOD)), None);
    assert_eq!(why(request(ONE)), None);
    let mut elliptic = request(GOOD);
    elliptic["spec"]["usages"] = json!(["server auth", "digital signature"]);
    assert_eq!(why(elliptic), None);
}

#[test]
fn nothing_else_is_proper() {
    for (value, word) in [
        (OTHER_NAME, "`cp1`"),
        (OTHER_ADDRESS, "`10.0.0.1`"),
        (EMAIL, "no host"),
        (OTHER_NODE, "its subject is"),
        (MASTERS, "`system:masters`"),
        (AUTHORITY, "cannot be read"),
        (NAMELESS, "names no address"),
        ("AAAA", "cannot be read"),
        ("", "cannot be read"),
    ] {
        let said = why(request(value)).unwrap_or_default();
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn who_asks_and_what_for_is_looked_at() {
    for (field, value, word) in [
        ("username", json!("system:node:w9"), "nobody"),
        ("username", json!("system:node:cp1"), "its subject is"),
        ("username", json!("w1"), "nobody"),
        ("username", json!("system:serviceaccount:a:b"), "nobody"),
        ("groups", json!(["system:authenticated"]), "not in the group"),
        ("usages", json!(["digital signature", "client auth"]), "`client auth`"),
        ("usages", json!(["digital signature", "server auth", "client auth"]), "`client auth`"),
        ("usages", json!([]), "it is for"),
    ] {
        let mut asked = request(GOOD);
        asked["spec"][field] = value;
        let said = why(asked).unwrap_or_default();
        assert!(said.contains(word), "{field}, {word}: {said}");
    }
}

#[test]
fn what_is_decided_or_another_signers_is_passed_over() {
    let mut approved = request(GOOD);
    approved["status"] = json!({"conditions": [{"type": "Approved"}]});
    let mut denied = request(GOOD);
    denied["status"] = json!({"conditions": [{"type": "Denied"}]});
    let mut client = request(GOOD);
    client["spec"]["signerName"] = json!("kubernetes.io/kube-apiserver-client-kubelet");
    let mut empty = request(GOOD);
    empty["status"] = json!({});
    assert_eq!(judged(&[approved, denied, client, empty]).len(), 1);
    judge("no JSON", &nodes()).unwrap_err();
}
