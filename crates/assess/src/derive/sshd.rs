//! What the ssh server demands of a login, read from its files as sshd reads them (servconf.c): of each keyword the first value counts, and
//! for a connection that a Match block speaks of the first value in such blocks goes before it.

use facts::host::{Sshd, SshdLine, sshd_lines};
use facts::{Fact, Snapshot};

use super::kleene;
use crate::view::{Listing, Origin, Seen, SshServer};

/// sshd itself follows Includes to this depth.
const DEEPEST: usize = 16;

pub(crate) fn ssh_server(snapshot: &Snapshot) -> SshServer {
    let sshd = &snapshot.host.sshd;
    let settings = Settings::of(sshd);
    let origin = || Origin::words(sshd.config_path.clone());
    let words = |keyword: &str, default: &str| {
        let value = settings.values(keyword, default).map(|values| values.rest);
        Seen::new(
            value,
            settings.origin(keyword).map_or_else(|| Origin { note: Some("not set: the default".into()), ..origin() }, Origin::words),
        )
    };
    SshServer {
        listens: Seen::new(sshd.listens.clone(), Origin::at(sshd.argv.source, "")),
        password_suffices: Seen::new(settings.password_suffices(), origin()),
        root_login: words("permitrootlogin", "prohibit-password"),
        root_restricted: Seen::new(
            settings.flag("permitrootlogin", "prohibit-password", |value| {
                matches!(value, "no" | "prohibit-password" | "without-password" | "forced-commands-only")
            }),
            origin(),
        ),
        two_factors: Seen::new(settings.two_factors(), origin()),
        methods: words("authenticationmethods", "any"),
        exceptions: Seen::new(
            settings.unclear.clone().map_or_else(|| Fact::Known(Listing::from(settings.exceptions())), Fact::unknown),
            origin(),
        ),
    }
}

/// One value with where it stands.
struct Given {
    keyword: String,
    value: String,
    place: String,
    /// The criteria of the Match block that it stands in; none: it is for all.
    criteria: Option<String>,
}

struct Settings {
    given: Vec<Given>,
    /// Why nothing can be told: a file that was not seen may say anything.
    unclear: Option<String>,
}

/// What a keyword may be worth.
struct Values {
    /// For connections that Match blocks speak of, with those blocks.
    matched: Vec<(String, String)>,
    /// For all others.
    rest: String,
}

impl Settings {
    fn of(sshd: &Sshd) -> Self {
        let mut settings = Self { given: Vec::new(), unclear: None };
        match &sshd.argv.fact {
            // The command line goes before the file.
            Fact::Known(words) => {
                for pair in words.windows(2).filter(|pair| pair[0] == "-o") {
                    for line in sshd_lines(&pair[1]).into_iter().flatten() {
                        settings.give(&line, "the command line of sshd", &None);
                    }
                }
            }
            Fact::Absent => {}
            Fact::Unknown { why } => settings.miss(why.clone()),
        }
        let mut criteria = None;
        settings.read(sshd, &sshd.config_path, &mut criteria, 0);
        settings
    }

    fn miss(&mut self, why: String) {
        self.unclear.get_or_insert(why);
    }

    fn read(&mut self, sshd: &Sshd, path: &str, criteria: &mut Option<String>, depth: usize) {
        let text = match sshd.files.get(path).map(|file| &file.fact) {
            Some(Fact::Known(file)) => &file.text,
            Some(Fact::Unknown { why }) => return self.miss(why.clone()),
            // The first file is needed; one that is included may be gone by now.
            Some(Fact::Absent) if depth > 0 => return,
            Some(Fact::Absent) => return self.miss(format!("{path} is not there")),
            None => return self.miss(format!("{path} was not collected")),
        };
        if depth > DEEPEST {
            return self.miss(format!("{path}: files include one another"));
        }
        for line in sshd_lines(text) {
            let Some(line) = line else {
                self.miss(format!("{path} has a line that sshd cannot read"));
                continue;
            };
            match line.keyword.as_str() {
                "match" => *criteria = Some(line.arguments.join(" ")),
                "include" => {
                    for pattern in &line.arguments {
                        match sshd.includes.get(pattern) {
                            Some(Fact::Known(paths)) => {
                                for path in paths {
                                    // A Match block ends with the file that it stands in.
                                    self.read(sshd, path, &mut criteria.clone(), depth + 1);
                                }
                            }
                            Some(Fact::Unknown { why }) => self.miss(why.clone()),
                            Some(Fact::Absent) => {}
                            None => self.miss(format!("what {pattern} in {path} includes was not collected")),
                        }
                    }
                }
                _ => self.give(&line, path, criteria),
            }
        }
    }

