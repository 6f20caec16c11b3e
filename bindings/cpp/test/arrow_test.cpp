// SPDX-License-Identifier: Apache-2.0
// Tables by mgeo.hpp: answers as those of pairs, streams, owners that release once.
#include "check.hpp"

#include <cstring>

namespace {

using text_pairs = std::vector<std::pair<std::string, std::string>>;

int released = 0;

// A record batch of two utf8 columns, which owns its memory, and its schema.
struct batch {
    std::vector<std::int32_t> offsets[2];
    std::string bytes[2];
    const void *buffers[3][3] = {};
    ArrowArray columns[2] = {}, *children[2] = {&columns[0], &columns[1]};
    ArrowSchema fields[2] = {}, *schemas[2] = {&fields[0], &fields[1]};
    ArrowArray array = {};
    ArrowSchema schema = {};

    explicit batch(const text_pairs &texts) {
        for (std::size_t side = 0; side < 2; side++) {
            offsets[side].push_back(0);
            for (const auto &pair : texts) {
                bytes[side] += side == 0 ? pair.first : pair.second;
                offsets[side].push_back(static_cast<std::int32_t>(bytes[side].size()));
            }
            buffers[side][1] = offsets[side].data();
            buffers[side][2] = bytes[side].data();
            fill(columns[side], texts.size(), 3, buffers[side]);
            fill(fields[side], "u", side == 0 ? "a" : "b");
        }
        fill(array, texts.size(), 1, buffers[2]);
        fill(schema, "+s", "");
        array.n_children = schema.n_children = 2;
        array.children = children;
        schema.children = schemas;
    }
    batch(const batch &) = delete;
    batch &operator=(const batch &) = delete;

    static void fill(ArrowArray &of, std::size_t length, std::int64_t buffers, const void **first) {
        of.length = static_cast<std::int64_t>(length);
        of.n_buffers = buffers;
        of.buffers = first;
        of.release = [](ArrowArray *of_it) {
            released++;
            of_it->release = nullptr;
        };
    }
    static void fill(ArrowSchema &of, const char *format, const char *name) {
        of.format = format;
        of.name = name;
        of.release = [](ArrowSchema *of_it) { of_it->release = nullptr; };
    }
};

// A stream of two times the same batch, as its private_data points at it.
struct source {
    batch *of;
    int left = 2;

    static ArrowArrayStream stream(source &of) {
        ArrowArrayStream made = {};
        made.get_schema = [](ArrowArrayStream *stream, ArrowSchema *schema) {
            *schema = static_cast<source *>(stream->private_data)->of->schema;
            return 0;
        };
        made.get_next = [](ArrowArrayStream *stream, ArrowArray *array) {
            auto *from = static_cast<source *>(stream->private_data);
            *array = from->left > 0 ? from->of->array : ArrowArray{};
            from->left--;
            return 0;
        };
        made.get_last_error = [](ArrowArrayStream *) -> const char * { return nullptr; };
        made.release = [](ArrowArrayStream *stream) { stream->release = nullptr; };
        made.private_data = &of;
        return made;
    }
};

const float *similarity(const ArrowArray &scores) {
    return static_cast<const float *>(scores.children[0]->buffers[1]) + scores.children[0]->offset;
}

void tables_answer_as_pairs(mgeo::engine &engine, const text_pairs &texts) {
    batch input(texts);
    const mgeo::scores expected = engine.score(mgeo::make_pairs(texts));
    const mgeo::arrow_table table = engine.score_arrow(input.schema, input.array);
    CHECK(table.schema && table.array && table.array->length == 100 && released == 0);
    CHECK(std::strcmp(table.schema->children[0]->name, "similarity") == 0);
    CHECK(std::memcmp(similarity(*table.array.get()), expected.similarity.data(), 400) == 0);
    CHECK(std::string(mgeo::arrow_column_name(MGEO_ARROW_LABEL)) == "label");
    mgeo::job job = engine.begin_job();
    mgeo::arrow_options options;
    options.a = "b";
    options.b = "a";
    options.columns = MGEO_ARROW_SIMILARITY;
    options.job = job.get();
    const mgeo::arrow_table turned = engine.score_arrow(input.schema, input.array, options);
    CHECK(turned.array->n_children == 1);
    const mgeo::single_score one = engine.score(texts[1].second, texts[1].first);
    CHECK(similarity(*turned.array.get())[1] == one.similarity);
    options.a = "c";
    try {
        engine.score_arrow(input.schema, input.array, options);
        CHECK(false);
    } catch (const mgeo::error &error) {
        CHECK(error.status() == MGEO_E_ARGUMENT);
    }
}

void streams_answer_batch_by_batch(mgeo::engine &engine, const text_pairs &texts) {
    batch input(texts);
    source from = {&input};
    ArrowArrayStream stream = source::stream(from);
    const mgeo::scores expected = engine.score(mgeo::make_pairs(texts));
    mgeo::arrow_stream scores = engine.score_arrow_stream(stream);
    CHECK(scores && stream.release == nullptr && engine.rollout().jobs == 1);
    for (int i = 0; i < 2; i++) {
        mgeo::arrow_array next;
        CHECK(scores->get_next(scores.get(), next.get()) == 0 && next->length == 100);
        CHECK(std::memcmp(similarity(*next.get()), expected.similarity.data(), 400) == 0);
    }
    mgeo::arrow_array end;
    CHECK(scores->get_next(scores.get(), end.get()) == 0 && !end);
    scores.reset();
    CHECK(engine.rollout().jobs == 0);
}

void owners_release_once() {
    batch input(texts(1));
    released = 0;
    mgeo::arrow_array first(input.array);
    CHECK(first && input.array.release == nullptr);
    mgeo::arrow_array second(std::move(first));
    mgeo::arrow_array third;
    third = std::move(second);
    CHECK(third && released == 0);
    third.reset();
    CHECK(!third && released == 1);
    third.reset();
    CHECK(released == 1);
}

} // namespace

int main() {
    mgeo::engine engine;
    mgeo::load_options options;
    options.threads = 2;
    engine.load(model().c_str(), options);
    const text_pairs made = texts(100);
    tables_answer_as_pairs(engine, made);
    streams_answer_batch_by_batch(engine, made);
    owners_release_once();
    std::puts("tables answer as pairs do");
}
