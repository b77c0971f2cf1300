//! How deep a text nests: the one thing that must be known of a policy before the engine's parser sees it.

/// The depth of brackets, without those that stand in comments and strings.
pub(super) fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut rest = text.chars();
    // The sign that ends the comment or string.
    let mut until = None;
    while let Some(sign) = rest.next() {
        match (until, sign) {
            (None, '#') => until = Some('\n'),
            (None, '"' | '`') => until = Some(sign),
            (None, '[' | '{' | '(') => depth += 1,
            (None, ']' | '}' | ')') => depth = depth.saturating_sub(1),
            (Some('"'), '\\') => drop(rest.next()),
            // A string ends with its line, but for a raw one.
            (Some('"'), '\n') => until = None,
            (Some(end), sign) if end == sign => until = None,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn comments_and_strings_nest_nothing() {
        assert_eq!(depth("x := \"a # [\" # ]]]\ny := `b\n#[[` if c[0]"), 1);
        assert_eq!(depth("x := [ # ]\n[ # ]\n[]]]"), 3);
        assert_eq!(depth("x := \"\\\"[\"\ny := \"[\n[{"), 2);
    }
}
