//! What an image's history tells of how it was built.

use facts::Fact;
use facts::docker::HistoryEntry;

use super::command::{Command, Deed};
use super::history::{Line, adds_root, line};
use crate::view::Listing;

/// Findings in a history. A line that cannot be read leaves those lists open to which it might belong.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Build {
    /// At least one line is an instruction of a Dockerfile.
    pub(super) has_instructions: bool,
    /// ADD above the root file system.
    pub(super) adds: Listing<String>,
    /// Layers of an index update alone.
    pub(super) lone_updates: Listing<String>,
    /// Checks of signatures or certificates turned off.
    pub(super) unverified: Listing<String>,
    /// Tools that were installed by name.
    pub(super) tools: Listing<String>,
}

impl Build {
    /// Reads the lines, newest first as docker history prints them; line 1 is the newest.
    pub(super) fn of(entries: &[HistoryEntry], layers: &Fact<u64>) -> Self {
        let lines: Vec<Line> = entries.iter().map(|entry| line(&entry.created_by)).collect();
        let mut build = Self { has_instructions: lines.iter().any(Line::is_instruction), ..Self::default() };
        // The oldest line that made a layer may be the base's root file system.
        let first_layer = lines.iter().rposition(Line::may_make_a_layer);
        let told = lines.iter().filter(|line| line.may_make_a_layer()).count() as u64;
        match layers {
            Fact::Known(layers) if *layers <= told => {}
            Fact::Known(layers) => build.open(&format!("its history tells of {told} of {layers} layers")),
            Fact::Absent => build.open("its layers were not counted"),
            Fact::Unknown { why } => build.open(why),
        }
        for (index, line) in lines.iter().enumerate() {
            let number = index + 1;
            match line {
                Line::Add(arguments) if Some(index) == first_layer && adds_root(arguments) => {}
                Line::Add(arguments) => build.adds.members.push(format!("line {number}: ADD {}", of_what(arguments))),
                Line::Run(commands) => build.run(number, commands),
                Line::RunUnread => build.unread(&format!("line {number}: a RUN whose commands are not in the history")),
                // The root file system, however it was brought in.
                Line::Other if Some(index) == first_layer => {}
                Line::Other => build.open(&format!("line {number} of its history is no build instruction")),
                Line::Copy | Line::Workdir | Line::Setting => {}
            }
        }
        build
    }

    /// Anything may have been done.
    fn open(&mut self, why: &str) {
        self.adds.unseen.get_or_insert_with(|| why.to_owned());
        self.unread(why);
    }

    /// Any command may have been run.
    fn unread(&mut self, why: &str) {
        for list in [&mut self.lone_updates, &mut self.unverified, &mut self.tools] {
            list.unseen.get_or_insert_with(|| why.to_owned());
        }
    }

    fn run(&mut self, number: usize, commands: &[Command]) {
        match lone_update(commands) {
            Fact::Known(Some(update)) => self.lone_updates.members.push(format!("line {number}: {update}")),
            Fact::Known(None) | Fact::Absent => {}
            Fact::Unknown { why } => {
                self.lone_updates.unseen.get_or_insert_with(|| format!("line {number}: {why}"));
            }
        }
        self.unverified.members.extend(unverified(commands).into_iter().map(|what| format!("line {number}: {what}")));
        for tool in tools(commands) {
            if !self.tools.members.contains(&tool) {
                self.tools.members.push(tool);
            }
        }
    }
}

fn of_what(arguments: &[String]) -> &'static str {
    let has = |scheme: &str| arguments.iter().any(|word| word.starts_with(scheme));
    let archive = arguments.iter().any(|word| word.contains("….") && !word.contains("://"));
    if has("http") || has("ftp") {
        "of a URL"
    } else if has("git@") {
        "of a repository"
    } else if archive {
        "of an archive"
    } else {
        "of files"
    }
}

