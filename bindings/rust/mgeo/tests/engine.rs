// SPDX-License-Identifier: Apache-2.0
//! The engine: loads, errors, log, figures, journal.

mod common;

use common::{fails, loaded, make_pairs, model};
use mgeo::*;
use std::path::Path;
use std::sync::{Arc, Mutex};

#[test]
fn the_bundled_model_loads() {
    let engine = Engine::new().unwrap();
    let info = engine
        .load(None, &LoadOptions::new().precision(Precision::Fp32).threads(1))
        .unwrap();
    assert!(info.live && info.healthy && info.generation == 1 && info.labels.len() == 3);
    assert_eq!(info.precision, Precision::Fp32);
    assert_eq!(engine.info(Slot::Live).unwrap().fingerprint, info.fingerprint);
    assert_eq!(info.slot.to_string(), "blue");
    let field = engine.unused_field(Slot::Live, 0).unwrap();
    assert!(field.harmless && field.file == "config.json" && info.unused_fields > 0);
    fails(
        engine.unused_tensor(Slot::Live, info.unused_tensors),
        Status::Argument,
    );
    assert_eq!(version(), mgeo_version());
}

fn mgeo_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[test]
fn errors_have_status_and_message() {
    let engine = Engine::new().unwrap();
    let error = fails(
        engine.load(Some(Path::new("/nowhere/at/all")), &LoadOptions::new()),
        Status::Io,
    );
    assert!(error.to_string().contains("/nowhere/at/all"));
    fails(
        engine.load(None, &LoadOptions::new().threads(4000)),
        Status::Argument,
    );
    fails(
        engine.load(None, &LoadOptions::new().device("abacus")),
        Status::Argument,
    );
    let error = fails(
        engine.load(None, &LoadOptions::new().actor("a\0b")),
        Status::Argument,
    );
    assert!(error.message.contains("actor"));
    fails(
        engine.load(None, &LoadOptions::new().memory_limit(1)),
        Status::Refused,
    );
    fails(engine.score(&make_pairs(1)), Status::NoModel);
    fails(engine.score_one("a", "b"), Status::NoModel);
    fails(engine.info(Slot::Standby), Status::NoModel);
    fails(engine.job(&JobOptions::new()), Status::NoModel);
    fails(engine.unload(), Status::NoModel);
    fails(
        Engine::with_options(&EngineOptions::new().journal("/nowhere/at/all/journal")),
        Status::Io,
    );
    assert_eq!(Status::from(99), Status::Other(99));
    assert_eq!(
        Status::Busy.to_string(),
        "something else is in progress that this must not disturb"
    );
}

#[test]
fn lines_are_logged_and_panics_are_not_passed_on() {
    std::panic::set_hook(Box::new(|_| {})); // the panic below is meant
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = lines.clone();
    let options = EngineOptions::new().log(move |level, line| {
        let mut lines = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        lines.push(format!("{level}: {line}"));
        if lines.len() == 1 {
            panic!("in a log");
        }
    });
    let engine = Engine::with_options(&options).unwrap();
    drop(options);
    for version in ["first", "second"] {
        engine
            .load(Some(&model("mini")), &LoadOptions::new().version(version))
            .unwrap();
    }
    drop(engine);
    let _ = std::panic::take_hook();
    let lines = lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    assert!(lines.len() > 1 && lines.iter().all(|line| line.starts_with("info: ")));
    assert!(lines.iter().any(|line| line.contains("second")), "{lines:?}");
}

#[test]
fn a_log_may_drop_its_engine() {
    // A thread of the engine's own tells how a watch ended, and has the last hold on the engine then.
    let held: Arc<Mutex<Option<Arc<Engine>>>> = Arc::default();
    let (told, ends) = std::sync::mpsc::sync_channel(1);
    let (in_log, told) = (held.clone(), Mutex::new(told));
    let options = EngineOptions::new().log(move |_, line| {
        if line.contains("is over") {
            let engine = loop {
                if let Some(engine) = in_log.lock().unwrap().take() {
                    break engine;
                }
                std::thread::yield_now();
            };
            drop(engine);
            told.lock().unwrap().send(()).unwrap();
        }
    });
    let engine = Arc::new(Engine::with_options(&options).unwrap());
    for version in ["first", "second"] {
        let options = LoadOptions::new().version(version).threads(1);
        engine.load(Some(&model("mini")), &options).unwrap();
    }
    let watch = Watch::new().window_calls(1).min_calls(1).max_not_finite_rate(0.5);
    engine.swap(&SwapOptions::new().watch(watch)).unwrap();
    engine.score(&make_pairs(1)).unwrap();
    let left = Arc::downgrade(&engine);
    *held.lock().unwrap() = Some(engine);
    ends.recv().unwrap();
    assert!(left.upgrade().is_none());
}

#[test]
fn memory_is_predicted() {
    let memory = predict_memory(Some(&model("mini")), &LoadOptions::new().threads(1)).unwrap();
    assert!(memory.fits && memory.total >= memory.weights && memory.weights > 0);
    assert_eq!(memory.device, "cpu");
}

#[test]
fn metrics_and_stats_count_calls() {
    let engine = loaded(&["first"]);
    engine.score(&make_pairs(7)).unwrap();
    let stats = engine.stats(Slot::Live).unwrap();
    assert_eq!((stats.calls, stats.pairs, stats.failed_by), (1, 7, [0; 16]));
    assert!(engine
        .metrics(MetricsFormat::Openmetrics)
        .unwrap()
        .ends_with("# EOF\n"));
    let text = engine.metrics(MetricsFormat::Prometheus).unwrap();
    assert!(text.contains("mgeo_") && !text.contains("# EOF"));
}

#[test]
fn journals_are_verified() {
    let folder = std::env::temp_dir().join(format!("mgeo-rust-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("journal");
    let options = EngineOptions::new()
        .journal(path.to_str().unwrap())
        .actor("a test");
    let engine = Engine::with_options(&options).unwrap();
    engine.load(None, &LoadOptions::new().reason("因为")).unwrap();
    drop(engine);
    let report = journal_verify(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(report.lines, text.lines().count() as u64);
    assert!(text.contains("因为") && report.lines > 0);
    std::fs::write(&path, text.replacen("a test", "no test", 1)).unwrap();
    let error = fails(journal_verify(&path), Status::Format);
    assert!(error.journal_report().unwrap().bad_line > 0);
    std::fs::remove_dir_all(&folder).unwrap();
}
