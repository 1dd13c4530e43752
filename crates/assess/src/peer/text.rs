//! Reports as lines: `[WARN] 5.10 - title` and `[WARN]      * words: web` below it, or `[FAIL] 5.10 title`.

use super::report::{MOST_ROWS, claim_of, without_headings};
use super::{PeerError, PeerForm, PeerOrigin, PeerReport, PeerRow, PeerTool, PeerWord};

/// Names of one line that are read: an image has a handful of tags.
const MOST_NAMES: usize = 256;

/// Reads lines. None: there is no line of either tool.
pub(super) fn read(text: &str) -> Result<Option<PeerReport>, PeerError> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(&without_escapes(line));
    }
    reader.finish()
}

/// One run of a tool.
#[derive(Default)]
struct Run {
    version: Option<String>,
    claims: Option<String>,
    made_at: Option<String>,
    rows: Vec<PeerRow>,
    dashed: usize,
    plain: usize,
    /// aquasecurity's first line was there. Others print rows like its: only that line tells.
    headed: bool,
    /// The last line of a run was there.
    complete: bool,
    /// Past the results: remedies repeat the numbers.
    past: bool,
    /// The last row's own lines may follow.
    open: bool,
}

#[derive(Default)]
struct Reader {
    run: Run,
    runs: usize,
    /// What the banner said of the run that follows it.
    banner: (Option<String>, Option<String>),
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let Some((word, rest)) = marked(line) {
            self.marked(word, rest);
        } else if let Some(version) = version_after(line, "# Docker Bench for Security v") {
            self.banner = (Some(version), None);
        } else if let Some(version) = version_after(line, "# Based on the CIS Docker Benchmark ") {
            self.banner.1 = Some(format!("cis-docker-{version}"));
        } else if let (true, Some(version)) = (line.contains("# Inspired by the CIS Docker"), version_after(line, " Benchmark v")) {
            self.banner.1 = Some(format!("cis-docker-{version}"));
        } else if let Some((_, time)) = line.split_once("Initializing ") {
            self.begin();
            self.run.made_at = Some(time.trim().chars().take(64).collect());
        } else if ["Section B - ", "Section C - ", "== Remediations =="].iter().any(|end| line.contains(end)) {
            self.run.past = true;
        } else if line.contains("== Summary ==") {
            self.run.past = true;
            self.run.complete = true;
        }
    }

    /// A line with a word in brackets.
    fn marked(&mut self, word: PeerWord, rest: &str) {
        let rest = rest.trim();
        if rest.starts_with("Score: ") {
            self.run.complete = true;
            return;
        }
        if let Some(said) = rest.strip_prefix('*') {
            if let (true, Some(row)) = (self.run.open && !self.run.past, self.run.rows.last_mut()) {
                row.names.extend(names(said));
                row.said.push(said.trim().to_owned());
            }
            return;
        }
        // A row may lack its number (2.18 does in one version): what stands below it is not the row's before it.
        self.run.open = false;
        let Some((id, title)) = numbered(rest) else { return };
        if title.starts_with("CIS Docker") && word == PeerWord::Info {
            self.begin();
            self.run.claims = claim_of(PeerTool::DockerBench, id).map(str::to_owned);
            self.run.headed = true;
            return;
        }
        if self.run.past {
            return;
        }
        let (title, dashed) = match title.strip_prefix("- ") {
            Some(title) => (title.trim_start(), true),
            None => (title, false),
        };
        *if dashed { &mut self.run.dashed } else { &mut self.run.plain } += 1;
        let title = (!title.is_empty()).then(|| title.to_owned());
        self.run.open = true;
        if self.run.rows.len() > MOST_ROWS {
            return;
        }
        self.run.rows.push(PeerRow { id: id.to_owned(), title, word, holds: None, said: Vec::new(), names: Vec::new() });
    }

    /// A run begins: the one before it is history.
    fn begin(&mut self) {
        self.runs += 1;
        let (version, claims) = std::mem::take(&mut self.banner);
        self.run = Run { version, claims, ..Run::default() };
    }

    fn finish(self) -> Result<Option<PeerReport>, PeerError> {
        let Self { run, runs, banner } = self;
        let tool = if run.headed && run.plain >= run.dashed { PeerTool::DockerBench } else { PeerTool::DockerBenchSecurity };
        if run.dashed == 0 && !run.headed {
            // The beginning of a log whose run has not come to a row yet, or nothing of theirs at all.
            let begun = runs > 0 || banner.0.is_some();
            return if begun { Err(PeerError::NoRows { runs }) } else { Ok(None) };
        }
        let mut rows = without_headings(run.rows);
        if rows.is_empty() {
            return Err(PeerError::NoRows { runs });
        }
        for row in &mut rows {
            row.holds = holds(tool, row.word);
        }
        let claims = run.claims.or_else(|| Some(claim_of(tool, run.version.as_deref()?)?.to_owned()));
        let origin = PeerOrigin {
            tool,
            form: PeerForm::Text,
            version: run.version,
            claims,
            made_at: run.made_at,
            runs: runs.max(1),
            complete: run.complete,
        };
        Ok(Some(PeerReport { origin, rows }))
    }
}

