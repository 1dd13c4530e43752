//! The daemon's configuration: command line, file, pid file, TLS files.

use facts::docker::{Argument, ConfigEntry, arguments, read_config};
use facts::host::{FileStat, TextFile};
use facts::{Fact, Observed, Source, Sources};
use serde_json::Value;

use crate::gaps::{Gaps, READ};
use crate::host::Reach;
use crate::obstacle::Obstacle;
use crate::source::Content;
use crate::world::World;

const CONFIG: &str = "/etc/docker/daemon.json";
const PID_FILE: &str = "/var/run/docker.pid";

/// The daemon's argv by its own word: `cmdline` of GET /debug/vars.
pub(crate) fn command_line(debug_vars: &Value) -> Option<Vec<String>> {
    debug_vars.get("cmdline")?.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
}

/// The last value of a flag.
fn flag<'a>(arguments: &'a [Argument], name: &str) -> Option<&'a str> {
    arguments.iter().rev().find(|argument| argument.name == name)?.value.as_deref()
}

/// Path of the configuration file.
pub(crate) fn config_path(argv: Option<&[String]>, uid: Option<u32>) -> Fact<String> {
    let Some(argv) = argv else { return Fact::unknown("the daemon's command line could not be read") };
    match flag(&arguments(argv), "config-file") {
        Some(path) if path.starts_with('/') => Fact::Known(path.to_owned()),
        Some(_) => Fact::unknown("--config-file is relative to the daemon's working directory, which is not looked at"),
        None if uid == Some(0) => Fact::Known(CONFIG.to_owned()),
        None if uid.is_some() => {
            Fact::unknown("a rootless daemon reads ~/.config/docker/daemon.json of its user, which is not looked at yet")
        }
        None => Fact::unknown("whether the daemon is rootless could not be read, and so which file it reads"),
    }
}

