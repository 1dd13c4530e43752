//! The product's knowledge, loaded from catalogue/: checks, benchmarks, threats, measures, stories. What does not hold together does not
//! load; what its own examples contradict does not pass [`Catalogue::lint`].

mod benchmark_file;
mod check_file;
mod error;
mod example;
mod naming;
pub(crate) mod remedy_template;
mod source;
mod story_file;
pub(crate) mod threat_file;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};

pub use error::{CatalogueError, CatalogueErrors};
pub use example::{Example, ExampleOutcome};
pub use naming::Misnamed;
pub use story_file::{Correction, Stories, Story, StoryFinding, StoryItem};

use crate::measure::Measure;
use crate::yaml::Place;
use crate::{Benchmark, Check, Threat};
pub(crate) use source::Source;
use threat_file::Names;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../catalogue");

/// Everything that judging needs to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// Checks by id.
    pub checks: BTreeMap<String, Check>,
    /// Benchmarks by id.
    pub benchmarks: BTreeMap<String, Benchmark>,
    /// Threats against a Docker host, in the order of the file.
    pub threats: Vec<Threat>,
    /// The reference model of Kubernetes: never measured by this version.
    pub kubernetes: Vec<Threat>,
    /// Measures that threats speak of, over check ids; none: no check says it yet.
    pub measures: BTreeMap<String, Option<Measure>>,
    /// The five stories.
    pub stories: Stories,
    files: BTreeMap<String, CheckSource>,
}

/// Where a check came from, and how it is tested.
#[derive(Clone, Debug, PartialEq)]
struct CheckSource {
    file: String,
    examples_place: Place,
    examples: Vec<Example>,
}

/// Files that a catalogue consists of: path below its folder, and text.
pub type Files<'f> = [(&'f str, &'f str)];

impl Catalogue {
    /// The built-in catalogue. Its examples are not run: tests and [`Self::lint`] do that.
    pub fn load() -> Result<Self, CatalogueErrors> {
        Self::from_files(&embedded())
    }

    /// What judging needs of the built-in catalogue, in half the time: without examples, stories and the reference model of Kubernetes.
    pub fn load_for_judging() -> Result<Self, CatalogueErrors> {
        let (checks, others): (Vec<_>, Vec<_>) = embedded().into_iter().partition(|(file, _)| file.starts_with("checks/"));
        let checks: Vec<(&str, String)> = checks.into_iter().map(|(file, text)| (file, without_examples(text))).collect();
        let checks: Vec<(&str, &str)> = checks.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let (left, right) = checks.split_at(checks.len() / 2);
        let load = |files: &Files<'_>| {
            let mut loader = Loader::default();
            loader.checks(files);
            loader
        };
        let mut loader = std::thread::scope(|scope| {
            let beside = std::thread::Builder::new().spawn_scoped(scope, || load(right)).ok();
            let mut loader = load(left);
            // Where no thread is to be had it is done here.
            let other = beside.map_or_else(|| Ok(load(right)), std::thread::ScopedJoinHandle::join);
            loader.add(other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            loader
        });
        loader.benchmarks(&others);
        loader.docker_threats(&others);
        loader.end()
    }

    /// The built-in catalogue with files of the user's own beside it; nothing built in is privileged, so a check id that exists already
    /// is refused. Their examples are run.
    pub fn with_files(own: &Files<'_>) -> Result<Self, CatalogueErrors> {
        let catalogue = Self::with_unproven_files(own)?;
        let errors: Vec<CatalogueError> =
            catalogue.lint().into_iter().filter(|error| own.iter().any(|(file, _)| *file == error.file)).collect();
        if errors.is_empty() { Ok(catalogue) } else { Err(CatalogueErrors(errors)) }
    }

    /// The same, without running the examples: for whoever wants to see how they come out.
    ///
    /// # Errors
    /// When a file does not load, each mistake with its place.
    pub fn with_unproven_files(own: &Files<'_>) -> Result<Self, CatalogueErrors> {
        let mut files = embedded();
        files.extend_from_slice(own);
        Self::from_files(&files)
    }

    /// A catalogue of these files alone.
    pub fn from_files(files: &Files<'_>) -> Result<Self, CatalogueErrors> {
        let mut loader = Loader::default();
        loader.checks(files);
        loader.benchmarks(files);
        loader.threats(files);
        loader.stories(files);
        loader.end()
    }

    /// Runs every example. Empty: all hold.
    pub fn lint(&self) -> Vec<CatalogueError> {
        let mut errors = Vec::new();
        for (id, check) in &self.checks {
            let Some(file) = self.files.get(id) else { continue };
            let mut source = Source::new(&file.file, "");
            example::lint(&mut source, check, &file.examples, file.examples_place);
            errors.append(&mut source.errors);
        }
        errors
    }

    /// The examples of a check.
    pub fn examples(&self, check: &str) -> &[Example] {
        self.files.get(check).map_or(&[], |file| &file.examples)
    }

    /// The file of a check, below the catalogue's folder.
    pub fn file(&self, check: &str) -> Option<&str> {
        self.files.get(check).map(|file| file.file.as_str())
    }

    /// JSON Schema of a check's file, for editors.
    pub fn check_schema() -> serde_json::Value {
        schemars::schema_for!(check_file::RawCheck).to_value()
    }

