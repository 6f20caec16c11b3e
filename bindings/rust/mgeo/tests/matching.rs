// SPDX-License-Identifier: Apache-2.0
//! Matching: normal forms, an index that is changed and searched at once, clusters, and their errors.

mod common;

use common::fails;
use mgeo::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

const RECORDS: usize = 300;
const NANJING: &str = "南京市鼓楼区新模范马路5号";

fn places() -> Vec<(String, String)> {
    let of = |i| (format!("{i}"), format!("杭州市西湖区文三路{i}号"));
    let mut made: Vec<_> = (1..RECORDS).map(of).collect();
    made.push(("nanjing".into(), NANJING.into()));
    made
}

fn filled() -> Index {
    let index = Index::with_options(&IndexOptions::new().threads(1)).unwrap();
    index.put(&places()).unwrap();
    index
}

/// A file of this test's own, removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("mgeo-rust-{name}-{}", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[test]
fn ways_of_writing_share_a_form() {
    let form = normal_form("杭州市西湖区文三路90号").unwrap();
    assert_eq!(form, normal_form("杭州西湖区文三路９０号").unwrap());
    assert_ne!(form, normal_form(NANJING).unwrap());
    assert_eq!(normal_form("").unwrap(), "");
}

#[test]
fn the_right_one_is_found() {
    let index = filled();
    let options = SearchOptions::new().top(2);
    let found = index.search_with(NANJING, &options).unwrap();
    assert_eq!((&*found[0].id, &*found[0].text), ("nanjing", NANJING));
    assert_eq!(found[0].row, RECORDS as u64 - 1);
    assert_eq!(found[0].flags.to_string(), "same_text,same_form");
    let queries = [NANJING, "", "杭州西湖区文三路７号"];
    let lists = index.search_many(&queries, &options).unwrap();
    assert_eq!((lists.len(), &lists[0], lists[1].len()), (3, &found, 0));
    assert_eq!(
        (&*lists[2][0].id, lists[2][0].flags),
        ("7", CandidateFlags::SAME_FORM)
    );
    assert!(index.search_many(&[] as &[&str], &options).unwrap().is_empty());
    fails(
        index.search_with(NANJING, &SearchOptions::new().top(1001)),
        Status::Argument,
    );
    let progress = Progress::new();
    progress.cancel();
    fails(
        index.search_many(&[NANJING; 20], &SearchOptions::new().progress(&progress)),
        Status::Cancelled,
    );
}

#[test]
fn rows_find_each_pair_once() {
    let index = Index::new().unwrap();
    let texts = ["杭州市西湖区文三路90号", "杭州西湖区文三路９０号", NANJING];
    let records: Vec<_> = ["a", "b", "c"].iter().zip(texts).collect();
    index.put(&records).unwrap();
    let options = SearchOptions::new();
    let found = index.search_rows(0, 3, true, 0, &options).unwrap();
    assert_eq!(found.generation, index.info().unwrap().generation);
    assert_eq!(found.candidates[0][0].id, "b");
    assert!(found.candidates[1].iter().all(|one| one.id != "a"));
    assert_eq!(
        index.search_rows(0, 3, true, found.generation, &options).unwrap(),
        found
    );
    fails(index.search_rows(0, 3, true, 99, &options), Status::Refused);
    fails(index.search_rows(0, 4, false, 0, &options), Status::Argument);
}

#[test]
fn changes_are_all_or_nothing() {
    let index = filled();
    index.put(&[("nanjing", "天津市和平区南京路219号")]).unwrap();
    assert_eq!(index.search("天津市和平区南京路219号").unwrap()[0].id, "nanjing");
    let info = index.info().unwrap();
    assert_eq!((info.records, info.removed), (RECORDS as u64, 1));
    assert_eq!(index.remove(&["nanjing", "nobody"]).unwrap(), 1);
    index.compact().unwrap();
    let info = index.info().unwrap();
    assert_eq!((info.records, info.removed), (RECORDS as u64 - 1, 0));
    let error = fails(index.put(&[("x", "y"), ("", "y")]), Status::Argument);
    assert!(error.message.contains("records[1].id"), "{error}");
    assert_eq!(index.info().unwrap().records, RECORDS as u64 - 1);
    let small = Index::with_options(&IndexOptions::new().memory_limit(1)).unwrap();
    fails(small.put(&places()), Status::Memory);
}

