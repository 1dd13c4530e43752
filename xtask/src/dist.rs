//! `cargo xtask dist`: the static binary.

use anyhow::Result;

use crate::process::{cargo, read, root, run as start};

const MUSL: &str = "x86_64-unknown-linux-musl";
const GLIBC: &str = "x86_64-unknown-linux-gnu";

/// Builds target/dist/cofferdam: musl where that target is installed, else glibc linked statically.
pub(crate) fn run() -> Result<()> {
    let sysroot = read(std::process::Command::new("rustc").args(["--print", "sysroot"]))?;
    let has_musl = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(MUSL).join("lib").is_dir();
    let target = if has_musl { MUSL } else { GLIBC };
    let mut build = cargo();
    // An explicit --target keeps +crt-static away from proc-macros, which can't be built with it.
    build.args(["build", "--profile", "dist", "--package", "cofferdam", "--target", target]);
    if !has_musl {
        build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    }
    start(&mut build)?;
    let built = root().join("target").join(target).join("dist/cofferdam");
    let place = root().join("target/dist");
    std::fs::create_dir_all(&place)?;
    std::fs::copy(built, place.join("cofferdam"))?;
    Ok(())
}
