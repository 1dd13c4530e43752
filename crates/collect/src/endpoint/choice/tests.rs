use super::*;
use proptest::prelude::*;
use std::fs;
use std::os::unix::net::UnixListener;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".docker")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self, text: &str) {
        fs::write(self.path(".docker/config.json"), text).unwrap();
    }

    fn context(&self, name: &str, endpoint: &str, material: &[&str]) {
        use sha2::Digest;
        let id = sha2::Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let meta = self.path(&format!(".docker/contexts/meta/{id}"));
        fs::create_dir_all(&meta).unwrap();
        let text = format!(r#"{{"Name":"{name}","Metadata":{{"Description":"x"}},"Endpoints":{{"docker":{endpoint}}}}}"#);
        fs::write(meta.join("meta.json"), text).unwrap();
        let tls = self.path(&format!(".docker/contexts/tls/{id}/docker"));
        for file in material {
            fs::create_dir_all(&tls).unwrap();
            fs::write(tls.join(file), "").unwrap();
        }
    }

    fn wishes(&self) -> Wishes {
        let home = self.folder.path().to_str().unwrap().to_owned();
        Wishes {
            environment: Environment {
                home: Some(home.clone()),
                xdg_runtime_dir: Some(format!("{home}/run")),
                uid: Some(rustix::process::geteuid().as_raw()),
                ..Environment::default()
            },
            ..Wishes::default()
        }
    }

    /// As if the system's socket were in this home.
    fn choose(&self, wishes: &Wishes) -> Result<Chosen, EndpointError> {
        choose_with(wishes, &self.path("system.sock"))
    }

    fn shown(&self, wishes: &Wishes) -> String {
        self.choose(wishes).unwrap().endpoint.to_string()
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_clients_order() {
    let home = Home::new();
    home.context("flag", r#"{"Host":"tcp://flag:1"}"#, &[]);
    home.context("env", r#"{"Host":"tcp://env:1"}"#, &[]);
    home.context("current", r#"{"Host":"tcp://current:1"}"#, &[]);
    home.config(r#"{"auths":{"r":{"auth":"planted-secret"}},"currentContext":"current"}"#);
    let mut wishes = home.wishes();
    assert_eq!(home.shown(&wishes), "tcp://current:1");
    wishes.environment.docker_context = text("env");
    assert_eq!(home.shown(&wishes), "tcp://env:1");
    wishes.environment.docker_host = text("tcp://host-env:1");
    assert_eq!(home.shown(&wishes), "tcp://host-env:1");
    wishes.context = text("flag");
    assert_eq!(home.shown(&wishes), "tcp://flag:1", "--context goes before DOCKER_HOST");
    wishes.host = text("tcp://host-flag:1");
    assert_eq!(home.choose(&wishes), Err(EndpointError::Conflict));
    wishes.context = None;
    assert_eq!(home.shown(&wishes), "tcp://host-flag:1");
    // The context named default is what goes without contexts.
    let wishes = Wishes { context: text("default"), ..home.wishes() };
    assert!(home.shown(&wishes).ends_with("system.sock"));
    let mut wishes = Wishes { context: text("default"), ..home.wishes() };
    wishes.environment.docker_host = text("tcp://host-env:1");
    assert_eq!(home.shown(&wishes), "tcp://host-env:1");
    // Empty is none.
    let mut wishes = Wishes { host: text(" "), context: text(""), ..home.wishes() };
    wishes.environment.docker_host = text("");
    assert_eq!(home.shown(&wishes), "tcp://current:1");
}

#[test]
fn contexts_and_their_material() {
    let home = Home::new();
    home.context("lab", r#"{"Host":"tcp://lab:2376","SkipTLSVerify":false}"#, &["ca.pem", "cert.pem", "key.pem"]);
    home.context("skip", r#"{"Host":"tcp://skip:2376","SkipTLSVerify":true}"#, &[]);
    home.context("plain", r#"{"Host":"tcp://plain"}"#, &[]);
    home.context("far", r#"{"Host":"ssh://me@far"}"#, &[]);
    home.context("empty", r#"{"Host":""}"#, &[]);
    home.context("kubernetes-only", "null", &[]);
    let choose = |name: &str| home.choose(&Wishes { context: text(name), ..home.wishes() });
    let Endpoint::Tcp(lab) = choose("lab").unwrap().endpoint else { panic!() };
    let tls = lab.tls.unwrap();
    assert!(tls.verify && tls.ca.unwrap().ends_with("docker/ca.pem") && tls.cert.is_some() && tls.key.is_some());
    let skip = choose("skip").unwrap();
    assert!(skip.remarks[0].contains("not verified"), "{skip:?}");
    let plain = choose("plain").unwrap();
    assert_eq!(plain.endpoint.to_string(), "tcp://plain:2375");
    assert!(plain.remarks[0].contains("in the clear"), "{plain:?}");
    assert_eq!(choose("far").unwrap().endpoint.to_string(), "ssh://me@far");
    assert_eq!(choose("empty").unwrap().endpoint.to_string(), "unix:///var/run/docker.sock");
    // Flags about TLS do not reach into a context.
    let wishes = Wishes { context: text("plain"), tls: TlsWishes { verify: true, ..TlsWishes::default() }, ..home.wishes() };
    assert!(matches!(home.choose(&wishes).unwrap().endpoint, Endpoint::Tcp(tcp) if tcp.tls.is_none()));
    for name in ["absent", "../../etc", "kubernetes-only", "x\u{1b}[0m", "-x"] {
        let error = choose(name).unwrap_err();
        assert!(matches!(error, EndpointError::Context { .. }), "{error:?}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn a_configuration_that_cannot_be_understood_is_no_default() {
    let home = Home::new();
    for broken in ["{\"auths\":{\"planted-secret\"", "[]", "{\"currentContext\":3}"] {
        home.config(broken);
        let error = home.choose(&home.wishes()).unwrap_err();
        assert!(matches!(error, EndpointError::Config { .. }) && !error.to_string().contains("planted"), "{error}");
        // It is not asked where it does not decide.
        assert!(home.choose(&Wishes { host: text("tcp://h"), ..home.wishes() }).is_ok());
    }
    fs::remove_file(home.path(".docker/config.json")).unwrap();
    fs::create_dir(home.path(".docker/config.json")).unwrap();
    assert!(home.choose(&home.wishes()).is_err());
}

#[test]
fn tls_of_flags_and_environment() {
    let home = Home::new();
    let tls = |wishes: &Wishes| match home.choose(wishes).unwrap().endpoint {
        Endpoint::Tcp(tcp) => (tcp.port, tcp.tls),
        other => panic!("{other}"),
    };
    // DOCKER_TLS_VERIFY=0 asks for verification too: only an empty value does not.
    let mut wishes = home.wishes();
    wishes.environment = Environment { docker_tls_verify: text("0"), ..wishes.environment };
    let (port, Some(verified)) = tls(&wishes) else { panic!() };
    assert_eq!((port, verified.verify), (2376, true));
    assert!(verified.ca.unwrap().ends_with(".docker/ca.pem"));
    assert_eq!((verified.cert, verified.key), (None, None), "they need not be there unless they are named");
    wishes.environment.docker_cert_path = text(home.folder.path().to_str().unwrap());
    fs::write(home.path("cert.pem"), "").unwrap();
    let (_, Some(verified)) = tls(&wishes) else { panic!() };
    assert_eq!((verified.cert, verified.ca), (Some(home.path("cert.pem")), Some(home.path("ca.pem"))));
    let on = TlsWishes { on: true, key: Some("/k".into()), ..TlsWishes::default() };
    let (port, Some(unverified)) = tls(&Wishes { host: text("tcp://h"), tls: on, ..home.wishes() }) else { panic!() };
    assert_eq!((port, unverified.verify, unverified.key), (2376, false, Some("/k".into())));
    assert_eq!(tls(&Wishes { host: text("tcp://h"), ..home.wishes() }), (2375, None));
}

#[test]
fn the_rootless_engine_of_this_user() {
    let home = Home::new();
    fs::create_dir_all(home.path("run")).unwrap();
    let chosen = home.choose(&home.wishes()).unwrap();
    assert_eq!(chosen.named_by, NamedBy::Default, "there is none");
    // A file of that name is no socket.
    fs::write(home.path("run/docker.sock"), "").unwrap();
    assert_eq!(home.choose(&home.wishes()).unwrap().named_by, NamedBy::Default);
    fs::remove_file(home.path("run/docker.sock")).unwrap();
    home.context("rootless", &format!(r#"{{"Host":"unix://{}"}}"#, home.path("other.sock").display()), &[]);
    let _other = UnixListener::bind(home.path("other.sock")).unwrap();
    let by_context = home.choose(&home.wishes()).unwrap();
    assert_eq!(by_context.named_by, NamedBy::Rootless);
    assert!(by_context.remarks[0].contains("context `rootless`") && by_context.remarks[0].contains("system.sock"), "{by_context:?}");
    let _own = UnixListener::bind(home.path("run/docker.sock")).unwrap();
    let by_folder = home.choose(&home.wishes()).unwrap();
    assert_eq!(by_folder.endpoint, Endpoint::Unix(home.path("run/docker.sock").to_str().unwrap().to_owned()));
    // Somebody else's socket is not believed.
    let mut wishes = home.wishes();
    wishes.environment.uid = Some(rustix::process::geteuid().as_raw() + 1);
    assert_eq!(home.choose(&wishes).unwrap().named_by, NamedBy::Default);
    // The system's engine goes first, and so does whatever was named.
    let _system = UnixListener::bind(home.path("system.sock")).unwrap();
    assert_eq!(home.choose(&home.wishes()).unwrap().named_by, NamedBy::Default);
    fs::remove_file(home.path("system.sock")).unwrap();
    let named = Wishes { host: text("unix:///x"), ..home.wishes() };
    assert_eq!(home.choose(&named).unwrap().named_by, NamedBy::Host);
}

proptest! {
    /// The winner is the first of the client's order that is given, whatever else is.
    #[test]
    fn precedence(host in any::<bool>(), docker_host in any::<bool>(), context in any::<bool>(), docker_context in any::<bool>(), current in any::<bool>()) {
        let home = Home::new();
        for name in ["flag", "env", "current"] {
            home.context(name, &format!(r#"{{"Host":"tcp://{name}"}}"#), &[]);
        }
        let given = |is: bool, value: &str| is.then(|| value.to_owned());
        if current {
            home.config(r#"{"currentContext":"current"}"#);
        }
        let mut wishes = home.wishes();
        wishes.host = given(host, "tcp://host");
        wishes.context = given(context, "flag");
        wishes.environment.docker_host = given(docker_host, "tcp://docker-host");
        wishes.environment.docker_context = given(docker_context, "env");
        let order = [(context, "flag"), (host, "host"), (docker_host, "docker-host"), (docker_context, "env"), (current, "current")];
        let first = order.iter().find(|(is, _)| *is).map(|(_, name)| format!("tcp://{name}:2375"));
        let first = first.unwrap_or_else(|| format!("unix://{}", home.path("system.sock").display()));
        match home.choose(&wishes) {
            Err(error) => prop_assert!(host && context && error == EndpointError::Conflict),
            Ok(chosen) => prop_assert!(!(host && context) && chosen.endpoint.to_string() == first, "{chosen:?}"),
        }
    }
}