/// What a word means in text, where nothing but the word tells. aquasecurity's WARN is what it did not look at, or did not score.
fn holds(tool: PeerTool, word: PeerWord) -> Option<bool> {
    match (tool, word) {
        (_, PeerWord::Pass) => Some(true),
        (_, PeerWord::Fail) | (PeerTool::DockerBenchSecurity, PeerWord::Warn) => Some(false),
        (PeerTool::DockerBench, PeerWord::Warn) | (_, PeerWord::Info | PeerWord::Note) => None,
    }
}

/// The version behind a marker: `1.6.0` of `... 1.6.0.`
fn version_after(line: &str, marker: &str) -> Option<String> {
    let (_, rest) = line.split_once(marker)?;
    let version: String = rest.chars().take_while(|character| character.is_ascii_digit() || *character == '.').take(16).collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

/// The first word in brackets and what follows it. A prefix stays out: `docker compose logs` and journals put names and times before it.
fn marked(line: &str) -> Option<(PeerWord, &str)> {
    let mut from = 0;
    while let Some(open) = line[from..].find('[').map(|at| from + at) {
        let word = line.get(open + 1..open + 5).and_then(PeerWord::parse);
        if let (Some(word), Some(rest)) = (word, line.get(open + 5..).and_then(|rest| rest.strip_prefix("] "))) {
            return Some((word, rest));
        }
        from = open + 1;
    }
    None
}

/// `5.10  - title`, `C.1 - title`, `2.13.a title`: the number and what follows it. None: it begins with no number.
fn numbered(rest: &str) -> Option<(&str, &str)> {
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (id, title) = rest.split_at(end);
    is_number(id).then_some((id, title.trim_start()))
}

/// `5`, `5.10`, `C.5.3.1`, `2.13.a`.
pub(super) fn is_number(id: &str) -> bool {
    let digits = id.strip_prefix("C.").unwrap_or(id);
    let mut parts = digits.split('.').peekable();
    let mut numbers = 0;
    while let Some(part) = parts.next() {
        let is_letter = part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_lowercase()) && parts.peek().is_none() && numbers > 1;
        let is_digits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !(is_letter || is_digits) {
            return false;
        }
        numbers += 1;
    }
    numbers > 0 && numbers <= 6
}

/// Who is named in a line below a row: `Running as root: web`, `Port in use: 80 in web`, `Capabilities added: X to web`, `No Healthcheck
/// found: [web:1 web:2]`.
fn names(said: &str) -> Vec<String> {
    let said = said.trim();
    let tail = said.rsplit_once(": ").map(|(_, tail)| tail);
    let one_of = tail.unwrap_or(said);
    let words: Vec<&str> = one_of.split_whitespace().collect();
    match words.as_slice() {
        // "80 in web", "0.0.0.0 in web", "CAP_SYS_ADMIN added to web": the last word is the name.
        [.., "in" | "to", name] => vec![trimmed(name).to_owned()],
        words if tail.is_some() => {
            words.iter().take(MOST_NAMES).map(|word| trimmed(word).to_owned()).filter(|name| !name.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|character| matches!(character, '[' | ']' | '"' | '\'' | ','))
}

/// The line without the colours of a terminal and without a carriage return.
fn without_escapes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line.trim_end_matches('\r');
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(sequence) = rest.strip_prefix('[') {
            // CSI: parameters, then one final byte.
            let end = sequence.find(|character: char| ('@'..='~').contains(&character));
            rest = end.map_or("", |end| &sequence[end + 1..]);
        }
    }
    out.push_str(rest);
    out
}
