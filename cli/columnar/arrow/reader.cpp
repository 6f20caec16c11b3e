/* SPDX-License-Identifier: Apache-2.0 */
// Reads Parquet, Arrow files and Arrow streams batch by batch.
#include "columnar/arrow/bytes.h"
#include "columnar/arrow/entry.h"
#include "columnar/arrow/values.h"

#include <arrow/c/bridge.h>
#include <arrow/ipc/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <cstring>
#include <vector>

using columnar::ptr;

struct columnar_reader {
    columnar_format format = COLUMNAR_NONE;
    columnar_wish wish = {-1, -1, -1, false, 0, 0, 0};
    ptr<arrow::Schema> schema;
    ptr<arrow::io::ReadableFile> file;
    int64_t size = 0;
    std::unique_ptr<parquet::arrow::FileReader> parquet;
    ptr<arrow::ipc::RecordBatchFileReader> arrow;
    ptr<arrow::RecordBatchReader> batches; // of a row group, or of a stream
    int64_t groups = 0;                    // begun, or passed over
    int64_t passed = 0, row = 0;
    ptr<arrow::RecordBatch> batch;
    int64_t taken = 0; // rows of it
};

namespace columnar {

namespace {

constexpr int64_t BATCH_ROWS = 8192;     // that Parquet decodes at once
constexpr int64_t TEXT_BYTES = 4 << 20;  // of a batch that is handed out, and one row more
constexpr int64_t PAGE_BUFFER = 1 << 20; // of each column of a row group that is read

arrow::ipc::IpcReadOptions reading() {
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.use_threads = false;
    options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
    return options;
}

Status open_parquet(columnar_reader *reader) {
    auto properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();
    properties.set_buffer_size(PAGE_BUFFER);
    parquet::ArrowReaderProperties arrow_properties(false);
    arrow_properties.set_batch_size(BATCH_ROWS);
    arrow_properties.set_pre_buffer(false); /* or whole row groups would lie in memory */
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(reader->file, properties));
    ARROW_ASSIGN_OR_RAISE(reader->parquet, builder.properties(arrow_properties)->Build());
    return reader->parquet->GetSchema(&reader->schema);
}

// The next of several streams, if there is one.
Status open_part(columnar_reader *reader) {
    reader->batches = nullptr;
    ARROW_ASSIGN_OR_RAISE(int64_t at, reader->file->Tell());
    if (at >= reader->size) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(
        auto stream, arrow::ipc::RecordBatchStreamReader::Open(
                         static_cast<arrow::io::InputStream *>(reader->file.get()), reading()));
    if (reader->schema != nullptr && !reader->schema->Equals(*stream->schema())) {
        return Status::Invalid("its parts have different columns");
    }
    reader->schema = stream->schema();
    reader->batches = stream;
    return Status::OK();
}

Status open_arrow(columnar_reader *reader, const columnar_source &source) {
    if (reader->format == COLUMNAR_ARROWS) {
        ARROW_ASSIGN_OR_RAISE(auto stream, arrow::ipc::RecordBatchStreamReader::Open(
                                               std::make_shared<source_stream>(source), reading()));
        reader->schema = stream->schema();
        reader->batches = stream;
        return Status::OK();
    }
    if (reader->format == COLUMNAR_PARTS) {
        ARROW_RETURN_NOT_OK(open_part(reader));
        return reader->schema != nullptr ? Status::OK() : Status::Invalid("it is empty");
    }
    ARROW_ASSIGN_OR_RAISE(reader->arrow,
                          arrow::ipc::RecordBatchFileReader::Open(reader->file, reading()));
    reader->schema = reader->arrow->schema();
    return Status::OK();
}

Result<columnar_reader *> open_reader(columnar_format format, const columnar_source &source,
                                      ArrowSchema *schema) {
    auto reader = std::make_unique<columnar_reader>();
    reader->format = format;
    if (format != COLUMNAR_ARROWS) {
        ARROW_ASSIGN_OR_RAISE(reader->file, open_file(source));
        ARROW_ASSIGN_OR_RAISE(reader->size, reader->file->GetSize());
    }
    if (format == COLUMNAR_PARQUET) {
        ARROW_RETURN_NOT_OK(open_parquet(reader.get()));
    } else {
        ARROW_RETURN_NOT_OK(open_arrow(reader.get(), source));
    }
    ARROW_RETURN_NOT_OK(arrow::ExportSchema(*reader->schema, schema));
    return reader.release();
}

Status check_column(const columnar_reader &reader, int64_t column, bool text) {
    if (column < 0) return Status::OK();
    if (column >= reader.schema->num_fields()) return Status::Invalid("there is no such column");
    const auto &field = reader.schema->field(static_cast<int>(column));
    if (text ? is_text(*field->type()) : !arrow::is_nested(field->type()->id())) {
        return Status::OK();
    }
    return Status::Invalid("column \"", field->name(), "\" holds ", field->type()->ToString(),
                           text ? ", and no texts: utf8, large_utf8, utf8_view or a dictionary of "
                                  "these; cast it where it is written, or choose another with "
                                  "--columns"
                                : ", and no labels");
}

// JSON objects have each name once.
Status check_names(const arrow::Schema &schema) {
    for (const auto &field : schema.fields()) {
        if (schema.GetAllFieldIndices(field->name()).size() == 1) continue;
        return Status::Invalid("two columns are called \"", field->name(),
                               "\", which text cannot tell apart; write -f parquet or -f arrow");
    }
    return Status::OK();
}

Result<bool> take_wish(columnar_reader *reader, const columnar_wish &wish) {
    ARROW_RETURN_NOT_OK(check_column(*reader, wish.a, true));
    ARROW_RETURN_NOT_OK(check_column(*reader, wish.b, true));
    ARROW_RETURN_NOT_OK(check_column(*reader, wish.gold, false));
    if (wish.json) ARROW_RETURN_NOT_OK(check_names(*reader->schema));
    reader->wish = wish;
    return true;
}

Result<int64_t> count_rows(columnar_reader *reader) {
    if (reader->format == COLUMNAR_ARROW) return reader->arrow->CountRows();
    if (reader->format != COLUMNAR_PARQUET) return -1;
    int64_t rows = 0;
    const auto metadata = reader->parquet->parquet_reader()->metadata();
    for (int i = 0; i < metadata->num_row_groups(); i++) rows += metadata->RowGroup(i)->num_rows();
    return rows;
}

bool is_mine(const columnar_reader &reader, int64_t group) {
    const columnar_wish &wish = reader.wish;
    return wish.shards <= 1 || (wish.groups_before + group) % wish.shards == wish.shard - 1;
}

void pass_over(columnar_reader *reader, int64_t rows) {
    reader->passed += rows;
    reader->row += rows;
}

// The next step of a Parquet file: a batch, or a row group begun or passed over. False: the end.
Result<bool> step_parquet(columnar_reader *reader) {
    if (reader->batches != nullptr) {
        ARROW_RETURN_NOT_OK(reader->batches->ReadNext(&reader->batch));
        if (reader->batch == nullptr) reader->batches = nullptr;
        return true;
    }
    if (reader->groups == reader->parquet->num_row_groups()) return false;
    const int group = static_cast<int>(reader->groups++);
    if (is_mine(*reader, group)) {
        ARROW_ASSIGN_OR_RAISE(reader->batches, reader->parquet->GetRecordBatchReader({group}));
    } else {
        const auto metadata = reader->parquet->parquet_reader()->metadata();
        pass_over(reader, metadata->RowGroup(group)->num_rows());
    }
    return true;
}

Result<bool> step_arrow(columnar_reader *reader) {
    if (reader->arrow != nullptr) {
        if (reader->groups == reader->arrow->num_record_batches()) return false;
        const int group = static_cast<int>(reader->groups);
        ARROW_ASSIGN_OR_RAISE(reader->batch, reader->arrow->ReadRecordBatch(group));
    } else {
        if (reader->batches == nullptr) return false;
        ARROW_RETURN_NOT_OK(reader->batches->ReadNext(&reader->batch));
        if (reader->batch == nullptr) {
            if (reader->format != COLUMNAR_PARTS) return false;
            ARROW_RETURN_NOT_OK(open_part(reader));
            return reader->batches != nullptr;
        }
    }
    if (!is_mine(*reader, reader->groups++)) {
        pass_over(reader, reader->batch->num_rows());
        reader->batch = nullptr;
    }
    return true;
}

// Makes reader->batch one that has rows left. False at the end.
Result<bool> have_batch(columnar_reader *reader) {
    while (reader->batch == nullptr || reader->taken == reader->batch->num_rows()) {
        reader->batch = nullptr;
        reader->taken = 0;
        bool going = false;
        if (reader->format == COLUMNAR_PARQUET) {
            ARROW_ASSIGN_OR_RAISE(going, step_parquet(reader));
        } else {
            ARROW_ASSIGN_OR_RAISE(going, step_arrow(reader));
        }
        if (!going) return false;
        if (reader->batch != nullptr) ARROW_RETURN_NOT_OK(check_batch(*reader->batch));
    }
    return true;
}

// The texts of a row that are wanted, in builders.
struct text_columns {
    arrow::LargeStringBuilder builders[COLUMNAR_TEXTS];
    const arrow::Array *columns[COLUMNAR_TEXTS] = {};
    std::vector<std::string> keys; // of the JSON object, with what stands before each value
    std::string json;
    int64_t bytes = 0;

