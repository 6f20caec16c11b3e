/* SPDX-License-Identifier: Apache-2.0 */
// Values of columns as text and as JSON, and whether a batch that nobody trusts may be looked at.
#ifndef CLI_COLUMNAR_ARROW_VALUES_H
#define CLI_COLUMNAR_ARROW_VALUES_H

#include <arrow/api.h>

#include <string>
#include <string_view>

namespace columnar {

// Whether columns of the type hold texts.
bool is_text(const arrow::DataType &type);

// Where the text of such a column lies; false: it has none.
bool text_at(const arrow::Array &array, int64_t i, std::string_view *text);

// Appends a JSON string; bytes that are not UTF-8 become U+FFFD.
void append_string(std::string *to, std::string_view text);

// Appends a value of any type as JSON: numbers as digits, what JSON has no form for as a string.
void append_value(std::string *to, const arrow::Array &array, int64_t i);

// Before anything else is done with a batch that was read. Texts need not be UTF-8.
arrow::Status check_batch(const arrow::RecordBatch &batch);

} // namespace columnar

#endif
