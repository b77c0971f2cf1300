//! The SQL that is sent to Redshift: these texts and no others.
//!
//! Sources: Redshift Developer Guide, the pages of the views that are named in them. Blanks at the end are padding of `character`
//! columns; `user_id` 1 is Redshift's own.

/// A SELECT, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    pub purpose: &'static str,
    /// With `:since`, an instant, if it has a parameter.
    pub sql: &'static str,
    /// How many columns its rows have.
    pub columns: usize,
}

/// `usesysid`, `usename`, `usesuper`, and whether it is the user who asks.
pub const USERS: Query = Query {
    purpose: "who asks, and the names of those who ran statements",
    sql: "SELECT usesysid, rtrim(usename), usesuper, usename = current_user FROM pg_user",
    columns: 4,
};

/// One row, or an error where the user may not know of the role.
pub const MONITOR: Query = Query {
    purpose: "whether the user who asks sees other users' statements",
    sql: "SELECT user_is_member_of(current_user, 'sys:monitor')",
    columns: 1,
};

/// The users of whom any statement is seen.
pub const SEEN_USERS: Query = Query {
    purpose: "whether other users' statements are seen",
    sql: "SELECT DISTINCT user_id FROM sys_query_history WHERE user_id > 1",
    columns: 1,
};

/// `user_id`, `query_id`, `database_name`, `status`, `start_time`, `end_time`, `unloaded_location`, `unloaded_rows`,
/// `unloaded_files_size`, `unloaded_files_count`.
pub const UNLOADS: Query = Query {
    purpose: "where UNLOADs wrote",
    sql: "SELECT user_id, query_id, rtrim(database_name), rtrim(status), start_time, end_time, rtrim(unloaded_location), \
          unloaded_rows, unloaded_files_size, unloaded_files_count \
          FROM sys_unload_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
    columns: 10,
};

/// The same of COPY: `data_source`, `loaded_rows`, `source_file_bytes`, `source_file_count`; and `copy_job_id`.
pub const LOADS: Query = Query {
    purpose: "where COPYs read",
    sql: "SELECT user_id, query_id, rtrim(database_name), rtrim(status), start_time, end_time, rtrim(data_source), \
          loaded_rows, source_file_bytes, source_file_count, copy_job_id \
          FROM sys_load_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
    columns: 11,
};

/// `job_id`, `job_name`, `iam_role`, `job_text`.
pub const COPY_JOBS: Query = Query {
    purpose: "where COPY jobs will read, those too that did not run of late",
    sql: "SELECT job_id, rtrim(job_name), rtrim(iam_role), rtrim(job_text) FROM sys_copy_job",
    columns: 4,
};

/// `query_id`, `sequence`, `text`: the pieces of each text in order, of 4000 characters each but for the last.
pub const TEXTS: Query = Query {
    purpose: "the statements' texts, for the role and the manifest that they name; they are not kept",
    sql: "SELECT query_id, sequence, text FROM sys_query_text WHERE query_id IN \
          (SELECT query_id FROM sys_unload_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp) \
          UNION SELECT query_id FROM sys_load_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)) \
          ORDER BY query_id, sequence",
    columns: 3,
};

/// `query_id`, `file_name`, `transfer_size`.
pub const UNLOADED_FILES: Query = Query {
    purpose: "the files that UNLOADs wrote",
    sql: "SELECT query_id, rtrim(file_name), transfer_size FROM sys_unload_detail \
          WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
    columns: 3,
};

/// `query_id`, `file_name`, `bytes_scanned`.
pub const LOADED_FILES: Query = Query {
    purpose: "the files that COPYs read",
    sql: "SELECT query_id, rtrim(file_name), bytes_scanned FROM sys_load_detail \
          WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
    columns: 3,
};

/// All of them, in the order in which they are sent.
pub const ALL: [Query; 9] =
    [USERS, SEEN_USERS, MONITOR, UNLOADS, LOADS, COPY_JOBS, TEXTS, UNLOADED_FILES, LOADED_FILES];

/// The longest name of a file that `sys_load_detail` and `sys_unload_detail` hold: one as long may be cut.
pub const LONGEST_LOADED_FILE: usize = 256;
pub const LONGEST_UNLOADED_FILE: usize = 1280;

/// The same of the texts and roles of `sys_copy_job`.
pub const LONGEST_JOB_TEXT: usize = 256;
pub const LONGEST_JOB_ROLE: usize = 128;

/// The longest place that their histories hold, as `text` of Redshift is.
pub const LONGEST_PLACE: usize = 256;

/// A piece of `sys_query_text`.
const PIECE: usize = 4000;

/// The text of its pieces. Each but the last is as long as a piece; what is shorter has lost blanks at its end. Line breaks and
/// backslashes come as `\n`, `\r`, `\t` and `\\`. `None`: how many blanks were lost cannot be told, for whether a piece is so many characters or
/// bytes is not documented.
pub fn joined<'p>(pieces: impl Iterator<Item = &'p str>) -> Option<String> {
    let mut text = String::new();
    let mut before: Option<&str> = None;
    for piece in pieces {
        if let Some(before) = before {
            let lost = PIECE.saturating_sub(before.len());
            // A character of several bytes may have had no room at its end.
            match (lost, before.is_ascii()) {
                (_, true) => text.extend(std::iter::repeat_n(' ', lost)),
                (0..4, false) if before.chars().count() < PIECE => {}
                (_, false) if before.chars().count() == PIECE => {}
                _ => return None,
            }
        }
        text.push_str(piece);
        before = Some(piece);
    }
    Some(unescaped(&text))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('t') => plain.push('\t'),
                Some('\\') => plain.push('\\'),
                Some(other) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_as_they_were_cut() {
        let long = "x".repeat(PIECE);
        let joined = |pieces: &[&str]| super::joined(pieces.iter().copied());
        assert_eq!(joined(&[&long, "y"]), Some(format!("{long}y")));
        // The blank at its end was taken for padding.
        let shorter = "x".repeat(PIECE - 1);
        assert_eq!(joined(&[&shorter, "y"]), Some(format!("{shorter} y")));
        assert_eq!(joined(&["a\\nb\\\\n\\'"]), Some("a\nb\\n\\'".to_owned()));
        // So many characters, or so many bytes.
        let (characters, bytes) = ("ü".repeat(PIECE), "ü".repeat(PIECE / 2));
        assert_eq!(joined(&[&characters, "y"]), Some(format!("{characters}y")));
        assert_eq!(joined(&[&bytes, "y"]), Some(format!("{bytes}y")));
        assert_eq!(joined(&[&"ü".repeat(100), "y"]), None);
    }
}
