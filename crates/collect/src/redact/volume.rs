//! Volumes: mount options may hold the password of a file server, and options of plugins anything.

use serde_json::{Map, Value, json};

use super::{MARK, scrub, url};

/// Words of mount options that say how something is mounted (mount(8)); any other may be the rest of a password with a comma in it.
const FLAGS: &[&str] = &[
    "async",
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "hard",
    "loop",
    "mand",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "nolock",
    "nomand",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "private",
    "rbind",
    "relatime",
    "remount",
    "ro",
    "rprivate",
    "rshared",
    "rslave",
    "runbindable",
    "rw",
    "shared",
    "slave",
    "soft",
    "strictatime",
    "suid",
    "sync",
    "tcp",
    "udp",
    "unbindable",
];

/// Options whose values name places, sizes and protocols.
const VALUES: &[&str] = &[
    "addr",
    "gid",
    "index",
    "ip",
    "lowerdir",
    "metacopy",
    "mode",
    "nfsvers",
    "nr_inodes",
    "port",
    "proto",
    "redirect_dir",
    "sec",
    "size",
    "subvol",
    "subvolid",
    "uid",
    "upperdir",
    "vers",
    "workdir",
];

/// The members of a volume that are kept. Options of any driver but the local one are its own business: their names stay.
pub(super) fn volume(volume: &Map<String, Value>) -> Value {
    let mut kept = Map::new();
    for name in ["Name", "Driver", "Mountpoint", "Scope"] {
        match volume.get(name) {
            None => {}
            Some(Value::String(text)) => {
                kept.insert(name.to_owned(), scrub(text).into());
            }
            Some(_) => {
                kept.insert(name.to_owned(), super::keep::unexpected());
            }
        }
    }
    let is_local = volume.get("Driver").and_then(Value::as_str) == Some("local");
    let options = match volume.get("Options") {
        None | Some(Value::Null) => return Value::Object(kept),
        Some(Value::Object(options)) => {
            options.iter().map(|(name, value)| (scrub(name), if is_local { local_option(name, value) } else { MARK.into() })).collect()
        }
        Some(_) => super::keep::unexpected(),
    };
    kept.insert("Options".to_owned(), options);
    Value::Object(kept)
}

fn local_option(name: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else { return json!(MARK) };
    match name {
        "type" if text.len() <= 32 => scrub(text).into(),
        "o" => mount_options(text).into(),
        "device" => device(text).into(),
        _ => MARK.into(),
    }
}

/// A path, or a server's export. A share may bear its user before the server's name; in a URL everything may be a credential.
fn device(text: &str) -> String {
    match text.strip_prefix("//") {
        Some(rest) => url(&format!("cifs://{rest}")).trim_start_matches("cifs:").to_owned(),
        None if text.contains("://") => MARK.to_owned(),
        None => scrub(text),
    }
}

/// `addr=10.0.0.1,username=[redacted],ro`.
fn mount_options(text: &str) -> String {
    let word = |word: &str| match word.trim().split_once('=') {
        Some((name, value)) if VALUES.contains(&name) => format!("{name}={}", scrub(value)),
        Some((name, _)) if is_a_name(name) => format!("{name}={MARK}"),
        None if word.trim().is_empty() || FLAGS.contains(&word.trim()) => word.to_owned(),
        Some(_) | None => MARK.to_owned(),
    };
    text.split(',').map(word).collect::<Vec<_>>().join(",")
}

/// Names of options that hold people's and machines' names and secrets; what else stands before an equals sign may be a piece of one.
fn is_a_name(name: &str) -> bool {
    matches!(
        name,
        "credentials"
            | "cred"
            | "dom"
            | "domain"
            | "user"
            | "username"
            | "pass"
            | "password"
            | "passwd"
            | "secret"
            | "secretfile"
            | "name"
            | "workgroup"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(value: Value) -> Value {
        volume(value.as_object().unwrap())
    }

    #[test]
    fn how_it_is_mounted_stays_and_credentials_go() {
        let options = |o: &str| kept(json!({"Driver": "local", "Options": {"o": o}}))["Options"]["o"].as_str().unwrap().to_owned();
        assert_eq!(options("ro,bind"), "ro,bind");
        assert_eq!(options("addr=10.0.0.1,nfsvers=4,soft"), "addr=10.0.0.1,nfsvers=4,soft");
        assert_eq!(options("lowerdir=/etc:/srv,upperdir=/u,workdir=/w"), "lowerdir=/etc:/srv,upperdir=/u,workdir=/w");
        for text in [
            "username=planted-secret,password=planted-secret,vers=3.0",
            "password=a,planted-secret,bind",
            "password=a,planted-secret=b",
            "planted-secret",
            "pass=planted-secret",
            "secret=planted-secret",
            "credentials=/planted-secret",
        ] {
            assert!(!options(text).contains("planted"), "{}", options(text));
        }
        assert_eq!(options("username=planted-secret,ro"), format!("username={MARK},ro"));
    }

    #[test]
    fn members() {
        let volume = kept(json!({
            "Name": "data", "Driver": "local", "Mountpoint": "/v", "Scope": "local", "CreatedAt": "x", "Labels": {"a": "planted-secret"},
            "Status": {"x": "planted-secret"},
            "Options": {"type": "cifs", "device": "https://u:planted-secret@h/x", "size": "1g", "planted": "planted-secret", "o": 5},
        }));
        let options = json!({"type": "cifs", "device": MARK, "size": MARK, "planted": MARK, "o": MARK});
        assert_eq!(volume, json!({"Name": "data", "Driver": "local", "Mountpoint": "/v", "Scope": "local", "Options": options}));
        assert_eq!(device("//u:planted-secret@h/s"), format!("//{MARK}@h/s"));
        assert_eq!(device("/dev/disk/by-id/x"), "/dev/disk/by-id/x");
        let plugin = kept(
            json!({"Name": "p", "Driver": "vieux/sshfs:latest", "Options": {"password": "planted-secret", "device": "planted-secret"}}),
        );
        assert_eq!(plugin["Options"], json!({"password": MARK, "device": MARK}));
        assert!(kept(json!({"Name": 1, "Options": ["planted-secret"]})).to_string().matches("unexpected").count() == 2);
    }
}