    fn give(&mut self, line: &SshdLine, path: &str, criteria: &Option<String>) {
        let keyword = match line.keyword.as_str() {
            "challengeresponseauthentication" | "skeyauthentication" => "kbdinteractiveauthentication",
            keyword => keyword,
        };
        self.given.push(Given {
            keyword: keyword.to_owned(),
            value: line.arguments.join(" "),
            place: format!("{path}:{}", line.line),
            criteria: criteria.clone(),
        });
    }

    fn values(&self, keyword: &str, default: &str) -> Fact<Values> {
        if let Some(why) = &self.unclear {
            return Fact::unknown(why.clone());
        }
        let of_it = || self.given.iter().filter(|given| given.keyword == keyword);
        let mut matched = Vec::new();
        for given in of_it() {
            match given.criteria.as_deref() {
                // It speaks of every connection, and goes before what stands outside of blocks.
                Some(criteria) if criteria.eq_ignore_ascii_case("all") => {
                    return Fact::Known(Values { matched, rest: given.value.clone() });
                }
                Some(criteria) => matched.push((given.value.clone(), format!("Match {criteria} ({})", given.place))),
                None => {}
            }
        }
        let rest = of_it().find(|given| given.criteria.is_none()).map_or_else(|| default.to_owned(), |given| given.value.clone());
        Fact::Known(Values { matched, rest })
    }

    fn origin(&self, keyword: &str) -> Option<String> {
        self.given.iter().find(|given| given.keyword == keyword && given.criteria.is_none()).map(|given| given.place.clone())
    }

    /// Whether a keyword's value is so for every connection. Known where all values agree; known too where the value for connections that no
    /// block speaks of is not so. Whether any connection fits a block only the future shows.
    fn flag(&self, keyword: &str, default: &str, is_so: impl Fn(&str) -> bool) -> Fact<bool> {
        self.values(keyword, default).and_then(|values| {
            let rest = is_so(&values.rest.to_ascii_lowercase());
            match values.matched.iter().find(|(value, _)| is_so(&value.to_ascii_lowercase()) != rest) {
                None => Fact::Known(rest),
                Some((value, place)) => Fact::unknown(format!("{keyword} is `{}`, and `{value}` for {place}", values.rest)),
            }
        })
    }

    /// Passwords are asked for by sshd itself, or by PAM in a conversation.
    fn password_suffices(&self) -> Fact<bool> {
        let is_yes = |value: &str| value != "no";
        let asked = self.flag("passwordauthentication", "yes", is_yes);
        let conversation = kleene::and(self.flag("kbdinteractiveauthentication", "yes", is_yes), self.flag("usepam", "no", is_yes));
        let demands_more = self.flag("authenticationmethods", "any", |methods| {
            !methods.is_empty()
                && methods.split_whitespace().all(|list| list.split(',').any(|method| !is_knowledge(method) && method != "any"))
        });
        kleene::and(kleene::or(asked, conversation), kleene::not(demands_more))
    }