    /// Numbers of a check: benchmark id to controls.
    pub fn numbers(&self, check: &str) -> BTreeMap<String, Vec<String>> {
        let own = |benchmark: &Benchmark| -> Vec<String> {
            benchmark.controls.iter().filter(|control| control.check == check).map(|control| control.id.clone()).collect()
        };
        self.benchmarks.iter().map(|(id, benchmark)| (id.clone(), own(benchmark))).filter(|(_, numbers)| !numbers.is_empty()).collect()
    }
}

/// A check's file without its tests, which end it.
fn without_examples(text: &str) -> String {
    let end = text.find("\nexamples:\n").map_or(text.len(), |at| at + 1);
    format!("{}examples: []\n", &text[..end])
}

fn embedded() -> Vec<(&'static str, &'static str)> {
    let mut files = Vec::new();
    let mut folders = vec![&EMBEDDED];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        files.extend(folder.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?))));
    }
    files.sort_unstable();
    files
}

#[derive(Default)]
struct Loader {
    catalogue: Catalogue,
    errors: Vec<CatalogueError>,
}

impl Loader {
    /// Reads every YAML file of a folder of the catalogue.
    fn each<'f>(&mut self, files: &Files<'f>, folder: &str, mut read: impl FnMut(&mut Catalogue, &mut Source<'f>)) {
        for (file, text) in files.iter().filter(|(file, _)| file.starts_with(folder) && file.ends_with(".yaml")) {
            let mut source = Source::new(file, text);
            read(&mut self.catalogue, &mut source);
            self.errors.append(&mut source.errors);
        }
    }

    /// Takes what another one has read.
    fn add(&mut self, mut other: Self) {
        self.catalogue.checks.append(&mut other.catalogue.checks);
        self.catalogue.files.append(&mut other.catalogue.files);
        self.errors.append(&mut other.errors);
    }

    fn end(self) -> Result<Catalogue, CatalogueErrors> {
        if self.errors.is_empty() { Ok(self.catalogue) } else { Err(CatalogueErrors(self.errors)) }
    }

    fn checks(&mut self, files: &Files<'_>) {
        self.each(files, "checks/", |catalogue, source| {
            let Some(read) = check_file::read(source) else { return };
            let id = read.check.id.clone();
            if let Some(other) = catalogue.files.get(&id) {
                let message = format!("`{id}` is the id of {} already", other.file);
                return source.error(read.id_place, message);
            }
            let file = CheckSource { file: source.file.to_owned(), examples_place: read.examples_place.into(), examples: read.examples };
            catalogue.files.insert(id.clone(), file);
            catalogue.checks.insert(id, read.check);
        });
    }

    fn benchmarks(&mut self, files: &Files<'_>) {
        self.each(files, "benchmarks/", |catalogue, source| {
            if let Some(benchmark) = benchmark_file::read(source, &catalogue.checks) {
                catalogue.benchmarks.insert(benchmark.id.clone(), benchmark);
            }
        });
    }

    fn threats(&mut self, files: &Files<'_>) {
        self.docker_threats(files);
        self.each(files, "threats/kubernetes.yaml", |catalogue, source| {
            catalogue.kubernetes = threat_file::read(source, &Names::Free).unwrap_or_default();
        });
    }

    fn docker_threats(&mut self, files: &Files<'_>) {
        self.each(files, "threats/measures.yaml", |catalogue, source| {
            catalogue.measures = threat_file::read_measures(source, &catalogue.checks).unwrap_or_default();
        });
        self.each(files, "threats/docker.yaml", |catalogue, source| {
            let names = Names::Known { measures: &catalogue.measures, checks: &catalogue.checks };
            catalogue.threats = threat_file::read(source, &names).unwrap_or_default();
        });
    }

    fn stories(&mut self, files: &Files<'_>) {
        self.each(files, "threats/stories.yaml", |catalogue, source| {
            catalogue.stories = story_file::read(source).unwrap_or_default();
            for message in unresolved(catalogue) {
                source.error(Place { line: 1, column: 1 }, message);
            }
        });
    }
}

/// What the stories name and the catalogue lacks.
fn unresolved(catalogue: &Catalogue) -> Vec<String> {
    let mut wrong = Vec::new();
    let is_threat = |id: &str| catalogue.threats.iter().chain(&catalogue.kubernetes).any(|threat| threat.id == id);
    for story in &catalogue.stories.stories {
        for item in &story.items {
            for threat in item.threats.iter().filter(|threat| !is_threat(threat)) {
                wrong.push(format!("story {}: no threat `{threat}`", story.id));
            }
            for finding in item.chosen.iter().chain(&item.named) {
                let row = catalogue
                    .benchmarks
                    .get(&finding.benchmark)
                    .and_then(|table| table.controls.iter().find(|row| row.id == finding.control));
                if row.map(|row| &row.check) != Some(&finding.check) {
                    wrong.push(format!("story {}: {} {} is not {}", story.id, finding.benchmark, finding.control, finding.check));
                }
            }
        }
    }
    for correction in &catalogue.stories.corrections {
        for threat in correction.threats.iter().filter(|threat| !is_threat(threat)) {
            wrong.push(format!("a correction names no threat: `{threat}`"));
        }
    }
    wrong
}
