//! Rows of Redshift's history, made statements with the help of their texts.

use std::collections::{BTreeMap, HashMap};

use super::data_api::Row;
use crate::aws::location::{Location, LocationKind};
use crate::redshift::queries::{LONGEST_PLACE, joined};
use crate::redshift::statement::{self, Actor, Deed, Unreadable};
use crate::snapshot::{Cluster, LearnedLocation, Origin, Statement, StatementFile, WithoutRole};

/// The statements' texts, by query.
pub(super) fn texts(rows: &[Row], piece: usize) -> HashMap<String, String> {
    let mut pieces: BTreeMap<i64, BTreeMap<i64, Option<&str>>> = BTreeMap::new();
    for row in rows {
        if let (Some(query), Some(sequence)) = (row.number(0), row.number(1)) {
            pieces.entry(query).or_default().insert(sequence, row.text(2));
        }
    }
    // Of one whose pieces are not all there nothing is read.
    let whole = |of: BTreeMap<i64, Option<&str>>| {
        let are_all = of.keys().copied().eq(0..of.len() as i64);
        let texts: Option<Vec<&str>> = of.into_values().collect();
        joined(texts.filter(|_| are_all)?.into_iter(), piece)
    };
    pieces.into_iter().filter_map(|(query, of)| Some((query.to_string(), whole(of)?))).collect()
}

/// Files by query; `None`: a name that cannot be read.
pub(super) type Files = HashMap<String, Vec<Option<(String, Option<u64>)>>>;

pub(super) fn files(rows: &[Row], longest: usize) -> Files {
    let mut files = Files::new();
    for row in rows {
        let Some(query) = row.number(0) else { continue };
        let whole = row.text(1).filter(|name| !name.is_empty() && name.len() < longest && !name.starts_with('*'));
        let file = whole.map(|name| (name.to_owned(), row.count(2)));
        files.entry(query.to_string()).or_default().push(file);
    }
    files
}

pub(super) enum Read {
    Statement(Box<Statement>),
    /// COPY from another service, or no such statement.
    Elsewhere,
    /// What there is of it.
    Unreadable(String),
}

/// What rows of one kind have in common.
pub(super) struct RanBy<'a> {
    pub kind: LocationKind,
    pub cluster: &'a Cluster,
    /// Of users, by their ids.
    pub names: &'a HashMap<i64, &'a str>,
    pub origin: &'a Origin,
    /// Rows may be of any statement: their texts say of which.
    pub by_text: bool,
}

/// What a text says of the one statement of its kind that it has; `None`: it has none.
pub(super) type OfText = Result<Option<statement::Statement>, Unreadable>;

pub(super) fn of_text(text: Option<&String>, kind: LocationKind) -> OfText {
    let deed = if kind == LocationKind::Copy { Deed::Copy } else { Deed::Unload };
    let told: Vec<statement::Statement> =
        statement::read(text.ok_or(Unreadable)?).into_iter().collect::<Result<_, _>>()?;
    let mut of_kind = told.into_iter().filter(|of| of.deed == deed);
    match (of_kind.next(), of_kind.next()) {
        (only, None) => Ok(only),
        // A query is one statement.
        _ => Err(Unreadable),
    }
}

