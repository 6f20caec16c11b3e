// SPDX-License-Identifier: Apache-2.0
//! Scoring: from many threads, cancelled, watched, and what bad rows look like.

mod common;

use common::{fails, loaded, make_pairs};
use mgeo::{Columns, Engine, Job, LoadOptions, Progress, RowFlags, ScoreOptions, Stage, Status};
use std::thread;

fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn engines_jobs_and_options_are_send_and_sync() {
    is_send_and_sync::<Engine>();
    is_send_and_sync::<Job<'static>>();
    is_send_and_sync::<Progress>();
    is_send_and_sync::<mgeo::Error>();
    is_send_and_sync::<mgeo::SwapOptions<'static>>();
}

#[test]
fn scores_of_many_threads_are_those_of_one_call() {
    let engine = loaded(&["first"]);
    let pairs = make_pairs(1000);
    let whole = engine.score(&pairs).unwrap();
    thread::scope(|scope| {
        for (part, rows) in pairs.chunks(100).enumerate() {
            let (engine, whole) = (&engine, &whole);
            scope.spawn(move || {
                let from = part * 100;
                let scores = engine.score(rows).unwrap();
                assert_eq!(scores.similarity, whole.similarity[from..from + 100]);
                assert_eq!(scores.label, whole.label[from..from + 100]);
                for (i, (a, b)) in rows.iter().enumerate().take(10) {
                    let score = engine.score_one(a, b).unwrap();
                    assert_eq!(score.similarity, whole.similarity[from + i]);
                    assert_eq!(score.label, whole.label[from + i]);
                }
            });
        }
    });
}

#[test]
fn answers_have_what_was_asked_for() {
    let engine = loaded(&["first"]);
    let pairs = make_pairs(40);
    let scores = engine.score(&pairs).unwrap();
    assert_eq!(
        (scores.label_count, scores.generation, scores.bad_rows),
        (3, 1, 0)
    );
    assert!(scores.logits.is_empty() && scores.logits_of(3).is_empty() && scores.tokens > 0);
    for i in 0..pairs.len() {
        let row = scores.probabilities_of(i);
        let likeliest = row[scores.label[i] as usize];
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|p| *p <= likeliest));
    }
    let only = engine
        .score_with(&pairs, &ScoreOptions::new().columns(Columns::SIMILARITY))
        .unwrap();
    assert!(only.label.is_empty() && only.flags.is_empty() && only.probabilities.is_empty());
    assert_eq!(only.similarity, scores.similarity);
}

#[test]
fn logits_are_what_probabilities_are_made_of() {
    let engine = loaded(&["first"]);
    let columns = Columns::LOGITS | Columns::PROBABILITIES;
    let scores = engine
        .score_with(&make_pairs(10), &ScoreOptions::new().columns(columns))
        .unwrap();
    for i in 0..10 {
        let powers: Vec<f32> = scores.logits_of(i).iter().map(|logit| logit.exp()).collect();
        for (power, probability) in powers.iter().zip(scores.probabilities_of(i)) {
            assert!((power / powers.iter().sum::<f32>() - probability).abs() < 1e-4);
        }
    }
}

#[test]
fn bad_rows_are_flagged() {
    let engine = loaded(&["first"]);
    let pairs = [
        ("文三路90号", "文三路90号"),
        ("", "文三路90号"),
        ("文三路90号", " "),
        ("", ""),
    ];
    let scores = engine.score(&pairs).unwrap();
    assert_eq!(scores.bad_rows, 3);
    for (i, (a, b)) in pairs.iter().enumerate() {
        assert_eq!(scores.flags[i].contains(RowFlags::EMPTY), i > 0);
        assert_eq!(
            scores.flags[i].intersects(RowFlags::BAD),
            scores.similarity[i].is_nan()
        );
        assert_eq!(engine.score_one(a, b).unwrap().flags, scores.flags[i]);
    }
    assert_eq!(
        (RowFlags::EMPTY | RowFlags::TRUNCATED).to_string(),
        "truncated,empty"
    );
}

#[test]
fn no_pairs_are_legal_and_iterators_are_scored() {
    let engine = loaded(&["first"]);
    let none: [(&str, &str); 0] = [];
    let scores = engine.score(&none).unwrap();
    assert!(scores.similarity.is_empty() && scores.generation == 1);
    let pairs = make_pairs(20);
    let texts = pairs.iter().map(|(a, b)| (a, b.as_str()));
    assert_eq!(
        engine.score_iter(texts).unwrap().similarity,
        engine.score(&pairs).unwrap().similarity
    );
}

#[test]
fn another_thread_cancels_a_call() {
    let engine = loaded(&["first"]);
    let pairs = make_pairs(300_000);
    let progress = Progress::new();
    let watching = progress.clone();
    let thread = thread::spawn(move || {
        while !matches!(watching.read(), (Stage::Scoring, done, _) if done > 0) {
            thread::yield_now();
        }
        watching.cancel();
    });
    let error = fails(
        engine.score_with(&pairs, &ScoreOptions::new().progress(&progress)),
        Status::Cancelled,
    );
    thread.join().unwrap();
    let scores = error.scores().unwrap();
    let skipped = scores
        .flags
        .iter()
        .filter(|flags| flags.contains(RowFlags::SKIPPED))
        .count();
    assert!(skipped > 0 && skipped < pairs.len() && skipped == scores.bad_rows);
    for (flags, similarity) in scores.flags.iter().zip(&scores.similarity) {
        assert_eq!(flags.contains(RowFlags::SKIPPED), similarity.is_nan());
    }
}

#[test]
fn a_progress_that_was_cancelled_stays_so() {
    let engine = loaded(&["first"]);
    let progress = Progress::new();
    progress.cancel();
    assert!(progress.is_cancelled());
    fails(
        engine.load(None, &LoadOptions::new().progress(&progress)),
        Status::Cancelled,
    );
    fails(
        engine.score_with(&make_pairs(1), &ScoreOptions::new().progress(&progress)),
        Status::Cancelled,
    );
    let shown = Progress::new();
    engine
        .score_with(&make_pairs(100), &ScoreOptions::new().progress(&shown))
        .unwrap();
    let (stage, done, total) = shown.read();
    assert_eq!((stage, done), (Stage::Finished, total));
    assert_eq!(stage.to_string(), "finished");
}
