//! Tries to break out from inside. Each step gives up its rights in a process of its own, which then tries what it must not be able to do,
//! and what it must.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test without the usual harness says itself what it did")]

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::mount::MsFlags;
use nix::sched::CloneFlags;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use rustix::fs::{AtFlags, CWD, FileType, MemfdFlags, Mode, OFlags, ResolveFlags, XattrFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SocketType, netlink};

/// What came of an attempt: nothing, where it succeeded.
type Outcome = Result<(), Errno>;
type Attempt<'a> = (&'static str, Box<dyn FnOnce() -> Outcome + 'a>);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    match words.get(1).map(String::as_str) {
        Some("--child") => child(&words[2], Path::new(&words[3])),
        // cargo's own words for the usual harness mean nothing here.
        _ => parent(),
    }
}

fn parent() -> ExitCode {
    let mut failed = false;
    for step in ["reading", "thinking"] {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap()).args(["--child", step]).arg(folder.path()).status().unwrap();
        println!("break out while {step}: {}", if status.success() { "ok" } else { "FAILED" });
        failed |= !status.success();
        // What an attempt that was refused must have left as it was.
        assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "as it was\n");
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["empty", "file", "output", "program", "socket"]);
        assert_eq!(fs::metadata(folder.path().join("file")).unwrap().permissions().mode() & 0o7777, 0o644);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Everything that was there before rights were given up.
