//! "Did you mean": the closest of the known words.

/// The known word closest to `word`, if one is close enough to be meant.
pub(crate) fn near_miss<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `, did you mean X?`, or the list of what is known where it is short, or nothing.
pub(crate) fn hint<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match near_miss(word, known.iter().copied()) {
        Some(meant) => format!(", did you mean `{meant}`?"),
        None if known.len() <= 12 && !known.is_empty() => format!(", known are {}", known.join(", ")),
        None => String::new(),
    }
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words() {
        assert_eq!(distance("memroy", "memory"), 1);
        assert_eq!(near_miss("memroy_limit", ["memory_limit", "name"]), Some("memory_limit"));
        assert_eq!(near_miss("wr", ["rw", "kind"]), Some("rw"));
        assert_eq!(near_miss("x", ["rw", "kind"]), None);
    }
}
