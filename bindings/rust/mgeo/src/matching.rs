// SPDX-License-Identifier: Apache-2.0
//! From addresses to matches without a model: the normal form, an index that is searched, and clusters of scored links.

use crate::call::{versioned, Keep};
use crate::error::check;
use crate::*;
use mgeo_sys as sys;
use std::os::raw::c_char;
use std::path::Path;
use std::ptr::NonNull;

/// The form of an address that ways of writing it share: for comparing, not for reading. Empty: nothing in the text
/// names a place.
pub fn normal_form(text: impl AsRef<str>) -> Result<String> {
    let text = text.as_ref();
    let mut form = vec![0_u8; 3 * text.len() + 1];
    loop {
        let mut length = 0;
        let place = form.as_mut_ptr().cast();
        let answer = check(|error| unsafe {
            sys::mgeo_normal_form(
                text.as_ptr().cast(),
                text.len(),
                place,
                form.len(),
                &mut length,
                error,
            )
        });
        match answer {
            Err(error) if error.status == Status::Capacity => form.resize(length + 1, 0),
            Err(error) => return Err(error),
            Ok(()) => return Ok(String::from_utf8_lossy(&form[..length]).into_owned()),
        }
    }
}

// ---- the index ------------------------------------------------------------------------------------------------------

/// A record that may name the place of a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    pub id: String,
    /// as it was put in
    pub text: String,
    /// of the record in its generation: from 0, in the order they were put in
    pub row: u64,
    /// 0..1: orders candidates, and is not a model's similarity: score the pairs for that
    pub score: f32,
    pub flags: CandidateFlags,
}

/// What [`Index::search_rows`] found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundRows {
    /// that the rows are of: give it to the next call, so that a walk meets no change
    pub generation: u64,
    pub candidates: Vec<Vec<Candidate>>,
}

/// Addresses that can be searched, in memory or mapped from a file. Needs no engine and no model.
///
/// It may be shared: every method takes `&self`. Searches never wait for a change, and one that has begun ends in the
/// generation that it began in. What they answer is the caller's own, and stays when the index is dropped.
///
/// ```
/// use mgeo::{CandidateFlags, Index};
///
/// # fn main() -> mgeo::Result<()> {
/// let index = Index::new()?;
/// index.put(&[("1", "杭州市西湖区文三路90号"), ("2", "南京市新模范马路5号")])?;
/// let found = index.search("杭州西湖区文三路９０号")?;
/// assert_eq!(found[0].id, "1");
/// assert!(found[0].flags.contains(CandidateFlags::SAME_FORM));
/// # Ok(())
/// # }
/// ```
///
/// Nothing can be asked of it once it is dropped:
///
/// ```compile_fail,E0382
/// let index = mgeo::Index::new().unwrap();
/// drop(index);
/// index.info().unwrap();
/// ```
pub struct Index {
    raw: NonNull<sys::mgeo_index>,
    _keep: Keep, // has the block that all changes are watched by
}

// mgeo.h: any thread may call every function of an index, any number at once, but for mgeo_index_destroy, which only
// drop() calls. What is kept for it is touched by drop() alone.
unsafe impl Send for Index {}
unsafe impl Sync for Index {}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("raw", &self.raw).finish()
    }
}

impl Index {
    /// An empty index.
    pub fn new() -> Result<Self> {
        Self::with_options(&IndexOptions::new())
    }

    /// An empty index; the options hold for all its changes. A progress that was cancelled cancels those that come, too.
    pub fn with_options(options: &IndexOptions) -> Result<Self> {
        Self::make(options, |options, raw, error| unsafe {
            sys::mgeo_index_create(options, raw, error)
        })
    }

    /// The index in a file that [`Index::save`] wrote, which is mapped, and checked first.
    pub fn open(path: impl AsRef<Path>, options: &IndexOptions) -> Result<Self> {
        let mut keep = Keep::new();
        let path = keep.path(Some(path.as_ref()))?;
        Self::make(options, |options, raw, error| unsafe {
            sys::mgeo_index_open(path, options, raw, error)
        })
    }

