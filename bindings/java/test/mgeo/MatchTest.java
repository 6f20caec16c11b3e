// SPDX-License-Identifier: Apache-2.0
package mgeo;

import static mgeo.Testing.check;
import static mgeo.Testing.fails;
import static mgeo.Testing.same;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Matching: normal forms, an index that is changed and searched at once, clusters, and their errors. */
final class MatchTest {
    private static final int RECORDS = 300;
    private static final String NANJING = "南京市鼓楼区新模范马路5号";
    private static final int SAME_FORM = CandidateFlag.SAME_FORM.value;

    private MatchTest() {}

    public static void main(String[] arguments) throws Exception {
        Testing.runAll(MatchTest.class);
    }

    private static List<IndexRecord> places() {
        List<IndexRecord> made = new ArrayList<>();
        made.add(new IndexRecord("nanjing", NANJING));
        for (int i = 1; i < RECORDS; i++) {
            made.add(new IndexRecord(Integer.toString(i), "杭州市西湖区文三路" + i + "号"));
        }
        return made;
    }

    private static Index filled() {
        Index index = new Index(new IndexOptions().threads(1));
        index.put(places());
        return index;
    }

    static void testWaysOfWritingShareAForm() throws Exception {
        String form = Matching.normalForm("杭州市西湖区文三路90号");
        same(form, Matching.normalForm("杭州西湖区文三路９０号"), "form");
        check(!form.equals(Matching.normalForm(NANJING)), "another place");
        same("", Matching.normalForm(""), "nothing");
        fails(Status.ARGUMENT, () -> Matching.normalForm("\ud800"));
    }

    static void testTheRightOneIsFound() throws Exception {
        try (Index index = filled()) {
            SearchOptions options = new SearchOptions().top(2);
            List<Candidate> found = index.search(NANJING, options);
            Candidate best = found.get(0);
            same(List.of("nanjing", NANJING, 0L), List.of(best.id(), best.text(), best.row()), "the best");
            check(CandidateFlag.SAME_TEXT.isIn(best.flags()) && CandidateFlag.SAME_FORM.isIn(best.flags()), "flags");
            List<List<Candidate>> lists =
                    index.search(List.of(NANJING, "", "\ud800", "杭州西湖区文三路７号", NANJING), options);
            same(List.of(found, List.of(), List.of()), lists.subList(0, 3), "lists");
            same(found, lists.get(4), "the last of an odd number");
            same("7", lists.get(3).get(0).id(), "another way of writing");
            same(SAME_FORM, lists.get(3).get(0).flags(), "its flags");
            same(List.of(), index.search(List.of(), options), "no query");
            fails(Status.ARGUMENT, () -> index.search(NANJING, new SearchOptions().top(1001)));
            fails(Status.ARGUMENT, () -> index.search((String) null));
            CancellationToken token = new CancellationToken();
            token.cancel();
            List<String> many = Collections.nCopies(20, NANJING);
            fails(Status.CANCELLED, () -> index.search(many, new SearchOptions().cancellation(token)));
        }
    }

    static void testRowsFindEachPairOnce() throws Exception {
        try (Index index = new Index()) {
            index.put(new String[] {"a", "b", "c"},
                    new String[] {"杭州市西湖区文三路90号", "杭州西湖区文三路９０号", NANJING});
            FoundRows found = index.searchRows(0, 3, true, 0, null);
            same(index.info().generation(), found.generation(), "generation");
            same("b", found.candidates().get(0).get(0).id(), "the first's");
            check(found.candidates().get(1).stream().noneMatch(one -> one.id().equals("a")), "once");
            same(found, index.searchRows(0, 3, true, found.generation(), null), "again");
            fails(Status.REFUSED, () -> index.searchRows(0, 3, true, 99, null));
            fails(Status.ARGUMENT, () -> index.searchRows(0, 4, false, 0, null));
            fails(Status.ARGUMENT, () -> index.searchRows(-1, 1, false, 0, null));
        }
    }

    static void testChangesAreAllOrNothing() throws Exception {
        try (Index index = filled(); Index small = new Index(new IndexOptions().memoryLimit(1))) {
            index.put(List.of(new IndexRecord("nanjing", "天津市和平区南京路219号")));
            same("nanjing", index.search("天津市和平区南京路219号").get(0).id(), "replaced");
            same(List.of((long) RECORDS, 1L), List.of(index.info().records(), index.info().removed()), "records");
            same(1L, index.remove(List.of("nanjing", "nobody")), "removed");
            index.compact();
            same(List.of(RECORDS - 1L, 0L), List.of(index.info().records(), index.info().removed()), "compacted");
            MgeoException wrong = fails(Status.ARGUMENT,
                    () -> index.put(List.of(new IndexRecord("x", "y"), new IndexRecord("", "y"))));
            check(wrong.getMessage().contains("records[1].id"), wrong.getMessage());
            fails(Status.ARGUMENT, () -> index.put(List.of(new IndexRecord("x", null))));
            fails(Status.ARGUMENT, () -> index.put(Arrays.asList((IndexRecord) null)));
            same(RECORDS - 1L, index.info().records(), "nothing was put");
            fails(Status.MEMORY, () -> small.put(places()));
        }
    }

