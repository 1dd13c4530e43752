//! What is going on, for whoever shows it. The library itself prints nothing.

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Work on a step begins.
    Step {
        /// From 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// Its title.
        title: String,
    },
    /// One action inside a step begins.
    Action(String),
    /// Something takes its time.
    Waiting(String),
    /// Something that the operator should know, and that does not stop the run.
    Warning(String),
}

/// Whoever wants to know.
pub trait Observer: Send + Sync {
    /// Takes one piece of news.
    fn notice(&self, news: Progress);
}

/// Nobody.
impl Observer for () {
    fn notice(&self, _news: Progress) {}
}

impl<F: Fn(Progress) + Send + Sync> Observer for F {
    fn notice(&self, news: Progress) {
        self(news);
    }
}
