//! What collecting costs beside a bare concurrent listing and inspection of the same objects: `timing unix:///path/of/docker.sock [runs]`.
//!
//! Both in one run and in turns, so that a busy machine slows both. Start-up of the process is not in it.

#![allow(clippy::print_stdout, reason = "printing is what this example is for")]

use std::cell::RefCell;
use std::time::{Duration, Instant};

use collect::{Endpoint, Options, World, collect};
use facts::Tool;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::task::{JoinSet, LocalSet};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const CONNECTIONS: usize = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let endpoint = Endpoint::resolve(arguments.next().as_deref(), None)?;
    let runs: usize = arguments.next().map_or(Ok(20), |word| word.parse())?;
    let options = Options {
        taken_at: "2026-01-01T00:00:00Z".to_owned(),
        tool: Tool { name: "timing".to_owned(), version: "0".to_owned() },
        state_dir: "/var/lib/cofferdam".to_owned(),
    };
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    let mut objects = 0;
    for _ in 0..runs {
        let begun = Instant::now();
        objects = LocalSet::new().run_until(listing(endpoint.socket().expect("a Unix socket").to_owned())).await?;
        bare.push(begun.elapsed());
        let begun = Instant::now();
        collect(&World::real(Some(endpoint.clone())), &options).await?;
        whole.push(begun.elapsed());
    }
    println!("{objects} objects, {runs} runs");
    for (name, mut times) in [("bare listing", bare), ("collect", whole)] {
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!("{name:14} min {:7.1} ms   median {:7.1} ms", ms(times[0]), ms(times[runs / 2]));
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
    Ok(())
}

/// Version, info, and all containers, images and networks, one by one; nothing is read but the ids.
async fn listing(socket: String) -> Fallible<usize> {
    let mut first = connect(&socket).await?;
    let mut paths = Vec::new();
    for alone in ["/version", "/info"] {
        get(&mut first, alone).await?;
    }
    for (list, one, end) in
        [("/containers/json?all=1", "/containers/", "/json"), ("/images/json", "/images/", "/json"), ("/networks", "/networks/", "")]
    {
        let listed: Value = serde_json::from_slice(&get(&mut first, list).await?)?;
        let ids = listed.as_array().into_iter().flatten().filter_map(|object| object.get("Id")?.as_str());
        paths.extend(ids.map(|id| format!("{one}{id}{end}")));
    }
    let count = paths.len();
    let paths = std::rc::Rc::new(RefCell::new(paths));
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS.min(count) {
        let (paths, socket) = (std::rc::Rc::clone(&paths), socket.clone());
        workers.spawn_local(async move {
            let Ok(mut connection) = connect(&socket).await else { return };
            loop {
                let path = paths.borrow_mut().pop();
                let Some(path) = path else { return };
                let _ = get(&mut connection, &path).await;
            }
        });
    }
    while workers.join_next().await.is_some() {}
    Ok(count)
}

async fn connect(socket: &str) -> Fallible<SendRequest<Empty<Bytes>>> {
    let (sender, connection) = http1::handshake(TokioIo::new(UnixStream::connect(socket).await?)).await?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

async fn get(sender: &mut SendRequest<Empty<Bytes>>, path: &str) -> Fallible<Bytes> {
    sender.ready().await?;
    let response = sender.send_request(Request::get(path).header("Host", "docker").body(Empty::new())?).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}