    Status add(int which, std::string_view text) {
        bytes += static_cast<int64_t>(text.size());
        return builders[which].Append(text);
    }
    Status add_cell(int which, int64_t i) {
        if (columns[which] == nullptr) return Status::OK();
        std::string_view text;
        if (text_at(*columns[which], i, &text)) return add(which, text);
        if (which != COLUMNAR_TEXT_GOLD || columns[which]->IsNull(i)) {
            return builders[which].AppendNull();
        }
        json.clear();
        append_value(&json, *columns[which], i);
        return json == "null" ? builders[which].AppendNull() : add(which, json);
    }
    Status add_row(const arrow::RecordBatch &batch, int64_t i) {
        for (int which = 0; which < COLUMNAR_TEXT_JSON; which++) {
            ARROW_RETURN_NOT_OK(add_cell(which, i));
        }
        if (keys.empty()) return Status::OK();
        json.clear();
        for (size_t j = 0; j < keys.size(); j++) {
            json.append(keys[j]);
            append_value(&json, *batch.column(static_cast<int>(j)), i);
        }
        json.push_back('}');
        return add(COLUMNAR_TEXT_JSON, json);
    }
};

void begin_texts(const columnar_reader &reader, text_columns *texts) {
    const columnar_wish &wish = reader.wish;
    const int64_t wanted[] = {wish.a, wish.b, wish.gold};
    for (int which = 0; which < COLUMNAR_TEXT_JSON; which++) {
        if (wanted[which] < 0) continue;
        texts->columns[which] = reader.batch->column(static_cast<int>(wanted[which])).get();
    }
    for (int j = 0; wish.json && j < reader.schema->num_fields(); j++) {
        std::string key(j == 0 ? "{" : ",");
        append_string(&key, reader.schema->field(j)->name());
        key.push_back(':');
        texts->keys.push_back(key);
    }
}

Status export_texts(text_columns *texts, columnar_batch *to) {
    for (int which = 0; which < COLUMNAR_TEXTS; which++) {
        bool wanted =
            which == COLUMNAR_TEXT_JSON ? !texts->keys.empty() : texts->columns[which] != nullptr;
        if (!wanted) continue;
        ptr<arrow::Array> made;
        ARROW_RETURN_NOT_OK(texts->builders[which].Finish(&made));
        ARROW_RETURN_NOT_OK(arrow::ExportArray(*made, &to->texts[which]));
    }
    return Status::OK();
}

Result<int> next_rows(columnar_reader *reader, int64_t most, columnar_batch *to) {
    ARROW_ASSIGN_OR_RAISE(bool have, have_batch(reader));
    if (!have) return 0;
    text_columns texts;
    begin_texts(*reader, &texts);
    const int64_t first = reader->taken, end = std::min(reader->batch->num_rows(), first + most);
    int64_t at = first;
    while (at < end && (at == first || texts.bytes < TEXT_BYTES)) {
        ARROW_RETURN_NOT_OK(texts.add_row(*reader->batch, at++));
    }
    ARROW_RETURN_NOT_OK(export_texts(&texts, to));
    ARROW_RETURN_NOT_OK(
        arrow::ExportRecordBatch(*reader->batch->Slice(first, at - first), &to->columns));
    to->first = reader->row;
    to->group = reader->groups - 1;
    reader->taken = at;
    reader->row += at - first;
    return 1;
}

} // namespace

