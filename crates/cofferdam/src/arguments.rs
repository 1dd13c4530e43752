//! The command line: names, help and defaults, nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Tells what an attacker could do to this Docker host, proves it, fixes it, and proves that too.
#[derive(Debug, Parser)]
#[command(
    name = "cofferdam",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Start here:\n  cofferdam assess                         what an attacker could do here, and three fixes\n  cofferdam harden plan --fix CHECK        what a fix would change, to the byte\n  cofferdam harden apply --fix CHECK       change it, measure it, keep the way back\n  cofferdam explain CHECK                  what a check looks at and why\n  cofferdam doctor                         what this account can't see, and when the engine doesn't answer\n\nExit codes: 0 fine, 1 something is at or above --fail-on, 2 the run itself failed, was refused or misused,\n3 a change was applied in part or measured otherwise than predicted."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Engine to look at: unix:///run/docker.sock, tcp://host:2376, ssh://user@host; default: as the docker client, DOCKER_HOST, else the
    /// current context, else the local socket
    #[arg(short = 'H', long, global = true, value_name = "URL", env = "COFFERDAM_HOST", help_heading = "Where")]
    pub(crate) host: Option<String>,
    /// Docker context to look at (docker context ls), in place of DOCKER_HOST and of the current one
    #[arg(long, global = true, value_name = "NAME", env = "COFFERDAM_CONTEXT", help_heading = "Where")]
    pub(crate) context: Option<String>,
    /// Speak TLS to a tcp:// engine without verifying who answers (also DOCKER_TLS)
    #[arg(long, global = true, help_heading = "Where")]
    pub(crate) tls: bool,
    /// Speak TLS to a tcp:// engine, which must prove who it is (also DOCKER_TLS_VERIFY)
    #[arg(long, global = true, help_heading = "Where")]
    pub(crate) tlsverify: bool,
    /// The only authorities to trust; default: ca.pem in DOCKER_CERT_PATH, else in ~/.docker
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub(crate) tlscacert: Option<PathBuf>,
    /// Client certificate; default: cert.pem there, if it exists
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub(crate) tlscert: Option<PathBuf>,
    /// Private key of the client certificate; default: key.pem there, if it exists
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub(crate) tlskey: Option<PathBuf>,
    /// Folder of journals and records
    #[arg(long, global = true, value_name = "DIR", env = "COFFERDAM_STATE", default_value = "/var/lib/cofferdam", help_heading = "Where")]
    pub(crate) state: PathBuf,
    /// Operator's settings: waivers, policy, service commands; default: ./cofferdam.yaml (not for harden), else /etc/cofferdam.yaml
    #[arg(long, global = true, value_name = "FILE", env = "COFFERDAM_CONFIG", help_heading = "Where")]
    pub(crate) config: Option<PathBuf>,
    /// Use no settings, wherever they are
    #[arg(long, global = true, env = "COFFERDAM_NO_CONFIG", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Where")]
    pub(crate) no_config: bool,
    /// Write the questions put to the system and its redacted answers to FILE (made with mode 0600)
    #[arg(long, global = true, value_name = "FILE", env = "COFFERDAM_RECORD", help_heading = "Where")]
    pub(crate) record: Option<PathBuf>,
    /// Look at a recording instead of the live system
    #[arg(long, global = true, value_name = "FILE", env = "COFFERDAM_REPLAY", conflicts_with = "record", help_heading = "Where")]
    pub(crate) replay: Option<PathBuf>,
    /// Colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, env = "COFFERDAM_COLOR", help_heading = "Output")]
    pub(crate) color: Colour,
    /// No progress on stderr
    #[arg(short, long, global = true, env = "COFFERDAM_QUIET", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Output")]
    pub(crate) quiet: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Discover, judge, name the threats and the three fixes that matter: the main job
    #[command(visible_alias = "scan")]
    Assess(Assess),
    /// The classic benchmark run
    Bench(Bench),
    /// The fixes that matter, best first, with what each ends
    Advise(Advise),
    /// What a check or a threat is about
    Explain(Explain),
    /// What changed between two looks
    Diff(Diff),
    /// What this account can see, what hangs on the rest, and what to type when the engine does not answer
    Doctor(Doctor),
    /// Change the host: plan, apply, verify, roll back
    #[command(subcommand)]
    Harden(Harden),
    /// Before and after, as a document
    Report(Report),
    /// Write what was seen to a file
    Snapshot(SnapshotArguments),
    /// The checks, threats and benchmarks themselves
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Completions for a shell
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// The manual in roff: on stdout in one page (cofferdam man | man -l -), or a page a command in a folder
    Man {
        /// Folder for the pages; it is made where it is missing
        dir: Option<PathBuf>,
    },
    /// (internal) Runs a candidate configuration in namespaces of its own
    #[command(name = "__rehearse", hide = true)]
    Rehearse {
        /// Folder of the rehearsal
        dir: PathBuf,
    },
}

