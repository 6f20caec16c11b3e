// SPDX-License-Identifier: Apache-2.0
//! libmgeo as C has it: the constants, structs and functions of `mgeo.h`, with its words.
//!
//! The crate `mgeo` makes safe Rust of them. The library is found by pkg-config, or in the folder that
//! `MGEO_LIB_DIR` names.
#![no_std]
#![allow(non_camel_case_types)]

extern crate std;

#[rustfmt::skip]
mod generated;

pub use generated::*;
