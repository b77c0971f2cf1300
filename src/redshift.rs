//! What Redshift says of its own COPYs and UNLOADs, read out of SQL texts and audit logs.
//!
//! `lexer` cuts a text into tokens, `statement` finds COPY and UNLOAD among them; `queries` are the SELECTs that Redshift is sent.

mod lexer;
pub mod queries;
pub mod statement;
