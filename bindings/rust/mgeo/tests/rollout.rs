// SPDX-License-Identifier: Apache-2.0
//! Rolling out: swaps under load, gates, the way back, jobs, canary, shadow.

mod common;

use common::{fails, load_another, loaded, make_pairs};
use mgeo::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

#[test]
fn each_call_is_answered_by_one_model_while_they_are_swapped() {
    let engine = loaded(&["first"]);
    let pairs = make_pairs(100);
    let first = engine.score(&pairs).unwrap().similarity;
    load_another(&engine);
    engine.swap(&SwapOptions::new().expect_generation(2)).unwrap();
    let second = engine.score(&pairs).unwrap().similarity;
    assert_ne!(first, second);
    let answers = [vec![], first, second];
    let over = AtomicBool::new(false);
    let calls = [AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)];
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    let scores = engine.score(&pairs).unwrap();
                    assert_eq!(scores.similarity, answers[scores.generation as usize]);
                    calls[scores.generation as usize].fetch_add(1, SeqCst);
                }
            });
        }
        let mut swaps = 0;
        while swaps < 50 || calls[1..].iter().any(|count| count.load(SeqCst) < 10) {
            engine.swap(&SwapOptions::new()).unwrap();
            swaps += 1;
        }
        over.store(true, SeqCst);
    });
}

#[test]
fn roll_back_returns_to_the_former_model() {
    let engine = loaded(&["first", "second"]);
    fails(engine.roll_back(&RollBackOptions::new()), Status::NoModel);
    let receipt = engine.swap(&SwapOptions::new().actor("a test")).unwrap();
    assert_eq!(
        (&*receipt.from_version, &*receipt.to_version),
        ("first", "second")
    );
    let receipt = engine
        .roll_back(&RollBackOptions::new().reason("a test"))
        .unwrap();
    let rollout = engine.rollout().unwrap();
    assert_eq!(
        (&*receipt.to_version, rollout.live_generation, rollout.roll_backs),
        ("first", 1, 1)
    );
    assert_eq!(rollout.live_slot, Slot::Blue);
    engine.unload().unwrap();
}

#[test]
fn gates_let_pass_and_refuse() {
    let engine = loaded(&["first"]);
    load_another(&engine);
    let pairs = make_pairs(50);
    let gate = Gate::new().pairs(&pairs);
    let error = fails(
        engine.swap(&SwapOptions::new().gate(gate.clone().max_shift(-1.0))),
        Status::Refused,
    );
    let checks = &error.receipt().unwrap().checks;
    assert_eq!((&*checks[0].name, checks[0].passed), ("shift_max", 0));

    let gold = (0..50).map(|i| if i == 3 { Some("exact_match") } else { None });
    let watch = Watch::new().window_seconds(600.0).max_error_rate(0.5);
    let options = SwapOptions::new()
        .gate(gate.clone().max_shift(1.0).gold(gold))
        .watch(watch);
    let receipt = engine.swap(&options).unwrap();
    let report = engine.watch().unwrap();
    assert_eq!((receipt.checks[0].passed, report.state), (1, WatchState::Running));
    assert_eq!((report.generation, report.checks.len()), (2, 4));
    let error = fails(
        engine.swap(&SwapOptions::new().gate(gate.gold([Some("exact_match")]))),
        Status::Argument,
    );
    assert!(error.message.contains("gold"));
}

#[test]
fn models_are_compared() {
    let engine = loaded(&["first"]);
    load_another(&engine);
    let (pairs, progress) = (make_pairs(64), Progress::new());
    let report = engine
        .compare(&CompareOptions::new().pairs(&pairs).progress(&progress), 3)
        .unwrap();
    assert_eq!(
        (report.pairs, report.worst.len(), report.live_labels.len()),
        (64, 3, 3)
    );
    assert!(report.shift_max > 0.0 && report.worst[0].live != report.worst[0].standby);
    assert_eq!(progress.read().1, 64);
    let unknown = CompareOptions::new()
        .pairs(&pairs[..1])
        .gold([Some("no such label")]);
    fails(engine.compare(&unknown, 0), Status::Argument);
}

#[test]
fn room_for_shifts_is_that_of_the_pairs() {
    let engine = loaded(&["first", "second"]);
    let pairs = make_pairs(20);
    let options = CompareOptions::new().pairs(&pairs);
    for worst in [0, 21, usize::MAX / 32 + 1, usize::MAX] {
        assert!(engine.compare(&options, worst).unwrap().worst.len() <= worst.min(20));
    }
}

#[test]
fn jobs_keep_their_model() {
    let engine = loaded(&["first", "second"]);
    let job = engine.job(&JobOptions::new()).unwrap();
    engine.swap(&SwapOptions::new()).unwrap();
    assert_eq!(job.score(&make_pairs(5)).unwrap().generation, 1);
    assert_eq!(job.score_iter(make_pairs(5)).unwrap().generation, 1);
    assert_eq!(job.score_one("文三路", "文三路").unwrap().generation, 1);
    assert_eq!(job.info().unwrap().version, "first");
    fails(engine.unload(), Status::Busy);
    drop(job);
    engine.unload().unwrap();
}

#[test]
fn a_canary_answers_its_share() {
    let engine = loaded(&["first", "second"]);
    engine
        .set_canary(SHARE_ALL / 2, &CanaryOptions::new().actor("a test"))
        .unwrap();
    let mut seen = [0; 3];
    for key in 1..=200 {
        let scores = engine
            .score_with(&make_pairs(1), &ScoreOptions::new().route_key(key))
            .unwrap();
        seen[scores.generation as usize] += 1;
    }
    assert!(seen[1] >= 50 && seen[2] >= 50, "{seen:?}");
    engine.set_canary(0, &CanaryOptions::new()).unwrap();
    fails(
        engine.set_canary(SHARE_ALL + 1, &CanaryOptions::new()),
        Status::Argument,
    );
}

#[test]
fn a_shadow_shows_differences() {
    let engine = loaded(&["first"]);
    load_another(&engine);
    engine
        .set_shadow(SHARE_ALL, &ShadowOptions::new().full_speed(true))
        .unwrap();
    let report = loop {
        engine.score(&make_pairs(30)).unwrap();
        let report = engine.shadow().unwrap();
        if report.compared >= 20 {
            break report;
        }
    };
    let (shift, a, _) = engine.shadow_pair(0).unwrap();
    assert!(shift.live != shift.standby && a.starts_with("杭州市") && report.standby_labels.len() == 3);
    fails(engine.shadow_pair(5000), Status::Argument);
    engine.set_shadow(0, &ShadowOptions::new()).unwrap();
}
