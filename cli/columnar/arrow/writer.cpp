/* SPDX-License-Identifier: Apache-2.0 */
// Writes Parquet, Arrow files and Arrow streams batch by batch.
#include "columnar/arrow/bytes.h"
#include "columnar/arrow/entry.h"

#include <arrow/array/concatenate.h>
#include <arrow/c/bridge.h>
#include <arrow/ipc/api.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <vector>

using columnar::ptr;

struct columnar_writer {
    columnar_format format = COLUMNAR_NONE;
    ptr<arrow::Schema> columns, added, schema;
    ptr<columnar::target_stream> target;
    arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
    std::unique_ptr<parquet::arrow::FileWriter> parquet;
    ptr<arrow::ipc::RecordBatchWriter> arrow; // of parts: null while all is sealed
    bool sealed = false;
    int64_t group_bytes = 0;
    std::vector<ptr<arrow::Array>> dictionaries; // of an Arrow file: one for each column, growing
};

namespace columnar {

namespace {

constexpr int64_t GROUP_ROWS = 128 * 1024; // of a row group that is written, or fewer:
constexpr int64_t GROUP_BYTES = 128 << 20; // so much of it is kept until it is whole

// What other programs keep of the columns in their own words is no longer true of more columns.
ptr<const arrow::KeyValueMetadata> kept_metadata(const ptr<const arrow::KeyValueMetadata> &from) {
    if (from == nullptr) return nullptr;
    auto kept = std::make_shared<arrow::KeyValueMetadata>();
    for (int64_t i = 0; i < from->size(); i++) {
        if (from->key(i) == "org.apache.spark.sql.parquet.row.metadata") continue;
        if (from->key(i) == "parquet.avro.schema") continue;
        kept->Append(from->key(i), from->value(i));
    }
    return kept;
}

ptr<arrow::Schema> join_schemas(const arrow::Schema &columns, const arrow::Schema &added) {
    std::vector<ptr<arrow::Field>> fields = columns.fields();
    fields.insert(fields.end(), added.fields().begin(), added.fields().end());
    return arrow::schema(fields, kept_metadata(columns.metadata()));
}

Result<arrow::Compression::type> codec_of(columnar_format format, columnar_compression wanted) {
    using arrow::Compression;
    const bool parquet = format == COLUMNAR_PARQUET;
    switch (wanted) {
    case COLUMNAR_COMPRESSION_NONE: return Compression::UNCOMPRESSED;
    case COLUMNAR_COMPRESSION_ZSTD: return Compression::ZSTD;
    case COLUMNAR_COMPRESSION_LZ4: return parquet ? Compression::LZ4 : Compression::LZ4_FRAME;
    case COLUMNAR_COMPRESSION_SNAPPY:
        if (parquet) return Compression::SNAPPY;
        return Status::Invalid("Arrow files are compressed by zstd or lz4, not by snappy");
    case COLUMNAR_COMPRESSION_GZIP:
        if (parquet) return Compression::GZIP;
        return Status::Invalid("Arrow files are compressed by zstd or lz4, not by gzip");
    case COLUMNAR_COMPRESSION_AUTO: break;
    }
    return parquet ? Compression::ZSTD : Compression::UNCOMPRESSED;
}

Status begin_parquet(columnar_writer *writer, arrow::Compression::type codec) {
    parquet::WriterProperties::Builder properties;
    properties.compression(codec)->max_row_group_length(GROUP_ROWS);
    auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    ARROW_ASSIGN_OR_RAISE(
        writer->parquet,
        parquet::arrow::FileWriter::Open(*writer->schema, arrow::default_memory_pool(),
                                         writer->target, properties.build(), arrow_properties));
    return Status::OK();
}

Status begin_arrow(columnar_writer *writer) {
    if (writer->format == COLUMNAR_ARROW) {
        writer->dictionaries.resize(static_cast<size_t>(writer->schema->num_fields()));
        writer->options.emit_dictionary_deltas = true;
        return arrow::ipc::MakeFileWriter(writer->target, writer->schema, writer->options)
            .Value(&writer->arrow);
    }
    return arrow::ipc::MakeStreamWriter(writer->target, writer->schema, writer->options)
        .Value(&writer->arrow);
}

Result<columnar_writer *> open_writer(columnar_format format, columnar_compression compression,
                                      ArrowSchema *columns, ArrowSchema *added,
                                      const columnar_target &target) {
    auto writer = std::make_unique<columnar_writer>();
    writer->format = format;
    writer->target = std::make_shared<target_stream>(target);
    ARROW_ASSIGN_OR_RAISE(writer->columns, arrow::ImportSchema(columns));
    writer->added = arrow::schema(arrow::FieldVector{});
    if (added != nullptr) {
        ARROW_ASSIGN_OR_RAISE(writer->added, arrow::ImportSchema(added));
    }
    writer->schema = join_schemas(*writer->columns, *writer->added);
    ARROW_ASSIGN_OR_RAISE(auto codec, codec_of(format, compression));
    if (format == COLUMNAR_PARQUET) {
        ARROW_RETURN_NOT_OK(begin_parquet(writer.get(), codec));
        return writer.release();
    }
    writer->options.use_threads = false;
    if (codec != arrow::Compression::UNCOMPRESSED) {
        ARROW_ASSIGN_OR_RAISE(writer->options.codec, arrow::util::Codec::Create(codec));
    }
    if (format != COLUMNAR_PARTS) ARROW_RETURN_NOT_OK(begin_arrow(writer.get()));
    return writer.release();
}

Result<ptr<arrow::Array>> pick(const ptr<arrow::Array> &from, const int64_t *rows, int64_t count) {
    arrow::ArrayVector runs;
    for (int64_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && rows[end] == rows[end - 1] + 1;) end++;
        runs.push_back(from->Slice(rows[i], end - i));
    }
    if (runs.size() == 1) return runs[0];
    return runs.empty() ? from->Slice(0, 0) : arrow::Concatenate(runs);
}

// An Arrow file has one dictionary for each column, which may grow but not change.
Status grow_dictionary(columnar_writer *writer, int which, ptr<arrow::Array> *column) {
    if ((*column)->type_id() != arrow::Type::DICTIONARY) return Status::OK();
    auto &so_far = writer->dictionaries[static_cast<size_t>(which)];
    const auto &coded = static_cast<const arrow::DictionaryArray &>(**column);
    const auto &type = static_cast<const arrow::DictionaryType &>(*coded.type());
    if (so_far == nullptr) so_far = coded.dictionary();
    if (so_far->Equals(coded.dictionary())) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto unifier, arrow::DictionaryUnifier::Make(type.value_type()));
    ptr<arrow::Buffer> places;
    ARROW_RETURN_NOT_OK(unifier->Unify(*so_far));
    ARROW_RETURN_NOT_OK(unifier->Unify(*coded.dictionary(), &places));
    ARROW_RETURN_NOT_OK(unifier->GetResultWithIndexType(type.index_type(), &so_far));
    return coded.Transpose(coded.type(), so_far, reinterpret_cast<const int32_t *>(places->data()))
        .Value(column);
}

