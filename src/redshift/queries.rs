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

/// What is asked of the views of a cluster: `SYS`, or of one that is too old for them `STL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Views {
    /// The users of whom any statement is seen.
    pub seen_users: Query,
    /// User, query, database, status, beginning, end, place, rows, bytes, files. Where the place is empty, the text tells it.
    pub unloads: Query,
    /// The same of COPY, and the id of the COPY job.
    pub loads: Query,
    /// Id, name, role and text of COPY jobs.
    pub jobs: Option<Query>,
    /// Query, number and text of each piece, in order.
    pub texts: Query,
    /// How long a piece is, in characters or bytes.
    pub piece: usize,
    /// Query, name, bytes.
    pub unloaded_files: Query,
    pub loaded_files: Query,
}

pub const SYS: Views = Views {
    seen_users: Query {
        purpose: "whether other users' statements are seen",
        sql: "SELECT DISTINCT user_id FROM sys_query_history WHERE user_id > 1",
        columns: 1,
    },
    unloads: Query {
        purpose: "where UNLOADs wrote",
        sql: "SELECT user_id, query_id, rtrim(database_name), rtrim(status), start_time, end_time, rtrim(unloaded_location), \
              unloaded_rows, unloaded_files_size, unloaded_files_count \
              FROM sys_unload_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
        columns: 10,
    },
    loads: Query {
        purpose: "where COPYs read",
        sql: "SELECT user_id, query_id, rtrim(database_name), rtrim(status), start_time, end_time, rtrim(data_source), \
              loaded_rows, source_file_bytes, source_file_count, copy_job_id \
              FROM sys_load_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
        columns: 11,
    },
    jobs: Some(Query {
        purpose: "where COPY jobs will read, those too that did not run of late",
        sql: "SELECT job_id, rtrim(job_name), rtrim(iam_role), rtrim(job_text) FROM sys_copy_job",
        columns: 4,
    }),
    texts: Query {
        purpose: "the statements' texts, for the role and the manifest that they name; they are not kept",
        sql: "SELECT query_id, sequence, text FROM sys_query_text WHERE query_id IN \
              (SELECT query_id FROM sys_unload_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp) \
              UNION SELECT query_id FROM sys_load_history WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)) \
              ORDER BY query_id, sequence",
        columns: 3,
    },
    piece: 4000,
    unloaded_files: Query {
        purpose: "the files that UNLOADs wrote",
        sql: "SELECT query_id, rtrim(file_name), transfer_size FROM sys_unload_detail \
              WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
        columns: 3,
    },
    loaded_files: Query {
        purpose: "the files that COPYs read",
        sql: "SELECT query_id, rtrim(file_name), bytes_scanned FROM sys_load_detail \
              WHERE user_id > 1 AND start_time >= CAST(:since AS timestamp)",
        columns: 3,
    },
};

/// Of clusters without the SYS views. They hold no places: statements are found by their texts.
pub const STL: Views = Views {
    seen_users: Query {
        purpose: "on a cluster without these views: whether other users' statements are seen",
        sql: "SELECT DISTINCT userid FROM stl_query WHERE userid > 1",
        columns: 1,
    },
    unloads: Query {
        purpose: "there, which UNLOADs ran",
        sql: "SELECT q.userid, q.query, rtrim(q.database), CASE q.aborted WHEN 0 THEN 'completed' ELSE 'aborted' END, \
              q.starttime, q.endtime, '', u.rows, u.bytes, u.files FROM stl_query q LEFT JOIN \
              (SELECT query, sum(line_count) AS rows, sum(transfer_size) AS bytes, count(*) AS files \
              FROM stl_unload_log GROUP BY query) u ON u.query = q.query \
              WHERE q.userid > 1 AND q.starttime >= CAST(:since AS timestamp) AND q.querytxt ILIKE '%unload%'",
        columns: 10,
    },
    loads: Query {
        purpose: "there, which COPYs ran",
        sql: "SELECT q.userid, q.query, rtrim(q.database), CASE q.aborted WHEN 0 THEN 'completed' ELSE 'aborted' END, \
              q.starttime, q.endtime, '', c.rows, NULL, c.files, 0 FROM stl_query q LEFT JOIN \
              (SELECT query, sum(lines_scanned) AS rows, count(DISTINCT filename) AS files \
              FROM stl_load_commits GROUP BY query) c ON c.query = q.query \
              WHERE q.userid > 1 AND q.starttime >= CAST(:since AS timestamp) AND q.querytxt ILIKE '%copy%'",
        columns: 11,
    },
    jobs: None,
    texts: Query {
        purpose: "there, the statements' texts",
        sql: "SELECT query, sequence, text FROM stl_querytext WHERE query IN (SELECT query FROM stl_query WHERE userid > 1 \
              AND starttime >= CAST(:since AS timestamp) AND (querytxt ILIKE '%unload%' OR querytxt ILIKE '%copy%')) \
              ORDER BY query, sequence",
        columns: 3,
    },
    piece: 200,
    unloaded_files: Query {
        purpose: "there, the files that UNLOADs wrote",
        sql: "SELECT query, rtrim(path), transfer_size FROM stl_unload_log \
              WHERE userid > 1 AND start_time >= CAST(:since AS timestamp)",
        columns: 3,
    },
    loaded_files: Query {
        purpose: "there, the files that COPYs read",
        sql: "SELECT query, rtrim(filename), NULL FROM stl_load_commits \
              WHERE userid > 1 AND curtime >= CAST(:since AS timestamp)",
        columns: 3,
    },
};

/// All of them, in the order in which they are sent.
pub fn all() -> impl Iterator<Item = Query> {
    let of = |views: Views| {
        let Views { seen_users, unloads, loads, jobs, texts, unloaded_files, loaded_files, .. } = views;
        let before = [unloads, seen_users, loads].into_iter();
        before.chain(jobs).chain([texts, unloaded_files, loaded_files])
    };
    [USERS, MONITOR].into_iter().chain(of(SYS)).chain(of(STL))
}

/// The longest name of a file that `sys_load_detail` and `sys_unload_detail` hold: one as long may be cut.
pub const LONGEST_LOADED_FILE: usize = 256;
pub const LONGEST_UNLOADED_FILE: usize = 1280;

/// The same of the texts and roles of `sys_copy_job`.
pub const LONGEST_JOB_TEXT: usize = 256;
pub const LONGEST_JOB_ROLE: usize = 128;

/// The longest place that their histories hold, as `text` of Redshift is.
pub const LONGEST_PLACE: usize = 256;

/// The text of its pieces. Each but the last is as long as a piece; what is shorter has lost blanks at its end. Line breaks and
/// backslashes come as `\n`, `\r`, `\t` and `\\`. `None`: how many blanks were lost cannot be told, for whether a piece is so many characters or
/// bytes is not documented.
pub fn joined<'p>(pieces: impl Iterator<Item = &'p str>, length: usize) -> Option<String> {
    let mut text = String::new();
    let mut before: Option<&str> = None;
    for piece in pieces {
        if let Some(before) = before {
            let lost = length.saturating_sub(before.len());
            // A character of several bytes may have had no room at its end.
            match (lost, before.is_ascii()) {
                (_, true) => text.extend(std::iter::repeat_n(' ', lost)),
                (0..4, false) if before.chars().count() < length => {}
                (_, false) if before.chars().count() == length => {}
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
        const PIECE: usize = SYS.piece;
        let joined = |pieces: &[&str]| super::joined(pieces.iter().copied(), PIECE);
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
