// SPDX-License-Identifier: Apache-2.0
//! What the tests share: engines, models and pairs.
#![allow(dead_code)]

use mgeo::{Engine, Error, LoadOptions, Result, Status};
use std::path::PathBuf;

/// A folder below that of models.
pub fn model(name: &str) -> PathBuf {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../models");
    PathBuf::from(std::env::var("MGEO_MODELS").unwrap_or_else(|_| here.into())).join(name)
}

/// An engine with the bundled model, once for each version.
pub fn loaded(versions: &[&str]) -> Engine {
    let engine = Engine::new().unwrap();
    for version in versions {
        engine
            .load(
                Some(&model("mini")),
                &LoadOptions::new().version(*version).threads(2),
            )
            .unwrap();
    }
    engine
}

/// A model whose answers differ from the bundled model's.
pub fn load_another(engine: &Engine) {
    let options = LoadOptions::new()
        .version("other")
        .threads(2)
        .partial_weight(-1.0);
    engine.load(Some(&model("mini")), &options).unwrap();
}

pub fn make_pairs(count: usize) -> Vec<(String, String)> {
    let of = |i: usize| {
        (
            format!("杭州市西湖区文三路{}号东部软件园", i % 311),
            format!("文三路{}号{}室", i % 311 + i % 2, i % 7),
        )
    };
    (0..count).map(of).collect()
}

/// The error of a call that must fail with this status.
#[track_caller]
pub fn fails<T>(answer: Result<T>, status: Status) -> Error {
    match answer {
        Ok(_) => panic!("no error, expected {status:?}"),
        Err(error) => {
            assert_eq!(error.status, status, "{error}");
            assert!(!error.message.is_empty());
            error
        }
    }
}