/// Where a pure command takes its facts from, and where its answer goes.
#[derive(Debug, Args)]
pub(crate) struct Pure {
    /// Judge this snapshot instead of the live system
    #[arg(long, value_name = "FILE", env = "COFFERDAM_SNAPSHOT")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Write the answer to FILE instead of stdout
    #[arg(short, long, value_name = "FILE", env = "COFFERDAM_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Text, env = "COFFERDAM_FORMAT")]
    pub(crate) format: Format,
    /// Exit with 1 when something is at least this bad, or unknown
    #[arg(long, value_enum, value_name = "WHAT", env = "COFFERDAM_FAIL_ON")]
    pub(crate) fail_on: Option<FailOn>,
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// When to exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A critical finding.
    Critical,
    /// A finding that is high or worse.
    High,
    /// Medium or worse.
    Medium,
    /// Any failed check.
    Low,
    /// Something that could not be seen.
    Unknown,
}

#[derive(Debug, Args)]
pub(crate) struct Assess {
    #[command(flatten)]
    pub(crate) pure: Pure,
    /// Also write the snapshot to FILE (made with mode 0600)
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to run it on
    #[arg(default_value = "docker", value_parser = ["docker"])]
    pub(crate) target: String,
    /// Benchmark and version, cis-docker-1.6.0 for one; auto: the newest, with --compare the one whose numbers the report has
    #[arg(long, value_name = "ID", default_value = "auto", env = "COFFERDAM_BENCHMARK")]
    pub(crate) benchmark: String,
    /// Show what differs from the report of docker-bench-security or aquasecurity/docker-bench in FILE (its text or JSON); - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["section", "check", "level", "container"])]
    pub(crate) compare: Option<PathBuf>,
    /// Only this section: 5, 1.1 or runtime; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Part of it")]
    pub(crate) section: Vec<String>,
    /// Only this row: 5.11, memory-limit or docker.container.memory-limit; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Part of it")]
    pub(crate) check: Vec<String>,
    /// Only profile level 1, or 2 with all of 1 (cis-docker-1.8.0 names levels)
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=2), help_heading = "Part of it")]
    pub(crate) level: Option<u8>,
    /// Only what is asked of this container; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Part of it")]
    pub(crate) container: Vec<String>,
    #[command(flatten)]
    pub(crate) pure: Pure,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// What to look at
    #[arg(default_value = "docker", value_parser = ["docker"])]
    pub(crate) target: String,
    /// Benchmark whose facts are meant; auto: the newest
    #[arg(long, value_name = "ID", default_value = "auto", env = "COFFERDAM_BENCHMARK")]
    pub(crate) benchmark: String,
    #[command(flatten)]
    pub(crate) pure: Pure,
}