/// The index update of a layer that installs nothing.
fn lone_update(commands: &[Command]) -> Fact<Option<String>> {
    let deeds = || commands.iter().filter_map(|command| command.deed().map(|deed| (command, deed)));
    let Some((update, _)) = deeds().find(|(_, deed)| *deed == Deed::Index) else {
        let unread = deeds().any(|(_, deed)| deed == Deed::Unread);
        return if unread { Fact::unknown("what the package manager was told is not in the history") } else { Fact::Known(None) };
    };
    let manager = update.manager();
    let installs = deeds().any(|(command, deed)| deed == Deed::Install && command.manager() == manager);
    // A program that cannot be named, or a script, may install; so may a verb that was not read.
    let may = commands.iter().any(|command| !command.is_harmless()) || deeds().any(|(_, deed)| deed == Deed::Unread);
    match (installs, may) {
        (true, _) => Fact::Known(None),
        (false, true) => Fact::unknown("an index update beside a program that may install"),
        (false, false) => {
            let verb = update.words.iter().find(|word| !word.contains('…') && !word.starts_with("--")).map_or("", String::as_str);
            Fact::Known(Some(format!("{} {verb} installs nothing", update.program)))
        }
    }
}

/// Options and settings that turn a check off.
fn unverified(commands: &[Command]) -> Vec<String> {
    const OPTIONS: &[&str] = &[
        "--allow-unauthenticated",
        "--force-yes",
        "--allow-insecure-repositories",
        "--allow-downgrade-to-insecure-repositories",
        "--allow-untrusted",
        "--nogpgcheck",
        "--no-gpgcheck",
        "--no-gpg-check",
        "--no-gpg-checks",
        "--allow-unsigned-rpm",
        "--nosignature",
        "--no-signature",
        "--force-bad-verify",
        "--no-check-certificate",
        "--trusted-host",
    ];
    const SETTINGS: &[(&str, &str)] = &[
        ("trusted=yes", "trusted=yes"),
        ("allow-insecure=yes", "allow-insecure=yes"),
        ("gpgcheck=0", "gpgcheck=0"),
        ("gpgcheck=no", "gpgcheck=no"),
        ("gpgcheck=false", "gpgcheck=false"),
        ("sslverify=0", "sslverify=0"),
        ("sslverify=false", "sslverify=false"),
        ("siglevel=never", "SigLevel=Never"),
        ("siglevel=optionaltrustall", "SigLevel=TrustAll"),
        ("allowunauthenticated=true", "AllowUnauthenticated"),
        ("allowunauthenticated=1", "AllowUnauthenticated"),
        ("allowinsecurerepositories=true", "AllowInsecureRepositories"),
        ("allowinsecurerepositories=1", "AllowInsecureRepositories"),
        ("verify-peer=false", "Verify-Peer=false"),
    ];
    let mut found: Vec<String> = Vec::new();
    let mut note = |what: String| {
        if !found.contains(&what) {
            found.push(what);
        }
    };
    for (index, command) in commands.iter().enumerate() {
        for option in command.words.iter().filter_map(|word| OPTIONS.iter().find(|option| word.split('=').next() == Some(option))) {
            note(format!("{} {option}", named(command)));
        }
        // Spaces and quotes around `=` mean nothing in these files. repo_gpgcheck is another check than gpgcheck, and off by default.
        let text = command.words.join(" ").to_ascii_lowercase().replace([' ', '"', '\''], "").replace("repo_gpgcheck", "");
        for (_, name) in SETTINGS.iter().filter(|(setting, _)| text.contains(setting)) {
            note(format!("{} {name}", named(command)));
        }
        let short =
            |letter: char| command.words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter));
        let insecure = command.program == "curl" && (short('k') || command.words.iter().any(|word| word == "--insecure"));
        let into_shell = command.piped
            && matches!(command.program.as_str(), "curl" | "wget")
            && commands.get(index + 1).is_some_and(|next| super::history::is_shell(&next.program));
        match (insecure, into_shell) {
            (true, true) => note("curl --insecure into a shell".to_owned()),
            (true, false) => note("curl --insecure".to_owned()),
            (false, true) => note(format!("{} into a shell", command.program)),
            (false, false) => {}
        }
    }
    found
}

fn named(command: &Command) -> &str {
    if command.program.is_empty() { "a program:" } else { &command.program }
}

