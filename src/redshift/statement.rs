//! COPY and UNLOAD in SQL texts: what they name in S3, and who acts there (Redshift Developer Guide, "COPY", "UNLOAD").
//!
//! A text that is cut, or that reads differently by rules that Redshift's guide does not tell, is not read at all: half of a
//! location would be another one.

use super::lexer::{Rules, Token, tokens};
use crate::aws::arn::{RoleArn, roles_of_chain};

/// What a statement does in S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    Copy,
    Unload,
    /// `CREATE EXTERNAL TABLE … AS`: it writes with the role of the external schema.
    ExternalWrite,
}

/// Who acts in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Roles, of which each assumes the next: the last one acts.
    Roles(Vec<RoleArn>),
    /// The default role of the cluster or namespace.
    Default,
    /// The federated identity of the database session.
    Session,
    /// Access keys: no role acts.
    Keys,
    /// The text does not say: it is masked, or in a form that is not known.
    Unknown,
}

impl Actor {
    /// The role that acts, where the text names it.
    pub fn role(&self) -> Option<&RoleArn> {
        match self {
            Actor::Roles(roles) => roles.last(),
            _ => None,
        }
    }
}

/// A COPY or UNLOAD, as far as it concerns S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub deed: Deed,
    /// `s3://bucket/prefix`, or an access point in the bucket's place: what COPY reads, its manifest, the list of hosts of `SSH`;
    /// where UNLOAD writes. `None`: COPY reads from elsewhere.
    pub place: Option<String>,
    /// The JSONPaths file or the Avro schema of a COPY, `s3://bucket/key`.
    pub format_file: Option<String>,
    pub actor: Actor,
    /// The region of the bucket, where the statement tells it.
    pub region: Option<String>,
    /// COPY: the place is a manifest, which names what is read. UNLOAD: it writes one beside the files.
    pub manifest: bool,
    /// UNLOAD removes what was there.
    pub cleanpath: bool,
    /// The COPY job that it creates, as far as it is a bare name.
    pub job: Option<String>,
}

/// A COPY or UNLOAD of which it cannot be told where in S3 it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Every COPY and UNLOAD of the text, in order. What stands in literals, comments and bodies of procedures is none. The text is
/// meant to be whole: rules by which it does not end are not Redshift's, where there are others.
pub fn read(text: &str) -> Vec<Result<Statement, Unreadable>> {
    let readings: Vec<Vec<Token>> = Rules::that_matter(text).into_iter().map(|rules| tokens(text, rules)).collect();
    let ends = |tokens: &&Vec<Token>| tokens.last() != Some(&Token::Unclosed);
    let some_end = readings.iter().any(|tokens| ends(&tokens));
    let mut readings = readings.iter().filter(|tokens| !some_end || ends(tokens)).map(|tokens| statements(tokens));
    let mut agreed = readings.next().unwrap_or_default();
    for other in readings {
        agree(&mut agreed, other);
    }
    agreed
}

/// Keeps what both readings have.
fn agree(agreed: &mut Vec<Result<Statement, Unreadable>>, other: Vec<Result<Statement, Unreadable>>) {
    if agreed.len() != other.len() {
        // Which of them there are cannot be told.
        *agreed = vec![Err(Unreadable); agreed.len().max(other.len())];
        return;
    }
    for (one, other) in agreed.iter_mut().zip(other) {
        match (&mut *one, other) {
            (Ok(one), Ok(other)) if one.is_of_the_same_place(&other) => {
                one.region = one.region.take().filter(|region| other.region.as_ref() == Some(region));
                one.job = one.job.take().filter(|job| other.job.as_ref() == Some(job));
                if one.actor != other.actor {
                    one.actor = Actor::Unknown;
                }
            }
            _ => *one = Err(Unreadable),
        }
    }
}

impl Statement {
    fn is_of_the_same_place(&self, other: &Statement) -> bool {
        let place = |of: &Statement| (of.deed, of.place.clone(), of.format_file.clone(), of.manifest, of.cleanpath);
        place(self) == place(other)
    }

