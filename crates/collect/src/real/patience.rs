//! File system calls that may never return.
//!
//! A bind mount's source may lie on a network or FUSE file system whose server is gone, where every lstat hangs in the kernel. Such calls
//! are made on a thread of their own and given up after a while; the thread stays behind until the kernel lets it go.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::obstacle::{Answer, Obstacle};

/// How long a local disk may take under load.
const PATIENCE: Duration = Duration::from_secs(2);

/// After so many calls that never came back, no further one is tried: a run stays bounded on a host full of dead mounts.
const MOST_HUNG: u32 = 3;

type Job = Box<dyn FnOnce() + Send>;

/// A worker thread that may be abandoned.
pub(super) struct Patience {
    worker: Mutex<Option<Sender<Job>>>,
    hung: AtomicU32,
    patience: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { worker: Mutex::default(), hung: AtomicU32::new(0), patience: PATIENCE }
    }
}

impl Patience {
    /// Runs `call` on the worker thread and waits for it, not forever.
    pub(super) fn run<T: Send + 'static>(&self, call: impl FnOnce() -> Answer<T> + Send + 'static) -> Answer<T> {
        if self.hung.load(Ordering::Relaxed) >= MOST_HUNG {
            return Err(Obstacle::Other("not tried: the file system hung several times before".to_owned()));
        }
        let (reply, answer) = mpsc::sync_channel(1);
        let job: Job = Box::new(move || {
            // Nobody waits any more where this fails.
            let _ = reply.send(call());
        });
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match worker.take() {
            Some(sender) => sender,
            None => start()?,
        };
        sender.send(job).map_err(|_| Obstacle::Other("the reading thread is gone".to_owned()))?;
        match answer.recv_timeout(self.patience) {
            Ok(answer) => {
                *worker = Some(sender);
                answer
            }
            Err(RecvTimeoutError::Timeout) => {
                self.hung.fetch_add(1, Ordering::Relaxed);
                Err(Obstacle::timed_out(self.patience))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Obstacle::Other("the reading thread is gone".to_owned())),
        }
    }
}

fn start() -> Answer<Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::Builder::new().name("files".to_owned()).spawn(move || jobs.into_iter().for_each(|job| job()))?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hanging_call_is_given_up() {
        let patience = Patience { patience: Duration::from_millis(20), ..Patience::default() };
        assert_eq!(patience.run(|| Ok(1)), Ok(1));
        for _ in 0..MOST_HUNG {
            let answer = patience.run(|| {
                thread::sleep(Duration::from_millis(200));
                Ok(())
            });
            assert_eq!(answer, Err(Obstacle::TimedOut { ms: 20 }));
        }
        assert!(matches!(patience.run(|| Ok(2)), Err(Obstacle::Other(_))));
    }

    #[test]
    fn works_on_after_one() {
        let patience = Patience { patience: Duration::from_millis(100), ..Patience::default() };
        let _ = patience.run(|| {
            thread::sleep(Duration::from_millis(300));
            Ok(())
        });
        assert_eq!(patience.run(|| Ok(3)), Ok(3));
    }
}
