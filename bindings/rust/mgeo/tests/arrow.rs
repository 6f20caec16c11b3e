// SPDX-License-Identifier: Apache-2.0
//! Tables: columns of Rust's, tables and streams of another program's.

mod common;

use common::{fails, loaded, make_pairs};
use mgeo::arrow::{Array, ArrowArray, ArrowArrayStream, ArrowSchema, Schema, Stream};
use mgeo::*;
use std::os::raw::{c_char, c_int, c_void};

// ---- another program's table: columns "left" and "right" of large_utf8, with every fifth text of "left" null

fn texts(i: usize) -> Option<(String, String)> {
    (i % 5 != 0).then(|| (format!("文三路{i}号"), format!("文三路{}号", i / 2)))
}

#[derive(Default)]
struct Memory {
    valid: Vec<u8>,
    ends: Vec<i64>,
    texts: Vec<u8>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    let memory = Box::from_raw((*array).private_data.cast::<Memory>());
    for child in &memory.children {
        drop(Array::from_raw(*Box::from_raw(*child)));
    }
    (*array).release = None;
}

fn array_of(rows: usize, mut memory: Box<Memory>) -> ArrowArray {
    ArrowArray {
        length: rows as i64,
        null_count: -1,
        offset: 0,
        n_buffers: memory.buffers.len() as i64,
        n_children: memory.children.len() as i64,
        buffers: memory.buffers.as_mut_ptr(),
        children: memory.children.as_mut_ptr(),
        dictionary: std::ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(memory).cast(),
    }
}

fn column(rows: std::ops::Range<usize>, text: impl Fn(usize) -> Option<String>) -> *mut ArrowArray {
    let count = rows.len();
    let mut memory = Box::new(Memory {
        valid: vec![0; count / 8 + 1],
        ends: vec![0],
        ..Memory::default()
    });
    for (row, i) in rows.enumerate() {
        if let Some(text) = text(i) {
            memory.valid[row / 8] |= 1 << (row % 8);
            memory.texts.extend_from_slice(text.as_bytes());
        }
        let end = memory.texts.len() as i64;
        memory.ends.push(end);
    }
    memory.buffers = vec![
        memory.valid.as_ptr().cast(),
        memory.ends.as_ptr().cast(),
        memory.texts.as_ptr().cast(),
    ];
    Box::into_raw(Box::new(array_of(count, memory)))
}

fn table(rows: std::ops::Range<usize>) -> Array {
    let left = column(rows.clone(), |i| texts(i).map(|(a, _)| a));
    let right = column(rows.clone(), |i| Some(format!("文三路{}号", i / 2)));
    let memory = Box::new(Memory {
        children: vec![left, right],
        buffers: vec![std::ptr::null()],
        ..Memory::default()
    });
    unsafe { Array::from_raw(array_of(rows.len(), memory)) }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    let children = Box::from_raw((*schema).private_data.cast::<Vec<*mut ArrowSchema>>());
    for child in children.iter() {
        drop(Schema::from_raw(*Box::from_raw(*child)));
    }
    (*schema).release = None;
}

fn schema_of(format: &'static str, name: &'static str, children: Vec<*mut ArrowSchema>) -> ArrowSchema {
    let mut children = Box::new(children);
    ArrowSchema {
        format: format.as_ptr().cast::<c_char>(),
        name: name.as_ptr().cast(),
        metadata: std::ptr::null(),
        flags: 2,
        n_children: children.len() as i64,
        children: children.as_mut_ptr(),
        dictionary: std::ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(children).cast(),
    }
}

fn schema() -> Schema {
    let child = |name| Box::into_raw(Box::new(schema_of("U\0", name, vec![])));
    unsafe { Schema::from_raw(schema_of("+s\0", "\0", vec![child("left\0"), child("right\0")])) }
}

// ---- another program's stream: batches of `ROWS` rows until `batches` are over; a negative number breaks there

const ROWS: usize = 50;

struct Source {
    batches: i64,
    next: i64,
}

unsafe extern "C" fn get_schema(_: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    out.write(schema().into_raw());
    0
}

unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    let source = &mut *(*stream).private_data.cast::<Source>();
    (*out).release = None;
    if source.next == source.batches {
        return 0;
    }
    if source.next == -source.batches {
        return 5;
    }
    let from = source.next as usize * ROWS;
    out.write(table(from..from + ROWS).into_raw());
    source.next += 1;
    0
}

unsafe extern "C" fn get_last_error(_: *mut ArrowArrayStream) -> *const c_char {
    "the source broke\0".as_ptr().cast()
}

unsafe extern "C" fn release_stream(stream: *mut ArrowArrayStream) {
    drop(Box::from_raw((*stream).private_data.cast::<Source>()));
    (*stream).release = None;
}

fn stream(batches: i64) -> Stream {
    let source = Box::into_raw(Box::new(Source { batches, next: 0 }));
    unsafe {
        Stream::from_raw(ArrowArrayStream {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release_stream),
            private_data: source.cast(),
        })
    }
}

// ---- tests

