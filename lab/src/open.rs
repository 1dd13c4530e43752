//! The lab: the door to everything else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cache::{Cache, key};
use crate::image::Image;
use crate::machine::Machine;
use crate::vm::{Vm, VmOptions};
use crate::{Progress, World, debian, exec};

/// Makes lab hosts, from a cache of images that it fills when needed.
pub struct Lab<'p> {
    cache: Cache,
    machine: Machine,
    progress: Progress<'p>,
}

impl<'p> Lab<'p> {
    /// Opens the lab: installs the Debian packages that it needs and finds its cache folder (`$COFFERDAM_LAB_CACHE`, else
    /// `~/.cache/cofferdam-lab`).
    ///
    /// # Errors
    /// When a package can't be installed or the folder can't be made.
    pub fn open(progress: Progress<'p>) -> Result<Self> {
        debian::need(debian::FOR_MACHINES, progress)?;
        let lab = Self { cache: Cache::open()?, machine: Machine::find()?, progress };
        lab.sweep()?;
        Ok(lab)
    }

    /// A host in the state of that world, in seconds; the first time the world is built, which takes minutes.
    ///
    /// # Errors
    /// When a build fails or the host doesn't answer.
    pub fn resume(&self, world: World) -> Result<Vm> {
        self.resume_with(world, VmOptions::default())
    }

    /// Like [`Lab::resume`], with options.
    ///
    /// # Errors
    /// When a build fails or the host doesn't answer.
    pub fn resume_with(&self, world: World, options: VmOptions) -> Result<Vm> {
        let image = Image::get(&self.cache, self.progress)?;
        let disk = self.built(world, &image)?;
        let mut vm = Vm::new(self.cache.folder(), &self.machine, image, options)?;
        // A copy, since a saved state can't be seen through an overlay. It shares blocks where the file system can.
        fs::copy(&disk, vm.disk()).with_context(|| format!("cannot copy {}", disk.display()))?;
        vm.resume()?;
        Ok(vm)
    }

    /// Builds a world that isn't in the cache yet.
    ///
    /// # Errors
    /// When the build fails.
    pub fn prepare(&self, world: World) -> Result<()> {
        let image = Image::get(&self.cache, self.progress)?;
        self.built(world, &image).map(drop)
    }

    /// Removes images and worlds that this version of the lab has no use for, and tells which.
    ///
    /// # Errors
    /// When a folder can't be read or removed.
    pub fn prune(&self) -> Result<Vec<PathBuf>> {
        let image = Image::get(&self.cache, self.progress)?;
        let mut wanted = vec![image.name().to_owned()];
        wanted.extend(World::ALL.map(|world| self.name(world, &image)));
        let mut removed = Vec::new();
        for (path, name) in self.entries()? {
            let entry = name.starts_with("base-") || World::ALL.iter().any(|world| name.starts_with(&format!("{world}-")));
            if entry && path.is_dir() && !wanted.contains(&name) {
                fs::remove_dir_all(&path)?;
                removed.push(path);
            }
        }
        Ok(removed)
    }

    fn name(&self, world: World, image: &Image) -> String {
        format!("{world}-{}", key(&[image.name(), &self.machine.fingerprint(), &world.script()]))
    }

    fn built(&self, world: World, image: &Image) -> Result<PathBuf> {
        let entry = self.cache.entry(&self.name(world, image), self.progress, |draft| self.build(world, image, draft))?;
        Ok(entry.join("disk.qcow2"))
    }

    fn build(&self, world: World, image: &Image, draft: &Path) -> Result<()> {
        let began = Instant::now();
        let tell = |text: &str| (self.progress)(&format!("{world}: {text} ({} s)", began.elapsed().as_secs()));
        let mut vm = Vm::new(self.cache.folder(), &self.machine, image.clone(), VmOptions::default())?;
        // By its place beside the world's folder, so that the whole cache can be moved.
        let base = Path::new("..").join(image.name()).join("base.qcow2");
        let mut create = Command::new("qemu-img");
        create.args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"]).arg(&base).arg(vm.disk());
        exec::run(&mut create, None, Duration::from_secs(60))?.success()?;
        tell("booting a fresh host");
        vm.boot()?;
        vm.script(&world.script(), &tell)?;
        vm.ssh("sync")?.success()?;
        tell("saving");
        vm.into_world(&draft.join("disk.qcow2"))?;
        tell("ready");
        Ok(())
    }

    /// Removes folders of machines that died with their whole computer, guard and all.
    fn sweep(&self) -> Result<()> {
        for (path, name) in self.entries()? {
            // One without a lock yet may be about to get it.
            let old = path
                .metadata()
                .and_then(|data| data.modified())
                .is_ok_and(|time| time.elapsed().is_ok_and(|age| age > Duration::from_secs(300)));
            let held = File::open(path.join("lock")).is_ok_and(|lock| lock.try_lock().is_err());
            if name.starts_with("vm-") && old && !held {
                let _ = fs::remove_dir_all(&path);
            }
        }
        Ok(())
    }

    fn entries(&self) -> Result<Vec<(PathBuf, String)>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.cache.folder())? {
            let entry = entry?;
            entries.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
        }
        entries.sort();
        Ok(entries)
    }
}
