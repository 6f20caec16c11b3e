/* SPDX-License-Identifier: Apache-2.0 */
// Texts, JSON and checks, by the types of Arrow.
#include "columnar/arrow/values.h"

#include <arrow/scalar.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <type_traits>

namespace columnar {

using arrow::Status;
template <typename T> using ptr = std::shared_ptr<T>;

void append_string(std::string *to, std::string_view text) {
    const bool sound = arrow::util::ValidateUTF8(text);
    to->push_back('"');
    for (size_t i = 0; i < text.size(); i++) {
        const unsigned char byte = static_cast<unsigned char>(text[i]);
        if (byte == '"' || byte == '\\') {
            to->push_back('\\');
            to->push_back(text[i]);
        } else if (byte < 0x20 || byte == 0x7F) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            to->append(escape);
        } else if (sound || byte < 0x80) {
            to->push_back(text[i]);
        } else {
            size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
            std::string_view character = text.substr(i, length);
            bool good = character.size() == length && arrow::util::ValidateUTF8(character);
            to->append(good ? character : std::string_view("\xEF\xBF\xBD"));
            i += good ? length - 1 : 0;
        }
    }
    to->push_back('"');
}

bool text_at(const arrow::Array &array, int64_t i, std::string_view *text) {
    if (array.IsNull(i)) return false;
    switch (array.type_id()) {
    case arrow::Type::STRING:
        *text = static_cast<const arrow::StringArray &>(array).GetView(i);
        break;
    case arrow::Type::LARGE_STRING:
        *text = static_cast<const arrow::LargeStringArray &>(array).GetView(i);
        break;
    case arrow::Type::STRING_VIEW:
        *text = static_cast<const arrow::StringViewArray &>(array).GetView(i);
        break;
    case arrow::Type::DICTIONARY: {
        const auto &coded = static_cast<const arrow::DictionaryArray &>(array);
        return text_at(*coded.dictionary(), coded.GetValueIndex(i), text);
    }
    default: return false;
    }
    return true;
}

