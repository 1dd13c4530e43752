//! Limits as the control group holds them.

use facts::Fact;
use facts::docker::Limit;

/// Version 1 shows "no limit" as 2^63 rounded down to a page; no host has half as much memory.
const NO_LIMIT: u64 = 1 << 62;

/// The limit as a number. Absent: none.
pub(crate) fn bound(limit: Limit) -> Fact<i64> {
    match limit {
        Limit::At(value) if value < NO_LIMIT => i64::try_from(value).map_or(Fact::Absent, Fact::Known),
        Limit::At(_) | Limit::Unlimited => Fact::Absent,
    }
}

/// A limit that was asked for; 0 and -1 ask for none.
pub(crate) fn asked_for(limit: i64) -> Fact<i64> {
    if limit > 0 && limit.unsigned_abs() < NO_LIMIT { Fact::Known(limit) } else { Fact::Absent }
}

/// Whether a memory limit bounds: it is below the host's memory.
pub(crate) fn memory_bounds(limit: &Fact<i64>, total: Fact<u64>) -> Fact<bool> {
    match limit {
        Fact::Absent => Fact::Known(false),
        Fact::Unknown { why } => Fact::unknown(why.clone()),
        Fact::Known(limit) => match total {
            Fact::Known(total) => Fact::Known(*limit > 0 && limit.unsigned_abs() < total),
            Fact::Absent => Fact::unknown("the host's memory is not known"),
            Fact::Unknown { why } => Fact::Unknown { why },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory() {
        let check = |limit: Limit, expect: bool| {
            assert_eq!(memory_bounds(&bound(limit), Fact::Known(8 << 30)), Fact::Known(expect), "{limit:?}");
        };
        check(Limit::At(64 << 20), true);
        check(Limit::At(8 << 30), false);
        check(Limit::At(16 << 30), false);
        check(Limit::At(9_223_372_036_854_771_712), false);
        check(Limit::Unlimited, false);
        assert!(memory_bounds(&Fact::Known(1), Fact::unknown("x")).is_unknown());
        assert_eq!(memory_bounds(&Fact::Absent, Fact::unknown("x")), Fact::Known(false));
        assert_eq!((asked_for(0), asked_for(-1), asked_for(5)), (Fact::Absent, Fact::Absent, Fact::Known(5)));
    }
}
