//! Where cofferdam.yaml is found, and whether it may be believed.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use assess::operator::LARGEST;
use assess::{Catalogue, Operator};

use crate::arguments::Global;
use crate::output::Output;

/// In the folder that one is in: for commands that only look.
const HERE: &str = "./cofferdam.yaml";
/// Of the machine.
const SYSTEM: &str = "/etc/cofferdam.yaml";

/// The operator's settings for a command that only judges: --config, else the current folder's file, else the machine's.
pub(crate) fn for_judging(global: &Global, output: Output, catalogue: &Catalogue) -> Result<Operator> {
    load(global, output, catalogue, &[HERE, SYSTEM])
}

/// The same for a command that changes the host. The current folder is not asked, since the file may name commands to run; and nothing is
/// waived, since `--fix` alone chooses.
pub(crate) fn for_changing(global: &Global, output: Output, catalogue: &Catalogue) -> Result<Operator> {
    if global.config.is_none() && !global.no_config && std::fs::symlink_metadata(HERE).is_ok() {
        output.say(&format!("{HERE} is not used by commands that change the host (--config {HERE} names it on purpose)"));
    }
    load(global, output, catalogue, &[SYSTEM]).map(|operator| operator.without_waivers())
}

fn load(global: &Global, output: Output, catalogue: &Catalogue, places: &[&str]) -> Result<Operator> {
    if global.no_config {
        return Ok(Operator::default());
    }
    let found = match &global.config {
        Some(named) => Some((named.clone(), open(named, true).with_context(|| format!("cannot read {}", named.display()))?)),
        None => places.iter().find_map(|place| found(Path::new(place)).transpose()).transpose()?,
    };
    let Some((path, file)) = found else { return Ok(Operator::default()) };
    let shown = path.display().to_string();
    let text = read(file, &path)?;
    let operator = Operator::parse(&shown, &text, catalogue).map_err(|errors| {
        anyhow!("{shown} is not understood\n{errors}\nhint: cofferdam catalogue schema --of config, docs/configuration.md")
    })?;
    let waivers = match operator.waivers.len() {
        1 => "1 waiver".to_owned(),
        many => format!("{many} waivers"),
    };
    output.say(&format!("settings: {shown} ({waivers})"));
    Ok(operator)
}

/// A file that nobody named, where there is one. None of its like is followed elsewhere: who made the link chose the file.
fn found(place: &Path) -> Result<Option<(PathBuf, File)>> {
    let follow = place == Path::new(SYSTEM);
    match open(place, follow) {
        Ok(file) => Ok(Some((place.to_path_buf(), file))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // The folder may not be searched, so nobody meant a file in it for this account: `sudo -u` keeps the folder that one was in. A file
        // that is seen and may not be read is another matter: going on without it would judge by other rules than its owner's.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied && std::fs::symlink_metadata(place).is_err() => Ok(None),
        Err(error) => {
            let is_link = !follow && std::fs::symlink_metadata(place).is_ok_and(|about| about.is_symlink());
            let why = if is_link { "it is a link, and who made that chose the file".to_owned() } else { error.to_string() };
            Err(anyhow!("cannot use {}: {why}\nhint: --config FILE names another, --no-config goes on without it", place.display()))
        }
    }
}

/// Opens without waiting: a named pipe would keep it for ever.
fn open(path: &Path, follow: bool) -> std::io::Result<File> {
    use rustix::fs::OFlags;
    let no_follow = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC | no_follow).bits()).unwrap_or(0);
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn read(file: File, path: &Path) -> Result<String> {
    let shown = path.display();
    let about = file.metadata().with_context(|| format!("cannot read {shown}"))?;
    ensure!(about.is_file(), "{shown} is no file");
    if rustix::process::geteuid().is_root() {
        distrust(path, &about)?;
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
    ensure!(bytes.len() <= LARGEST, "{shown} is larger than {LARGEST} bytes: it is no settings file");
    String::from_utf8(bytes).map_err(|error| anyhow!("{shown} is no UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
}

/// What others may write would let them accept findings, or run commands, in root's name. Folders count: who may rename in them may
/// put another file there; where the sticky bit is set, others may not.
fn distrust(path: &Path, about: &Metadata) -> Result<()> {
    let refuse = |what: &Path, why: String, right: &str| {
        let what = what.display();
        bail!("{} is not used by root: {what} {why}\nhint: {right} {what}, or name another file with --config", path.display())
    };
    if about.uid() != 0 {
        return refuse(path, format!("belongs to user {}", about.uid()), "chown root");
    }
    if about.mode() & 0o022 != 0 {
        return refuse(path, format!("can be written by others (mode {:04o})", about.mode() & 0o7777), "chmod go-w");
    }
    let real = std::fs::canonicalize(path).with_context(|| format!("cannot follow {}", path.display()))?;
    for folder in real.ancestors().skip(1) {
        let about = std::fs::metadata(folder).with_context(|| format!("cannot look at {}", folder.display()))?;
        if about.uid() != 0 {
            return refuse(folder, format!("belongs to user {}", about.uid()), "chown root");
        }
        if about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0 {
            return refuse(folder, format!("can be written by others (mode {:04o})", about.mode() & 0o7777), "chmod go-w");
        }
    }
    Ok(())
}
