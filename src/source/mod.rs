//! Every way facts come in. Each reader lowers its wire shape to the same facts; `assemble` joins them into one inventory.
//! A reader never guesses: what it cannot read is an error that names the file, the place and what was expected.

pub mod prefix_list;

use std::fmt;

/// Input that cannot be used. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// The file as the user named it; `-` for standard input.
    pub file: String,
    /// 1-based line and column, where the format has them.
    pub position: Option<(u64, u64)>,
    /// Where in the document, for example `[2].agentPoolProfiles[0].vnetSubnetId`.
    pub path: Option<String>,
    /// What is wrong, and what was expected instead.
    pub problem: String,
}

impl SourceError {
    pub fn new(file: impl Into<String>, problem: impl Into<String>) -> Self {
        SourceError {
            file: file.into(),
            position: None,
            path: None,
            problem: problem.into(),
        }
    }

    #[must_use]
    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.position = Some((line, column));
        self
    }

    #[must_use]
    pub fn in_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(path) = &self.path {
            write!(f, ": at {path}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for SourceError {}