    fn make(
        options: &IndexOptions,
        call: impl FnOnce(
            *const sys::mgeo_index_options,
            *mut *mut sys::mgeo_index,
            *mut sys::mgeo_error,
        ) -> sys::mgeo_status,
    ) -> Result<Self> {
        let mut keep = Keep::new();
        let options = options.raw(&mut keep)?;
        let mut raw = std::ptr::null_mut();
        check(|error| call(&options, &mut raw, error))?;
        let raw =
            NonNull::new(raw).ok_or_else(|| Error::new(Status::Internal, "an index without an address"))?;
        Ok(Self { raw, _keep: keep })
    }

    /// Adds records, each an id and a text; one whose id is there already replaces the former. All are put in or, on
    /// failure, none. Many at once cost far less than one by one.
    pub fn put<A: AsRef<str>, B: AsRef<str>>(&self, records: &[(A, B)]) -> Result<()> {
        let raw: Vec<_> = records
            .iter()
            .map(|(id, text)| raw_record(id.as_ref(), text.as_ref()))
            .collect();
        check(|error| unsafe { sys::mgeo_index_put(self.raw.as_ptr(), raw.as_ptr(), raw.len(), error) })
    }

    /// Removes the records with these ids; answers how many were there.
    pub fn remove<A: AsRef<str>>(&self, ids: &[A]) -> Result<u64> {
        let raw: Vec<_> = ids.iter().map(|id| raw_record(id.as_ref(), "")).collect();
        let mut removed = 0;
        check(|error| unsafe {
            sys::mgeo_index_remove(self.raw.as_ptr(), raw.as_ptr(), raw.len(), &mut removed, error)
        })?;
        Ok(removed)
    }

    /// Makes one segment of all, without what was removed.
    pub fn compact(&self) -> Result<()> {
        check(|error| unsafe { sys::mgeo_index_compact(self.raw.as_ptr(), error) })
    }

    /// Writes the index to a file, compacted: the file is the old or the new one, whenever the process ends.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.with_path(path.as_ref(), sys::mgeo_index_save)
    }

    /// Puts the records of a file in place of all that is there, in one step; no search waits or fails. What was there
    /// stays ready for [`Index::roll_back`]. On failure nothing has changed.
    pub fn swap(&self, path: impl AsRef<Path>) -> Result<()> {
        self.with_path(path.as_ref(), sys::mgeo_index_swap)
    }

    fn with_path(
        &self,
        path: &Path,
        call: unsafe extern "C" fn(
            *mut sys::mgeo_index,
            *const c_char,
            *mut sys::mgeo_error,
        ) -> sys::mgeo_status,
    ) -> Result<()> {
        let mut keep = Keep::new();
        let path = keep.path(Some(path))?;
        check(|error| unsafe { call(self.raw.as_ptr(), path, error) })
    }

    /// Puts back what the last [`Index::swap`] put aside.
    pub fn roll_back(&self) -> Result<()> {
        check(|error| unsafe { sys::mgeo_index_roll_back(self.raw.as_ptr(), error) })
    }

    /// Tells what the index holds.
    pub fn info(&self) -> Result<IndexInfo> {
        let mut info = versioned!(mgeo_index_info);
        check(|error| unsafe { sys::mgeo_index_get_info(self.raw.as_ptr(), &mut info, error) })?;
        Ok(IndexInfo::from_raw(&info))
    }

    /// The records with the best scores for one text, best first. A text that names nothing has none.
    pub fn search(&self, query: impl AsRef<str>) -> Result<Vec<Candidate>> {
        self.search_with(query, &SearchOptions::new())
    }

    /// [`Index::search`] with options.
    pub fn search_with(&self, query: impl AsRef<str>, options: &SearchOptions) -> Result<Vec<Candidate>> {
        let mut lists = self.search_many(&[query], options)?;
        Ok(lists.pop().unwrap_or_default())
    }

    /// The same for many texts: a list for each.
    pub fn search_many<A: AsRef<str>>(
        &self,
        queries: &[A],
        options: &SearchOptions,
    ) -> Result<Vec<Vec<Candidate>>> {
        let texts: Vec<_> = queries
            .iter()
            .map(|query| sys::mgeo_text {
                text: query.as_ref().as_ptr().cast(),
                text_len: query.as_ref().len(),
            })
            .collect();
        found(texts.len(), options, |options, candidates, error| unsafe {
            let (place, count) = (texts.as_ptr(), texts.len());
            sys::mgeo_index_search(self.raw.as_ptr(), place, count, options, candidates, error)
        })
    }

    /// The same for `count` records of the index itself, from row `first` on, as queries: to find duplicates. A record
    /// is never its own candidate, and a removed one has none. With `later` only rows after the query's are found, so
    /// that each pair comes once. `generation` is 0 for the current one, or one that an earlier call answered.
    pub fn search_rows(
        &self,
        first: u64,
        count: usize,
        later: bool,
        generation: u64,
        options: &SearchOptions,
    ) -> Result<FoundRows> {
        let mut of = generation;
        let candidates = found(count, options, |options, candidates, error| unsafe {
            let (index, later) = (self.raw.as_ptr(), later.into());
            sys::mgeo_index_search_rows(index, first, count, later, &mut of, options, candidates, error)
        })?;
        Ok(FoundRows {
            generation: of,
            candidates,
        })
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        unsafe { sys::mgeo_index_destroy(self.raw.as_ptr()) };
    }
}

