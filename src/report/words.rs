//! Numbers as people say them: durations, sizes, plurals, lists, moments.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A duration in seconds: `0.8 s`, `1 min 05 s`, `2 h 03 min`.
///
/// Negative and impossible values (a clock that was set back) are `0.0 s`.
pub fn duration(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    // 59.96 would be shown as `60.0 s`, so the next unit begins where rounding does.
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    let whole = Duration::from_secs_f64(seconds.min(1e9)).as_millis().saturating_add(500) / 1000;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours} h {minutes:02} min")
    } else {
        format!("{minutes} min {seconds:02} s")
    }
}

/// The time from `start` to `now`, in seconds; 0 when the clock was set back.
pub fn between(start: SystemTime, now: SystemTime) -> f64 {
    now.duration_since(start).unwrap_or_default().as_secs_f64()
}

/// `1 host`, `3 hosts`: for words whose plural takes an `s`.
pub fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// `cp1`, `cp1 and w1`, `cp1, w1 and w2`, and `cp1, w1, w2 and 7 more` beyond `most`.
pub fn list<S: AsRef<str>>(items: &[S], most: usize) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    if items.len() > most {
        let shown = items.get(..most).unwrap_or_default().join(", ");
        return format!("{shown} and {} more", items.len() - most);
    }
    match items.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Bytes done of all bytes, in the unit that fits the whole: `120/300 MiB`.
pub fn bytes(done: u64, total: u64) -> String {
    let (unit, size) = match total {
        0..0x400 => ("B", 1),
        0x400..0x10_0000 => ("KiB", 0x400),
        0x10_0000..0x4000_0000 => ("MiB", 0x10_0000),
        _ => ("GiB", 0x4000_0000_u64),
    };
    if unit == "GiB" {
        let tenths = |bytes: u64| bytes / (size / 10);
        let (done, total) = (tenths(done), tenths(total));
        return format!("{}.{}/{}.{} GiB", done / 10, done % 10, total / 10, total % 10);
    }
    format!("{}/{} {unit}", done / size, total / size)
}

/// A size: `0 B`, `916 KiB`, `1.5 GiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} B"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{}.{} GiB", bytes >> 30, ((bytes & 0x3fff_ffff) * 10) >> 30),
    }
}

/// A host's role, as cluster.yaml writes it.
pub fn role(control_plane: bool) -> &'static str {
    if control_plane { "control-plane" } else { "worker" }
}

/// A moment as RFC 3339 writes it, in UTC with milliseconds: `2026-11-23T02:09:11.123Z`.
///
/// Moments before 1970 are shown as 1970: the operator's clock is wrong then, and nothing else is.
pub fn moment(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        since.subsec_millis()
    )
}

/// The Gregorian date of a day since 1970-01-01: Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>), for days that are not negative.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_grow_units_without_showing_sixty() {
        let shown: Vec<String> =
            [-1.0, f64::NAN, 0.04, 0.84, 59.94, 59.96, 65.2, 3599.6, 7384.0, f64::INFINITY]
                .map(duration)
                .to_vec();
        assert_eq!(
            shown,
            [
                "0.0 s",
                "0.0 s",
                "0.0 s",
                "0.8 s",
                "59.9 s",
                "1 min 00 s",
                "1 min 05 s",
                "1 h 00 min",
                "2 h 03 min",
                "0.0 s"
            ]
        );
    }

    #[test]
    fn one_is_singular_and_long_lists_are_counted() {
        assert_eq!(count(1, "host"), "1 host");
        assert_eq!(count(0, "host"), "0 hosts");
        assert_eq!(list(&["a"], 3), "a");
        assert_eq!(list(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
        assert_eq!(list::<&str>(&[], 3), "");
    }

    #[test]
    fn bytes_share_the_unit_of_the_whole() {
        assert_eq!(bytes(10, 1000), "10/1000 B");
        assert_eq!(bytes(0, 2048), "0/2 KiB");
        assert_eq!(bytes(120 << 20, 300 << 20), "120/300 MiB");
        assert_eq!(bytes(512 << 20, 2 << 30), "0.5/2.0 GiB");
    }

    #[test]
    fn moments_agree_with_known_dates() {
        // Seconds from `date -u -d DATE +%s`: the end of a leap day, a century that is a leap
        // year, one that is not, and the end of a year.
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00.123Z"),
            (951_868_799, "2000-02-29T23:59:59.123Z"),
            (951_868_800, "2000-03-01T00:00:00.123Z"),
            (1_798_761_599, "2026-12-31T23:59:59.123Z"),
            (4_107_542_400, "2100-03-01T00:00:00.123Z"),
            (4_107_542_399, "2100-02-28T23:59:59.123Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 123);
            assert_eq!(moment(time), shown);
        }
        assert_eq!(moment(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00.000Z");
    }
}
