//! The audit step: every rule on its own, so that no rule of others is ever at risk.

use std::path::Path;

use super::files::utf8;
use super::run::Run;
use crate::edit::audit_rules::{self, ARCHES};
use crate::edit::{lines, tmpfiles};
use crate::error::Error;
use crate::journal::{Before, Op, Record};
use crate::plan::{AuditChange, Refusal};
use crate::system::audit::Audit;
use crate::system::file;

/// What augenrules makes of rules.d at each boot (augenrules(8)).
const COMPILED: &str = "/etc/audit/audit.rules";

impl Run<'_> {
    /// Notes which of the rules are loaded already: those are not ours.
    pub(super) async fn keep_rules(&mut self, step: &str, change: &AuditChange) -> Result<(), Error> {
        if !change.load {
            return Ok(());
        }
        let mut audit = Audit::open()?;
        for rule in &change.rules {
            for arch in ARCHES {
                let known = self.log.ledger.rules.iter().any(|known| known.rule == *rule && known.arch == *arch);
                if !known {
                    let loaded = audit.holds(rule, arch).await?;
                    let before = Before::Rule { rule: rule.clone(), arch: (*arch).to_owned(), loaded };
                    self.log.append(&Record::Before { step: step.to_owned(), before })?;
                }
            }
        }
        Ok(())
    }

    /// Loads what is missing, then keeps it for the next boot. A rule that the kernel refuses never gets into the file, where it would
    /// stop the loading of every later rule.
    pub(super) async fn audit_forward(&mut self, step: &str, change: &AuditChange) -> Result<(), Error> {
        self.keep_rules(step, change).await?;
        if !change.rules_lines.is_empty() && file::read(Path::new(COMPILED)).is_ok_and(|content| content.is_some()) {
            self.log.keep_file(step, Path::new(COMPILED))?;
        }
        if change.load {
            for rule in &change.rules {
                for arch in ARCHES {
                    if !Audit::open()?.holds(rule, arch).await? {
                        self.act(step, Op::LoadRule { rule: rule.clone(), arch: (*arch).to_owned() }).await?;
                    }
                }
            }
        }
        // The directories first: a kept rule whose directory is missing at boot is the one harm that this step can do.
        let tmpfiles = Path::new(&change.tmpfiles_file);
        self.add_lines(step, tmpfiles, tmpfiles::HEADER, &change.tmpfiles_lines, 0o644).await?;
        let rules = Path::new(&change.rules_file);
        self.add_lines(step, rules, audit_rules::HEADER, &change.rules_lines, 0o640).await
    }

    /// Deletes exactly the rules that this run loaded, and takes its lines out.
    pub(super) async fn audit_back(&mut self, step: &str, change: &AuditChange) -> Result<(), Error> {
        self.take_lines(step, Path::new(&change.rules_file), &change.rules_lines).await?;
        self.take_compiled(step, change).await?;
        self.take_directories(step, change).await?;
        let ours: Vec<_> = self.log.ledger.rules.iter().rev().filter(|known| known.touched && !known.loaded_before).cloned().collect();
        for known in ours {
            if Audit::open()?.holds(&known.rule, &known.arch).await? {
                self.act(step, Op::DeleteRule { rule: known.rule, arch: known.arch }).await?;
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Takes the directories out that no other rule of ours needs: a rule whose directory is missing at boot stops all later ones.
    async fn take_directories(&mut self, step: &str, change: &AuditChange) -> Result<(), Error> {
        let rules = Path::new(&change.rules_file);
        let text = match file::read(rules)? {
            Some(content) => utf8(rules, &content.bytes)?.to_owned(),
            None => String::new(),
        };
        let needed: Vec<String> = audit_rules::parse(&text).iter().flat_map(tmpfiles::directories).collect();
        let needs = |line: &&String| needed.iter().any(|path| line.starts_with(&format!("d {path} ")));
        let path = Path::new(&change.tmpfiles_file);
        if !change.tmpfiles_lines.iter().any(|line| needs(&line)) {
            return self.take_lines(step, path, &change.tmpfiles_lines).await;
        }
        let free: Vec<String> = change.tmpfiles_lines.iter().filter(|line| !needs(line)).cloned().collect();
        let Some(now) = file::read(path)?.filter(|_| !free.is_empty()) else { return Ok(()) };
        match lines::remove(utf8(path, &now.bytes)?, &free) {
            Some(rest) => self.write(step, path, rest.as_bytes(), &now.attributes).await,
            None => Ok(()),
        }
    }
}

impl Run<'_> {
    /// A boot since has copied our lines into the file that is made of rules.d: they go, and where nothing else changed the old bytes
    /// come back.
    async fn take_compiled(&mut self, step: &str, change: &AuditChange) -> Result<(), Error> {
        let path = Path::new(COMPILED);
        let kept = self.log.ledger.files.get(path).and_then(|kept| kept.before.clone());
        let before = kept.map(|(blob, attributes)| Ok::<_, Error>((self.log.kept_bytes(&blob)?, attributes))).transpose()?;
        let Ok(Some(now)) = file::read(path) else { return Ok(()) };
        let text = utf8(path, &now.bytes)?;
        let old = before.as_ref().map(|(bytes, _)| utf8(path, bytes)).transpose()?;
        let ours: Vec<String> =
            change.rules_lines.iter().filter(|line| !old.is_some_and(|old| old.lines().any(|known| known == *line))).cloned().collect();
        let rest: String = text.split_inclusive('\n').filter(|present| !ours.iter().any(|line| present.trim_end() == line)).collect();
        if rest == text {
            return Ok(());
        }
        match (old, before.as_ref()) {
            (Some(old), Some((bytes, attributes))) if lines::rules(old).eq(lines::rules(&rest)) => {
                self.write(step, path, bytes, attributes).await
            }
            _ => self.write(step, path, rest.as_bytes(), &now.attributes).await,
        }
    }
}

/// What only the live system can tell of the rules: a watch whose last component is a link never fires.
pub(super) fn check_paths(change: &AuditChange) -> Result<(), Refusal> {
    for rule in &change.rules {
        let path = Path::new(&rule.path);
        if path.symlink_metadata().is_ok_and(|stat| stat.file_type().is_symlink()) {
            return Err(Refusal::because(
                format!("{} is a symbolic link now: an audit rule on it would never fire", rule.path),
                "plan again: the rule is made for what it leads to",
            ));
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
            return Err(Refusal::because(
                format!("{} does not exist: the kernel would refuse the audit rule for {}", folder.display(), rule.path),
                "plan again",
            ));
        }
    }
    Ok(())
}
