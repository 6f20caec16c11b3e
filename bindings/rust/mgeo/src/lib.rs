// SPDX-License-Identifier: Apache-2.0
//! Do two Chinese addresses name the same place? libmgeo scores pairs of them with a model that can be replaced
//! while calls run.
//!
//! ```
//! use mgeo::{Engine, LoadOptions, SwapOptions};
//!
//! # fn main() -> mgeo::Result<()> {
//! let engine = Engine::new()?;
//! engine.load(None, &LoadOptions::new())?; // the bundled model
//! let scores = engine.score(&[("杭州市西湖区文三路90号", "文三路90号"), ("北新街58号", "南新街58号")])?;
//! assert!(scores.similarity[0] > scores.similarity[1]);
//!
//! engine.load(None, &LoadOptions::new().version("next"))?; // on standby
//! engine.swap(&SwapOptions::new())?; // live
//! engine.roll_back(&Default::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! An [`Engine`] has two slots for models, one of them live. [`Engine::load`] fills them, [`Engine::score`] and its
//! like ask the live one, [`Engine::swap`] and [`Engine::roll_back`] say which one that is. All take `&self` and may
//! run in any number of threads at once; a [`Progress`] shows how far a long call is, and cancels it.
//!
//! Which addresses to compare: an [`Index`] finds candidates for each, and [`cluster`] holds together what scored well.
//! Neither needs an engine.
//!
//! Words and rules are those of `mgeo.h`. Options that are not set mean the defaults.
#![warn(missing_debug_implementations)]

#[macro_use]
mod flags;

pub mod arrow;
mod call;
mod engine;
mod error;
#[rustfmt::skip]
mod generated;
mod job;
mod log;
mod matching;
mod progress;
mod rollout;
mod score;
mod text;

pub use engine::{journal_verify, predict_memory, version, Engine};
pub use error::{Error, Result};
pub use generated::*;
pub use job::Job;
pub use matching::{cluster, normal_form, Candidate, FoundRows, Index, Link};
pub use progress::Progress;
pub use rollout::SHARE_ALL;
pub use score::{Score, ScoreOptions, Scores};
