// SPDX-License-Identifier: Apache-2.0
//! Jobs: one model for many calls.

use crate::call::{versioned, Keep};
use crate::error::check;
use crate::score::Target;
use crate::{Engine, Error, JobOptions, ModelInfo, Result, Score, ScoreOptions, Scores, Status};
use mgeo_sys as sys;
use std::ptr::NonNull;

/// Holds one model until it is dropped, so that a whole file is scored by one version whatever is swapped meanwhile.
/// Until then `unload` and `load` answer `Status::Busy` rather than replace that model.
#[derive(Debug)]
pub struct Job<'engine> {
    engine: &'engine Engine,
    raw: NonNull<sys::mgeo_job>,
}

// As with the engine: any thread may call, and drop(), which alone must not meet another call, has the job to itself.
unsafe impl Send for Job<'_> {}
unsafe impl Sync for Job<'_> {}

impl Engine {
    /// Begins a job.
    pub fn job(&self, options: &JobOptions) -> Result<Job<'_>> {
        let options = options.raw(&mut Keep::new())?;
        let mut raw = std::ptr::null_mut();
        check(|error| unsafe { sys::mgeo_job_begin(self.raw.as_ptr(), &options, &mut raw, error) })?;
        let raw =
            NonNull::new(raw).ok_or_else(|| Error::new(Status::Internal, "a job without an address"))?;
        Ok(Job { engine: self, raw })
    }
}

impl Job<'_> {
    pub(crate) fn engine(&self) -> &Engine {
        self.engine
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::mgeo_job {
        self.raw.as_ptr()
    }

    fn target(&self) -> Target<'_> {
        Target {
            engine: self.engine,
            job: self.raw.as_ptr(),
        }
    }

    /// [`Engine::score`] on the job's model.
    pub fn score<A: AsRef<str>, B: AsRef<str>>(&self, pairs: &[(A, B)]) -> Result<Scores> {
        self.score_with(pairs, &ScoreOptions::new())
    }

    /// [`Engine::score_with`] on the job's model.
    pub fn score_with<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: &[(A, B)],
        options: &ScoreOptions,
    ) -> Result<Scores> {
        self.target().score(pairs, options)
    }

    /// [`Engine::score_iter`] on the job's model.
    pub fn score_iter<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: impl IntoIterator<Item = (A, B)>,
    ) -> Result<Scores> {
        self.score(&pairs.into_iter().collect::<Vec<_>>())
    }

    /// [`Engine::score_one`] on the job's model.
    pub fn score_one(&self, a: impl AsRef<str>, b: impl AsRef<str>) -> Result<Score> {
        self.target().score_one(a.as_ref(), b.as_ref())
    }

    /// Describes the job's model; `live` as it was when the job began.
    pub fn info(&self) -> Result<ModelInfo> {
        let mut info = versioned!(mgeo_model_info);
        check(|error| unsafe { sys::mgeo_job_get_info(self.raw.as_ptr(), &mut info, error) })?;
        Ok(ModelInfo::from_raw(&info))
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        unsafe { sys::mgeo_job_end(self.raw.as_ptr()) };
    }
}