namespace {

template <typename Array>
void append_number(std::string *to, const arrow::Array &array, int64_t i) {
    char digits[64];
    const auto value = static_cast<const Array &>(array).Value(i);
    if constexpr (std::is_floating_point_v<std::decay_t<decltype(value)>>) {
        if (!std::isfinite(value)) {
            to->append("null");
            return;
        }
    }
    to->append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <typename List> void append_list(std::string *to, const arrow::Array &array, int64_t i) {
    const auto &list = static_cast<const List &>(array);
    to->push_back('[');
    for (int64_t j = 0; j < list.value_length(i); j++) {
        if (j > 0) to->push_back(',');
        append_value(to, *list.values(), list.value_offset(i) + j);
    }
    to->push_back(']');
}

void append_struct(std::string *to, const arrow::StructArray &array, int64_t i) {
    to->push_back('{');
    for (int j = 0; j < array.num_fields(); j++) {
        if (j > 0) to->push_back(',');
        append_string(to, array.struct_type()->field(j)->name());
        to->push_back(':');
        append_value(to, *array.field(j), i);
    }
    to->push_back('}');
}

void append_half(std::string *to, const arrow::HalfFloatArray &array, int64_t i) {
    const float value = arrow::util::Float16::FromBits(array.Value(i)).ToFloat();
    char digits[64];
    if (!std::isfinite(value)) {
        to->append("null");
    } else {
        to->append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }
}

// Of runs and unions: the value that an inner array holds for row i.
void append_inner(std::string *to, const arrow::Array &array, int64_t i) {
    if (array.type_id() == arrow::Type::RUN_END_ENCODED) {
        const auto from_here = array.Slice(i, 1);
        const auto &runs = static_cast<const arrow::RunEndEncodedArray &>(*from_here);
        append_value(to, *runs.values(), runs.FindPhysicalOffset());
        return;
    }
    const auto &parts = static_cast<const arrow::UnionArray &>(array);
    const bool dense = array.type_id() == arrow::Type::DENSE_UNION;
    const int64_t at =
        dense ? static_cast<const arrow::DenseUnionArray &>(array).value_offset(i) : i;
    append_value(to, *parts.field(parts.child_id(i)), at);
}

// Dates, times, durations and whatever else has a text of its own; decimals are numbers, bytes are
// in hex.
void append_other(std::string *to, const arrow::Array &array, int64_t i) {
    auto scalar = array.GetScalar(i);
    const auto *bytes =
        scalar.ok() ? dynamic_cast<const arrow::BaseBinaryScalar *>(scalar->get()) : nullptr;
    if (bytes != nullptr && bytes->value != nullptr) {
        append_string(to, bytes->value->ToHexString());
        return;
    }
    std::string text = scalar.ok() ? (*scalar)->ToString() : std::string();
    if (arrow::is_decimal(array.type_id())) {
        to->append(text);
    } else {
        append_string(to, text);
    }
}

void append_sound(std::string *to, const arrow::Array &array, int64_t i) {
    using arrow::Type;
    switch (array.type_id()) {
    case Type::BOOL:
        to->append(static_cast<const arrow::BooleanArray &>(array).Value(i) ? "true" : "false");
        break;
    case Type::INT8: append_number<arrow::Int8Array>(to, array, i); break;
    case Type::INT16: append_number<arrow::Int16Array>(to, array, i); break;
    case Type::INT32: append_number<arrow::Int32Array>(to, array, i); break;
    case Type::INT64: append_number<arrow::Int64Array>(to, array, i); break;
    case Type::UINT8: append_number<arrow::UInt8Array>(to, array, i); break;
    case Type::UINT16: append_number<arrow::UInt16Array>(to, array, i); break;
    case Type::UINT32: append_number<arrow::UInt32Array>(to, array, i); break;
    case Type::UINT64: append_number<arrow::UInt64Array>(to, array, i); break;
    case Type::FLOAT: append_number<arrow::FloatArray>(to, array, i); break;
    case Type::DOUBLE: append_number<arrow::DoubleArray>(to, array, i); break;
    case Type::HALF_FLOAT:
        append_half(to, static_cast<const arrow::HalfFloatArray &>(array), i);
        break;
    case Type::LIST: append_list<arrow::ListArray>(to, array, i); break;
    case Type::LIST_VIEW: append_list<arrow::ListViewArray>(to, array, i); break;
    case Type::LARGE_LIST_VIEW: append_list<arrow::LargeListViewArray>(to, array, i); break;
    case Type::MAP: append_list<arrow::MapArray>(to, array, i); break;
    case Type::LARGE_LIST: append_list<arrow::LargeListArray>(to, array, i); break;
    case Type::FIXED_SIZE_LIST: append_list<arrow::FixedSizeListArray>(to, array, i); break;
    case Type::STRUCT: append_struct(to, static_cast<const arrow::StructArray &>(array), i); break;
    case Type::DICTIONARY: {
        const auto &coded = static_cast<const arrow::DictionaryArray &>(array);
        append_value(to, *coded.dictionary(), coded.GetValueIndex(i));
        break;
    }
    case Type::RUN_END_ENCODED:
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION: append_inner(to, array, i); break;
    case Type::EXTENSION:
        append_value(to, *static_cast<const arrow::ExtensionArray &>(array).storage(), i);
        break;
    default: append_other(to, array, i);
    }
}

} // namespace

void append_value(std::string *to, const arrow::Array &array, int64_t i) {
    std::string_view text;
    if (text_at(array, i, &text)) {
        append_string(to, text);
    } else if (array.IsNull(i)) {
        to->append("null");
    } else {
        append_sound(to, array, i);
    }
}

bool is_text(const arrow::DataType &type) {
    switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::NA: return true;
    case arrow::Type::DICTIONARY:
        return is_text(*static_cast<const arrow::DictionaryType &>(type).value_type());
    default: return false;
    }
}

namespace {

// The same bytes as a column of bytes: texts that are not UTF-8 are bad rows, not a bad file.
ptr<arrow::ArrayData> as_bytes(const ptr<arrow::ArrayData> &data) {
    ptr<arrow::DataType> type;
    switch (data->type->id()) {
    case arrow::Type::STRING: type = arrow::binary(); break;
    case arrow::Type::LARGE_STRING: type = arrow::large_binary(); break;
    case arrow::Type::STRING_VIEW: type = arrow::binary_view(); break;
    case arrow::Type::DICTIONARY: break;
    default: return data;
    }
    auto bytes = std::make_shared<arrow::ArrayData>(*data);
    if (type == nullptr) {
        const auto &coded = static_cast<const arrow::DictionaryType &>(*data->type);
        if (data->dictionary == nullptr) return data;
        bytes->dictionary = as_bytes(data->dictionary);
        type = arrow::dictionary(coded.index_type(), bytes->dictionary->type);
    }
    bytes->type = type;
    return bytes;
}

} // namespace

Status check_batch(const arrow::RecordBatch &batch) {
    for (int i = 0; i < batch.num_columns(); i++) {
        Status status = arrow::MakeArray(as_bytes(batch.column_data(i)))->ValidateFull();
        if (status.ok() && batch.column_data(i)->length == batch.num_rows()) continue;
        return Status::Invalid("column \"", batch.schema()->field(i)->name(), "\" is damaged: ",
                               status.ok() ? "it is shorter than the others" : status.message());
    }
    return Status::OK();
}

} // namespace columnar
