// SPDX-License-Identifier: Apache-2.0
//! Scoring: pairs in, scores out.

use crate::call::{versioned, Keep};
use crate::error::{check, Found};
use crate::{ArrowOptions, Columns, Engine, Error, Progress, Result, RowFlags, Status};
use mgeo_sys as sys;
use std::sync::atomic::Ordering::Relaxed;

impl RowFlags {
    /// The flags of rows without a score.
    pub const BAD: Self = Self(sys::MGEO_ROW_BAD);
}

/// What is asked of a call.
#[derive(Clone, Debug, Default)]
pub struct ScoreOptions {
    columns: Columns,
    route_key: u64,
    progress: Option<Progress>,
}

impl ScoreOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What to answer beside the similarity; not set: all but logits.
    #[must_use]
    pub fn columns(mut self, columns: Columns) -> Self {
        self.columns = columns;
        self
    }

    /// While a canary runs, calls with the same key meet the same model; 0: the same pairs do. Not in jobs.
    #[must_use]
    pub fn route_key(mut self, route_key: u64) -> Self {
        self.route_key = route_key;
        self
    }

    /// Watches the call and cancels it.
    #[must_use]
    pub fn progress(mut self, progress: &Progress) -> Self {
        self.progress = Some(progress.clone());
        self
    }

    /// The same for a table, with the columns that are needed to read its answer.
    pub(crate) fn for_arrow(&self) -> ArrowOptions {
        let asked = if self.columns.is_empty() {
            Columns(!Columns::LOGITS.0)
        } else {
            self.columns
        };
        let all = Columns(2 * Columns::LOGITS.0 - 1);
        let columns = Columns(asked.0 & all.0) | Columns::SIMILARITY | Columns::GENERATION;
        let mut options = ArrowOptions::new().columns(columns).route_key(self.route_key);
        options.progress = self.progress.clone();
        options
    }

    fn asks_for(&self, column: Columns) -> bool {
        if self.columns.is_empty() {
            column != Columns::LOGITS
        } else {
            self.columns.contains(column)
        }
    }
}

/// The answers to a call; row i belongs to pair i. What was not asked for is empty.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// 0..1; NaN: no score
    pub similarity: Vec<f32>,
    /// index of the likeliest label, of `ModelInfo::labels`; -1: no score
    pub label: Vec<i32>,
    /// `label_count` a row; see `probabilities_of`
    pub probabilities: Vec<f32>,
    /// `label_count` a row, before softmax or sigmoid; see `logits_of`
    pub logits: Vec<f32>,
    /// `RowFlags::BAD`: why there is no score
    pub flags: Vec<RowFlags>,
    /// the model that answered the whole call
    pub generation: u64,
    /// tokens encoded, specials included
    pub tokens: u64,
    /// the model's
    pub label_count: usize,
    /// rows without a score
    pub bad_rows: usize,
}

impl Scores {
    /// Row i's, one for each label; empty if they were not asked for.
    #[must_use]
    pub fn probabilities_of(&self, i: usize) -> &[f32] {
        row_of(&self.probabilities, self.label_count, i)
    }

    /// Row i's, one for each label; empty if they were not asked for.
    #[must_use]
    pub fn logits_of(&self, i: usize) -> &[f32] {
        row_of(&self.logits, self.label_count, i)
    }
}

fn row_of(values: &[f32], width: usize, i: usize) -> &[f32] {
    if values.is_empty() {
        return values;
    }
    &values[i * width..(i + 1) * width]
}

/// The answer to one pair.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    pub similarity: f32,
    pub label: i32,
    pub flags: RowFlags,
    pub generation: u64,
}

impl Engine {
    /// Scores pairs; the whole call is answered by one model. Rows without a score never fail the call: they are NaN
    /// and flagged.
    pub fn score<A: AsRef<str>, B: AsRef<str>>(&self, pairs: &[(A, B)]) -> Result<Scores> {
        self.score_with(pairs, &ScoreOptions::new())
    }

    /// `score` with options.
    pub fn score_with<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: &[(A, B)],
        options: &ScoreOptions,
    ) -> Result<Scores> {
        Target {
            engine: self,
            job: std::ptr::null_mut(),
        }
        .score(pairs, options)
    }

    /// Scores what an iterator has, in one call.
    ///
    /// ```
    /// # use mgeo::{Engine, LoadOptions};
    /// # fn main() -> mgeo::Result<()> {
    /// # let engine = Engine::new()?;
    /// # engine.load(None, &LoadOptions::new())?;
    /// let lines = "文三路90号\t文三路90号\n文三路90号\t北新街58号\n";
    /// let scores = engine.score_iter(lines.lines().filter_map(|line| line.split_once('\t')))?;
    /// assert_eq!(scores.similarity.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn score_iter<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: impl IntoIterator<Item = (A, B)>,
    ) -> Result<Scores> {
        self.score(&pairs.into_iter().collect::<Vec<_>>())
    }

    /// Scores one pair.
    pub fn score_one(&self, a: impl AsRef<str>, b: impl AsRef<str>) -> Result<Score> {
        Target {
            engine: self,
            job: std::ptr::null_mut(),
        }
        .score_one(a.as_ref(), b.as_ref())
    }
}

/// Who answers: the engine's live model, or a job's.
pub(crate) struct Target<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) job: *mut sys::mgeo_job, // or NULL
}