Status write_batch(columnar_writer *writer, const arrow::RecordBatch &batch) {
    if (writer->parquet == nullptr) {
        if (writer->arrow == nullptr) ARROW_RETURN_NOT_OK(begin_arrow(writer));
        ARROW_RETURN_NOT_OK(writer->arrow->WriteRecordBatch(batch));
        return writer->format == COLUMNAR_ARROW ? Status::OK() : writer->target->Flush();
    }
    ARROW_ASSIGN_OR_RAISE(int64_t bytes, arrow::util::ReferencedBufferSize(batch));
    if (writer->group_bytes > 0 && writer->group_bytes + bytes > GROUP_BYTES) {
        ARROW_RETURN_NOT_OK(writer->parquet->NewBufferedRowGroup());
        writer->group_bytes = 0;
    }
    writer->group_bytes += bytes;
    return writer->parquet->WriteRecordBatch(batch);
}

Result<bool> write_rows(columnar_writer *writer, ArrowArray *columns, ArrowArray *added,
                        const int64_t *rows) {
    ARROW_ASSIGN_OR_RAISE(auto from, arrow::ImportRecordBatch(columns, writer->columns));
    ptr<arrow::RecordBatch> answers;
    int64_t count = from->num_rows();
    if (added != nullptr) {
        ARROW_ASSIGN_OR_RAISE(answers, arrow::ImportRecordBatch(added, writer->added));
        count = answers->num_rows();
    }
    arrow::ArrayVector all = from->columns();
    for (size_t i = 0; rows != nullptr && i < all.size(); i++) {
        ARROW_ASSIGN_OR_RAISE(all[i], pick(all[i], rows, count));
    }
    if (answers != nullptr) {
        const auto &more = answers->columns();
        all.insert(all.end(), more.begin(), more.end());
    }
    for (size_t i = 0; i < writer->dictionaries.size(); i++) {
        ARROW_RETURN_NOT_OK(grow_dictionary(writer, static_cast<int>(i), &all[i]));
    }
    auto batch = arrow::RecordBatch::Make(writer->schema, count, std::move(all));
    ARROW_RETURN_NOT_OK(write_batch(writer, *batch));
    return true;
}

Result<bool> seal(columnar_writer *writer) {
    if (writer->arrow == nullptr && !writer->sealed) ARROW_RETURN_NOT_OK(begin_arrow(writer));
    if (writer->arrow != nullptr) ARROW_RETURN_NOT_OK(writer->arrow->Close());
    writer->arrow = nullptr;
    writer->sealed = true;
    ARROW_RETURN_NOT_OK(writer->target->Flush());
    return true;
}

Result<bool> end(columnar_writer *writer) {
    if (writer->parquet != nullptr) {
        ARROW_RETURN_NOT_OK(writer->parquet->Close());
    } else {
        ARROW_RETURN_NOT_OK(writer->arrow->Close());
    }
    ARROW_RETURN_NOT_OK(writer->target->Flush());
    return true;
}

} // namespace

columnar_writer *writer_open(columnar_format format, columnar_compression compression,
                             ArrowSchema *columns, ArrowSchema *added,
                             const columnar_target *target, columnar_failure *failure) {
    return guarded(failure, static_cast<columnar_writer *>(nullptr),
                   [&] { return open_writer(format, compression, columns, added, *target); });
}

void writer_close(columnar_writer *writer) {
    columnar_failure ignored;
    if (writer == nullptr) return;
    guarded(&ignored, false, [&]() -> Result<bool> {
        writer->target->forget();
        delete writer;
        return true;
    });
}

bool writer_write(columnar_writer *writer, ArrowArray *columns, ArrowArray *added,
                  const int64_t *rows, columnar_failure *failure) {
    return guarded(failure, false, [&] { return write_rows(writer, columns, added, rows); });
}

bool writer_seal(columnar_writer *writer, columnar_failure *failure) {
    return guarded(failure, false, [&] { return seal(writer); });
}

bool writer_end(columnar_writer *writer, columnar_failure *failure) {
    return guarded(failure, false, [&] { return end(writer); });
}

} // namespace columnar
