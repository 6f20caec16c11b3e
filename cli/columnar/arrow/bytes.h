/* SPDX-License-Identifier: Apache-2.0 */
// What stands between Arrow and the programs: failures as lines, and bytes through their functions.
#ifndef CLI_COLUMNAR_ARROW_BYTES_H
#define CLI_COLUMNAR_ARROW_BYTES_H

#include "columnar/module.h"

#include <arrow/api.h>
#include <arrow/io/api.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace columnar {

using arrow::Result;
using arrow::Status;
template <typename T> using ptr = std::shared_ptr<T>;

// One line, cut where it is too long.
void set_line(columnar_failure *failure, const std::string &text);

// Runs the body, which returns a Result; its failure and all that is thrown become the line.
template <typename T, typename Body> T guarded(columnar_failure *failure, T failed, Body body) {
    try {
        Result<T> result = body();
        if (result.ok()) return std::move(result).ValueUnsafe();
        set_line(failure, result.status().message());
    } catch (const std::bad_alloc &) {
        set_line(failure, "out of memory");
    } catch (const std::exception &exception) {
        set_line(failure, exception.what());
    } catch (...) {
        set_line(failure, "an exception of unknown kind");
    }
    return failed;
}

// Bytes that come in their order.
class source_stream : public arrow::io::InputStream {
  public:
    explicit source_stream(const columnar_source &source) : source_(source) {}
    Status Close() override;
    bool closed() const override { return closed_; }
    Result<int64_t> Tell() const override { return position_; }
    Result<int64_t> Read(int64_t wanted, void *to) override;
    Result<ptr<arrow::Buffer>> Read(int64_t wanted) override;

  private:
    columnar_source source_;
    int64_t position_ = 0;
    bool closed_ = false;
};

// Bytes that go out, many at a time.
class target_stream : public arrow::io::OutputStream {
  public:
    explicit target_stream(const columnar_target &target) : target_(target) {}
    Status Close() override;
    bool closed() const override { return closed_; }
    Result<int64_t> Tell() const override { return position_; }
    Status Write(const void *bytes, int64_t length) override;
    Status Flush() override;
    using arrow::io::OutputStream::Write;

    // Nothing more goes out: destructors of what is not whole may try to end it.
    void forget();

  private:
    Status put(const void *bytes, int64_t length);

    columnar_target target_;
    std::string waiting_;
    int64_t position_ = 0;
    bool closed_ = false;
};

// A file that is read at any place, through a descriptor of its own.
Result<ptr<arrow::io::ReadableFile>> open_file(const columnar_source &source);

} // namespace columnar

#endif
