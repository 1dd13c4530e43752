//! What API and kernel show of the running process.

use facts::Fact;
use facts::docker::{Engine, Info};
use serde_json::{Value, json};

/// The value that the running process shows of a key, and where. Absent: this version shows nothing of it.
pub(super) fn in_use(engine: &Engine, key: &str) -> (Fact<Value>, String) {
    Shown { engine }.in_use(key)
}

struct Shown<'s> {
    engine: &'s Engine,
}

impl Shown<'_> {
    fn in_use(&self, key: &str) -> (Fact<Value>, String) {
        let info = |pick: &dyn Fn(&Info) -> Fact<Value>| match &self.engine.info.fact {
            Fact::Known(info) => pick(info),
            other => other.as_ref().and_then(|_| Fact::Absent),
        };
        match key {
            "live-restore" => (info(&|info| info.live_restore.clone().map(Value::from)), "API /info LiveRestoreEnabled".to_owned()),
            "debug" => (info(&|info| info.debug.clone().map(Value::from)), "API /info Debug".to_owned()),
            "userland-proxy" => self.userland_proxy(info(&|info| info.userland_proxy.clone().map(Value::from))),
            "no-new-privileges" => (self.no_new_privileges(), "API /info SecurityOptions".to_owned()),
            "icc" => self.icc(),
            "experimental" => (info(&|info| info.experimental.clone().map(Value::from)), "API /info ExperimentalBuild".to_owned()),
            "log-driver" => (info(&|info| info.logging_driver.clone().map(Value::from)), "API /info LoggingDriver".to_owned()),
            "storage-driver" => (info(&|info| info.storage_driver.clone().map(Value::from)), "API /info Driver".to_owned()),
            "seccomp-profile" => (info(&seccomp_profile), "API /info SecurityOptions".to_owned()),
            "selinux-enabled" => (
                info(&|info| match info.security_options.known() {
                    // Without SELinux in the kernel the option is not shown, whatever it is set to: only its presence proves.
                    Some(options) if options.iter().any(|option| option == "name=selinux") => Fact::Known(json!(true)),
                    _ => Fact::Absent,
                }),
                "API /info SecurityOptions".to_owned(),
            ),
            _ => (Fact::Absent, String::new()),
        }
    }

    /// The option of the default bridge: it holds what the daemon really applied, flags and file alike.
    fn icc(&self) -> (Fact<Value>, String) {
        let source = "API /networks/bridge Options com.docker.network.bridge.enable_icc".to_owned();
        let networks = match &self.engine.networks.fact {
            Fact::Known(networks) => networks,
            Fact::Absent => return (Fact::Absent, source),
            Fact::Unknown { why } => return (Fact::unknown(why.clone()), source),
        };
        let mut unseen = None;
        for network in networks {
            match &network.fact {
                Fact::Known(network) if network.name == "bridge" => {
                    let value = match &network.options {
                        Fact::Known(options) => match options.get("com.docker.network.bridge.enable_icc").map(String::as_str) {
                            Some("true") => Fact::Known(json!(true)),
                            Some("false") => Fact::Known(json!(false)),
                            Some(other) => Fact::unknown(format!("enable_icc of the default bridge is `{other}`")),
                            None => Fact::Absent,
                        },
                        Fact::Absent => Fact::Absent,
                        Fact::Unknown { why } => Fact::unknown(why.clone()),
                    };
                    return (value, source);
                }
                Fact::Unknown { why } => unseen = Some(why.clone()),
                _ => {}
            }
        }
        (unseen.map_or(Fact::Absent, Fact::unknown), source)
    }

    /// Engines from 24.0 (API 1.43) show the option in /info; older ones never do, so its absence there proves nothing.
    fn no_new_privileges(&self) -> Fact<Value> {
        let options = self.engine.info.fact.as_ref().and_then(|info| info.security_options.as_ref());
        options.and_then(|options| {
            if options.iter().any(|option| option == "name=no-new-privileges") {
                return Fact::Known(json!(true));
            }
            self.engine.version.fact.as_ref().and_then(|version| match api_version(&version.api_version) {
                Some(version) if version >= (1, 43) => Fact::Known(json!(false)),
                Some(_) => Fact::Absent,
                None => Fact::unknown(format!("API version `{}` is not of the form MAJOR.MINOR", version.api_version)),
            })
        })
    }

    /// A docker-proxy child of the daemon proves the proxy on; its absence proves nothing (no port may be published).
    fn userland_proxy(&self, shown: Fact<Value>) -> (Fact<Value>, String) {
        if !shown.is_absent() {
            return (shown, "API /info FirewallBackend".to_owned());
        }
        let proxies = self.engine.process.fact.as_ref().and_then(|process| process.proxies.as_ref());
        match proxies {
            Fact::Known(proxies) => match proxies.first() {
                Some(proxy) => (Fact::Known(json!(true)), format!("docker-proxy runs as process {}", proxy.pid)),
                None => (Fact::Absent, String::new()),
            },
            Fact::Absent => (Fact::Absent, String::new()),
            Fact::Unknown { why } => (Fact::Unknown { why }, String::new()),
        }
    }
}

/// Absent: the kernel filters no system calls, whatever is set. Engines before 23.0 call the built-in profile `default`.
fn seccomp_profile(info: &Info) -> Fact<Value> {
    info.security_options.as_ref().and_then(|options| {
        let profile = options.iter().find_map(|option| option.strip_prefix("name=seccomp,profile="));
        profile.map(|profile| json!(if profile == "default" { "builtin" } else { profile })).into()
    })
}

fn api_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