    /// What the statement names in S3.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.place.iter().chain(&self.format_file).map(String::as_str)
    }
}

fn statements(tokens: &[Token]) -> Vec<Result<Statement, Unreadable>> {
    let is_cut = tokens.last() == Some(&Token::Unclosed);
    let each = tokens.split(|token| *token == Token::Symbol(';'));
    let last = tokens.rsplit(|token| *token == Token::Symbol(';')).next().unwrap_or_default();
    // What a text that is cut goes on with may be anything.
    let rest = (is_cut && deed(last).is_none()).then_some(Err(Unreadable));
    let told = each.filter_map(|tokens| {
        let deed = deed(tokens)?;
        Some(match tokens.contains(&Token::Unclosed) {
            true => Err(Unreadable),
            false => Parts { rest: tokens }.statement(deed),
        })
    });
    told.chain(rest).collect()
}

/// Redshift Database Developer Guide, "COPY JOB".
const JOB_WORDS: [&str; 5] = ["run", "list", "show", "drop", "alter"];

fn deed(tokens: &[Token]) -> Option<Deed> {
    let is = |at: usize, word: &str| matches!(tokens.get(at), Some(Token::Word(found)) if found == word);
    match () {
        // What Redshift runs by itself after a COPY.
        _ if is(0, "copy") && is(1, "analyze") => None,
        // A COPY job is not made by these, and what RUN reads is told where it is made.
        _ if is(0, "copy") && is(1, "job") && JOB_WORDS.iter().any(|word| is(2, word)) => None,
        _ if is(0, "copy") => Some(Deed::Copy),
        _ if is(0, "unload") => Some(Deed::Unload),
        _ if is(0, "create") && is(1, "external") && is(2, "table") && writes_at_once(tokens) => {
            Some(Deed::ExternalWrite)
        }
        _ => None,
    }
}

/// `AS SELECT …` or `AS (SELECT …` at the end of a table's definition, and not the `AS` of `STORED AS`.
fn writes_at_once(tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| match pair {
        [Token::Word(before), Token::Word(behind)] => before == "as" && (behind == "select" || behind == "with"),
        [Token::Word(before), Token::Symbol('(')] => before == "as",
        _ => false,
    })
}

/// The tokens of one statement that are still to be read.
struct Parts<'t> {
    rest: &'t [Token],
}