    /// Every way in asks for something that one knows and for something that one has. What PAM asks for in its conversation is its own
    /// business, and may be both.
    fn two_factors(&self) -> Fact<bool> {
        let by_methods = self.values("authenticationmethods", "any").and_then(|values| {
            let judged: Vec<Fact<bool>> =
                values.matched.iter().map(|(value, _)| value).chain([&values.rest]).map(|value| two_factors(value)).collect();
            let rest = judged.last().cloned().unwrap_or(Fact::Known(false));
            if judged.iter().all(|one| *one == rest) { rest } else { Fact::unknown("Match blocks differ in AuthenticationMethods") }
        });
        let only_conversation = kleene::and(
            kleene::and(
                self.flag("passwordauthentication", "yes", |value| value == "no"),
                self.flag("pubkeyauthentication", "yes", |value| value == "no"),
            ),
            self.flag("usepam", "no", |value| value != "no"),
        );
        match (by_methods, only_conversation) {
            (Fact::Known(true), _) => Fact::Known(true),
            (Fact::Known(false), Fact::Known(false)) => Fact::Known(false),
            (Fact::Known(false), _) => Fact::unknown("what PAM asks for in its conversation is not looked at"),
            (unknown, _) => unknown,
        }
    }

    fn exceptions(&self) -> Vec<String> {
        const ASKED: [&str; 5] =
            ["passwordauthentication", "kbdinteractiveauthentication", "permitrootlogin", "authenticationmethods", "pubkeyauthentication"];
        let asked = self.given.iter().filter(|given| ASKED.contains(&given.keyword.as_str()));
        asked
            .filter_map(|given| Some(format!("Match {}: {} {} ({})", given.criteria.as_ref()?, given.keyword, given.value, given.place)))
            .collect()
    }
}

fn is_knowledge(method: &str) -> bool {
    let name = method.split(':').next().unwrap_or_default();
    matches!(name, "password" | "keyboard-interactive")
}

