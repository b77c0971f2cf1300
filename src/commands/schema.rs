//! `schema`: JSON Schemas of our documents, from the types themselves.

use schemars::{Schema, schema_for};

use super::{CommandError, told};
use crate::cli::{Document, Schema as Args};
use crate::config::Config;
use crate::exit::Exit;
use crate::facts::input::Facts;
use crate::facts::trace::Trace;
use crate::logs::integrity::Integrity;
use crate::output::{self, harmless};
use crate::report::Report;
use crate::snapshot::{AccessRecord, Snapshot};

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let schema: Schema = match args.document {
        Document::Config => Config::schema(),
        Document::Input => schema_for!(Facts),
        Document::Snapshot => schema_for!(Snapshot),
        Document::Report => schema_for!(Report),
        Document::Accesses => schema_for!(Vec<AccessRecord>),
        Document::Trace => schema_for!(Trace),
        Document::Verify => schema_for!(Integrity),
    };
    told(output::print(&harmless::json(&schema)))
}
