// SPDX-License-Identifier: Apache-2.0
//! A whole life of an engine, small enough for valgrind, from several threads. Without the harness, which has leaks
//! of its own to tell of.

mod common;

use common::{fails, make_pairs, model};
use mgeo::*;
use std::thread;

fn main() {
    a_whole_life();
    a_job_that_is_never_ended();
    an_index();
}

fn load(engine: &Engine, weight: f32) {
    let options = LoadOptions::new()
        .threads(2)
        .skip_warm_up(true)
        .partial_weight(weight);
    engine
        .load(Some(&model("../tests/golden/models/mgeo")), &options)
        .unwrap();
}

fn a_whole_life() {
    let engine = Engine::new().unwrap();
    load(&engine, 0.5);
    load(&engine, -1.0);
    let pairs = make_pairs(4);
    let before = engine.score(&pairs).unwrap();
    let gate = Gate::new()
        .pairs(&pairs)
        .gold(vec![None::<String>; 4])
        .max_shift(1.0);
    let watch = Watch::new().window_calls(1000).max_error_rate(0.5);
    thread::scope(|scope| {
        for rows in pairs.chunks(2) {
            let (engine, all) = (&engine, Columns(63));
            scope.spawn(move || {
                let progress = Progress::new();
                let job = engine.job(&JobOptions::new()).unwrap();
                job.score(rows).unwrap();
                engine
                    .score_with(rows, &ScoreOptions::new().columns(all).progress(&progress))
                    .unwrap();
                progress.cancel();
                let options = ScoreOptions::new().progress(&progress);
                fails(engine.score_with(rows, &options), Status::Cancelled);
                let (a, b): (Vec<_>, Vec<_>) = rows.iter().cloned().unzip();
                engine.score_columns(&a, &b, &ScoreOptions::new()).unwrap();
            });
        }
        engine
            .swap(
                &SwapOptions::new()
                    .gate(gate)
                    .watch(watch)
                    .actor("a test")
                    .reason("因为"),
            )
            .unwrap();
    });
    engine.compare(&CompareOptions::new().pairs(&pairs), 2).unwrap();
    engine.roll_back(&RollBackOptions::new()).unwrap();
    assert_eq!(engine.score(&pairs).unwrap().similarity, before.similarity);
    engine.metrics(MetricsFormat::Openmetrics).unwrap();
    fails(
        engine.load(None, &LoadOptions::new().version("a\0b")),
        Status::Argument,
    );
}

fn a_job_that_is_never_ended() {
    let engine = Engine::new().unwrap();
    load(&engine, 0.5);
    let job = engine.job(&JobOptions::new()).unwrap();
    job.score_one("文三路", "文三路").unwrap();
    if std::env::var_os("MGEO_UNDER_VALGRIND").is_none() {
        std::mem::forget(job); // which is safe Rust, and may leak
    }
}

fn an_index() {
    let index = Index::new().unwrap();
    let records = make_pairs(8);
    thread::scope(|scope| {
        scope.spawn(|| index.put(&records).unwrap());
        index.search(&records[0].1).unwrap();
    });
    assert_eq!(index.search(&records[0].1).unwrap()[0].id, records[0].0);
    assert_eq!(index.remove(&[&records[0].0]).unwrap(), 1);
    index.search_rows(0, 7, true, 0, &SearchOptions::new()).unwrap();
    fails(Index::open("/nowhere", &IndexOptions::new()), Status::Io);
    normal_form(&records[0].1).unwrap();
    let link = Link {
        a: 0,
        b: 1,
        score: 1.0,
    };
    let options = ClusterOptions::new().source([1, 2]).one_to_one(true);
    assert_eq!(cluster(&[link], 2, &options).unwrap()[1].cluster, 0);
}
