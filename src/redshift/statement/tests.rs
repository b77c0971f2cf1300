use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const ROLE: &str = "arn:aws:iam::111111111111:role/loader";
const OTHER: &str = "arn:aws:iam::222222222222:role/team/data";

/// Kind, place and actor of every statement: `unload s3://b/p/ loader`, `unreadable`.
fn told(text: &str) -> Vec<String> {
    let one = |statement: Result<Statement, Unreadable>| {
        let Ok(statement) = statement else { return "unreadable".to_owned() };
        let deed = match statement.deed {
            Deed::Copy => "copy",
            Deed::Unload => "unload",
            Deed::ExternalWrite => "external",
        };
        let actor = match &statement.actor {
            Actor::Roles(roles) => roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(">"),
            other => format!("{other:?}").to_lowercase(),
        };
        let places: Vec<&str> = statement.places().collect();
        format!("{deed} {} {actor}", places.join("+"))
    };
    read(text).into_iter().map(one).collect()
}

#[test]
fn an_unload_is_where_its_to_says() {
    let text = |rest: &str| rest.replace("<loader>", ROLE).replace("<data>", OTHER);
    for (sql, expected) in [
        ("UNLOAD ('select 1') TO 's3://b/p_' IAM_ROLE '<loader>';", "unload s3://b/p_ loader"),
        (
            "unload('select 1')\r\n to\n's3://b/p'\niam_role default parquet partition by (manifest) include",
            "unload s3://b/p default",
        ),
        (
            "unload ('x') to 's3://b/p' csv header extension 'gz' parallel off credentials 'aws_access_key_id=A;aws_secret_access_key=B'",
            "unload s3://b/p keys",
        ),
        (
            "unload ('x') to 's3://b/p' with credentials as 'aws_iam_role=<loader>;master_symmetric_key=k' encrypted",
            "unload s3://b/p loader",
        ),
        ("unload ('x') to 's3://b/p' iam_role''gzip", "unload s3://b/p unknown"),
        ("unload ('x') to 's3://b/p' credentials ''", "unload s3://b/p unknown"),
        ("unload ('x') to 's3://b/p' access_key_id '' secret_access_key '' session_token ''", "unload s3://b/p keys"),
        ("unload ('x') to 's3://b/p' iam_role 'Session'", "unload s3://b/p session"),
        ("unload ('x') to 's3://b/p' iam_role '<loader>,<data>'", "unload s3://b/p loader>data"),
        ("unload ('x') to 's3://b/p' iam_role '<loader>, <data>'", "unload s3://b/p loader>data"),
        ("unload ('x') to 's3://b/p' iam_role '***'", "unload s3://b/p unknown"),
        ("unload ('x') to 's3://b/p' iam_role '<loader>' iam_role '<data>'", "unload s3://b/p unknown"),
        ("unload ('x') to 's3://b/p'", "unload s3://b/p unknown"),
        ("unload ('select ''to ''''s3://other/'''' '' ') to 's3://b/p' iam_role '<loader>'", "unload s3://b/p loader"),
        ("unload ($$ to 's3://other/'; $$) to 's3://b/p' iam_role '<loader>'", "unload s3://b/p loader"),
        ("unload ($q$ $$x$$ $q$) to $$s3://b/p$$ iam_role $r$<loader>$r$", "unload s3://b/p loader"),
        ("unload (select \"to\" from t where a = ')') to 's3://b/p' iam_role '<loader>'", "unload s3://b/p loader"),
        (
            "/* to 's3://x/' */ -- unload 's3://y/'\nunload ('x') /**/ to -- z\n 's3://b/p' iam_role '<loader>'",
            "unload s3://b/p loader",
        ),
        ("unload ('x') to 's3://b/it''s' iam_role '<loader>'", "unload s3://b/it's loader"),
        ("unload ('x') to 's3://b/ü-日本/' iam_role '<loader>'", "unload s3://b/ü-日本/ loader"),
        ("create external table e.t stored as parquet location 's3://b/e/' as select 1", "external s3://b/e/ unknown"),
        ("create external table e.t (a int) stored as parquet location 's3://b/e/'", ""),
    ] {
        assert_eq!(told(&text(sql)).join("; "), expected, "{sql}");
    }
}

