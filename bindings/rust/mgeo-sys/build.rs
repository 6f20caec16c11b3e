// SPDX-License-Identifier: Apache-2.0
//! Finds libmgeo: in the folder MGEO_LIB_DIR, or else where pkg-config says.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in ["MGEO_LIB_DIR", "PKG_CONFIG", "PKG_CONFIG_PATH"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rustc-link-lib=mgeo");
    match env::var("MGEO_LIB_DIR") {
        Ok(folder) => println!("cargo:rustc-link-search=native={folder}"),
        Err(_) => ask_pkg_config(),
    }
}

fn ask_pkg_config() {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let answer = Command::new(&program).args(["--libs-only-L", "libmgeo"]).output();
    let answer = match answer {
        Ok(answer) if answer.status.success() => answer,
        Ok(answer) => panic!(
            "{program} does not find libmgeo; install it, or set PKG_CONFIG_PATH or MGEO_LIB_DIR: {}",
            String::from_utf8_lossy(&answer.stderr)
        ),
        Err(problem) => panic!("{program} cannot be run, and MGEO_LIB_DIR is not set: {problem}"),
    };
    for flag in String::from_utf8_lossy(&answer.stdout).split_whitespace() {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        }
    }
}
