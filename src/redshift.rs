//! What Redshift says of its own COPYs and UNLOADs, read out of SQL texts and audit logs.
//!
//! `activity_log` reads audit log files, `lexer` cuts a text into tokens, `statement` finds COPY and UNLOAD among them; `queries` are the SELECTs that Redshift is sent.

pub mod activity_log;
mod lexer;
pub mod queries;
pub mod statement;
