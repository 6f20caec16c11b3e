/* SPDX-License-Identifier: Apache-2.0 */
// Failures as lines, and streams of bytes over the functions of the program.
#include "columnar/arrow/bytes.h"

#include <unistd.h>

#include <cstdio>

namespace columnar {

namespace {

constexpr int64_t STEP_BYTES = 16 << 20; // for which memory is taken before they have come
constexpr int64_t OUTPUT_BUFFER = 1 << 20;

} // namespace

void set_line(columnar_failure *failure, const std::string &text) {
    std::snprintf(failure->line, sizeof failure->line, "%s", text.c_str());
    for (char *at = failure->line; *at != '\0'; at++) {
        if (static_cast<unsigned char>(*at) < ' ') *at = ' ';
    }
}

Status source_stream::Close() {
    closed_ = true;
    return Status::OK();
}

Result<int64_t> source_stream::Read(int64_t wanted, void *to) {
    int64_t have = 0;
    while (have < wanted) {
        int64_t got = source_.read(source_.opaque, static_cast<char *>(to) + have, wanted - have);
        if (got < 0) return Status::IOError("cannot be read");
        if (got == 0) break;
        have += got;
    }
    position_ += have;
    return have;
}

// What a damaged stream says of its lengths is believed as far as bytes come.
Result<ptr<arrow::Buffer>> source_stream::Read(int64_t wanted) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(0));
    for (int64_t have = 0; have < wanted;) {
        int64_t step = std::min(wanted - have, std::max(STEP_BYTES, have));
        ARROW_RETURN_NOT_OK(buffer->Resize(have + step, false));
        ARROW_ASSIGN_OR_RAISE(int64_t got, Read(step, buffer->mutable_data() + have));
        have += got;
        if (got == step) continue;
        ARROW_RETURN_NOT_OK(buffer->Resize(have));
        break;
    }
    return ptr<arrow::Buffer>(std::move(buffer));
}

Status target_stream::Close() {
    closed_ = true;
    return Flush();
}

Status target_stream::Write(const void *bytes, int64_t length) {
    position_ += length;
    if (length >= OUTPUT_BUFFER) {
        ARROW_RETURN_NOT_OK(Flush());
        return put(bytes, length);
    }
    waiting_.append(static_cast<const char *>(bytes), static_cast<size_t>(length));
    return static_cast<int64_t>(waiting_.size()) < OUTPUT_BUFFER ? Status::OK() : Flush();
}

Status target_stream::Flush() {
    Status status = put(waiting_.data(), static_cast<int64_t>(waiting_.size()));
    waiting_.clear();
    return status;
}

void target_stream::forget() {
    target_.write = [](void *, const void *, int64_t) { return true; };
}

Status target_stream::put(const void *bytes, int64_t length) {
    if (length == 0 || target_.write(target_.opaque, bytes, length)) return Status::OK();
    return Status::IOError("cannot be written");
}

Result<ptr<arrow::io::ReadableFile>> open_file(const columnar_source &source) {
    int own = dup(source.descriptor);
    if (own < 0) return Status::IOError("cannot be read: no descriptors are left");
    return arrow::io::ReadableFile::Open(own);
}

} // namespace columnar
