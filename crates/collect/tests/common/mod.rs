//! An engine that is none: a Unix socket that answers each path as a test wants, from threads of its own.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary includes this and uses a part of it")]

pub mod host;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use collect::{Endpoint, Limits, Options};
use facts::Tool;
use tempfile::TempDir;

/// How a request is answered.
#[derive(Clone)]
pub enum Reply {
    /// 200 with this body.
    Json(String),
    /// This status with a short body.
    Status(u16),
    /// Nothing, ever.
    Hang,
    /// The connection is closed at once.
    Close,
    /// Bytes that are no HTTP.
    Garbage,
    /// 200, a length, and then less than that.
    Cut,
    /// 200 and a JSON object with so many bytes of labels, written as they are sent.
    Labels(usize),
    /// 200 and chunks without end.
    Endless,
    /// 200 and headers without end.
    EndlessHeader,
}

pub struct FakeEngine {
    pub folder: TempDir,
    pub endpoint: Endpoint,
}

impl FakeEngine {
    pub fn new(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                thread::spawn(move || serve(stream, &*answer));
            }
        });
        let endpoint = Endpoint::Unix(path.to_str().unwrap().to_owned());
        Self { folder, endpoint }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn serve(mut stream: UnixStream, answer: &dyn Fn(&str) -> Reply) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).ok()?;
        }
        match answer(&path) {
            Reply::Json(body) => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?,
            Reply::Status(status) => write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}").ok()?,
            Reply::Hang => thread::sleep(Duration::from_secs(60)),
            Reply::Close => return None,
            Reply::Garbage => write!(stream, "SSH-2.0-OpenSSH_9.2\r\n").ok()?,
            Reply::Cut => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{{\"Id\":").ok()?;
                return None;
            }
            Reply::Labels(size) => {
                write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
                let mut sent = 0;
                chunk(&mut stream, b"{\"Id\":\"x\",\"Config\":{\"Labels\":{")?;
                while sent < size {
                    let label = format!("\"{sent}\":\"{}\",", "x".repeat(1000));
                    chunk(&mut stream, label.as_bytes())?;
                    sent += label.len();
                }
                chunk(&mut stream, b"\"\":\"\"}}}")?;
                chunk(&mut stream, b"")?;
            }
            Reply::Endless => {
                write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
                chunk(&mut stream, b"[")?;
                loop {
                    chunk(&mut stream, b"{\"Id\":\"abcdef\"},".repeat(1000).as_slice())?;
                }
            }
            Reply::EndlessHeader => {
                write!(stream, "HTTP/1.1 200 OK\r\n").ok()?;
                loop {
                    write!(stream, "X-Filler: {}\r\n", "x".repeat(1000)).ok()?;
                }
            }
        }
    }
}

fn chunk(stream: &mut UnixStream, bytes: &[u8]) -> Option<()> {
    write!(stream, "{:x}\r\n", bytes.len()).ok()?;
    stream.write_all(bytes).ok()?;
    stream.write_all(b"\r\n").ok()
}

pub fn options() -> Options {
    Options {
        taken_at: "2026-01-02T03:04:05Z".to_owned(),
        tool: Tool { name: "cofferdam".to_owned(), version: "0.0.0".to_owned() },
        state_dir: "/nonexistent/cofferdam".to_owned(),
    }
}

/// Short ones, so that tests of a hanging engine end soon.
pub fn limits() -> Limits {
    Limits { call: Duration::from_secs(1), overall: Duration::from_secs(20), ..Limits::default() }
}

/// A well-behaved engine's answers to what is asked once.
pub fn usual(path: &str) -> Option<Reply> {
    let body = match path {
        "/_ping" => "OK",
        "/version" => {
            r#"{"Version":"29.7.2","ApiVersion":"1.54","KernelVersion":"6.1","Components":[{"Name":"Engine","Version":"29.7.2"}]}"#
        }
        "/info" => include_str!("info.json"),
        "/debug/vars" => r#"{"cmdline":["dockerd","-H","unix:///run/docker.sock"],"memstats":{"Alloc":1}}"#,
        "/containers/json?all=1" | "/images/json" | "/networks" | "/plugins" => "[]",
        "/volumes" => r#"{"Volumes":null,"Warnings":null}"#,
        _ => return None,
    };
    Some(Reply::Json(body.to_owned()))
}

/// A whole inspection of a stopped container.
pub fn container(id: &str) -> String {
    include_str!("container.json").replace("THE-ID", id)
}
