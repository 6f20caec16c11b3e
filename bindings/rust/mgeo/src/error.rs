// SPDX-License-Identifier: Apache-2.0
//! Errors: a status and one line.

use crate::{JournalReport, Scores, Status, SwapReceipt};
use mgeo_sys as sys;
use std::fmt;

/// What calls answer that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call failed, and what it had found until then.
#[derive(Clone, Debug)]
pub struct Error {
    pub status: Status,
    /// One line: what went wrong, where, and what to do.
    pub message: String,
    found: Option<Box<Found>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Found {
    Scores(Scores),
    Receipt(SwapReceipt),
    Journal(JournalReport),
}

impl Error {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            found: None,
        }
    }

    pub(crate) fn with(mut self, found: Found) -> Self {
        self.found = Some(Box::new(found));
        self
    }

    /// The rows that were scored before a call was cancelled or its device failed; the others are skipped.
    #[must_use]
    pub fn scores(&self) -> Option<&Scores> {
        match self.found.as_deref() {
            Some(Found::Scores(scores)) => Some(scores),
            _ => None,
        }
    }

    /// The figures with which a gate refused a swap.
    #[must_use]
    pub fn receipt(&self) -> Option<&SwapReceipt> {
        match self.found.as_deref() {
            Some(Found::Receipt(receipt)) => Some(receipt),
            _ => None,
        }
    }

    /// Where a journal is not valid.
    #[must_use]
    pub fn journal_report(&self) -> Option<&JournalReport> {
        match self.found.as_deref() {
            Some(Found::Journal(report)) => Some(report),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Makes a call that takes an error of C's as its last argument.
pub(crate) fn check(call: impl FnOnce(*mut sys::mgeo_error) -> sys::mgeo_status) -> Result<()> {
    let mut error = sys::mgeo_error {
        status: 0,
        message: [0; 508],
    };
    match call(&mut error) {
        sys::MGEO_OK => Ok(()),
        status => Err(Error::new(status.into(), crate::text::owned(&error.message))),
    }
}
