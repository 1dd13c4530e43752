//! Days between two moments that a Snapshot names.

use facts::Fact;
use jiff::Timestamp;

/// Whole days from `then` to `now`, both RFC 3339; 0 where `then` is later. Absent: `then` is before containers were, so it is no real
/// time (0001-01-01 of Go, 1970-01-01 and 1980-01-01 of reproducible builds).
pub(super) fn days(then: &str, now: &str) -> Fact<i64> {
    const FIRST_DOCKER: i64 = 1_356_998_400; // 2013-01-01
    let (Ok(then), Ok(now)) = (then.parse::<Timestamp>(), now.parse::<Timestamp>()) else {
        return Fact::unknown(format!("`{then}` is no time that can be read"));
    };
    if then.as_second() < FIRST_DOCKER {
        return Fact::Absent;
    }
    Fact::Known(((now.as_second() - then.as_second()) / 86_400).max(0))
}

#[cfg(test)]
mod tests {
    use super::days;
    use facts::Fact;

    #[test]
    fn between() {
        let now = "2026-03-01T00:00:00Z";
        assert_eq!(days("2026-02-27T00:00:01.5Z", now), Fact::Known(1));
        assert_eq!(days("2026-02-27T00:00:00+02:00", now), Fact::Known(2));
        assert_eq!(days("2027-01-01T00:00:00Z", now), Fact::Known(0), "a clock that runs ahead");
        for none in ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z"] {
            assert_eq!(days(none, now), Fact::Absent, "{none}");
        }
        assert!(days("yesterday", now).is_unknown() && days(now, "").is_unknown());
    }
}
