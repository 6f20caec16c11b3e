// SPDX-License-Identifier: Apache-2.0
//! How far long calls have come, and how they are cancelled.

use crate::Stage;
use mgeo_sys as sys;
use std::sync::{Arc, Mutex, MutexGuard};

/// Watches and cancels the calls whose options name it, from any thread; clones are the same one.
///
/// ```
/// # use mgeo::{Engine, LoadOptions, Progress, ScoreOptions, Status};
/// # fn main() -> mgeo::Result<()> {
/// # let engine = Engine::new()?;
/// # engine.load(None, &LoadOptions::new())?;
/// let progress = Progress::new();
/// progress.cancel(); // or later, from another thread
/// let answer = engine.score_with(&[("文三路", "文三路")], &ScoreOptions::new().progress(&progress));
/// assert_eq!(answer.unwrap_err().status, Status::Cancelled);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    blocks: Vec<Block>, // of the calls that run; the newest is last
    last: (i32, u64, u64),
}

#[derive(Debug, PartialEq)]
struct Block(*mut sys::mgeo_progress);

// Any thread may read and cancel a block, and it is here only while its call runs.
unsafe impl Send for Block {}

impl Progress {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the calls that run, and those that come, to stop: they answer `Status::Cancelled`.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        for block in &state.blocks {
            unsafe { sys::mgeo_progress_cancel(block.0) };
        }
    }

    /// Was `cancel` called?
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    /// The stage of the call that began last, how much of that stage is done, and of how much.
    #[must_use]
    pub fn read(&self) -> (Stage, u64, u64) {
        let state = self.state();
        let (stage, done, total) = state.blocks.last().map_or(state.last, Block::read);
        (stage.into(), done, total)
    }

    /// # Safety
    /// The block lives until `detach`.
    pub(crate) unsafe fn attach(&self, block: *mut sys::mgeo_progress) {
        let mut state = self.state();
        if state.cancelled {
            sys::mgeo_progress_cancel(block);
        }
        state.blocks.push(Block(block));
    }

    pub(crate) fn detach(&self, block: *mut sys::mgeo_progress) {
        let mut state = self.state();
        let block = Block(block);
        if state.blocks.last() == Some(&block) {
            state.last = block.read();
        }
        state.blocks.retain(|other| *other != block);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Block {
    fn read(&self) -> (i32, u64, u64) {
        let (mut stage, mut done, mut total) = (0, 0, 0);
        unsafe { sys::mgeo_progress_read(self.0, &mut stage, &mut done, &mut total) };
        (stage, done, total)
    }
}
