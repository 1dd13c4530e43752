//! Why a report of another tool can't be read or used.

/// Why a report of another tool can't be read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// Nothing in it.
    #[error("the file is empty\nhint: docker-bench-security writes its log only while it runs; give the file when it has ended")]
    Empty,
    /// Not text.
    #[error("this is not text\nhint: give the log or the JSON of docker-bench-security or of aquasecurity/docker-bench, unpacked")]
    NotText,
    /// Text of something else.
    #[error(
        "this is no report that I know\nhint: give the log (log/docker-bench-security.log) or the JSON (the same with .json behind it) of docker-bench-security, or the output of aquasecurity/docker-bench, with or without --json"
    )]
    Unrecognised,
    /// JSON that breaks off or was broken when it was written.
    #[error("the JSON is broken: {0}\nhint: the text log of the same run holds the same results, and is read even where it breaks off")]
    Json(String),
    /// A result that is none of the tool's words.
    #[error("row {id} has the result `{word}`, which is none of PASS, WARN, FAIL, INFO, NOTE")]
    Word {
        /// Row.
        id: String,
        /// The result.
        word: String,
    },
    /// A report without rows.
    #[error("{}", no_rows(*.runs))]
    NoRows {
        /// Runs in the file.
        runs: usize,
    },
    /// More rows than any benchmark has.
    #[error("it has more than {0} rows, and no benchmark has")]
    TooMany(usize),
    /// Rows whose numbers mean different things in different versions.
    #[error(
        "these rows ({rows}) stand in several versions and mean different things there\nhint: say whose numbers they are: --benchmark {}",
        .benchmarks.join(" or --benchmark ")
    )]
    Ambiguous {
        /// The rows, `5.1, 5.2 and 3 more`.
        rows: String,
        /// Versions that fit.
        benchmarks: Vec<String>,
    },
    /// Numbers that are in no table, or titles about other things.
    #[error(
        "its rows are not those of a benchmark that I know\nhint: there are {0}; --benchmark takes its numbers for those of one of them"
    )]
    Foreign(String),
}

fn no_rows(runs: usize) -> String {
    match runs {
        0 | 1 => "it holds no results\nhint: a run that was stopped at once, or one of section headings alone, has none".to_owned(),
        runs => {
            format!("the last of its {runs} runs holds no results\nhint: the log is appended to; let the run end, or cut the last one off")
        }
    }
}
