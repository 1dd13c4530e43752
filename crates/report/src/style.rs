//! How text is laid out. The caller knows the terminal; this crate does not ask for it.

/// Width and colour of text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns to fill at most. Commands to copy are never broken and may be longer.
    pub width: usize,
    /// Whether ANSI styles are written. Meaning never rests on them alone.
    pub colour: bool,
}

impl Default for Style {
    /// 80 columns, no colour: what a pipe gets.
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// What a piece of text is, for whoever colours it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Strong,
    Dim,
    Bad,
    Doubt,
    Good,
    Command,
}

impl Tone {
    pub(crate) fn ansi(self) -> anstyle::Style {
        use anstyle::AnsiColor::{Cyan, Green, Red, Yellow};
        let style = anstyle::Style::new();
        match self {
            Self::Plain => style,
            Self::Strong => style.bold(),
            Self::Dim => style.dimmed(),
            Self::Bad => style.bold().fg_color(Some(Red.into())),
            Self::Doubt => style.fg_color(Some(Yellow.into())),
            Self::Good => style.fg_color(Some(Green.into())),
            Self::Command => style.fg_color(Some(Cyan.into())),
        }
    }
}
