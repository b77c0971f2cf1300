//! What is told to whoever wrote the name of a role as Redshift takes it, or left it out.

use trailcheck::config::Config;

use crate::account::{R, for_all, snapshot, snapshot_of};
use crate::program::Workplace;

/// The account of these tests, with a config.
fn workplace(config: &str) -> Workplace {
    let workplace = Workplace::offline();
    workplace.write("trailcheck.toml", config);
    workplace.write("snapshot.json", &snapshot_of(snapshot(vec![for_all()])).to_string());
    workplace
}

#[test]
fn a_role_is_an_arn_wherever_it_is_written() {
    let known_there_only = "names a role that is known only where the statement runs; write its ARN";
    let role = |name: &str| format!("arn:aws:iam::111111111111:role/{name}");
    for (written, of_statement, of_access) in [
        ("default".to_owned(), known_there_only, "is not a role's ARN"),
        ("SESSION".to_owned(), known_there_only, "is not a role's ARN"),
        (format!("{};{}", role("a"), role("b")), "a blank, a `;` or a `//` in it", "a blank, a `;` or a `//` in it"),
        (role("/a"), "a blank, a `;` or a `//` in it", "a blank, a `;` or a `//` in it"),
        (role("a/"), "expected arn:aws:iam::ACCOUNT:role/NAME", "expected arn:aws:iam::ACCOUNT:role/NAME"),
    ] {
        for (line, expected) in [
            (format!("[[redshift.copy]]\nlocation = \"s3://b/\"\nrole = \"{written}\"\n"), of_statement),
            (format!("[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"{written}\"\n"), of_statement),
            (format!("[[access]]\nlocation = \"s3://b/\"\nroles = [\"{written}\"]\n"), of_access),
        ] {
            let told = Config::parse("trailcheck.toml".as_ref(), &line).unwrap_err().to_string();
            assert!(told.contains(&format!("line 3: `{written}` ")) && told.contains(expected), "{line}: {told}");
        }
    }
}

/// Whose event is traced, where the config knows who acts at the place.
#[test]
fn trace_names_the_role_that_it_was_not_asked_for() {
    let with_role = format!("[[redshift.unload]]\nlocation = \"s3://b/\"\nrole = \"{R}\"\n");
    let note = format!("asked for a principal without an ARN; the config has --role {R} for the place");
    let is_noted = |config: &str, object: &str, more: &[&str]| {
        let trace = ["trace", object, "--event", "PutObject", "--snapshot", "snapshot.json"];
        let ran = workplace(config).run(&[&trace[..], more].concat());
        assert_eq!(ran.exit, 0, "{ran:?}");
        ran.stdout.contains(&note) || ran.stderr.contains(&note)
    };
    assert!(is_noted(&with_role, "s3://b/x", &[]));
    assert!(!is_noted(&with_role, "s3://b/x", &["--role", R]));
    assert!(!is_noted(&with_role, "s3://c/x", &[]), "another place");
    assert!(!is_noted("[[redshift.unload]]\nlocation = \"s3://b/\"\n", "s3://b/x", &[]));
}
