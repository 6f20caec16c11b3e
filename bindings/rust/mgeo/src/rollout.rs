// SPDX-License-Identifier: Apache-2.0
//! Rolling out: two models compared, swapped, watched, and turned back.

use crate::call::{versioned, Keep};
use crate::error::{check, Found};
use crate::*;
use mgeo_sys as sys;
use std::os::raw::c_char;

/// All calls, for `set_canary` and `set_shadow`: shares are in 1/10,000.
pub const SHARE_ALL: u32 = sys::MGEO_SHARE_ALL;

fn borrowed<A: AsRef<str>, B: AsRef<str>>(pairs: &[(A, B)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(a, b)| (a.as_ref(), b.as_ref())).collect()
}

impl<'a> CompareOptions<'a> {
    /// The pairs that both models score.
    #[must_use]
    pub fn pairs<A: AsRef<str>, B: AsRef<str>>(mut self, pairs: &'a [(A, B)]) -> Self {
        self.pairs = borrowed(pairs);
        self
    }
}

impl<'a> Gate<'a> {
    /// The pairs that both models score; at least one.
    #[must_use]
    pub fn pairs<A: AsRef<str>, B: AsRef<str>>(mut self, pairs: &'a [(A, B)]) -> Self {
        self.pairs = borrowed(pairs);
        self
    }
}

impl Engine {
    /// Scores pairs with both models and reports how the standby model differs, with its `worst` largest shifts.
    pub fn compare(&self, options: &CompareOptions<'_>, worst: usize) -> Result<CompareReport> {
        let mut keep = Keep::new();
        let worst = worst.min(options.pairs.len());
        let options = options.raw(&mut keep)?;
        let none = sys::mgeo_shift {
            index: 0,
            live: 0.0,
            standby: 0.0,
            live_label: -1,
            standby_label: -1,
        };
        let mut shifts = vec![none; worst];
        let mut report = versioned!(mgeo_compare_report);
        if worst > 0 {
            report.worst = shifts.as_mut_ptr();
            report.worst_capacity = worst;
        }
        check(|error| unsafe { sys::mgeo_compare(self.raw.as_ptr(), &options, &mut report, error) })?;
        Ok(CompareReport::from_raw(&report))
    }

    /// Cuts traffic over to the standby model: at once, or once a gate has passed. Where a gate refuses, the error has
    /// its figures: [`Error::receipt`].
    pub fn swap(&self, options: &SwapOptions<'_>) -> Result<SwapReceipt> {
        let mut keep = Keep::new();
        let options = options.raw(&mut keep)?;
        let mut raw = versioned!(mgeo_swap_receipt);
        let answer =
            check(|error| unsafe { sys::mgeo_swap_model(self.raw.as_ptr(), &options, &mut raw, error) });
        let receipt = SwapReceipt::from_raw(&raw);
        match answer {
            Err(error) if error.status == Status::Refused => Err(error.with(Found::Receipt(receipt))),
            answer => answer.map(|()| receipt),
        }
    }

    /// Cuts traffic back over to the model that was live before the last swap.
    pub fn roll_back(&self, options: &RollBackOptions) -> Result<SwapReceipt> {
        let mut keep = Keep::new();
        let options = options.raw(&mut keep)?;
        let mut receipt = versioned!(mgeo_swap_receipt);
        check(|error| unsafe { sys::mgeo_roll_back(self.raw.as_ptr(), &options, &mut receipt, error) })?;
        Ok(SwapReceipt::from_raw(&receipt))
    }

    /// Reports the state of the last watch.
    pub fn watch(&self) -> Result<WatchReport> {
        let mut report = versioned!(mgeo_watch_report);
        check(|error| unsafe { sys::mgeo_get_watch(self.raw.as_ptr(), &mut report, error) })?;
        Ok(WatchReport::from_raw(&report))
    }

    /// Sets the share of calls, of [`SHARE_ALL`], that the standby model answers.
    pub fn set_canary(&self, share: u32, options: &CanaryOptions) -> Result<()> {
        let mut keep = Keep::new();
        let options = options.raw(&mut keep)?;
        check(|error| unsafe { sys::mgeo_set_canary(self.raw.as_ptr(), share, &options, error) })
    }

    /// Sets the share of live calls, of [`SHARE_ALL`], whose pairs are also scored by the standby model.
    pub fn set_shadow(&self, share: u32, options: &ShadowOptions) -> Result<()> {
        let mut keep = Keep::new();
        let options = options.raw(&mut keep)?;
        check(|error| unsafe { sys::mgeo_set_shadow(self.raw.as_ptr(), share, &options, error) })
    }

    /// Reports what the shadow calls have shown so far.
    pub fn shadow(&self) -> Result<ShadowReport> {
        let mut report = versioned!(mgeo_shadow_report);
        check(|error| unsafe { sys::mgeo_get_shadow(self.raw.as_ptr(), &mut report, error) })?;
        Ok(ShadowReport::from_raw(&report))
    }

    /// The shadow's pair number `rank` (0: the largest shift) and its texts, each cut to 1,023 bytes.
    pub fn shadow_pair(&self, rank: u32) -> Result<(Shift, String, String)> {
        let mut shift = unsafe { std::mem::zeroed() };
        let (mut a, mut b): ([c_char; 1024], [c_char; 1024]) = ([0; 1024], [0; 1024]);
        check(|error| unsafe {
            let (a_place, b_place) = (a.as_mut_ptr(), b.as_mut_ptr());
            sys::mgeo_get_shadow_pair(
                self.raw.as_ptr(),
                rank,
                &mut shift,
                a_place,
                1024,
                b_place,
                1024,
                error,
            )
        })?;
        Ok((Shift::from_raw(&shift), text::owned(&a), text::owned(&b)))
    }
}