#[test]
fn a_copy_reads_what_its_from_and_its_format_name() {
    let text = |rest: &str| rest.replace("<loader>", ROLE);
    for (sql, expected) in [
        ("COPY s.t (a, \"from\") FROM 's3://b/p' IAM_ROLE '<loader>' FORMAT AS PARQUET", "copy s3://b/p loader"),
        ("copy \"S\".\"copy from\" from 's3://b/p' iam_role '<loader>'", "copy s3://b/p loader"),
        ("copy #t from 's3://b/p' iam_role '<loader>' json 's3://c/paths'", "copy s3://b/p+s3://c/paths loader"),
        (
            "copy t from 's3://b/p' format as avro as 's3://c/schema' iam_role '<loader>'",
            "copy s3://b/p+s3://c/schema loader",
        ),
        ("copy t from 's3://b/p' format json 'auto ignorecase' iam_role '<loader>'", "copy s3://b/p loader"),
        ("copy t from 'dynamodb://Movies' iam_role '<loader>' readratio 50", "copy  loader"),
        ("copy t from 'emr://j-1/part-*' iam_role '<loader>' json 's3://c/paths'", "copy s3://c/paths loader"),
        ("copy t from 's3://b/hosts' iam_role '<loader>' ssh", "copy s3://b/hosts loader"),
        ("copy t from 's3://x-s3alias/p' iam_role '<loader>'", "copy s3://x-s3alias/p loader"),
        ("copy t from 's3://b/p' credentials '' noload", "copy s3://b/p unknown"),
        ("copy job from 's3://b/p' iam_role default", "copy s3://b/p default"),
        ("copy t from 's3://b/p' iam_role '<loader>' null as 'manifest' delimiter '|'", "copy s3://b/p loader"),
        ("analyze compression t; copy t from 's3://b/p' iam_role default; commit", "copy s3://b/p default"),
    ] {
        assert_eq!(told(&text(sql)).join("; "), expected, "{sql}");
    }
}

#[test]
fn options_are_told() {
    let one = |text: &str| read(text).remove(0).unwrap();
    let unload = one("unload ('x') to 's3://b/p' region as 'eu-west-1' manifest verbose cleanpath iam_role default");
    assert_eq!((unload.region.as_deref(), unload.manifest, unload.cleanpath), (Some("eu-west-1"), true, true));
    let copy = one("copy t from 's3://b/m' iam_role default manifest");
    assert!(copy.manifest);
    let job = one("copy t from 's3://b/p' iam_role 'x' job create manifest auto on");
    assert_eq!((job.job.as_deref(), job.manifest), (Some("manifest"), false));
    assert!(!one("copy t from 's3://b/p' iam_role default using template a.manifest").manifest);
}

/// Half of a location is another one, and so is one that only some rules make.
#[test]
fn what_may_be_read_in_two_ways_is_not_read() {
    for text in [
        "unload ('x') to 's3://b/lo",
        "unload ('x",
        "unload ('x') to 's3://b/p' iam_role 'arn:aws:iam::1",
        "unload ('x') to 's3://b/p' /* cut",
        "copy t from $1 iam_role ''",
        "copy t from '' iam_role ''",
        "copy t from 's3://b/p' 'q' iam_role default",
        "unload ('x') to 's3://b/a\\b/' iam_role default",
        "/* cut",
        "select 'cut",
        "begin; select /* unload",
        "copy t (a",
    ] {
        assert!(told(text).contains(&"unreadable".to_owned()), "{text}: {:?}", told(text));
    }
    let nested = "unload ('x') to 's3://b/p' iam_role default /* a /* b */ c */ region 'eu-west-1'";
    assert_eq!(told(nested), ["unload s3://b/p default"]);
    // By the other rule the text does not end.
    assert_eq!(told("unload ('x') to 's3://b/it\\'s' iam_role default"), ["unload s3://b/it's default"]);
    assert_eq!(told("/* a /* b */ unload ('x') to 's3://b/p' iam_role default"), ["unload s3://b/p default"]);
    // Either way the place is the same.
    assert_eq!(told("unload ('a\\\\b') to 's3://b/p' iam_role default"), ["unload s3://b/p default"]);
}

