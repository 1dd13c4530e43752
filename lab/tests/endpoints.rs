//! A daemon of the lab that serves its API on a Unix socket and on TCP, in the clear and with TLS: the same engine on every way, and the process
//! behind a local port is found by the connection itself.
#![cfg(feature = "real")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use lab::{Daemon, DaemonOptions};
use serde_json::Value;

/// The certificates that crates/collect tests with.
fn material(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/collect/tests/tls").join(name)
}

#[expect(clippy::print_stderr, reason = "a long test says where it is")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// cofferdam in the daemon's own network, where its ports are.
fn cofferdam(daemon: &Daemon, words: &[&str]) -> Command {
    let binary = std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`");
    let mut command = daemon.inside(binary);
    for name in ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
        command.env_remove(name);
    }
    command.args(words).env("SOURCE_DATE_EPOCH", "1790000000").env("DOCKER_CONFIG", daemon.folder().join("client"));
    command
}

fn snapshot(daemon: &Daemon, words: &[&str]) -> Result<Value> {
    let output = cofferdam(daemon, &[&["snapshot"], words].concat()).output().context("cofferdam")?;
    ensure!(output.status.success(), "{words:?}: {output:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The engine and its host, without the address that was spoken to and without the numbers of sources, which depend on the order of questions.
fn seen(snapshot: &Value) -> (Value, Value) {
    let mut engine = snapshot["docker"]["known"].clone();
    engine.as_object_mut().expect("an engine").remove("endpoint");
    let mut host = snapshot["host"].clone();
    without_sources(&mut engine);
    without_sources(&mut host);
    (engine, host)
}

fn without_sources(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("source");
            members.values_mut().for_each(without_sources);
        }
        Value::Array(members) => members.iter_mut().for_each(without_sources),
        _ => {}
    }
}

fn the_same_on_both(daemon: &Daemon, port: &[&str]) -> Result<()> {
    let near = snapshot(daemon, &["--host", &daemon.host()])?;
    let over_tcp = snapshot(daemon, port)?;
    ensure!(over_tcp["docker"]["known"]["local"] == true, "the connection's other end is the daemon's");
    let (near, over_tcp) = (seen(&near), seen(&over_tcp));
    ensure!(near.0 == over_tcp.0, "the engine over {port:?}:\n{:#}\nover its socket:\n{:#}", over_tcp.0, near.0);
    ensure!(near.1 == over_tcp.1, "the host over {port:?}:\n{:#}\nover the engine's socket:\n{:#}", over_tcp.1, near.1);
    Ok(())
}

fn refused(output: &Output, words: &[&str]) -> Result<()> {
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(2) && output.stdout.is_empty(), "{output:?}");
    ensure!(words.iter().all(|word| error.contains(word)) && error.contains("hint: "), "{words:?}: {error}");
    Ok(())
}

fn start(path: &Path, options: &DaemonOptions) -> Result<Daemon> {
    let daemon = Daemon::start(path, options, &say)?;
    let image = daemon.import_busybox_image()?;
    daemon.docker(["create", "--name", "web", &image])?.success()?;
    Ok(daemon)
}

#[test]
fn in_the_clear() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let options = DaemonOptions::default().flag("--host=tcp://127.0.0.1:2375");
    let daemon = start(&folder.path().canonicalize()?, &options)?;
    the_same_on_both(&daemon, &["-H", "tcp://127.0.0.1:2375"])?;
    the_same_on_both(&daemon, &["-H", "tcp://localhost"])?;
    let wants_tls = ["assess", "-H", "tcp://127.0.0.1:2375", "--tlsverify", "--tlscacert"];
    let ca = material("ca.pem").display().to_string();
    refused(&cofferdam(&daemon, &[&wants_tls[..], &[&ca]].concat()).output()?, &["does not speak TLS"])
}

#[test]
fn with_tls() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let flag = |name: &str, file: &str| format!("--{name}={}", material(file).display());
    let options = DaemonOptions::default()
        .flag("--host=tcp://127.0.0.1:2376")
        .flag("--tlsverify")
        .flag(flag("tlscacert", "ca.pem"))
        .flag(flag("tlscert", "server.pem"))
        .flag(flag("tlskey", "server-key.pem"));
    let daemon = start(&folder.path().canonicalize()?, &options)?;
    let (ca, cert, key) = (flag("tlscacert", "ca.pem"), flag("tlscert", "client.pem"), flag("tlskey", "client-key.pem"));
    let port = ["-H", "tcp://127.0.0.1:2376"];
    the_same_on_both(&daemon, &[&port[..], &["--tlsverify", &ca, &cert, &key]].concat())?;
    let fails = |words: &[&str], says: &[&str]| refused(&cofferdam(&daemon, &[&["assess"], &port[..], words].concat()).output()?, says);
    fails(&[], &["speaks TLS, and was asked in the clear", "--tlsverify"])?;
    fails(&["--tlsverify", &ca], &["demands a client certificate"])?;
    fails(&["--tls"], &["demands a client certificate"])?;
    fails(&["--tlsverify", &ca, &flag("tlscert", "stranger.pem"), &key], &["refuses our client certificate"])?;
    fails(&["--tlsverify", &flag("tlscacert", "stranger-ca.pem"), &cert, &key], &["not signed by"])?;
    // As the docker client is set up by its environment.
    let certs = folder.path().join("certs");
    std::fs::create_dir(&certs)?;
    for (name, file) in [("ca.pem", "ca.pem"), ("cert.pem", "client.pem"), ("key.pem", "client-key.pem")] {
        std::fs::copy(material(file), certs.join(name))?;
    }
    let mut command = cofferdam(&daemon, &["assess"]);
    command.env("DOCKER_HOST", "tcp://localhost:2376").env("DOCKER_TLS_VERIFY", "1").env("DOCKER_CERT_PATH", &certs);
    let output = command.output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}
