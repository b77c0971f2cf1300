//! Spans of time and sizes as people write them.

use time::Duration;

/// How much is read where `[records]` does not say.
pub const DEFAULT_SAMPLE: u64 = 1 << 30;

/// `90s`, `30m`, `24h`, `7d`. Whole numbers above zero.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let number = i64::try_from(number).ok()?;
    let seconds = match unit {
        "s" => number,
        "m" => number.checked_mul(60)?,
        "h" => number.checked_mul(3600)?,
        "d" => number.checked_mul(86_400)?,
        _ => return None,
    };
    // Longer than a century is a mistake, and near the ends of the calendar arithmetic breaks.
    (1..=100 * 366 * 86_400).contains(&seconds).then(|| Duration::seconds(seconds))
}

/// `500MiB`, `1GiB`, `2GB`, `100000B`. Whole numbers above zero.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "B" => 1,
        "KB" => 1000,
        "MB" => 1000_u64.pow(2),
        "GB" => 1000_u64.pow(3),
        "TB" => 1000_u64.pow(4),
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_as_written() {
        assert_eq!(duration("24h"), Some(Duration::hours(24)));
        assert_eq!(duration("7d"), Some(Duration::days(7)));
        assert_eq!(bytes("1GiB"), Some(1 << 30));
        assert_eq!(bytes("500 MB"), Some(500_000_000));
        for wrong in ["", "24", "h", "0h", "-1h", "99999999999999999999h", "9223372036854775807d"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        for wrong in ["", "1", "0MiB", "1gib", "1 XB", "99999999999999TiB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