/// For one value of AuthenticationMethods: lists apart by blanks, each with methods that are all needed.
fn two_factors(methods: &str) -> Fact<bool> {
    let methods = methods.to_ascii_lowercase();
    let mut all = Fact::Known(!methods.trim().is_empty());
    for list in methods.split_whitespace() {
        let knows = list.split(',').any(is_knowledge);
        let has = list.split(',').any(|method| !is_knowledge(method) && method != "any");
        let talks = list.split(',').any(|method| method.starts_with("keyboard-interactive"));
        all = kleene::and(
            all,
            match (knows, has, talks) {
                (true, true, _) => Fact::Known(true),
                (true, false, true) => Fact::unknown("what PAM asks for in its conversation is not looked at"),
                _ => Fact::Known(false),
            },
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::host::{FileKind, FileStat, TextFile};
    use facts::{Observed, SourceId};

    fn file(path: &str, text: &str) -> (String, Observed<TextFile>) {
        let stat = FileStat {
            kind: FileKind::File,
            mode: 0o600,
            uid: 0,
            gid: 0,
            size: 0,
            device: 0,
            inode: 0,
            ctime_ns: 0,
            mtime_ns: 0,
            target: None,
            acl: Fact::Absent,
        };
        let file = TextFile { path: path.to_owned(), stat, text: text.to_owned(), form: Fact::Absent };
        (path.to_owned(), Observed::new(SourceId(0), Fact::Known(file)))
    }

    fn sshd(text: &str) -> Sshd {
        Sshd {
            listens: Fact::Known(true),
            argv: Observed::new(SourceId(0), Fact::Known(vec!["/usr/sbin/sshd".into(), "-D".into()])),
            config_path: "/etc/ssh/sshd_config".into(),
            files: [file("/etc/ssh/sshd_config", text)].into(),
            includes: [("d/*.conf".to_owned(), Fact::Known(vec!["/etc/ssh/d/a.conf".to_owned()]))].into(),
        }
    }

    /// A password alone, root restricted, two factors.
    fn judge(sshd: &Sshd) -> [Option<bool>; 3] {
        let settings = Settings::of(sshd);
        let root = settings.flag("permitrootlogin", "prohibit-password", |value| value != "yes");
        [settings.password_suffices(), root, settings.two_factors()].map(|fact| fact.known().copied())
    }

    #[test]
    fn the_first_value_counts() {
        let password = |text: &str| judge(&sshd(text))[0];
        assert_eq!(password(""), Some(true));
        assert_eq!(password("PasswordAuthentication no\n"), Some(false));
        assert_eq!(password("passwordauthentication=NO\nPasswordAuthentication yes\n"), Some(false));
        assert_eq!(password("PasswordAuthentication yes\nPasswordAuthentication no\n"), Some(true));
        // PAM asks for the password in a conversation.
        assert_eq!(password("PasswordAuthentication no\nUsePAM yes\n"), Some(true));
        assert_eq!(password("PasswordAuthentication no\nUsePAM yes\nChallengeResponseAuthentication no\n"), Some(false));
        assert_eq!(password("AuthenticationMethods publickey publickey,password\n"), Some(false));
        assert_eq!(password("AuthenticationMethods publickey password\n"), Some(true));
        assert_eq!(password("PasswordAuthentication \"no\n"), None);
        assert_eq!(judge(&sshd("PermitRootLogin yes\n"))[1], Some(false));
        assert_eq!(judge(&sshd("PermitRootLogin Without-Password\n"))[1], Some(true));
        let mut flagged = sshd("PasswordAuthentication no\n");
        flagged.argv.fact = Fact::Known(vec!["sshd".into(), "-o".into(), "passwordauthentication yes".into()]);
        assert_eq!(judge(&flagged)[0], Some(true));
        flagged.argv.fact = Fact::unknown("no right");
        assert_eq!(judge(&flagged)[0], None);
    }

    #[test]
    fn blocks_and_included_files() {
        let password = |text: &str| judge(&sshd(text))[0];
        assert_eq!(password("PasswordAuthentication no\nMatch User bob\nPasswordAuthentication yes\n"), None);
        assert_eq!(password("PasswordAuthentication no\nMatch User bob\nPasswordAuthentication no\n"), Some(false));
        assert_eq!(password("PasswordAuthentication no\nMatch all\nPasswordAuthentication yes\n"), Some(true));
        assert_eq!(password("Match User bob\nX11Forwarding no\n"), Some(true));
        let with = |main: &str, included: &str| {
            let mut sshd = sshd(main);
            sshd.files.extend([file("/etc/ssh/d/a.conf", included)]);
            judge(&sshd)[0]
        };
        assert_eq!(with("Include d/*.conf\nPasswordAuthentication yes\n", "PasswordAuthentication no\n"), Some(false));
        assert_eq!(with("PasswordAuthentication yes\nInclude d/*.conf\n", "PasswordAuthentication no\n"), Some(true));
        // A block of an included file ends with it.
        assert_eq!(with("Include d/*.conf\nPasswordAuthentication no\n", "Match User bob\nX11Forwarding no\n"), Some(false));
        assert_eq!(with("Match User bob\nInclude d/*.conf\n", "PasswordAuthentication no\n"), None);
        let mut unseen = sshd("Include d/*.conf\nPasswordAuthentication no\n");
        assert_eq!(judge(&unseen)[0], None, "a file that was not collected may say anything");
        unseen.files.insert("/etc/ssh/d/a.conf".into(), Observed::new(SourceId(0), Fact::unknown("no right")));
        assert_eq!(judge(&unseen)[0], None);
        let mut around = sshd("Include d/*.conf\n");
        around.files.extend([file("/etc/ssh/d/a.conf", "Include d/*.conf\n")]);
        assert_eq!(judge(&around), [None; 3], "files that include one another end");
        assert_eq!(judge(&Sshd::default()), [None; 3]);
    }

    #[test]
    fn factors() {
        let factors = |text: &str| judge(&sshd(text))[2];
        assert_eq!(factors(""), Some(false));
        assert_eq!(factors("AuthenticationMethods publickey,keyboard-interactive:pam\n"), Some(true));
        assert_eq!(factors("AuthenticationMethods publickey,password publickey\n"), Some(false));
        assert_eq!(factors("AuthenticationMethods publickey,publickey\n"), Some(false));
        assert_eq!(factors("UsePAM yes\nAuthenticationMethods keyboard-interactive\n"), None);
        assert_eq!(factors("UsePAM yes\nPasswordAuthentication no\nPubkeyAuthentication no\n"), None);
        assert_eq!(factors("AuthenticationMethods publickey,password\nMatch Group admins\nAuthenticationMethods any\n"), None);
    }
}
