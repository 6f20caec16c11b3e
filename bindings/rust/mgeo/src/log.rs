// SPDX-License-Identifier: Apache-2.0
//! The library's log, as a closure.

use crate::{EngineOptions, LogLevel};
use std::cell::Cell;
use std::ffi::CStr;
use std::fmt;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct Log(Arc<Closure>);

type Closure = dyn Fn(LogLevel, &str) + Send + Sync;

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

impl EngineOptions {
    /// Receives the library's lines, from any thread, also from the library's own. It must not call the engine; it
    /// may drop it. What it panics with is dropped.
    #[must_use]
    pub fn log(mut self, log: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        self.log = Some(Log(Arc::new(log)));
        self
    }
}

/// What the library calls; `user` is a `Log` that lives as long as the engine.
pub(crate) unsafe extern "C" fn line(user: *mut c_void, level: i32, line: *const c_char) {
    let log = &*user.cast::<Log>();
    let line = CStr::from_ptr(line).to_string_lossy();
    let before = IN_LOG.with(|inside| inside.replace(true));
    // A panic must not unwind through the library, which holds locks here.
    let outcome = catch_unwind(AssertUnwindSafe(|| (log.0)(level.into(), &line)));
    if let Err(payload) = outcome {
        // Dropping what it was about may panic once more.
        std::mem::forget(payload);
    }
    IN_LOG.with(|inside| inside.set(before));
}

thread_local! {
    static IN_LOG: Cell<bool> = const { Cell::new(false) };
}

/// Is this thread telling a log? It may then be one of an engine's own, which that engine waits for at its end.
pub(crate) fn is_telling() -> bool {
    IN_LOG.with(Cell::get)
}