pub(super) fn read(row: &Row, text: &OfText, ran_by: &RanBy) -> Read {
    let RanBy { kind, cluster, names, origin, by_text } = *ran_by;
    let query = row.number(1).map_or("without an id".to_owned(), |query| query.to_string());
    let told = |what: &str| Read::Unreadable(format!("query {query}, {} {what}", kind.sql()));
    // A place that may be cut goes on as the text says.
    let of_row = row.text(6).unwrap_or_default();
    let is_whole = !of_row.is_empty() && of_row.len() < LONGEST_PLACE;
    let place = match (is_whole, text) {
        (true, _) => of_row,
        (false, Ok(Some(said))) => match &said.place {
            Some(place) if place.starts_with(of_row) => place,
            None => return Read::Elsewhere,
            Some(_) => return told("at another place than its text says"),
        },
        (false, Ok(None)) if by_text => return Read::Elsewhere,
        (false, _) if of_row.is_empty() => return told("without a place"),
        (false, _) => return told("at a place that may be cut"),
    };
    if kind == LocationKind::Copy && ["dynamodb://", "emr://"].iter().any(|service| place.starts_with(service)) {
        return Read::Elsewhere;
    }
    if let Err(error) = Location::parse_object(place) {
        return told(&format!("at {error}"));
    }
    let (Some(_), Some(started_at)) = (row.number(1), row.time(4)) else { return told("without an id or a beginning") };
    let said = text.iter().flatten().next().filter(|said| said.place.as_deref() == Some(place));
    let (role, without_role) = said.map_or((None, None), |said| acting(&said.actor, cluster));
    Read::Statement(Box::new(Statement {
        query_id: query,
        kind,
        account: cluster.account.clone(),
        region: cluster.region.clone(),
        cluster: cluster.cluster_identifier.clone(),
        cluster_kind: cluster.kind,
        database: row.text(2).map(str::to_owned),
        user: row.number(0).map(|id| names.get(&id).map_or_else(|| id.to_string(), |name| (*name).to_owned())),
        location: place.to_owned(),
        role,
        without_role,
        manifest: said.map(|said| said.manifest),
        status: row.text(3).unwrap_or("unknown").to_owned(),
        started_at,
        ended_at: row.time(5),
        rows: row.count(7),
        bytes: row.count(8),
        file_count: row.count(9),
        files: None,
        unreadable_files: 0,
        origin: origin.clone(),
    }))
}

/// The JSONPaths file or the Avro schema that a COPY names, wherever it reads.
pub(super) fn format_file(text: &OfText, ran_by: &RanBy) -> Option<LearnedLocation> {
    let told = text.as_ref().ok()?.as_ref()?;
    let file = told.format_file.clone().filter(|file| Location::parse_object(file).is_ok())?;
    let (role, without_role) = acting(&told.actor, ran_by.cluster);
    Some(LearnedLocation {
        kind: LocationKind::Copy,
        location: file,
        role,
        without_role,
        cluster: Some(ran_by.cluster.cluster_identifier.clone()),
        origin: ran_by.origin.clone(),
        is_within: false,
        is_manifest: false,
    })
}

/// The role that acts; or, where none of the cluster's does, who.
pub(super) fn acting(actor: &Actor, cluster: &Cluster) -> (Option<String>, Option<WithoutRole>) {
    match actor {
        Actor::Roles(_) => (actor.role().map(|role| role.text.clone()), None),
        Actor::Default => (cluster.default_iam_role_arn.clone(), None),
        Actor::Keys => (None, Some(WithoutRole::Keys)),
        Actor::Session => (None, Some(WithoutRole::Session)),
        Actor::Unknown => (None, None),
    }
}

impl Statement {
    /// A name without a bucket is of the statement's own, unless a manifest may name others.
    pub(super) fn take_files(&mut self, names: Vec<Option<(String, Option<u64>)>>) {
        let bucket = self.location.strip_prefix("s3://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let mut files: BTreeMap<String, Option<u64>> = BTreeMap::new();
        let mut unreadable = 0;
        for name in names {
            match name {
                Some((name, bytes)) if name.starts_with("s3://") => _ = files.insert(name, bytes),
                Some((name, bytes)) if self.manifest == Some(false) && !name.contains("://") => {
                    files.insert(format!("s3://{bucket}/{}", name.trim_start_matches('/')), bytes);
                }
                _ => unreadable += 1,
            }
        }
        self.unreadable_files = unreadable;
        self.files = Some(files.into_iter().map(|(object, bytes)| StatementFile { object, bytes }).collect());
    }
}
