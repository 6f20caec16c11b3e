// SPDX-License-Identifier: Apache-2.0
//! The engine: made, filled with models, asked.

use crate::call::{versioned, Keep};
use crate::error::{check, Found};
use crate::log::{is_telling, line, Log};
use crate::*;
use mgeo_sys as sys;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::AtomicUsize;
use std::sync::Arc;

/// Two slots for models, one of them live. Dropping it frees both models and their threads.
///
/// It may be shared: every method takes `&self`, and `Drop`, which alone must not meet another call, has the engine to
/// itself. A [`Job`] borrows its engine and so cannot outlive it:
///
/// ```compile_fail,E0505
/// # use mgeo::{Engine, JobOptions, LoadOptions};
/// let engine = Engine::new().unwrap();
/// engine.load(None, &LoadOptions::new()).unwrap();
/// let job = engine.job(&JobOptions::new()).unwrap();
/// drop(engine); // the job is used below
/// job.info().unwrap();
/// ```
///
/// Nor can it be moved into a thread that may outlive a borrow of it:
///
/// ```compile_fail,E0373
/// # use mgeo::{Engine, LoadOptions, Slot};
/// let engine = Engine::new().unwrap();
/// let thread = std::thread::spawn(|| engine.info(Slot::Live).is_ok());
/// drop(engine);
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(crate) raw: NonNull<sys::mgeo_engine>,
    pub(crate) stride: AtomicUsize, // labels that answers had last, for which rows are made
    log: Option<Arc<Log>>,          // the library has its address
}

// mgeo.h: any thread may call every function of an engine, any number at once, but for mgeo_engine_destroy, which only
// drop() calls. The engine is tied to no thread, and neither is the log's closure, which is Send and Sync.
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

impl Engine {
    /// An engine without a model.
    pub fn new() -> Result<Self> {
        Self::with_options(&EngineOptions::new())
    }

    pub fn with_options(options: &EngineOptions) -> Result<Self> {
        let mut keep = Keep::new();
        let mut raw_options = options.raw(&mut keep)?;
        let log = options.log.clone().map(Arc::new);
        if let Some(log) = &log {
            raw_options.log = Some(line);
            raw_options.log_user = Arc::as_ptr(log) as *mut _;
        }
        let mut raw = std::ptr::null_mut();
        check(|error| unsafe { sys::mgeo_engine_create(&raw_options, &mut raw, error) })?;
        let raw =
            NonNull::new(raw).ok_or_else(|| Error::new(Status::Internal, "an engine without an address"))?;
        Ok(Self {
            raw,
            stride: AtomicUsize::new(3),
            log,
        })
    }

    /// Reads, checks, places and warms a model in the standby slot: a model directory, or the bundled model. The first
    /// load goes live; later ones wait on standby for [`Engine::swap`]. Live traffic continues.
    pub fn load(&self, path: Option<&Path>, options: &LoadOptions) -> Result<ModelInfo> {
        let mut keep = Keep::new();
        let path = keep.path(path)?;
        let options = options.raw(&mut keep)?;
        let mut info = versioned!(mgeo_model_info);
        check(|error| unsafe { sys::mgeo_load(self.raw.as_ptr(), path, &options, &mut info, error) })?;
        Ok(ModelInfo::from_raw(&info))
    }

    /// Frees the standby model once the last of its calls is over.
    pub fn unload(&self) -> Result<()> {
        check(|error| unsafe { sys::mgeo_unload(self.raw.as_ptr(), error) })
    }

    /// Describes the model in a slot.
    pub fn info(&self, slot: Slot) -> Result<ModelInfo> {
        let mut info = versioned!(mgeo_model_info);
        check(|error| unsafe { sys::mgeo_get_info(self.raw.as_ptr(), slot.into(), &mut info, error) })?;
        Ok(ModelInfo::from_raw(&info))
    }

    /// Counts what the model in a slot has done since it was loaded.
    pub fn stats(&self, slot: Slot) -> Result<Stats> {
        let mut stats = versioned!(mgeo_stats);
        check(|error| unsafe { sys::mgeo_get_stats(self.raw.as_ptr(), slot.into(), &mut stats, error) })?;
        Ok(Stats::from_raw(&stats))
    }

