//! What is JSON and what is not, held against serde_json.

use proptest::prelude::*;

use super::*;

fn is_json(text: &str) -> bool {
    let index = StructuralIndex::of(text);
    let mut cursor = Cursor::new(text, &index);
    cursor.skip().and_then(|()| cursor.end()).is_ok()
}

fn serde_reads(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[test]
fn what_is_no_json_is_told() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "{]",
        "[}",
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:1}",
        "{\"a\" 1}",
        "tru",
        "truex",
        "nul",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\u123\"",
        "\"\n\"",
        "\"\0\"",
        "\0",
        "[1] 2",
        "[\"a\" \"b\"]",
        "\u{feff}[]",
        "[1\u{a0}]",
        "NaN",
        "{\"a\":1 \"b\":2}",
    ] {
        assert!(!is_json(text), "{text:?}");
        assert!(!serde_reads(text), "{text:?}: the reference disagrees");
    }
    for text in [
        "{}",
        " [ ] ",
        "{\"a\":[1,-0.5e+3,true,false,null,\"\\u00e9\\n\\/\\\"\"]}",
        "\"日本\"",
        "\"\\ud800\"",
        "0",
        "-0",
    ] {
        assert!(is_json(text), "{text:?}");
    }
}

#[test]
fn limits_have_names() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(is_json(&deep(MAX_DEPTH)));
    let skip = |text: String| Cursor::new(&text, &StructuralIndex::of(&text)).skip();
    assert_eq!(skip(deep(MAX_DEPTH + 1)), Err(Fault::Depth(MAX_DEPTH + 1)));
    let long = |length: usize| format!("\"{}\"", "x".repeat(length));
    assert!(is_json(&long(MAX_STRING)));
    assert_eq!(skip(long(MAX_STRING + 1)), Err(Fault::String(1)));
}

#[test]
fn a_member_given_twice_or_of_another_type_is_not_believed() {
    let read = |text| {
        let mut member = Member::Absent;
        let index = StructuralIndex::of(text);
        let mut cursor = Cursor::new(text, &index);
        cursor.object(|cursor, _| cursor.text(&mut member)).unwrap();
        member.string().map(|string| string.map(Cow::into_owned))
    };
    assert_eq!(read("{}"), Some(None));
    assert_eq!(read(r#"{"a":null}"#), Some(None));
    assert_eq!(read(r#"{"a":"\u002d"}"#), Some(Some("-".to_owned())));
    assert_eq!(read(r#"{"a":"\ud800"}"#), None);
    assert_eq!(read(r#"{"a":null,"a":"x"}"#), None);
    assert_eq!(read(r#"{"a":"x","a":"x"}"#), None);
    assert_eq!(read(r#"{"a":5}"#), None);
}

/// Text that is often almost JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"a\""),
        Just("\"\\u00e9\""),
        Just("1"),
        Just("-0.1e5"),
        Just("true"),
        Just("null"),
        Just(" "),
        Just("\""),
        Just("\\"),
        Just("é"),
        Just("{\"a\":"),
        Just("\"b\":[]"),
    ];
    proptest::collection::vec(token, 0..12).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn the_same_texts_are_json_as_for_serde(text in nearly_json()) {
        prop_assert_eq!(is_json(&text), serde_reads(&text));
    }

    #[test]
    fn strings_end_where_serde_says(content in "(?s).{0,40}", before in 0..9_usize) {
        let text = format!("{}{}", " ".repeat(before), serde_json::to_string(&content).unwrap());
        let index = StructuralIndex::of(&text);
        let mut cursor = Cursor::new(&text, &index);
        prop_assert_eq!(cursor.string().unwrap().value().unwrap(), content);
        prop_assert_eq!(cursor.end(), Ok(()));
    }
}
