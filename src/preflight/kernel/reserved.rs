//! What the kubelet is told to keep from pods must be there.

use serde_json::{Map, Value};

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, amount};

pub(crate) const CHECK: Check = Check {
    name: "Reserved",
    description: "what the kubelet keeps from pods is less than the host has",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "the kubelet does not start: `invalid Node Allocatable configuration`",
    kubeadm: None,
    // Memory and CPUs have checks that need them.
    needs: &[],
    page: "Seen by `kubeReserved`, `systemReserved` and `evictionHard` of `kubernetes: {kubelet: ...}` in cluster.yaml, and by the host's memory and CPUs \
           (`validateNodeAllocatable` of `pkg/kubelet/cm/node_container_manager_linux.go`). The same values go to all hosts.\n\nReserve less.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let kubelet = &context.cluster.kubernetes.kubelet;
    let fix = "lower `kubeReserved`, `systemReserved` or `evictionHard` in `kubernetes.kubelet`, or give the host more";
    let mut findings = Vec::new();
    let memory = sum(kubelet, "memory") + of(kubelet, "evictionHard", "memory.available");
    if let Some(has) = host.facts.memory_kib
        && memory > u128::from(has) * 1024 * 1000
    {
        let kept = amount(u64::try_from(memory / 1000 / 1024).unwrap_or(u64::MAX));
        let message =
            format!("the kubelet is to keep {kept} of memory, and the host has {}", amount(has));
        findings.push(host.error(CHECK.name, message, fix));
    }
    let cpus = sum(kubelet, "cpu");
    if let Some(has) = host.facts.cpus
        && cpus > u128::from(has) * 1000
    {
        let message = format!("the kubelet is to keep {cpus}m of CPUs, and the host has {has}");
        findings.push(host.error(CHECK.name, message, fix));
    }
    findings
}

/// In thousandths.
fn sum(kubelet: &Map<String, Value>, resource: &str) -> u128 {
    of(kubelet, "kubeReserved", resource) + of(kubelet, "systemReserved", resource)
}

fn of(kubelet: &Map<String, Value>, list: &str, resource: &str) -> u128 {
    let value = kubelet.get(list).and_then(|list| list.get(resource));
    value.and_then(thousandths).unwrap_or(0)
}

/// A quantity as Kubernetes writes it, `1.5Gi`, `200m`, in thousandths; `None` for a percentage, and for what is none.
fn thousandths(value: &Value) -> Option<u128> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u128 = match unit {
        "m" => 1,
        "" => 1000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "Ki" => 1000 << 10,
        "Mi" => 1000 << 20,
        "Gi" => 1000 << 30,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part: String = part.chars().take(6).collect();
    let parts = part.parse::<u128>().unwrap_or(0) * factor
        / 10u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    whole.parse::<u128>().ok()?.checked_mul(factor)?.checked_add(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        for (text, expected) in [
            ("500m", Some(500)),
            ("2", Some(2000)),
            ("1.5", Some(1500)),
            ("1Ki", Some(1_024_000)),
            ("1.5Gi", Some(1_610_612_736_000)),
            ("100M", Some(100_000_000_000)),
            ("5%", None),
            ("", None),
            ("Gi", None),
        ] {
            assert_eq!(thousandths(&Value::String(text.to_owned())), expected, "{text}");
        }
        assert_eq!(thousandths(&serde_json::json!(2)), Some(2000));
    }
}