#[test]
fn what_only_speaks_of_them_is_none() {
    for text in [
        "select 'unload (''x'') to ''s3://b/p'' iam_role default'",
        "create procedure p() as $$ begin execute 'unload (1) to ''s3://b/p'''; end $$ language plpgsql",
        "call p()",
        "select copy from t",
        "-- copy t from 's3://b/p'",
        "",
        "copy job list",
        "COPY JOB RUN nightly",
        "copy job drop nightly; copy job show nightly",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

/// One way of writing what a statement says.
#[derive(Debug, Clone)]
struct Written {
    is_copy: bool,
    prefix: String,
    role: &'static str,
    /// Between two tokens, each in its turn.
    between: Vec<&'static str>,
    options: Vec<&'static str>,
    is_upper: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let between = select(vec![" ", "\n", "\t", " /* to 's3://x/' */ ", " -- from 's3://y/'\n", "/**/ "]);
    let options =
        select(vec!["gzip", "delimiter '|'", "null as 'to'", "region 'eu-west-1'", "format as csv", "( a , b )"]);
    let strategy = (
        any::<bool>(),
        "[a-z0-9/_' $;()*=ü-]{0,24}",
        select(vec!["'arn:aws:iam::111111111111:role/loader'", "default", "'SESSION'", "''"]),
        prop::collection::vec(between, 8),
        prop::collection::vec(options, 0..4),
        any::<bool>(),
    );
    strategy.prop_map(|(is_copy, prefix, role, between, options, is_upper)| Written {
        is_copy,
        prefix,
        role,
        between,
        options,
        is_upper,
    })
}

impl Written {
    fn sql(&self) -> String {
        let place = format!("'s3://bucket/{}'", self.prefix.replace('\'', "''"));
        let mut tokens = match self.is_copy {
            true => vec!["copy", "t", "from", &place],
            false => vec!["unload", "(", "'select 1'", ")", "to", &place],
        };
        let (before, after) = self.options.split_at(self.options.len() / 2);
        tokens.extend(before);
        tokens.extend(["iam_role", self.role]);
        tokens.extend(after);
        let mut sql = String::new();
        for (token, between) in tokens.iter().zip(self.between.iter().cycle()) {
            let is_keyword = token.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            sql += &if is_keyword && self.is_upper { token.to_uppercase() } else { (*token).to_owned() };
            sql += between;
        }
        sql
    }
}

proptest! {
    #[test]
    fn comments_blanks_case_and_the_order_of_options_change_nothing(written in written()) {
        let statements = read(&written.sql());
        prop_assert_eq!(statements.len(), 1);
        let statement = statements[0].clone().map_err(|_| TestCaseError::fail(written.sql()))?;
        prop_assert_eq!(statement.place.unwrap(), format!("s3://bucket/{}", written.prefix));
        let actor = match written.role {
            "default" => Actor::Default,
            "'SESSION'" => Actor::Session,
            "''" => Actor::Unknown,
            _ => Actor::Roles(vec![RoleArn::parse(ROLE).unwrap()]),
        };
        prop_assert_eq!(statement.actor, actor);
    }

    /// A text that was cut gives the place of the whole text or none, but for one that was cut within a pair of quotes: it ends
    /// like a whole one.
    #[test]
    fn no_part_of_a_text_names_another_place(written in written(), share in 0.0..1.0_f64) {
        let sql = written.sql();
        let end = sql.floor_char_boundary((sql.len() as f64 * share) as usize);
        prop_assume!(!sql[end..].starts_with('\''));
        for statement in read(&sql[..end]).into_iter().flatten() {
            prop_assert_eq!(statement.place.unwrap(), format!("s3://bucket/{}", written.prefix));
        }
    }

    #[test]
    fn any_text_is_read(text in "[a-z$'\";/*() \\\\-]{0,60}") {
        read(&text);
    }
}