/// Tools among the packages of install commands.
fn tools(commands: &[Command]) -> Vec<String> {
    const TOOLS: &[&str] = &[
        "gcc",
        "g++",
        "clang",
        "make",
        "cmake",
        "build-essential",
        "build-base",
        "git",
        "vim",
        "nano",
        "netcat",
        "netcat-openbsd",
        "netcat-traditional",
        "nc",
        "ncat",
        "nmap",
        "nmap-ncat",
        "telnet",
        "ssh",
        "openssh",
        "openssh-server",
        "openssh-client",
        "openssh-clients",
        "tcpdump",
        "strace",
        "gdb",
        "python3",
        "perl",
        "socat",
        "ftp",
        "rsync",
        "man-db",
        "curl",
        "wget",
        "sudo",
    ];
    let installs = commands.iter().filter(|command| command.deed() == Some(Deed::Install));
    installs.flat_map(|command| &command.words).filter(|word| TOOLS.contains(&word.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A history as the engine sends it, newest first, kept as the collector keeps it.
    fn build(lines: &[&str]) -> Build {
        let entries: Vec<HistoryEntry> =
            lines.iter().map(|text| HistoryEntry { created_by: facts::redact::history_line(text), ..HistoryEntry::default() }).collect();
        Build::of(&entries, &Fact::Known(1))
    }

    const BASES: [&str; 3] = [
        "/bin/sh -c #(nop) ADD file:0a1b2c in / ",
        "ADD alpine-minirootfs-3.20.0-x86_64.tar.gz / # buildkit",
        "# debian.sh --arch 'amd64' out/ 'trixie' '@1755500000'",
    ];

    #[test]
    fn adds_above_the_base() {
        for base in BASES {
            let clean = build(&["CMD [\"sh\"]", "COPY ADD /app # buildkit", "ENV WORD=ADD", base]);
            assert!(clean.has_instructions && clean.adds == Listing::default(), "{base}: {clean:?}");
            let bad = build(&["/bin/sh -c #(nop) ADD file:ff in /app ", "RUN /bin/sh -c echo ADD # buildkit", base]);
            assert_eq!(bad.adds.members, ["line 1: ADD of files"], "{base}");
        }
        assert_eq!(build(&["ADD https://x/y.tar.gz / # buildkit", BASES[0]]).adds.members, ["line 1: ADD of a URL"]);
        assert_eq!(build(&["ADD vendor.tar.gz / # buildkit", BASES[2]]).adds.members, ["line 1: ADD of an archive"]);
        // From scratch: the first layer is the author's own, unless it is a root file system.
        assert_eq!(build(&["CMD [\"/app\"]", "ADD app /app # buildkit"]).adds.members.len(), 1);
        assert!(build(&["CMD [\"sh\"]", BASES[1], "ENV A=b", "LABEL a=b"]).adds.members.is_empty());
    }

    #[test]
    fn without_a_history() {
        for lines in [&[][..], &[""], &["bash"], &["ko build ko://x", "bazel build y"]] {
            assert!(!build(lines).has_instructions, "{lines:?}");
        }
        // A squashed or committed layer above: nothing can be said of it, and what is seen stays seen.
        let squashed = build(&["", "ADD x /y # buildkit", BASES[0]]);
        assert_eq!((squashed.adds.members.len(), squashed.adds.unseen.is_some()), (1, true));
        assert!(build(&["bash", "CMD [\"sh\"]", BASES[0]]).lone_updates.unseen.is_some());
        // More layers than lines.
        let entries = [HistoryEntry { created_by: "COPY … /x # buildkit".into(), ..HistoryEntry::default() }];
        assert!(Build::of(&entries, &Fact::Known(3)).adds.unseen.unwrap().contains("1 of 3"));
        assert!(Build::of(&entries, &Fact::unknown("x")).adds.unseen.is_some());
        assert!(Build::of(&entries, &Fact::Known(1)).adds.unseen.is_none());
    }

    #[test]
    fn updates_alone() {
        let lone = |text: &str| {
            let build = build(&[text, BASES[0]]);
            match (build.lone_updates.members.as_slice(), build.lone_updates.unseen) {
                ([one], None) => one.clone(),
                ([], None) => "none".to_owned(),
                ([], Some(_)) => "unknown".to_owned(),
                other => panic!("{other:?}"),
            }
        };
        for (text, wanted) in [
            ("/bin/sh -c apt-get update", "line 1: apt-get update installs nothing"),
            ("RUN /bin/sh -c apt-get update && rm -rf /var/lib/apt/lists/* # buildkit", "line 1: apt-get update installs nothing"),
            ("RUN |1 A=apt-get install /bin/sh -c apt-get update # buildkit", "line 1: apt-get update installs nothing"),
            ("RUN /bin/sh -c apk update # buildkit", "line 1: apk update installs nothing"),
            ("RUN /bin/sh -c pacman -Sy # buildkit", "line 1: pacman -Sy installs nothing"),
            ("RUN /bin/sh -c apt-get update; apk add x # buildkit", "line 1: apt-get update installs nothing"),
            ("RUN apt-get update # buildkit", "line 1: apt-get update installs nothing"),
            ("RUN /bin/sh -c apt-get update && apt-get install -y x # buildkit", "none"),
            ("RUN /bin/sh -c set -eux; apt-get update\napt-get install -y x\n # buildkit", "none"),
            ("RUN /bin/sh -c yum -y update && yum clean all # buildkit", "none"),
            ("RUN /bin/sh -c pacman -Syu --noconfirm # buildkit", "none"),
            ("RUN /bin/sh -c apt-get update && apt-get -y upgrade # buildkit", "none"),
            ("RUN /bin/sh -c echo apt-get update # buildkit", "none"),
            ("RUN /bin/sh -c make && ./x # buildkit", "none"),
            ("/bin/sh -c #(nop)  ENV X=apt-get update", "none"),
            ("RUN /bin/sh -c apt-get update && ./install.sh # buildkit", "unknown"),
            ("RUN /bin/sh -c apt-get update && curl -fsSL https://x | bash - # buildkit", "unknown"),
            ("RUN cmd /S /C dir # buildkit", "unknown"),
            ("RUN /dev/pipes/EOF # buildkit", "unknown"),
        ] {
            assert_eq!(lone(text), wanted, "{text}");
        }
    }

    #[test]
    fn checks_that_were_turned_off() {
        let off = |script: &str| build(&[&format!("RUN /bin/sh -c {script} # buildkit"), BASES[0]]).unverified.members.join("; ");
        for (script, wanted) in [
            ("apt-get install -y --allow-unauthenticated x", "line 1: apt-get --allow-unauthenticated"),
            ("apt-get -o APT::Get::AllowUnauthenticated=true install x", "line 1: apt-get AllowUnauthenticated"),
            ("apk add --allow-untrusted x.apk", "line 1: apk --allow-untrusted"),
            ("yum install -y --nogpgcheck x", "line 1: yum --nogpgcheck"),
            ("dnf install --setopt=gpgcheck=0 x", "line 1: dnf gpgcheck=0"),
            ("zypper --no-gpg-checks in x", "line 1: zypper --no-gpg-checks"),
            ("echo 'deb [trusted=yes] https://x y main' > /etc/apt/sources.list", "line 1: echo trusted=yes"),
            ("echo 'SigLevel = Never' >> /etc/pacman.conf", "line 1: echo SigLevel=Never"),
            ("curl -fsSLk https://x/y | sh", "line 1: curl --insecure into a shell"),
            ("curl -k https://x/y -o z", "line 1: curl --insecure"),
            ("wget -qO- https://x/y | bash", "line 1: wget into a shell"),
            ("wget --no-check-certificate https://x", "line 1: wget --no-check-certificate"),
            ("pip install --trusted-host=x y", "line 1: pip --trusted-host"),
            ("curl -fsSL https://x/y | tar xz", ""),
            ("echo 'repo_gpgcheck=0' > x; echo 'gpgcheck=1' > y", ""),
            ("apt-get update && apt-get install -y x", ""),
        ] {
            assert_eq!(off(script), wanted, "{script}");
        }
    }

    #[test]
    fn tools_by_name() {
        let build = build(&["RUN /bin/sh -c apt-get update && apt-get install -y curl gcc foo && rm -rf vim # buildkit", BASES[2]]);
        assert_eq!(build.tools.members, ["curl", "gcc"]);
    }
}
