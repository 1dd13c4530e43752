//! /proc/PID/uid_map (user_namespaces(7)).

use facts::docker::IdMapping;

/// One mapping a line. `None`: a line that is no mapping.
pub(crate) fn id_map(text: &str) -> Option<Vec<IdMapping>> {
    text.lines()
        .map(|line| {
            let mut numbers = line.split_whitespace().map(|word| word.parse::<u64>().ok());
            let mapping = IdMapping { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? };
            numbers.next().is_none().then_some(mapping)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(id_map("         0     100000      65536\n").unwrap(), [IdMapping { inside: 0, outside: 100_000, count: 65536 }]);
        assert_eq!(id_map("").unwrap(), []);
        assert_eq!(id_map("0 1\n"), None);
        assert_eq!(id_map("0 1 2 3\n"), None);
        assert_eq!(id_map("0 x 2\n"), None);
    }
}