#[derive(Debug, Args)]
pub(crate) struct Advise {
    /// How many fixes
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) pure: Pure,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Check (docker.daemon.live-restore), benchmark number (cis-docker-1.6.0:2.15) or threat (DK-D-04)
    #[arg(required_unless_present = "waivers")]
    pub(crate) id: Option<String>,
    /// Explain the waivers instead: what each covers, or which part of it does not match; with a check: those of that check
    #[arg(long)]
    pub(crate) waivers: bool,
    /// With --waivers: judge this snapshot instead of the live system
    #[arg(long, value_name = "FILE", env = "COFFERDAM_SNAPSHOT")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Snapshot of the earlier look
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// Snapshot of the later look; without one: the live system
    #[arg(value_name = "AFTER")]
    pub(crate) after: Option<PathBuf>,
    /// Exit with 1 when something differs
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Write the answer to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Which fixes.
#[derive(Debug, Args)]
pub(crate) struct Fixes {
    /// Check id, benchmark number with its version (cis-docker-1.6.0:2.15), for one object with @NAME; may be repeated
    #[arg(long = "fix", value_name = "ID", required = true)]
    pub(crate) fix: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Harden {
    /// Show what the fixes would change; changes nothing
    Plan {
        #[command(flatten)]
        fixes: Fixes,
        #[command(flatten)]
        pure: Pure,
        /// Accept that containers stop where live restore can't carry them over the restart
        #[arg(long)]
        stop_containers: bool,
    },
    /// Carry out the fixes, measure them, keep the way back
    Apply {
        /// Carry out this plan (made by `harden plan --format json`)
        #[arg(long, value_name = "FILE", conflicts_with = "fix", required_unless_present = "fix")]
        plan: Option<PathBuf>,
        /// Check id, benchmark number with its version (cis-docker-1.6.0:2.15), for one object with @NAME; may be repeated
        #[arg(long = "fix", value_name = "ID")]
        fix: Vec<String>,
        #[command(flatten)]
        ask: Ask,
        /// Do not try the new daemon.json on a daemon of its own first
        #[arg(long)]
        no_rehearsal: bool,
        /// Accept that containers stop where live restore can't carry them over the restart
        #[arg(long)]
        stop_containers: bool,
    },
    /// What was done, what was interrupted, what to type next
    Status {
        /// Form of the answer
        #[arg(short, long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Measure again and compare with what the plan predicted
    Verify {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        ask: Ask,
    },
    /// Finish an interrupted run
    Resume {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        ask: Ask,
    },
    /// Put everything back as it was before a run
    Rollback {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        ask: Ask,
    },
}

/// Consent.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// Do not ask
    #[arg(short, long, env = "COFFERDAM_YES", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) yes: bool,
}

/// Which run.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The newest run (the default)
    #[arg(long, conflicts_with = "run")]
    pub(crate) last: bool,
    /// A run by its id (see `harden status`)
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Snapshot taken before
    #[arg(long, value_name = "FILE")]
    pub(crate) before: PathBuf,
    /// Snapshot taken after
    #[arg(long, value_name = "FILE")]
    pub(crate) after: PathBuf,
    /// The plan that was carried out, for its diffs
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Findings that were chosen: check ids or benchmark numbers; default: those that went from fail to pass
    #[arg(long = "fix", value_name = "ID")]
    pub(crate) fix: Vec<String>,
    /// Benchmark of the classic lines; may be repeated
    #[arg(long, value_name = "ID", default_values_t = [String::from("cis-docker-1.6.0")])]
    pub(crate) benchmark: Vec<String>,
    /// Form of the document
    #[arg(short, long, value_enum, default_value_t = Document::Markdown)]
    pub(crate) format: Document,
    /// Write the document to FILE instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// Markdown.
    Markdown,
    /// One self-contained page.
    Html,
    /// Only the picture of the run before and after.
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct SnapshotArguments {
    /// Write to FILE (made with mode 0600) instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// One check's file.
    Check,
    /// cofferdam.yaml: waivers, policy, service commands.
    #[value(alias = "waivers", alias = "policy")]
    Config,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogueCommand {
    /// Load and prove every check, threat and benchmark; with a folder: that folder's checks too. Every mistake at once
    Lint {
        /// Folder of check files
        dir: Option<PathBuf>,
    },
    /// JSON Schema of a check file, or of cofferdam.yaml
    Schema {
        /// Schema of what
        #[arg(long = "of", value_enum, default_value_t = SchemaOf::Check)]
        of: SchemaOf,
    },
    /// Run the examples of every check and show how they come out; where one does not hold, part by part why. Exit code 1 then
    Test {
        /// Folder of check files of your own: only these are run, each example with its reason
        dir: Option<PathBuf>,
        /// Only this check, each example with its reason; may be repeated
        #[arg(long, value_name = "ID", value_delimiter = ',')]
        check: Vec<String>,
    },
    /// All checks
    List,
}
