// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Addresses that can be searched, in memory or mapped from a file. Needs no engine and no model.
 *
 * <p>Every method may be called from any number of threads: searches never wait for a change, and one that has begun ends
 * in the generation that it began in. What fails throws a {@link MgeoException}. A call ends with
 * {@link Status#CANCELLED} when its thread is interrupted, which stays interrupted; a change that was cancelled leaves
 * the index as it was. Closing waits for the calls that run; later calls are refused. An index that nobody can reach any
 * more is freed by a cleaner.
 */
public final class Index implements AutoCloseable {
    private final IndexHandle handle;
    private final Cleaner.Cleanable cleanable;

    /** An empty index. */
    public Index() {
        this(null, null);
    }

    /** An empty index; the options hold for all its changes. */
    public Index(IndexOptions options) {
        this(null, options);
    }

    private Index(Path path, IndexOptions options) {
        handle = new IndexHandle(path, options);
        cleanable = Engine.CLEANER.register(this, handle);
    }

    public static Index open(Path path) {
        return open(path, null);
    }

    /** Maps a file that {@link #save} wrote, which is checked first. */
    public static Index open(Path path, IndexOptions options) {
        if (path == null) {
            throw MgeoException.argument("path is null; give the file of an index");
        }
        return new Index(path, options);
    }

    @Override
    public void close() {
        Lifetime.refuseInLog();
        cleanable.clean();
    }

    // ---- Changes ----

    /**
     * Adds records; one whose id is there already replaces the former. All are put in or, on failure, none. Many at once
     * cost far less than one by one.
     */
    public void put(List<IndexRecord> records) {
        String[] ids = new String[records.size()];
        String[] texts = new String[ids.length];
        int i = 0;
        for (IndexRecord record : records) {
            if (record == null || record.id() == null || record.text() == null) {
                throw MgeoException.argument("record " + i + " is or has a null; give an id and a text");
            }
            ids[i] = record.id();
            texts[i++] = record.text();
        }
        put(ids, texts);
    }

    /** The same of ids[i] with texts[i]. */
    public void put(String[] ids, String[] texts) {
        // mgeo_record has the shape of mgeo_pair.
        handle.change(call -> Native.call(
                Calls.INDEX_PUT, handle.index, Native.pairsOf(call.texts(ids, texts)), ids.length));
    }

    /** Removes the records with these ids; answers how many were there. */
    public long remove(List<String> ids) {
        String[] given = ids.toArray(new String[0]);
        String[] none = new String[given.length];
        Arrays.fill(none, "");
        long[] removed = new long[1];
        handle.change(call -> {
            Struct count = call.memory(8);
            long records = Native.pairsOf(call.texts(given, none));
            Native.call(Calls.INDEX_REMOVE, handle.index, records, given.length, count.address());
            removed[0] = count.i64(0);
        });
        return removed[0];
    }

    /** Makes one segment of all, without what was removed. */
    public void compact() {
        handle.change(call -> Native.call(Calls.INDEX_COMPACT, handle.index));
    }

    /** Writes the index to a file, compacted: the file is the old or the new one, whenever the process ends. */
    public void save(Path path) {
        handle.change(call -> Native.call(Calls.INDEX_SAVE, handle.index, call.path(path)));
    }

    /**
     * Puts the records of a file in place of all that is there, in one step; no search waits or fails. What was there
     * stays ready for {@link #rollBack}. On failure nothing has changed.
     */
    public void swap(Path path) {
        handle.change(call -> Native.call(Calls.INDEX_SWAP, handle.index, call.path(path)));
    }

    /** Puts back what the last {@link #swap} put aside. */
    public void rollBack() {
        handle.change(call -> Native.call(Calls.INDEX_ROLL_BACK, handle.index));
    }

    /** What the index holds. */
    public IndexInfo info() {
        try (Call call = new Call(handle.lifetime)) {
            Struct info = call.versioned(IndexInfo.SIZE);
            Native.call(Calls.INDEX_GET_INFO, handle.index, info.address());
            return IndexInfo.read(info);
        }
    }

    // ---- Searches ----

    public List<Candidate> search(String query) {
        return search(query, null);
    }

    /** The records with the best scores for one text, best first. A text that names nothing has none. */
    public List<Candidate> search(String query, SearchOptions options) {
        return search(Arrays.asList(query), options).get(0);
    }

    /** The same for many texts: a list for each. */
    public List<List<Candidate>> search(List<String> queries, SearchOptions options) {
        // An array of mgeo_pair is one of twice as many mgeo_text.
        int count = queries.size();
        String[][] halves = {new String[(count + 1) / 2], new String[(count + 1) / 2]};
        int i = 0;
        for (String query : queries) {
            if (query == null) {
                throw MgeoException.argument("query " + i + " is null; give a string");
            }
            halves[i % 2][i++ / 2] = query;
        }
        if (count % 2 == 1) {
            halves[1][count / 2] = "";
        }
        try (Call call = new Call(handle.lifetime)) {
            long texts = Native.pairsOf(call.texts(halves[0], halves[1]));
            long written = (options == null ? new SearchOptions() : options).write(call);
            Struct found = call.memory(8);
            Native.call(Calls.INDEX_SEARCH, handle.index, texts, count, written, found.address());
            return take(found.i64(0), count);
        }
    }

    /**
     * The same for {@code count} records of the index itself, from row {@code first} on, as queries: to find duplicates.
     * A record is never its own candidate, and a removed one has none.
     *
     * @param later only rows after the query's are found, so that each pair comes once
     * @param generation 0: the current one; or one that an earlier call answered
     */
    public FoundRows searchRows(long first, int count, boolean later, long generation, SearchOptions options) {
        if (first < 0 || count < 0) {
            throw MgeoException.argument("first is " + first + " and count is " + count + "; give 0 or more");
        }
        try (Call call = new Call(handle.lifetime)) {
            long written = (options == null ? new SearchOptions() : options).write(call);
            Struct found = call.memory(8);
            Struct of = call.memory(8);
            of.i64(0, generation);
            Native.call(Calls.INDEX_SEARCH_ROWS, handle.index, first, count, later ? 1 : 0, of.address(), written,
                    found.address());
            return new FoundRows(of.i64(0), take(found.i64(0), count));
        }
    }

    /** What a search found, as Java's own; frees it. */
    private static List<List<Candidate>> take(long found, int queries) {
        try {
            List<List<Candidate>> lists = new ArrayList<>(queries);
            for (int i = 0; i < queries; i++) {
                lists.add(List.of(Native.candidatesOf(found, i)));
            }
            return lists;
        } finally {
            Native.destroyCandidates(found);
        }
    }
}
