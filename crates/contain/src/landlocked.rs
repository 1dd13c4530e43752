//! Landlock with no rule at all: no path may be opened, made, changed or executed, no TCP port bound or connected to, nobody outside
//! signalled. See landlock(7).

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope};

use crate::Missing;

/// The newest rights that are asked for. An older kernel knows fewer and enforces those.
const NEWEST: ABI = ABI::V9;

/// Restricts the calling thread.
pub(crate) fn nothing() -> Result<(), Missing> {
    match restrict() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => {
            Err(Missing::landlock("this kernel does not have it (it came with Linux 5.13, and `lsm=` at boot must name it)"))
        }
        Err(error) => Err(Missing::landlock(error.to_string())),
    }
}

fn restrict() -> Result<RulesetStatus, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    Ok(ruleset.create()?.restrict_self()?.ruleset)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{ErrorKind, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    #[test]
    fn binds_the_thread_and_spares_what_is_open() {
        let mut open = tempfile::tempfile().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        thread::spawn(move || {
            super::nothing().unwrap();
            let denied = |result: std::io::Result<()>| result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
            assert!(denied(File::open("/proc/self/status").map(drop)));
            assert!(denied(File::open("/etc/passwd").map(drop)));
            assert!(denied(std::fs::read_dir("/").map(drop)));
            assert!(denied(File::create("/tmp/landlocked").map(drop)));
            assert!(denied(TcpStream::connect(address).map(drop)));
            assert!(denied(thread::spawn(|| File::open("/etc/passwd").map(drop)).join().unwrap()), "a thread of it");
            open.write_all(b"what was open").unwrap();
            open.set_len(4).unwrap();
        })
        .join()
        .unwrap();
        assert!(File::open("/proc/self/status").is_ok(), "another thread");
    }
}