    /// Says which models answer, and what happened so far.
    pub fn rollout(&self) -> Result<Rollout> {
        let mut rollout = versioned!(mgeo_rollout);
        check(|error| unsafe { sys::mgeo_get_rollout(self.raw.as_ptr(), &mut rollout, error) })?;
        Ok(Rollout::from_raw(&rollout))
    }

    /// Names tensor `index`, from 0, that the files of the model in a slot have and scoring does not need.
    pub fn unused_tensor(&self, slot: Slot, index: u64) -> Result<String> {
        let mut name = [0; 1024];
        check(|error| unsafe {
            let place = name.as_mut_ptr();
            sys::mgeo_get_unused_tensor(self.raw.as_ptr(), slot.into(), index, place, name.len(), error)
        })?;
        Ok(text::owned(&name))
    }

    /// Describes field `index`, from 0, of the model's JSON files that decided nothing.
    pub fn unused_field(&self, slot: Slot, index: u64) -> Result<UnusedField> {
        let mut field = versioned!(mgeo_unused_field);
        check(|error| unsafe {
            sys::mgeo_get_unused_field(self.raw.as_ptr(), slot.into(), index, &mut field, error)
        })?;
        Ok(UnusedField::from_raw(&field))
    }

    /// All counters of the engine and of both models as metrics text.
    pub fn metrics(&self, format: MetricsFormat) -> Result<String> {
        let mut text = vec![0_u8; 1 << 15];
        loop {
            let mut length = 0;
            let place = text.as_mut_ptr().cast();
            let answer = check(|error| unsafe {
                sys::mgeo_write_metrics(
                    self.raw.as_ptr(),
                    format.into(),
                    place,
                    text.len(),
                    &mut length,
                    error,
                )
            });
            match answer {
                Err(error) if error.status == Status::Capacity => text.resize(2 * length, 0),
                Err(error) => return Err(error),
                Ok(()) => return Ok(String::from_utf8_lossy(&text[..length]).into_owned()),
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let raw = Raw(self.raw);
        if !is_telling() {
            return raw.destroy();
        }
        // The log's closure, which is running, had the last hold on the engine: another thread waits for its end. Where
        // there is none to be had, the engine stays.
        let log = ManuallyDrop::new(self.log.take());
        let later = std::thread::Builder::new().spawn(move || {
            raw.destroy();
            drop(ManuallyDrop::into_inner(log));
        });
        drop(later);
    }
}

/// An engine that nobody calls any more.
struct Raw(NonNull<sys::mgeo_engine>);

// As Engine is.
unsafe impl Send for Raw {}

impl Raw {
    fn destroy(self) {
        unsafe { sys::mgeo_engine_destroy(self.0.as_ptr()) };
    }
}

/// The version of the library that is running: "0.2.0".
#[must_use]
pub fn version() -> &'static str {
    unsafe { text::fixed(sys::mgeo_version()) }
}

/// Says what [`Engine::load`] would need, from the files' headers alone. A model that does not fit is not an error.
pub fn predict_memory(path: Option<&Path>, options: &LoadOptions) -> Result<Memory> {
    let mut keep = Keep::new();
    let path = keep.path(path)?;
    let options = options.raw(&mut keep)?;
    let mut memory = versioned!(mgeo_memory);
    check(|error| unsafe { sys::mgeo_predict_memory(path, &options, &mut memory, error) })?;
    Ok(Memory::from_raw(&memory))
}

/// Reads a journal and checks that no line was cut, edited, added or moved. Where it is not valid the error has the
/// report: [`Error::journal_report`].
pub fn journal_verify(path: impl AsRef<Path>) -> Result<JournalReport> {
    let mut keep = Keep::new();
    let path = keep.path(Some(path.as_ref()))?;
    let mut raw = versioned!(mgeo_journal_report);
    let answer = check(|error| unsafe { sys::mgeo_journal_verify(path, &mut raw, error) });
    let report = JournalReport::from_raw(&raw);
    match answer {
        Err(error) if error.status == Status::Format => Err(error.with(Found::Journal(report))),
        answer => answer.map(|()| report),
    }
}