    static void testCancelledChangesLeaveAllAsItWas() throws Exception {
        CancellationToken token = new CancellationToken();
        try (Index index = filled(); Index watched = new Index(new IndexOptions().cancellation(token))) {
            Thread.currentThread().interrupt();
            fails(Status.CANCELLED, () -> index.put(List.of(new IndexRecord("x", "y"))));
            check(Thread.interrupted(), "still interrupted");
            same((long) RECORDS, index.info().records(), "records");
            index.put(List.of(new IndexRecord("x", "y")));
            token.cancel();
            fails(Status.CANCELLED, () -> watched.put(places()));
            same(0L, watched.info().records(), "records");
        }
    }

    static void testFilesAreSavedOpenedSwappedAndPutBack() throws Exception {
        Path path = Testing.folder().resolve("places.index");
        try (Index index = filled()) {
            index.save(path);
            try (Index opened = Index.open(path)) {
                same(index.search(NANJING).get(0), opened.search(NANJING).get(0), "the same is found");
                same(path.toString(), opened.info().path(), "path");
            }
            fails(Status.REFUSED, index::rollBack);
            index.remove(List.of("nanjing"));
            index.swap(path);
            same(List.of((long) RECORDS, RECORDS - 1L),
                    List.of(index.info().records(), index.info().previousRecords()), "swapped");
            index.rollBack();
            same(RECORDS - 1L, index.info().records(), "put back");
        }
    }

    static void testADamagedFileIsTold() throws Exception {
        Path path = Testing.folder().resolve("places.index");
        try (Index index = filled()) {
            index.save(path);
            byte[] bytes = Files.readAllBytes(path);
            Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
            MgeoException damaged = fails(Status.FORMAT, () -> Index.open(path));
            check(damaged.getMessage().contains(path.toString()), damaged.getMessage());
            fails(Status.FORMAT, () -> index.swap(path));
            fails(Status.IO, () -> Index.open(path.resolveSibling("nothing")));
            fails(Status.ARGUMENT, () -> Index.open(null));
            fails(Status.ARGUMENT, () -> index.save(null));
            same((long) RECORDS, index.info().records(), "records");
        }
    }

    static void testSearchesRunWhileItChanges() throws Exception {
        try (Index index = filled()) {
            AtomicBoolean over = new AtomicBoolean();
            List<Throwable> failures = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                threads.add(Testing.start(() -> {
                    for (int i = 0; i < 20 || !over.get(); i++) {
                        same("nanjing", index.search(NANJING).get(0).id(), "found");
                    }
                }, failures));
            }
            for (int i = 0; i < 20; i++) {
                index.put(List.of(new IndexRecord("new" + i, "上海市浦东新区世纪大道" + i + "号")));
            }
            over.set(true);
            Testing.join(threads, failures);
            same(RECORDS + 20L, index.info().records(), "records");
        }
    }

    static void testAClosedIndex() throws Exception {
        Index index = filled();
        List<Candidate> found = index.search(NANJING);
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            threads.add(Testing.start(() -> fails(Status.ARGUMENT, () -> {
                while (true) {
                    index.search(NANJING);
                }
            }), failures));
        }
        index.close();
        index.close();
        Testing.join(threads, failures);
        check(fails(Status.ARGUMENT, index::info).getMessage().contains("closed"), "says so");
        fails(Status.ARGUMENT, () -> index.put(places()));
        fails(Status.ARGUMENT, () -> index.remove(List.of("a")));
        fails(Status.ARGUMENT, () -> index.searchRows(0, 1, false, 0, null));
        fails(Status.ARGUMENT, index::compact);
        same(NANJING, found.get(0).text(), "candidates outlive their index");
    }

    static void testLinksMakeClusters() throws Exception {
        List<Link> links = List.of(new Link(0, 1, 0.9f), new Link(1, 2, 0.8f), new Link(2, 3, 0.1f));
        ClusterOptions options = new ClusterOptions().threshold(0.5f);
        List<Member> rows = Matching.cluster(links, 4, options);
        same(List.of(0L, 0L, 0L, 3L), rows.stream().map(Member::cluster).toList(), "clusters");
        same(List.of(3L, 1L, 0.8f),
                List.of(rows.get(0).size(), rows.get(0).representative(), rows.get(0).weakest()), "a row");
        check(Float.isNaN(rows.get(3).link()), "no link");
        options.source(new int[] {0, 1, 0, 1}).oneToOne(true);
        same(1L, Matching.cluster(links, 4, options).get(2).size(), "cut");
        same(List.of(), Matching.cluster(List.of(), 0, null), "nothing");
        fails(Status.ARGUMENT, () -> Matching.cluster(links, 5, options));
        fails(Status.ARGUMENT, () -> Matching.cluster(links, 3, null));
        fails(Status.ARGUMENT, () -> Matching.cluster(links, 4, options.cut(Cut.NONE)));
    }
}
