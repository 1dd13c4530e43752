//! `cargo xtask lab record`: makes the recordings of real hosts and engines anew, where the collector asks something else than before.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use lab::{Daemon, DaemonOptions, Engine, Lab, World};

use crate::lab_command::tell;
use crate::process::{binary, root};

const RECORDINGS: &str = "crates/collect/tests/recordings";
/// The Snapshot that tests of the program are made on.
const SNAPSHOT: &str = "crates/cofferdam/tests/fixtures/weak.snapshot.json";

/// Where Docker 29 runs meanwhile: the name stands in the recording.
const FOLDER: &str = "/tmp/collect-dockerd29";
const CONFIG: &str = r#"{"no-new-privileges":true,"labels":["a=planted-secret"],"insecure-registries":["10.9.0.0/16","reg.example:5000"]}
"#;
const OBJECTS: &[&str] = &[
    "network create -o com.docker.network.bridge.enable_icc=false mynet",
    "volume create data",
    "run -d --name limited -e DB_PASSWORD=planted-secret-18 -l l=planted-secret -u 1000:1000 -m 64m --pids-limit 50 -p 127.0.0.1:8080:80 \
     -p 9000 -v data:/data -v /var/run:/hostrun:ro --restart on-failure:5 --network mynet --security-opt no-new-privileges \
     --ulimit nofile=100:200 --cpus 0.5 base:1 idle",
    "run -d --name plain base:1 idle",
    "create --name priv --privileged base:1 idle",
];

/// Records the weak and the sound host, and Docker 29 on this machine.
pub(crate) fn run(lab: &Lab<'_>) -> Result<()> {
    let binary = binary()?;
    for world in World::ALL {
        let vm = lab.resume(world)?;
        vm.push(&binary, "/usr/local/bin/cofferdam")?;
        vm.ssh("cofferdam snapshot --record /tmp/r.json --output /tmp/s.json")?.success()?;
        vm.pull("/tmp/r.json", root().join(RECORDINGS).join(format!("{world}.json")))?;
        if world == World::Weak {
            vm.pull("/tmp/s.json", root().join(SNAPSHOT))?;
        }
        tell(&format!("recorded the {world} host"));
    }
    fs::create_dir(FOLDER)?;
    let recorded = docker_29(&binary, Path::new(FOLDER));
    fs::remove_dir_all(FOLDER)?;
    recorded
}

fn docker_29(binary: &Path, folder: &Path) -> Result<()> {
    let options = DaemonOptions::config(CONFIG).engine(Engine::Docker29);
    let options = ["-H", "tcp://127.0.0.1:2375", "--tls=false", "--userland-proxy=false"].into_iter().fold(options, DaemonOptions::flag);
    let daemon = Daemon::start(folder, &options, &tell)?;
    daemon.import_image("base:1", &["ENV API_TOKEN=planted-secret-value-23", "USER 5", "HEALTHCHECK NONE"])?;
    for line in OBJECTS {
        daemon.docker(line.split_whitespace())?.success()?;
    }
    let mut snapshot: Command = daemon.inside(binary);
    snapshot.args(["--host", &daemon.host(), "snapshot", "--output", "/dev/null", "--record"]);
    snapshot.arg(root().join(RECORDINGS).join("engine-29.json"));
    let output = snapshot.output()?;
    ensure!(output.status.success(), "cofferdam failed: {}", String::from_utf8_lossy(&output.stderr));
    tell("recorded Docker 29");
    Ok(())
}