fn child(array: &ArrowArray, number: usize) -> &ArrowArray {
    unsafe { &**array.children.add(number) }
}

fn values<T>(array: &ArrowArray) -> &[T] {
    unsafe { std::slice::from_raw_parts((*array.buffers.add(1)).cast(), array.length as usize) }
}

fn is_answer_to(engine: &Engine, scores: &ArrowArray, from: usize) {
    for (row, got) in values::<f32>(child(scores, 0)).iter().enumerate() {
        match texts(from + row) {
            Some((a, b)) => assert_eq!(*got, engine.score_one(a, b).unwrap().similarity),
            None => assert!(got.is_nan()),
        }
    }
}

#[test]
fn columns_are_scored_as_pairs_are() {
    let engine = loaded(&["first"]);
    let mut pairs = make_pairs(500);
    pairs.push((String::new(), "文三路".into()));
    let all = ScoreOptions::new().columns(Columns(63));
    let scores = engine.score_with(&pairs, &all).unwrap();
    let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let table = engine.score_columns(&a, &b, &all).unwrap();
    assert_eq!(table.similarity[..500], scores.similarity[..500]);
    assert_eq!((&table.label, &table.flags), (&scores.label, &scores.flags));
    assert_eq!(table.probabilities[..1500], scores.probabilities[..1500]);
    assert_eq!(table.logits[..1500], scores.logits[..1500]);
    assert_eq!(table.labels, engine.info(Slot::Live).unwrap().labels);
    assert!(table.generation == 1 && table.label[500] == -1 && table.similarity[500].is_nan());
    let only = engine
        .score_columns(&a, &b, &ScoreOptions::new().columns(Columns::FLAGS))
        .unwrap();
    assert!(only.label.is_empty() && only.labels.is_empty() && only.logits.is_empty());
    assert_eq!(only.flags, table.flags);
}

#[test]
fn columns_fail_as_pairs_do() {
    let engine = loaded(&["first"]);
    fails(
        engine.score_columns(&["a"], &["a", "b"], &ScoreOptions::new()),
        Status::Argument,
    );
    let none: [&str; 0] = [];
    assert!(engine
        .score_columns(&none, &none, &ScoreOptions::new())
        .unwrap()
        .similarity
        .is_empty());
    let progress = Progress::new();
    progress.cancel();
    fails(
        engine.score_columns(&["a"], &["b"], &ScoreOptions::new().progress(&progress)),
        Status::Cancelled,
    );
}

#[test]
fn tables_of_others_are_scored() {
    let engine = loaded(&["first", "second"]);
    let (schema, table) = (schema(), table(40..143));
    let options = ArrowOptions::new().a("left").b("right");
    let (scores_schema, scores) =
        unsafe { engine.score_arrow(schema.as_ptr(), table.as_ptr(), &options) }.unwrap();
    is_answer_to(&engine, &scores, 40);
    assert_eq!((scores.length, scores_schema.n_children), (103, 5));

    let job = engine.job(&JobOptions::new()).unwrap();
    engine.swap(&SwapOptions::new()).unwrap();
    let (_, of_job) = unsafe { job.score_arrow(schema.as_ptr(), table.as_ptr(), &options) }.unwrap();
    assert_eq!(values::<u64>(child(&of_job, 4))[0], 1);
    assert_eq!(
        job.score_columns(&["a"], &["b"], &ScoreOptions::new())
            .unwrap()
            .generation,
        1
    );

    let options = ArrowOptions::new().a("middle");
    let answer = unsafe { engine.score_arrow(schema.as_ptr(), table.as_ptr(), &options) };
    assert!(fails(answer, Status::Argument).message.contains("middle"));
    drop(job);
    drop(engine);
    assert_eq!(values::<f32>(child(&scores, 0)).len(), 103); // outlives the engine
}

#[test]
fn streams_are_answered_by_one_model() {
    let engine = loaded(&["first", "second"]);
    let progress = Progress::new();
    let options = ArrowOptions::new().progress(&progress);
    let mut scores = unsafe { engine.score_arrow_stream(stream(4), &options) }.unwrap();
    assert_eq!(scores.schema().unwrap().n_children, 5);
    for batch in 0..4 {
        let array = scores.next().unwrap().unwrap();
        is_answer_to(&engine, &array, ROWS * batch);
        assert_eq!(values::<u64>(child(&array, 4))[0], 1);
        engine.swap(&SwapOptions::new()).unwrap();
    }
    assert!(scores.next().is_none());
    assert_eq!(progress.read().0, Stage::Finished);
}

#[test]
fn streams_that_break_say_so() {
    let engine = loaded(&["first"]);
    let mut scores = unsafe { engine.score_arrow_stream(stream(-1), &ArrowOptions::new()) }.unwrap();
    assert!(scores.next().unwrap().is_ok());
    let error = fails(scores.next().unwrap(), Status::Io);
    assert!(error.message.contains("the source broke"), "{error}");
    drop(scores);
    let options = ArrowOptions::new().a("middle");
    fails(
        unsafe { engine.score_arrow_stream(stream(1), &options) },
        Status::Argument,
    );
}