struct Before {
    folder: PathBuf,
    _unix: UnixListener,
    tcp: TcpListener,
    input: File,
    namespace: File,
    output: File,
    place: OwnedFd,
    memory: OwnedFd,
    thread: Sender<Sender<Vec<(&'static str, Outcome)>>>,
}

impl Before {
    fn new(folder: &Path) -> Self {
        let folder = folder.to_path_buf();
        fs::write(folder.join("file"), "as it was\n").unwrap();
        fs::set_permissions(folder.join("file"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::create_dir(folder.join("empty")).unwrap();
        fs::copy("/bin/true", folder.join("program")).unwrap();
        let memory = rustix::fs::memfd_create("program", MemfdFlags::empty()).unwrap();
        rustix::io::write(&memory, &fs::read("/bin/true").unwrap()).unwrap();
        let (thread, questions) = mpsc::channel::<Sender<Vec<(&'static str, Outcome)>>>();
        let file = folder.join("file");
        thread::spawn(move || {
            for reply in questions {
                let _ = reply.send(vec![("write", open(&file, OFlags::WRONLY)), ("execute", execute("/bin/true"))]);
            }
        });
        Self {
            _unix: UnixListener::bind(folder.join("socket")).unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            input: File::open(folder.join("file")).unwrap(),
            namespace: File::open("/proc/self/ns/net").unwrap(),
            output: OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("output")).unwrap(),
            place: rustix::fs::open(folder.join("file"), OFlags::PATH, Mode::empty()).unwrap(),
            memory,
            thread,
            folder,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("file")
    }

    /// What a thread that was there before could do.
    fn older_thread(&self) -> Vec<(&'static str, Outcome)> {
        let (reply, answers) = mpsc::channel();
        self.thread.send(reply).unwrap();
        answers.recv().unwrap()
    }
}

fn child(step: &str, folder: &Path) -> ExitCode {
    let before = Before::new(folder);
    contain::all_but_reading().expect("this machine has seccomp filters");
    contain::all_but_reading().expect("asking again does no harm");
    let mut wrong = refused(attempts(&before));
    for (what, outcome) in before.older_thread() {
        wrong.extend((outcome != Err(Errno::PERM)).then(|| format!("a thread that was there before: {what}: {outcome:?}")));
    }
    let (newer, file) = (thread::spawn(|| execute("/bin/true")).join().unwrap(), before.file());
    wrong.extend((newer != Err(Errno::PERM)).then(|| format!("a new thread: {newer:?}")));
    works(&before);
    if step == "thinking" {
        let missing = contain::all_but_thinking();
        assert!(missing.is_empty(), "this machine has Landlock: {missing:?}");
        wrong.extend(refused(attempts(&before)));
        wrong.extend(refused(vec![
            ("read a file", Box::new(move || open(&*file, OFlags::RDONLY))),
            ("list a folder", Box::new(|| open("/", OFlags::RDONLY | OFlags::DIRECTORY))),
            ("connect to a Unix socket", Box::new(|| io(UnixStream::connect(before.folder.join("socket"))))),
            ("connect to a port", Box::new(|| io(TcpStream::connect(before.tcp.local_addr().unwrap())))),
            ("a socket", Box::new(|| rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).map(drop))),
        ]));
        let older = before.older_thread();
        wrong.extend(older.iter().any(|(_, outcome)| outcome.is_ok()).then(|| format!("a thread that was there before: {older:?}")));
        write(&before.output);
    }
    for line in &wrong {
        eprintln!("{step}: {line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Attempts that were not refused, or not by the filter.
fn refused(attempts: Vec<Attempt<'_>>) -> Vec<String> {
    let outcomes = attempts.into_iter().map(|(what, attempt)| (what, attempt()));
    let by_the_filter = |what: &str, outcome: &Outcome| match outcome {
        Err(Errno::PERM) => true,
        // Its flags lie behind a pointer.
        Err(Errno::NOSYS) => what == "openat2",
        _ => false,
    };
    outcomes.filter(|(what, outcome)| !by_the_filter(what, outcome)).map(|(what, outcome)| format!("{what}: {outcome:?}")).collect()
}

fn attempts(before: &Before) -> Vec<Attempt<'_>> {
    let (file, new) = (before.file(), before.folder.join("new"));
    let (file, new) = (&*Box::leak(file.into_boxed_path()), &*Box::leak(new.into_boxed_path()));
    let program = before.folder.join("program");
    let parent = nix::unistd::getppid();
    vec![
        // programs
        ("execute", Box::new(move || execute("/bin/true"))),
        ("execute a file of one's own", Box::new(move || execute(program.to_str().unwrap()))),
        (
            "execute memory",
            Box::new(move || {
                nix(nix::unistd::execveat(&before.memory, c"", &[c"true"], &[] as &[CString], nix::fcntl::AtFlags::AT_EMPTY_PATH))
            }),
        ),
        ("start a program", Box::new(move || io(Command::new("/bin/true").status()))),
        ("memory as a file", Box::new(move || rustix::fs::memfd_create("more", MemfdFlags::empty()).map(drop))),
        // opening
        ("open for writing", Box::new(move || open(file, OFlags::WRONLY))),
        ("open for both", Box::new(move || open(file, OFlags::RDWR | OFlags::NOFOLLOW))),
        ("open for neither", Box::new(move || open(file, OFlags::from_bits_retain(3)))),
        ("open to append", Box::new(move || open(file, OFlags::WRONLY | OFlags::APPEND))),
        ("open and shorten", Box::new(move || open(file, OFlags::RDONLY | OFlags::TRUNC))),
        ("open what is not there", Box::new(move || open(new, OFlags::RDONLY | OFlags::CREATE))),
        ("open what may be there", Box::new(move || open(file, OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL))),
        ("open without a name", Box::new(move || open(&before.folder, OFlags::RDWR | OFlags::TMPFILE))),
        ("open a terminal", Box::new(move || open("/dev/tty", OFlags::RDWR))),
        ("open a disk", Box::new(move || open("/proc/sysrq-trigger", OFlags::WRONLY))),
        ("open one's own memory", Box::new(move || open("/proc/self/mem", OFlags::RDWR))),
        ("open again for writing", Box::new(move || open(format!("/proc/self/fd/{}", before.place.as_raw_fd()), OFlags::WRONLY))),
        ("openat2", Box::new(move || rustix::fs::openat2(CWD, file, OFlags::WRONLY, Mode::empty(), ResolveFlags::empty()).map(drop))),
        // names
        ("rename", Box::new(move || rustix::fs::rename(file, new))),
        ("rename over", Box::new(move || rustix::fs::rename(before.folder.join("program"), file))),
        (
            "renameat2",
            Box::new(move || rustix::fs::renameat_with(CWD, file, CWD, before.folder.join("program"), rustix::fs::RenameFlags::EXCHANGE)),
        ),
        ("unlink", Box::new(move || rustix::fs::unlink(file))),
        ("rmdir", Box::new(move || rustix::fs::rmdir(before.folder.join("empty")))),
        ("rmdir by unlinkat", Box::new(move || rustix::fs::unlinkat(CWD, before.folder.join("empty"), AtFlags::REMOVEDIR))),
        ("mkdir", Box::new(move || rustix::fs::mkdir(new, Mode::RWXU))),
        ("mknod", Box::new(move || rustix::fs::mknodat(CWD, new, FileType::Fifo, Mode::RUSR, 0))),
        ("link", Box::new(move || rustix::fs::link(file, new))),
        ("symlink", Box::new(move || rustix::fs::symlink(file, new))),
        ("bind a socket", Box::new(move || io(UnixListener::bind(new)))),
        // contents and modes
        ("truncate", Box::new(move || nix(nix::unistd::truncate(file, 0)))),
        ("chmod", Box::new(move || rustix::fs::chmod(file, Mode::RWXU))),
        ("fchmod", Box::new(move || rustix::fs::fchmod(&before.output, Mode::RWXU))),
        ("chown", Box::new(move || rustix::fs::chown(file, None, None))),
        ("setxattr", Box::new(move || rustix::fs::setxattr(file, "user.x", b"x", XattrFlags::empty()))),
        ("times", Box::new(move || io(before.input.set_modified(std::time::SystemTime::UNIX_EPOCH)))),
        ("copy a range", Box::new(move || rustix::fs::copy_file_range(&before.input, None, &before.output, None, 1).map(drop))),
        // other processes
        ("signal the parent", Box::new(move || nix(nix::sys::signal::kill(parent, Signal::SIGCONT)))),
        ("ask after the parent", Box::new(move || nix(nix::sys::signal::kill(parent, None)))),
        ("signal the group", Box::new(move || nix(nix::sys::signal::kill(Pid::from_raw(0), Signal::SIGCONT)))),
        ("trace the parent", Box::new(move || nix(nix::sys::ptrace::attach(parent)))),
        (
            "hold the parent",
            Box::new(move || {
                rustix::process::pidfd_open(rustix::process::Pid::from_raw(parent.as_raw()).unwrap(), rustix::process::PidfdFlags::empty())
                    .map(drop)
            }),
        ),
        // the kernel
        (
            "mount",
            Box::new(move || nix(nix::mount::mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>))),
        ),
        ("unshare", Box::new(move || nix(nix::sched::unshare(CloneFlags::CLONE_NEWUSER)))),
        ("setns", Box::new(move || nix(nix::sched::setns(&before.namespace, CloneFlags::CLONE_NEWNET)))),
        ("chroot", Box::new(move || nix(nix::unistd::chroot("/")))),
        ("load a module", Box::new(move || nix(nix::kmod::finit_module(&before.memory, c"", nix::kmod::ModuleInitFlags::empty())))),
        ("io_uring", Box::new(move || io(io_uring::IoUring::new(2)))),
        ("become oneself", Box::new(move || nix(nix::unistd::setuid(nix::unistd::getuid())))),
        ("packets", Box::new(move || rustix::net::socket(AddressFamily::PACKET, SocketType::RAW, None).map(drop))),
        (
            "raw sockets",
            Box::new(move || rustix::net::socket(AddressFamily::INET, SocketType::RAW, Some(rustix::net::ipproto::ICMP)).map(drop)),
        ),
        ("routes", Box::new(move || netlink_socket(None))),
        ("the firewall", Box::new(move || netlink_socket(Some(netlink::NETFILTER)))),
        ("listen", Box::new(move || io(TcpListener::bind("127.0.0.1:0")))),
    ]
}

/// What reading takes goes on.
fn works(before: &Before) {
    assert!(fs::read_to_string("/proc/self/status").unwrap().contains("NoNewPrivs:\t1"));
    assert!(fs::read_to_string("/proc/self/status").unwrap().contains("Seccomp:\t2"));
    fs::read_link(format!("/proc/{}/exe", nix::unistd::getppid())).unwrap();
    assert!(fs::read_dir("/proc/self/fd").unwrap().count() > 3);
    assert_eq!(fs::read_to_string(before.file()).unwrap(), "as it was\n");
    fs::canonicalize(before.file()).unwrap();
    let looked_at = rustix::fs::open(before.file(), OFlags::PATH | OFlags::NOFOLLOW, Mode::empty()).unwrap();
    File::from(looked_at).metadata().unwrap();
    let mut none = [0; 16];
    assert_eq!(rustix::fs::lgetxattr(before.file(), "user.none", &mut none), Err(Errno::NODATA));
    UnixStream::connect(before.folder.join("socket")).unwrap().write_all(b"?").unwrap();
    TcpStream::connect(before.tcp.local_addr().unwrap()).unwrap();
    // Being let in is root's; here it counts that the filter is not what says no.
    netlink_socket(Some(netlink::AUDIT)).unwrap();
    assert_eq!(thread::Builder::new().name("named".to_owned()).spawn(|| 4).unwrap().join().unwrap(), 4);
    write(&before.output);
}

/// Into the file that was opened before.
fn write(mut output: &File) {
    output.set_len(0).unwrap();
    output.rewind().unwrap();
    output.write_all(b"the answer").unwrap();
    output.sync_all().unwrap();
    println!("stdout too");
}

fn open(path: impl rustix::path::Arg, flags: OFlags) -> Outcome {
    rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).map(drop)
}

fn execute(program: &str) -> Outcome {
    let program = CString::new(program).unwrap();
    nix(nix::unistd::execv(&program, &[&program]))
}

/// No protocol is that of routes.
fn netlink_socket(protocol: Option<Protocol>) -> Outcome {
    rustix::net::socket(AddressFamily::NETLINK, SocketType::RAW, protocol).map(drop)
}

fn nix<T>(result: nix::Result<T>) -> Outcome {
    result.map(drop).map_err(|errno| Errno::from_raw_os_error(errno as i32))
}

fn io<T>(result: std::io::Result<T>) -> Outcome {
    result.map(drop).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}
