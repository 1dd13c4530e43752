//! Three-valued connectives over facts. What is absent where an answer is wanted was not seen.

use facts::Fact;

fn answer(fact: Fact<bool>) -> Result<bool, String> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Absent => Err("not there".to_owned()),
        Fact::Unknown { why } => Err(why),
    }
}

/// Both hold.
pub(crate) fn and(a: Fact<bool>, b: Fact<bool>) -> Fact<bool> {
    match (answer(a), answer(b)) {
        (Ok(false), _) | (_, Ok(false)) => Fact::Known(false),
        (Ok(true), Ok(true)) => Fact::Known(true),
        (Err(why), _) | (_, Err(why)) => Fact::Unknown { why },
    }
}

/// At least one holds.
pub(crate) fn or(a: Fact<bool>, b: Fact<bool>) -> Fact<bool> {
    not(and(not(a), not(b)))
}

/// It does not hold.
pub(crate) fn not(a: Fact<bool>) -> Fact<bool> {
    match answer(a) {
        Ok(value) => Fact::Known(!value),
        Err(why) => Fact::Unknown { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_tables() {
        let (t, f, u) = (Fact::Known(true), Fact::Known(false), Fact::unknown("why"));
        let table = [(&t, &t, &t, &t), (&t, &f, &f, &t), (&t, &u, &u, &t), (&f, &f, &f, &f), (&f, &u, &f, &u), (&u, &u, &u, &u)];
        for (a, b, both, either) in table {
            assert_eq!((&and(a.clone(), b.clone()), &and(b.clone(), a.clone())), (both, both));
            assert_eq!((&or(a.clone(), b.clone()), &or(b.clone(), a.clone())), (either, either));
        }
        assert_eq!((not(t.clone()), not(f), not(u.clone())), (Fact::Known(false), t, u));
    }
}
