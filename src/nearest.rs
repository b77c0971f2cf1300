//! "Did you mean": the known name that is most like a mistaken one, where any is like it.

/// Below this likeness (Jaro-Winkler, 0 to 1) a guess only confuses.
const LIKE: f64 = 0.75;

/// Of equally like names the first by the alphabet.
pub(crate) fn nearest<'n>(to: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let to = to.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&to, &name.to_lowercase());
    let like = names.into_iter().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness >= LIKE);
    like.max_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| other.cmp(one))).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognized_and_another_word_is_not() {
        let known = ["placement/same_region", "trail/logging", "us-east-1"];
        assert_eq!(nearest("trail/loging", known), Some("trail/logging"));
        assert_eq!(nearest("US-EAST1", known), Some("us-east-1"));
        assert_eq!(nearest("2", known), None);
    }
}