impl<'t> Parts<'t> {
    fn statement(mut self, deed: Deed) -> Result<Statement, Unreadable> {
        let before = match deed {
            Deed::Copy => "from",
            Deed::Unload => "to",
            Deed::ExternalWrite => "location",
        };
        self.skip_to(before)?;
        let Some(Token::Text(source)) = self.next() else { return Err(Unreadable) };
        let mut statement = Statement {
            deed,
            place: in_s3(deed, source)?,
            format_file: None,
            actor: Actor::Unknown,
            region: None,
            manifest: false,
            cleanpath: false,
            job: None,
        };
        // A literal that stands beside the place may belong to it.
        if matches!(self.rest.first(), Some(Token::Text(_) | Token::Parameter)) {
            return Err(Unreadable);
        }
        if deed != Deed::ExternalWrite {
            self.options(&mut statement)?;
        }
        Ok(statement)
    }

    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Behind the first such word that stands in no parentheses.
    fn skip_to(&mut self, wanted: &str) -> Result<(), Unreadable> {
        let mut depth = 0_u32;
        while let Some(token) = self.next() {
            match token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word == wanted => return Ok(()),
                _ => {}
            }
        }
        Err(Unreadable)
    }

    /// Their order is free, and there may be some that are not known here.
    fn options(&mut self, statement: &mut Statement) -> Result<(), Unreadable> {
        let mut actors = Vec::new();
        while let Some(token) = self.next() {
            let Token::Word(word) = token else {
                if *token == Token::Symbol('(') {
                    self.skip_group();
                }
                continue;
            };
            match word.as_str() {
                "iam_role" => actors.push(self.iam_role()),
                "credentials" => actors.push(self.value().map_or(Actor::Unknown, actor_of_credentials)),
                "access_key_id" | "secret_access_key" | "session_token" => {
                    self.value();
                    actors.push(Actor::Keys);
                }
                "manifest" => statement.manifest = true,
                "cleanpath" => statement.cleanpath = true,
                "region" => statement.region = self.value().map(str::to_owned),
                "json" | "avro" if statement.deed == Deed::Copy => {
                    let file = self.value().filter(|text| scheme(text).is_some());
                    statement.format_file = file.map(|file| in_s3(Deed::Copy, file)).transpose()?.flatten();
                }
                "job" if self.take_word("create") => {
                    statement.job = match self.next() {
                        Some(Token::Word(name)) => Some(name.clone()),
                        _ => None,
                    };
                }
                // Its name may be a word of ours.
                "template" => while self.next().is_some() && self.take_symbol('.') {},
                // Neither may a value of another option be.
                "null" | "delimiter" | "fixedwidth" | "extension" | "kms_key_id" | "encoding" | "quote" => {
                    self.value();
                }
                _ => {}
            }
        }
        actors.dedup();
        statement.actor = if actors.len() == 1 { actors.remove(0) } else { Actor::Unknown };
        Ok(())
    }

    /// To the end of what stands in parentheses.
    fn skip_group(&mut self) {
        let mut depth = 1_u32;
        while depth > 0
            && let Some(token) = self.next()
        {
            match token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth -= 1,
                _ => {}
            }
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = matches!(self.rest.first(), Some(Token::Word(found)) if found == word);
        if is_next {
            self.next();
        }
        is_next
    }

    fn take_symbol(&mut self, symbol: char) -> bool {
        let is_next = self.rest.first() == Some(&Token::Symbol(symbol));
        if is_next {
            self.next();
        }
        is_next
    }

    /// The literal of an option, behind an `AS` that may be left out.
    fn value(&mut self) -> Option<&'t str> {
        self.take_word("as");
        match self.rest.first() {
            Some(Token::Text(text)) => {
                self.next();
                Some(text)
            }
            _ => None,
        }
    }

    fn iam_role(&mut self) -> Actor {
        if self.take_word("default") {
            return Actor::Default;
        }
        match self.value() {
            Some(text) if text.eq_ignore_ascii_case("session") => Actor::Session,
            Some(text) => actor_of_roles(text),
            None => Actor::Unknown,
        }
    }
}

/// What comes before `://`.
fn scheme(text: &str) -> Option<&str> {
    text.split_once("://").map(|(scheme, _)| scheme)
}

/// `None`: a place that is not in S3. An error: no place at all.
fn in_s3(deed: Deed, text: &str) -> Result<Option<String>, Unreadable> {
    match scheme(text) {
        Some("s3") => Ok(Some(text.to_owned())),
        Some("dynamodb" | "emr") if deed == Deed::Copy => Ok(None),
        _ => Err(Unreadable),
    }
}

/// Of the value of IAM_ROLE. The guide allows no blank behind the comma; where one was taken, the roles are still these.
pub fn actor_of_roles(text: &str) -> Actor {
    let roles: Option<Vec<RoleArn>> = roles_of_chain(text).map(|role| RoleArn::parse(role.trim())).collect();
    roles.filter(|roles| !roles.is_empty()).map_or(Actor::Unknown, Actor::Roles)
}

/// `aws_iam_role=…` or `aws_access_key_id=…;aws_secret_access_key=…`, with further members.
fn actor_of_credentials(text: &str) -> Actor {
    let mut members = text.split(';').filter_map(|member| member.split_once('='));
    let acts = |name: &str| matches!(name.trim(), "aws_iam_role" | "aws_access_key_id");
    match members.find(|(name, _)| acts(name)) {
        Some((name, value)) if name.trim() == "aws_iam_role" => actor_of_roles(value),
        Some(_) => Actor::Keys,
        None => Actor::Unknown,
    }
}

#[cfg(test)]
mod tests;