/// The configuration file, redacted.
pub(crate) fn config_file(path: &Fact<String>, world: &World, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> Observed<TextFile> {
    let name = path.known().map_or(CONFIG, String::as_str);
    let source = sources.intern(Source::File { path: name.to_owned() });
    let fact = match (path, reach.no_files()) {
        (_, Some(why)) => Fact::unknown(why),
        (Fact::Known(path), None) => gaps.fact(world.files.text(path, Content::DaemonJson), "the daemon's configuration file", path, READ),
        (Fact::Absent, None) => Fact::Absent,
        (Fact::Unknown { why }, None) => Fact::unknown(why.clone()),
    };
    Observed::new(source, fact)
}

/// Keys of the configuration file as the daemon takes them, as far as it can be read.
fn entries(file: &Observed<TextFile>) -> Vec<ConfigEntry> {
    file.known().and_then(|file| read_config(&file.text).ok()).map(|reading| reading.entries).unwrap_or_default()
}

/// Inode of the pid file, if it names the daemon that was found: its ctime is when that daemon started.
pub(crate) fn pid_file(
    argv: Option<&[String]>,
    config: &Observed<TextFile>,
    pid: Option<u32>,
    world: &World,
    reach: &Reach,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Observed<FileStat> {
    let entries = entries(config);
    let by_key = entries.iter().find(|entry| entry.key == "pidfile").and_then(|entry| entry.value.as_str());
    let given = argv.map(arguments).unwrap_or_default();
    let path = flag(&given, "pidfile").or(by_key).unwrap_or(PID_FILE).to_owned();
    let fact = match reach.no_files() {
        Some(why) => Fact::unknown(why),
        None => match world.files.text(&path, Content::PidFile) {
            Ok(file) if pid.is_some_and(|pid| file.text == pid.to_string()) => Fact::Known(file.stat),
            Ok(_) => Fact::unknown(format!("{path} does not name the daemon's process")),
            Err(Obstacle::NotFound) => Fact::Absent,
            Err(obstacle) => gaps.unknown("the daemon's pid file", &path, &obstacle, READ),
        },
    };
    Observed::new(sources.intern(Source::File { path }), fact)
}

/// Paths of the TLS files in force: by flag, by file, or where --tls and --tlsverify look by themselves.
pub(crate) fn tls_files(argv: Option<&[String]>, config: &Observed<TextFile>) -> Vec<String> {
    const FILES: [(&str, &str); 3] =
        [("tlscacert", "/root/.docker/ca.pem"), ("tlscert", "/root/.docker/cert.pem"), ("tlskey", "/root/.docker/key.pem")];
    let (given, entries) = (argv.map(arguments).unwrap_or_default(), entries(config));
    let key = |name: &str| entries.iter().find(|entry| entry.key == name).map(|entry| &entry.value);
    let on = |name: &str| {
        let by_flag = given.iter().rev().find(|argument| argument.name == name);
        by_flag.is_some_and(|argument| argument.value.as_deref() != Some("false")) || key(name).and_then(Value::as_bool) == Some(true)
    };
    let uses_tls = on("tls") || on("tlsverify");
    let paths = FILES.iter().filter_map(|(name, default)| {
        let path = flag(&given, name).or_else(|| key(name)?.as_str());
        path.or(uses_tls.then_some(default)).map(str::to_owned)
    });
    paths.collect()
}

/// What the daemon was told of its Unix sockets.
pub(crate) struct ToldSockets {
    /// Values of `host`, by flag and by file.
    pub(crate) hosts: Vec<String>,
    /// Its folder for sockets and state of its inner workings.
    pub(crate) exec_root: String,
}

/// What the daemon was told of its Unix sockets, by flag and by file. Unknown where either could not be read.
pub(crate) fn told_sockets(argv: Option<&[String]>, config: &Observed<TextFile>) -> Fact<ToldSockets> {
    let Some(argv) = argv else { return Fact::unknown("the daemon's command line could not be read") };
    if let Some(why) = config.fact.why() {
        return Fact::unknown(why);
    }
    let (given, entries) = (arguments(argv), entries(config));
    let by_flag = given.iter().filter(|argument| argument.name == "host").filter_map(|argument| argument.value.clone());
    let by_key = entries.iter().filter(|entry| entry.key == "hosts").filter_map(|entry| entry.value.as_array()).flatten();
    let hosts = by_flag.chain(by_key.filter_map(Value::as_str).map(str::to_owned)).collect();
    let by_key = entries.iter().find(|entry| entry.key == "exec-root").and_then(|entry| entry.value.as_str());
    Fact::Known(ToldSockets { hosts, exec_root: flag(&given, "exec-root").or(by_key).unwrap_or("/var/run/docker").to_owned() })
}

/// Ports of the TCP addresses that the daemon was told to serve its API on.
pub(crate) fn api_ports(argv: Option<&[String]>, config: &Observed<TextFile>) -> Vec<u16> {
    let (given, entries) = (argv.map(arguments).unwrap_or_default(), entries(config));
    let by_flag = given.iter().filter(|argument| argument.name == "host").filter_map(|argument| argument.value.as_deref());
    let by_key =
        entries.iter().filter(|entry| entry.key == "hosts").filter_map(|entry| entry.value.as_array()).flatten().filter_map(Value::as_str);
    let uses_tls = !tls_files(argv, config).is_empty();
    by_flag.chain(by_key).filter_map(|host| api_port(host, uses_tls)).collect()
}

/// The port of `tcp://ADDRESS:PORT`; Docker's default is 2376 with TLS and 2375 without.
fn api_port(host: &str, uses_tls: bool) -> Option<u16> {
    let default = if uses_tls { 2376 } else { 2375 };
    let address = match host.split_once("://") {
        Some(("tcp", address)) => address,
        Some(_) => return None,
        // dockerd takes a bare address for TCP.
        None if host.starts_with('/') => return None,
        None => host,
    };
    let address = address.split('/').next().unwrap_or_default();
    let port = match address.rsplit_once(']') {
        Some((_, rest)) => rest.strip_prefix(':'),
        None => address.rsplit_once(':').map(|(_, port)| port),
    };
    match port {
        None | Some("") => Some(default),
        Some(port) => port.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        for (host, port) in [
            ("tcp://0.0.0.0:2375", Some(2375)),
            ("tcp://[::1]:4000", Some(4000)),
            ("tcp://[::1]", Some(2376)),
            ("tcp://", Some(2376)),
            (":5000", Some(5000)),
            ("unix:///x", None),
            ("fd://", None),
            ("tcp://h:x", None),
        ] {
            assert_eq!(api_port(host, true), port, "{host}");
        }
    }

    fn argv(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn paths() {
        let at = |line: &str| config_path(Some(&argv(line)), Some(0));
        assert_eq!(at("dockerd"), Fact::Known(CONFIG.to_owned()));
        assert_eq!(at("dockerd --config-file /a --config_file=/b"), Fact::Known("/b".to_owned()));
        assert!(at("dockerd --config-file=b").is_unknown());
        assert!(config_path(Some(&argv("dockerd")), Some(1000)).is_unknown());
        assert!(config_path(None, Some(0)).is_unknown());
        let none = Observed::default();
        assert_eq!(
            tls_files(Some(&argv("dockerd --tlsverify --tlscacert=/c")), &none),
            ["/c", "/root/.docker/cert.pem", "/root/.docker/key.pem"]
        );
        assert!(tls_files(Some(&argv("dockerd --tlsverify=false")), &none).is_empty());
    }
}
