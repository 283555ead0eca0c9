//! Which members may leave etcd, and in which order.

use std::net::IpAddr;

use super::Member;

/// Why a member may not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody would be left.
    Last,
    /// Too few of the members are healthy to agree on anything, the removal included.
    NoMajorityNow { healthy: usize, members: usize },
    /// Once this member is gone, too few of the others would be healthy.
    NoMajorityThen {
        /// The member whose removal breaks it.
        address: IpAddr,
        healthy: usize,
        members: usize,
        /// Members that do not answer and were not named: with one of them gone first it may be well.
        unhealthy: Vec<String>,
    },
}

/// The order in which members may leave: those that do not answer go first, since each of them counts
/// against the majority. A healthy majority has to be there before each removal, to agree on it, and
/// after it. Who still learns has no vote, so he counts for nothing and may always leave.
///
/// # Errors
///
/// Says which removal the majority would not bear; then no order is safe.
pub fn order(members: &[Member], leaving: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
    let leaves = |member: &&Member| member.address.is_some_and(|it| leaving.contains(&it));
    let mut left: Vec<&Member> = members.iter().filter(|member| !member.learner).collect();
    let mut ordered: Vec<&Member> = members.iter().filter(leaves).collect();
    if !left.is_empty() && left.iter().all(leaves) {
        return Err(Refusal::Last);
    }
    // Stable: the healthy ones stay in etcd's order.
    ordered.sort_by_key(|member| (!member.learner, member.healthy));
    let healthy = |members: &[&Member]| members.iter().filter(|member| member.healthy).count();
    let mut safe = Vec::new();
    for member in ordered {
        let Some(address) = member.address else { continue };
        if healthy(&left) <= left.len() / 2 {
            return Err(Refusal::NoMajorityNow { healthy: healthy(&left), members: left.len() });
        }
        if member.learner {
            safe.push(address);
            continue;
        }
        left.retain(|other| other.address != Some(address));
        if healthy(&left) <= left.len() / 2 {
            let unhealthy = left.iter().filter(|member| !member.healthy);
            return Err(Refusal::NoMajorityThen {
                address,
                healthy: healthy(&left),
                members: left.len(),
                unhealthy: unhealthy.map(|member| member.name.clone()).collect(),
            });
        }
        safe.push(address);
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` is healthy, `-` is not, `l` learns and looks healthy, `d` learns and is dead: the members 10.0.0.1, 10.0.0.2, ...
    fn etcd(health: &str) -> Vec<Member> {
        let member = |(index, sign): (usize, char)| Member {
            name: format!("cp{}", index + 1),
            address: Some(address(index + 1)),
            healthy: sign == '+' || sign == 'l',
            learner: sign == 'l' || sign == 'd',
        };
        health.chars().enumerate().map(member).collect()
    }

    fn address(number: usize) -> IpAddr {
        format!("10.0.0.{number}").parse().unwrap()
    }

    /// `ok` with the order, or which rule is broken and where.
    fn said(health: &str, leaving: &[usize]) -> String {
        let leaving: Vec<IpAddr> = leaving.iter().map(|number| address(*number)).collect();
        let last = |address: &IpAddr| address.to_string().rsplit('.').next().unwrap().to_owned();
        match order(&etcd(health), &leaving) {
            Ok(order) => {
                format!("ok {}", order.iter().map(last).collect::<Vec<_>>().join(" "))
            }
            Err(Refusal::Last) => "last".to_owned(),
            Err(Refusal::NoMajorityNow { healthy, members }) => {
                format!("now {healthy}/{members}")
            }
            Err(Refusal::NoMajorityThen { address, healthy, members, unhealthy }) => {
                format!("then {} {healthy}/{members} {}", last(&address), unhealthy.join(","))
            }
        }
    }

    #[test]
    fn a_healthy_majority_stays_before_and_after_each_removal() {
        for (health, leaving, expected) in [
            // Workers are no members.
            ("+", &[][..], "ok "),
            ("+++", &[9], "ok "),
            ("+", &[1], "last"),
            ("++", &[1, 2], "last"),
            ("++", &[1], "ok 1"),
            ("+++", &[1], "ok 1"),
            ("+++", &[2, 1], "ok 1 2"),
            ("+++", &[1, 2, 3], "last"),
            ("+++++", &[1, 2, 3, 4], "ok 1 2 3 4"),
            // One that died while it learned is in nobody's way, and one that learns carries nothing.
            ("+d", &[2], "ok 2"),
            ("+l", &[1], "last"),
            ("++l", &[1], "ok 1"),
            ("+-l", &[3], "now 1/2"),
            ("++d", &[1, 3], "ok 3 1"),
            // One of three is dead: it may go, and after it a healthy one; a healthy one alone may not.
            ("++-", &[3], "ok 3"),
            ("++-", &[1], "then 1 1/2 cp3"),
            ("++-", &[1, 3], "ok 3 1"),
            ("-++", &[1], "ok 1"),
            // Two of three: there is no majority that could agree on anything.
            ("+--", &[3], "now 1/3"),
            ("+--", &[2, 3], "now 1/3"),
            ("-+", &[1], "now 1/2"),
            // Five.
            ("+++--", &[5], "ok 5"),
            ("+++--", &[1], "then 1 2/4 cp4,cp5"),
            ("+++--", &[1, 5], "ok 5 1"),
            ("+++--", &[1, 2, 5], "then 2 1/2 cp4"),
            ("+++--", &[1, 2, 4, 5], "ok 4 5 1 2"),
            ("++---", &[5], "now 2/5"),
        ] {
            assert_eq!(said(health, leaving), expected, "{health} {leaving:?}");
        }
    }
}
