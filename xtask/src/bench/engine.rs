//! The bare listing: a client as small as can be, which asks for every object once and looks at nothing but the ids.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// As many as cofferdam has.
const CONNECTIONS: usize = 8;

/// What is asked once.
const ALONE: &[&str] = &["/info", "/version", "/debug/vars"];

/// Lists, and what is asked of each member.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("/containers/json?all=1", "/containers/", &["/json"]),
    ("/images/json", "/images/", &["/json", "/history"]),
    ("/networks", "/networks/", &[""]),
];

/// Asks the engine everything, side by side. Gives the number of requests.
pub(super) fn listing(socket: &Path) -> Result<usize> {
    let first = ALONE.iter().copied().chain(LISTS.iter().map(|(list, _, _)| *list)).map(str::to_owned);
    let requests = Requests::new(first.collect());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| requests.work(socket))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))?)
    })?;
    Ok(requests.state.into_inner().unwrap_or_else(PoisonError::into_inner).made)
}

/// Paths that wait to be asked, shared by all connections.
struct Requests {
    state: Mutex<State>,
    news: Condvar,
}

struct State {
    waiting: Vec<String>,
    /// Requests whose answer may bring new ones.
    busy: usize,
    made: usize,
}

impl Requests {
    fn new(waiting: Vec<String>) -> Self {
        Self { state: Mutex::new(State { waiting, busy: 0, made: 0 }), news: Condvar::new() }
    }

    fn work(&self, socket: &Path) -> Result<()> {
        let mut connection = Connection::open(socket)?;
        while let Some(path) = self.next() {
            let answer = connection.get(&path).and_then(|body| following(&path, &body));
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.busy -= 1;
            state.made += 1;
            let failed = answer.as_ref().err().map(ToString::to_string);
            state.waiting.extend(answer.unwrap_or_default());
            self.news.notify_all();
            if let Some(error) = failed {
                bail!("{path}: {error}");
            }
        }
        Ok(())
    }

    /// The next path; none when nothing waits and no answer can bring more.
    fn next(&self) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(path) = state.waiting.pop() {
                state.busy += 1;
                return Some(path);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What a list leads to.
fn following(path: &str, body: &[u8]) -> Result<Vec<String>> {
    let Some((_, one, ends)) = LISTS.iter().find(|(list, _, _)| *list == path) else { return Ok(Vec::new()) };
    let listed: Value = serde_json::from_slice(body)?;
    let ids = listed.as_array().context("not a list")?.iter().filter_map(|object| object["Id"].as_str());
    Ok(ids.flat_map(|id| ends.iter().map(move |end| format!("{one}{id}{end}"))).collect())
}

/// One connection, kept open.
pub(super) struct Connection {
    stream: BufReader<UnixStream>,
}

impl Connection {
    pub(super) fn open(socket: &Path) -> Result<Self> {
        Ok(Self { stream: BufReader::new(UnixStream::connect(socket).with_context(|| socket.display().to_string())?) })
    }

    fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n"))
    }

    /// Sends JSON.
    pub(super) fn post(&mut self, path: &str, body: &str) -> Result<Vec<u8>> {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn ask(&mut self, request: &str) -> Result<Vec<u8>> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status: u16 = status.split(' ').nth(1).and_then(|word| word.parse().ok()).with_context(|| format!("not HTTP: {status}"))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                Some(("transfer-encoding", "chunked")) => chunked = true,
                _ if line.is_empty() => break,
                _ => {}
            }
        }
        let body = if chunked { self.chunks()? } else { self.exactly(length)? };
        ensure!((200..300).contains(&status), "HTTP status {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(&line, 16).with_context(|| format!("not a chunk: {line}"))?;
            body.extend(self.exactly(length)?);
            self.line()?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the engine closed the connection");
        Ok(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// An engine that knows two containers and nothing else.
    fn serve(listener: &UnixListener) {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            std::thread::spawn(move || {
                loop {
                    let mut lines = (&mut stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                    let Some(first) = lines.next() else { return };
                    lines.for_each(drop);
                    let list = first.contains("/containers/json");
                    let body = if list { r#"[{"Id": "a"}, {"Id": "b"}]"# } else { "[]" };
                    let (one, two) = body.split_at(1);
                    let answer = if list {
                        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", two.len())
                    } else {
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                    };
                    if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    }

    #[test]
    fn every_object_is_asked_once() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || serve(&listener));
        assert_eq!(listing(&socket).unwrap(), ALONE.len() + LISTS.len() + 2);
    }

    #[test]
    fn an_engine_that_is_not_there() {
        assert!(listing(Path::new("/nowhere/docker.sock")).is_err());
    }
}