columnar_reader *reader_open(columnar_format format, const columnar_source *source,
                             ArrowSchema *schema, columnar_failure *failure) {
    return guarded(failure, static_cast<columnar_reader *>(nullptr),
                   [&] { return open_reader(format, *source, schema); });
}

void reader_close(columnar_reader *reader) { delete reader; }

bool reader_wish(columnar_reader *reader, const columnar_wish *wish, columnar_failure *failure) {
    return guarded(failure, false, [&] { return take_wish(reader, *wish); });
}

int64_t reader_rows(columnar_reader *reader, columnar_failure *failure) {
    return guarded(failure, int64_t{-2}, [&] { return count_rows(reader); });
}

int reader_next(columnar_reader *reader, int64_t most, columnar_batch *batch,
                columnar_failure *failure) {
    std::memset(batch, 0, sizeof *batch);
    int got = guarded(failure, -1, [&] { return next_rows(reader, most, batch); });
    for (int i = 0; got < 0 && i < COLUMNAR_TEXTS; i++) {
        if (batch->texts[i].release != nullptr) batch->texts[i].release(&batch->texts[i]);
    }
    return got;
}

int64_t reader_groups(const columnar_reader *reader) { return reader->groups; }

int64_t reader_passed(const columnar_reader *reader) { return reader->passed; }

} // namespace columnar
