// SPDX-License-Identifier: Apache-2.0
//! What one call into the library borrows: the texts of its options, and the block by which it is watched.

use crate::{Error, Progress, Result, Status};
use mgeo_sys as sys;
use std::any::Any;
use std::ffi::CString;
use std::os::raw::c_char;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::NonNull;

/// A struct of C's, all zero but for its size.
macro_rules! versioned {
    ($name:ident) => {{
        let mut made: mgeo_sys::$name = unsafe { std::mem::zeroed() };
        made.struct_size = std::mem::size_of::<mgeo_sys::$name>();
        made
    }};
}
pub(crate) use versioned;

/// Keeps alive what raw options point to; what it answered is valid until it is dropped.
pub(crate) struct Keep {
    texts: Vec<CString>,
    lists: Vec<Vec<*const c_char>>,
    pairs: Vec<Vec<sys::mgeo_pair>>,
    options: Vec<Box<dyn Any>>,
    watchers: Vec<Progress>,
    block: NonNull<sys::mgeo_progress>,
}

impl Keep {
    pub(crate) fn new() -> Self {
        let block = NonNull::from(Box::leak(Box::new(sys::mgeo_progress { reserved: [0; 8] })));
        Self {
            texts: vec![],
            lists: vec![],
            pairs: vec![],
            options: vec![],
            watchers: vec![],
            block,
        }
    }

    pub(crate) fn text(&mut self, name: &str, text: Option<&str>) -> Result<*const c_char> {
        self.bytes(name, text.map(str::as_bytes))
    }

    pub(crate) fn path(&mut self, path: Option<&Path>) -> Result<*const c_char> {
        self.bytes("path", path.map(|path| path.as_os_str().as_bytes()))
    }

    fn bytes(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<*const c_char> {
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => return Ok(std::ptr::null()),
        };
        let text = CString::new(bytes)
            .map_err(|_| Error::new(Status::Argument, format!("{name} holds a NUL byte")))?;
        self.texts.push(text);
        Ok(self.texts[self.texts.len() - 1].as_ptr())
    }

    /// A list that is empty or has `count` entries.
    pub(crate) fn texts(
        &mut self,
        name: &str,
        texts: &[Option<String>],
        count: usize,
    ) -> Result<*const *const c_char> {
        if texts.is_empty() {
            return Ok(std::ptr::null());
        }
        if texts.len() != count {
            return Err(Error::new(
                Status::Argument,
                format!("{name} has not as many entries as there are pairs"),
            ));
        }
        let list = texts
            .iter()
            .map(|text| self.text(name, text.as_deref()))
            .collect::<Result<Vec<_>>>()?;
        self.lists.push(list);
        Ok(self.lists[self.lists.len() - 1].as_ptr())
    }

    /// Pairs whose texts are read where they lie: the caller keeps those.
    pub(crate) fn pairs<A: AsRef<str>, B: AsRef<str>>(&mut self, pairs: &[(A, B)]) -> *const sys::mgeo_pair {
        self.pairs.push(
            pairs
                .iter()
                .map(|(a, b)| raw_pair(a.as_ref(), b.as_ref()))
                .collect(),
        );
        self.pairs[self.pairs.len() - 1].as_ptr()
    }

    /// Numbers that are read where they lie: the options keep them. An empty list is none.
    pub(crate) fn list(&self, numbers: &[u32]) -> *const u32 {
        if numbers.is_empty() {
            return std::ptr::null();
        }
        numbers.as_ptr()
    }

    pub(crate) fn option<T: Any>(&mut self, option: T) -> *const T {
        let option = vec![option]; // which may be moved without moving what it holds
        let place = option.as_ptr();
        self.options.push(Box::new(option));
        place
    }

    /// The call's block, which `progress` shows until this is dropped.
    pub(crate) fn watched_by(&mut self, progress: Option<&Progress>) -> *mut sys::mgeo_progress {
        let block = self.block.as_ptr();
        if let Some(progress) = progress {
            unsafe { progress.attach(block) };
            self.watchers.push(progress.clone());
        }
        block
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        for watcher in &self.watchers {
            watcher.detach(self.block.as_ptr());
        }
        drop(unsafe { Box::from_raw(self.block.as_ptr()) });
    }
}

fn raw_pair(a: &str, b: &str) -> sys::mgeo_pair {
    sys::mgeo_pair {
        a: a.as_ptr().cast(),
        a_len: a.len(),
        b: b.as_ptr().cast(),
        b_len: b.len(),
    }
}
