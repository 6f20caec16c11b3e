/* SPDX-License-Identifier: Apache-2.0 */
// The one function that the module shows.
#include "columnar/arrow/entry.h"

#include <arrow/util/config.h>
#include <arrow/util/utf8.h>

extern "C" __attribute__((visibility("default"))) const columnar_module *mgeo_columnar_entry(void) {
    static const columnar_module module = {
        .magic = COLUMNAR_MODULE_MAGIC,
        .version = COLUMNAR_MODULE_VERSION,
        .library = "Arrow C++ " ARROW_VERSION_STRING,
        .reader_open = columnar::reader_open,
        .reader_close = columnar::reader_close,
        .reader_wish = columnar::reader_wish,
        .reader_rows = columnar::reader_rows,
        .reader_next = columnar::reader_next,
        .reader_groups = columnar::reader_groups,
        .reader_passed = columnar::reader_passed,
        .writer_open = columnar::writer_open,
        .writer_close = columnar::writer_close,
        .writer_write = columnar::writer_write,
        .writer_seal = columnar::writer_seal,
        .writer_end = columnar::writer_end,
    };
    arrow::util::InitializeUTF8();
    return &module;
}