impl Target<'_> {
    pub(crate) fn score<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: &[(A, B)],
        options: &ScoreOptions,
    ) -> Result<Scores> {
        let mut keep = Keep::new();
        let rows = keep.pairs(pairs);
        let progress = keep.watched_by(options.progress.as_ref());
        loop {
            let width = self.engine.stride.load(Relaxed);
            let mut scores = Scores::with_room(pairs.len(), width, options);
            let mut raw = scores.raw(width, options.route_key, progress);
            let answer = check(|error| unsafe { self.call(rows, pairs.len(), &mut raw, error) });
            match answer {
                Err(error) if error.status == Status::Capacity && width < sys::MGEO_MAX_LABELS as usize => {
                    self.engine.stride.store(sys::MGEO_MAX_LABELS as usize, Relaxed);
                    continue;
                }
                Err(error) if !is_partial(&error) => return Err(error),
                answer => {
                    scores.take(&raw, width);
                    if scores.label_count > 0 {
                        self.engine.stride.store(scores.label_count, Relaxed);
                    }
                    return match answer {
                        Err(error) => Err(error.with(Found::Scores(scores))),
                        Ok(()) => Ok(scores),
                    };
                }
            }
        }
    }

    pub(crate) fn score_one(&self, a: &str, b: &str) -> Result<Score> {
        let pair = sys::mgeo_pair {
            a: a.as_ptr().cast(),
            a_len: a.len(),
            b: b.as_ptr().cast(),
            b_len: b.len(),
        };
        let mut score = Score {
            similarity: f32::NAN,
            label: -1,
            flags: RowFlags::empty(),
            generation: 0,
        };
        let mut raw = versioned!(mgeo_scores);
        raw.similarity = &mut score.similarity;
        raw.label = &mut score.label;
        raw.flags = &mut score.flags.0;
        check(|error| unsafe { self.call(&pair, 1, &mut raw, error) })?;
        score.generation = raw.generation;
        Ok(score)
    }

    unsafe fn call(
        &self,
        pairs: *const sys::mgeo_pair,
        count: usize,
        scores: *mut sys::mgeo_scores,
        error: *mut sys::mgeo_error,
    ) -> sys::mgeo_status {
        if self.job.is_null() {
            sys::mgeo_score(self.engine.raw.as_ptr(), pairs, count, scores, error)
        } else {
            sys::mgeo_job_score(self.job, pairs, count, scores, error)
        }
    }
}

/// Did the call score some rows before it failed?
fn is_partial(error: &Error) -> bool {
    matches!(error.status, Status::Cancelled | Status::Device)
}

impl Scores {
    fn with_room(rows: usize, width: usize, options: &ScoreOptions) -> Self {
        let of = |column, numbers| if options.asks_for(column) { numbers } else { 0 };
        Self {
            similarity: vec![0.0; rows],
            label: vec![0; of(Columns::LABEL, rows)],
            probabilities: vec![0.0; of(Columns::PROBABILITIES, rows * width)],
            logits: vec![0.0; of(Columns::LOGITS, rows * width)],
            flags: vec![RowFlags::empty(); of(Columns::FLAGS, rows)],
            ..Self::default()
        }
    }

    /// The arrays as C takes them; empty ones are not asked for.
    fn raw(&mut self, width: usize, route_key: u64, progress: *mut sys::mgeo_progress) -> sys::mgeo_scores {
        let mut raw = versioned!(mgeo_scores);
        raw.similarity = self.similarity.as_mut_ptr(); // never NULL, which is an error even without rows
        raw.label = place(&mut self.label);
        raw.probabilities = place(&mut self.probabilities);
        raw.logits = place(&mut self.logits);
        raw.flags = place(&mut self.flags).cast(); // RowFlags is a u32
        raw.probability_stride = width;
        raw.route_key = route_key;
        raw.progress = progress;
        raw
    }

    /// Takes what the call says of itself, and moves rows together that were made wider than the model's.
    fn take(&mut self, raw: &sys::mgeo_scores, width: usize) {
        self.generation = raw.generation;
        self.tokens = raw.tokens;
        self.label_count = raw.label_count as usize;
        self.bad_rows = raw.bad_rows as usize;
        narrow(&mut self.probabilities, width, self.label_count);
        narrow(&mut self.logits, width, self.label_count);
    }
}

fn place<T>(values: &mut [T]) -> *mut T {
    if values.is_empty() {
        return std::ptr::null_mut();
    }
    values.as_mut_ptr()
}

fn narrow(values: &mut Vec<f32>, from: usize, to: usize) {
    if from <= to {
        return;
    }
    let rows = values.len() / from;
    for row in 1..rows {
        values.copy_within(row * from..row * from + to, row * to);
    }
    values.truncate(rows * to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_moved_together() {
        let mut values = vec![1.0, 2.0, 9.0, 3.0, 4.0, 9.0];
        narrow(&mut values, 3, 2);
        assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
        narrow(&mut values, 2, 2);
        assert_eq!(values.len(), 4);
    }

    #[test]
    fn rows_become_as_wide_as_the_model() {
        let engine = Engine::new().unwrap();
        engine.load(None, &crate::LoadOptions::new()).unwrap();
        let pairs = [("文三路90号", "文三路90号"), ("北新街58号", "南新街58号")];
        let three = engine.score(&pairs).unwrap();
        for width in [1, 16] {
            engine.stride.store(width, Relaxed);
            let scores = engine.score(&pairs).unwrap();
            assert_eq!(scores.probabilities, three.probabilities);
            assert_eq!(engine.stride.load(Relaxed), 3);
        }
    }
}
