//! ssh://: the program ssh, which starts `docker system dial-stdio` on the engine's host. This is the one named exception to "cofferdam starts
//! no process": keys, agents, jump hosts and known hosts are ssh's own business, and a user's ~/.ssh/config means the same as to docker.

use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::Connected;
use super::last_words::LastWords;
use crate::endpoint::Ssh;
use crate::obstacle::{Answer, Obstacle};

/// Seconds that ssh may take to reach the host: no longer than a call may take.
const CONNECT_SECONDS: u32 = 10;

pub(crate) struct SshTransport {
    arguments: Vec<String>,
    shown: String,
    words: Arc<LastWords>,
    /// How many of the programs' stderr are still open.
    speaking: Arc<AtomicUsize>,
}

impl SshTransport {
    pub(super) fn new(place: Ssh) -> Self {
        let arguments = arguments(&place);
        Self { arguments, shown: place.host, words: Arc::default(), speaking: Arc::default() }
    }

    pub(super) fn connect(&self) -> Answer<Connected> {
        let mut command = Command::new("ssh");
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let hint = "install an OpenSSH client, or take a snapshot on that host (cofferdam snapshot -o FILE) and judge it here with --snapshot FILE";
            Obstacle::no_way(format!("the program ssh cannot be started: {error}"), hint)
        })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // From here on the program ends with the connection, whatever happens.
        let program = Program(child);
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(Obstacle::Other("ssh was started without its pipes".to_owned()));
        };
        let to = Sender::from_owned_fd(OwnedFd::from(stdin))?;
        let from = Receiver::from_owned_fd(OwnedFd::from(stdout))?;
        self.listen(Receiver::from_owned_fd(OwnedFd::from(stderr))?);
        let wire = Box::new(SshWire { to: Some(to), from, _program: program });
        Ok(Connected { wire, peer: Err(Obstacle::Unsupported), ends: Err(Obstacle::Unsupported) })
    }

    fn listen(&self, mut stderr: Receiver) {
        let (words, speaking) = (Arc::clone(&self.words), Arc::clone(&self.speaking));
        speaking.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
                words.hear(&buffer[..read]);
            }
            speaking.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// ssh ends with a message; it may come a moment after the end of the conversation.
    pub(super) async fn explain(&self, obstacle: Obstacle) -> Obstacle {
        let ended = matches!(obstacle, Obstacle::Closed | Obstacle::Malformed(_) | Obstacle::Other(_));
        if !ended {
            return obstacle;
        }
        for _ in 0..25 {
            if self.speaking.load(Ordering::Relaxed) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let Some(said) = self.words.said() else { return obstacle };
        Obstacle::no_way(
            format!("ssh says: {said}"),
            format!(
                "cofferdam lets ssh ask nothing: keys in its agent, the host in known_hosts, docker installed there; `ssh -o BatchMode=yes {} docker version` must work first",
                self.shown
            ),
        )
    }
}

/// As the docker client builds them (its cli/connhelper), and BatchMode: an assessment never waits for a password that nobody types. What
/// comes from the address was looked at before (`endpoint::address`), stands behind its option, or behind `--`; the remote command goes through
/// a shell over there, so the socket's path is quoted.
fn arguments(place: &Ssh) -> Vec<String> {
    let mut arguments = vec![format!("-oConnectTimeout={CONNECT_SECONDS}"), "-oBatchMode=yes".to_owned(), "-T".to_owned()];
    if let Some(user) = &place.user {
        arguments.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = place.port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    arguments.extend(["--".to_owned(), place.host.clone()]);
    let host = place.socket.as_ref().map(|path| format!(" {}", quoted(&format!("--host=unix://{path}")))).unwrap_or_default();
    arguments.push(format!("docker{host} system dial-stdio"));
    arguments
}

/// One word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A started ssh, which ends with its connection and is waited for: it never becomes a zombie.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let ended = |child: &mut Child| matches!(child.try_wait(), Ok(Some(_)) | Err(_));
        if ended(&mut self.0) {
            return;
        }
        // ssh cleans up after itself when it is asked to end, and needs no longer than a moment for it.
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(5));
            if ended(&mut self.0) {
                return;
            }
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct SshWire {
    to: Option<Sender>,
    from: Receiver,
    _program: Program,
}

impl AsyncRead for SshWire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.from).poll_read(context, buffer)
    }
}

impl AsyncWrite for SshWire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match &mut self.to {
            Some(to) => Pin::new(to).poll_write(context, bytes),
            None => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.to = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_ends_with_its_connection() {
        // One that ends when it is asked to, one that does not, and one that has ended by itself.
        for script in ["exec sleep 60", "trap '' TERM; echo; while :; do sleep 1; done", "exit 3"] {
            let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
            if script.starts_with("trap") {
                std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
            }
            let place = format!("/proc/{}", child.id());
            assert!(std::path::Path::new(&place).exists());
            drop(Program(child));
            assert!(!std::path::Path::new(&place).exists(), "neither alive nor a zombie: {script}");
        }
    }

    #[test]
    fn the_arguments() {
        let whole = Ssh { user: Some("me".into()), host: "h".into(), port: Some(2222), socket: Some("/run/a b'c.sock".into()) };
        assert_eq!(
            arguments(&whole),
            [
                "-oConnectTimeout=10",
                "-oBatchMode=yes",
                "-T",
                "-l",
                "me",
                "-p",
                "2222",
                "--",
                "h",
                "docker '--host=unix:///run/a b'\\''c.sock' system dial-stdio"
            ]
        );
        let least = Ssh { user: None, host: "h".into(), port: None, socket: None };
        assert_eq!(arguments(&least)[3..], ["--", "h", "docker system dial-stdio"]);
        assert_eq!(quoted("--host=unix:///run/user/1000/docker.sock"), "--host=unix:///run/user/1000/docker.sock");
        assert_eq!(quoted("$(reboot)"), "'$(reboot)'");
    }
}
