// SPDX-License-Identifier: Apache-2.0
//! Texts of C's as Rust's.

use std::ffi::CStr;
use std::os::raw::c_char;

/// A text that lives as long as the process.
///
/// # Safety
/// `text` is NUL-terminated and static.
pub(crate) unsafe fn fixed(text: *const c_char) -> &'static str {
    CStr::from_ptr(text).to_str().unwrap_or("?")
}

/// A copy of a text in an array, up to its NUL.
pub(crate) fn owned(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars
        .iter()
        .take_while(|&&char| char != 0)
        .map(|&char| char as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `count` entries of an array that may be NULL.
///
/// # Safety
/// Where `first` is not NULL, that many lie there, and stay while the answer is used.
pub(crate) unsafe fn list<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if first.is_null() {
        return &[];
    }
    std::slice::from_raw_parts(first, count)
}