fn raw_record(id: &str, text: &str) -> sys::mgeo_record {
    sys::mgeo_record {
        id: id.as_ptr().cast(),
        id_len: id.len(),
        text: text.as_ptr().cast(),
        text_len: text.len(),
    }
}

/// Frees what a search found.
struct Found(*mut sys::mgeo_candidates);

impl Drop for Found {
    fn drop(&mut self) {
        unsafe { sys::mgeo_candidates_destroy(self.0) };
    }
}

/// What a search of so many queries answers, as Rust's own.
fn found(
    queries: usize,
    options: &SearchOptions,
    call: impl FnOnce(
        *const sys::mgeo_search_options,
        *mut *mut sys::mgeo_candidates,
        *mut sys::mgeo_error,
    ) -> sys::mgeo_status,
) -> Result<Vec<Vec<Candidate>>> {
    let mut keep = Keep::new();
    let options = options.raw(&mut keep)?;
    let mut found = Found(std::ptr::null_mut());
    check(|error| call(&options, &mut found.0, error))?;
    let list = |query| unsafe {
        let mut count = 0;
        let first = sys::mgeo_candidates_of(found.0, query, &mut count);
        text::list(first, count)
            .iter()
            .map(|row| Candidate::from_raw(row))
            .collect()
    };
    Ok((0..queries).map(list).collect())
}

impl Candidate {
    /// # Safety
    /// The candidates that the row is one of are not destroyed yet.
    unsafe fn from_raw(raw: &sys::mgeo_candidate) -> Self {
        let owned = |text: *const c_char, length| {
            String::from_utf8_lossy(text::list(text.cast::<u8>(), length)).into_owned()
        };
        Self {
            id: owned(raw.id, raw.id_len),
            text: owned(raw.text, raw.text_len),
            row: raw.row,
            score: raw.score,
            flags: CandidateFlags(raw.flags),
        }
    }
}

// ---- clusters -------------------------------------------------------------------------------------------------------

/// Two rows, from 0, that may name one place, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    pub a: u64,
    pub b: u64,
    /// finite; NaN is no link
    pub score: f32,
}

/// Clusters `rows` rows by links, and tells of each row where it came. The same links in any order give the same
/// clusters.
///
/// ```
/// # use mgeo::{cluster, ClusterOptions, Link};
/// let links = [Link { a: 0, b: 1, score: 0.9 }, Link { a: 1, b: 2, score: 0.2 }];
/// let members = cluster(&links, 3, &ClusterOptions::new().threshold(0.5)).unwrap();
/// assert_eq!((members[1].cluster, members[2].cluster), (0, 2));
/// ```
pub fn cluster(links: &[Link], rows: usize, options: &ClusterOptions) -> Result<Vec<Member>> {
    if !options.source.is_empty() && options.source.len() != rows {
        let told = format!("source has {} entries for {rows} rows", options.source.len());
        return Err(Error::new(Status::Argument, told));
    }
    let links: Vec<_> = links
        .iter()
        .map(|link| sys::mgeo_link {
            a: link.a,
            b: link.b,
            score: link.score,
            reserved: 0,
        })
        .collect();
    let mut members: Vec<sys::mgeo_member> = vec![unsafe { std::mem::zeroed() }; rows];
    let options = options.raw(&mut Keep::new())?;
    check(|error| unsafe {
        let place = members.as_mut_ptr();
        sys::mgeo_cluster(links.as_ptr(), links.len(), rows as u64, &options, place, error)
    })?;
    Ok(members.iter().map(Member::from_raw).collect())
}