#[test]
fn a_cancelled_change_leaves_all_as_it_was() {
    let progress = Progress::new();
    let index = Index::with_options(&IndexOptions::new().progress(&progress)).unwrap();
    index.put(&[("a", "b")]).unwrap();
    progress.cancel();
    fails(index.put(&places()), Status::Cancelled);
    assert_eq!(index.info().unwrap().records, 1);
}

#[test]
fn files_are_saved_opened_swapped_and_put_back() {
    let file = File::new("index");
    let index = filled();
    index.save(&file.0).unwrap();
    let opened = Index::open(&file.0, &IndexOptions::new()).unwrap();
    assert_eq!(
        opened.search(NANJING).unwrap()[0],
        index.search(NANJING).unwrap()[0]
    );
    assert_eq!(opened.info().unwrap().path, file.0.to_str().unwrap());
    fails(index.roll_back(), Status::Refused);
    index.remove(&["nanjing"]).unwrap();
    index.swap(&file.0).unwrap();
    let info = index.info().unwrap();
    assert_eq!(
        (info.records, info.previous_records),
        (RECORDS as u64, RECORDS as u64 - 1)
    );
    index.roll_back().unwrap();
    assert_eq!(index.info().unwrap().records, RECORDS as u64 - 1);
}

#[test]
fn a_damaged_file_is_told() {
    let file = File::new("damaged");
    let index = filled();
    index.save(&file.0).unwrap();
    let mut bytes = std::fs::read(&file.0).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&file.0, bytes).unwrap();
    let error = fails(Index::open(&file.0, &IndexOptions::new()), Status::Format);
    assert!(error.message.contains(file.0.to_str().unwrap()), "{error}");
    fails(index.swap(&file.0), Status::Format);
    fails(Index::open("/nowhere/at/all", &IndexOptions::new()), Status::Io);
    fails(index.save("/nowhere/at/all"), Status::Io);
    fails(index.save("a\0b"), Status::Argument);
    assert_eq!(index.info().unwrap().records, RECORDS as u64);
}

#[test]
fn searches_run_while_it_changes() {
    let (index, over) = (filled(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let search = || {
            let mut searches = 0;
            while searches < 20 || !over.load(Ordering::Relaxed) {
                assert_eq!(index.search(NANJING).unwrap()[0].id, "nanjing");
                searches += 1;
            }
        };
        for _ in 0..4 {
            scope.spawn(search);
        }
        for i in 0..20 {
            let added = (format!("new{i}"), format!("上海市浦东新区世纪大道{i}号"));
            index.put(&[added]).unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(index.info().unwrap().records, RECORDS as u64 + 20);
}

#[test]
fn candidates_outlive_their_index() {
    let index = filled();
    let found = index.search(NANJING).unwrap();
    drop(index);
    assert_eq!(found[0].text, NANJING);
}

#[test]
fn links_make_clusters() {
    let links = [(0, 1, 0.9), (1, 2, 0.8), (2, 3, 0.1)].map(|(a, b, score)| Link { a, b, score });
    let options = ClusterOptions::new().threshold(0.5);
    let members = cluster(&links, 4, &options).unwrap();
    let rows: Vec<_> = members.iter().map(|row| (row.cluster, row.size)).collect();
    assert_eq!(rows, [(0, 3), (0, 3), (0, 3), (3, 1)]);
    assert_eq!((members[0].representative, members[0].weakest), (1, 0.8));
    assert!(members[3].link.is_nan());
    assert_eq!(cluster(&[], 0, &options).unwrap().len(), 0);
    let options = options.source([0, 1, 0, 1]).one_to_one(true);
    assert_eq!(cluster(&links, 4, &options).unwrap()[2].size, 1);
    fails(cluster(&links, 5, &options), Status::Argument);
    fails(
        cluster(&links, 4, &options.clone().cut(Cut::None)),
        Status::Argument,
    );
    fails(cluster(&links, 3, &ClusterOptions::new()), Status::Argument);
    assert_eq!(Cut::Correlation.to_string(), "correlation");
}
