# SPDX-License-Identifier: Apache-2.0
"""Makes the committed files of columns in files/ anew: pairs of addresses, with columns of many types around them.

    make_files.py [FOLDER]     needs pyarrow; the tests themselves need none"""
import datetime
import decimal
import os
import sys

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

ROWS, GROUP = 23, 7


def pairs():
    """23 rows in groups of 7: nulls in rows 0, 7, 14 and 21, an empty text in row 5."""
    numbers = range(ROWS)
    return pa.table({
        "id": pa.array(numbers, pa.int64()),
        "address1": pa.array([f"人民路{i}号" if i % 7 else None for i in numbers]),
        "address2": pa.array([f"人民路{i // 2}号" if i != 5 else "" for i in numbers]).dictionary_encode(),
        "gold": pa.array([["exact_match", "not_match"][i % 2] for i in numbers], pa.large_string()),
        "seen": pa.array([datetime.datetime(2024, 1, 1, i) for i in numbers], pa.timestamp("ms", "Asia/Shanghai")),
        "price": pa.array([decimal.Decimal(i) / 4 for i in numbers], pa.decimal128(9, 2)),
        "ratio": pa.array([None if i % 5 == 3 else i / 8 for i in numbers], pa.float64()),
        "tags": pa.array([["a", "b\"c"][: i % 3] if i % 4 else None for i in numbers], pa.list_(pa.string())),
        "place": pa.array([{"x": i, "y": f"市{i}"} for i in numbers]),
        "bytes": pa.array([bytes([i, 255]) for i in numbers]),
        "sure": pa.array([None if i % 6 == 2 else i % 2 == 0 for i in numbers]),
    }, metadata={"made by": "make_files.py", "org.apache.spark.sql.parquet.row.metadata": "{}"})


def write(table, path, **options):
    with (ipc.new_stream if path.endswith(".arrows") else ipc.new_file)(path, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=GROUP)


def texts(kind):
    """The pairs alone, with texts of one type."""
    table = pairs().select(["address1", "address2"]).cast(pa.schema([("address1", pa.string()),
                                                                     ("address2", pa.string())]))
    if kind == "dictionary":
        return pa.table({name: table[name].dictionary_encode() for name in table.column_names})
    return table.cast(pa.schema([(name, kind) for name in table.column_names]))


def main(folder):
    table = pairs()
    pq.write_table(table, os.path.join(folder, "pairs.parquet"), row_group_size=GROUP, compression="snappy")
    write(table, os.path.join(folder, "pairs.arrow"))
    write(table, os.path.join(folder, "pairs.arrows"))
    write(texts(pa.string_view()), os.path.join(folder, "views.arrow"))
    write(texts(pa.large_string()), os.path.join(folder, "large.arrows"), options=ipc.IpcWriteOptions(compression="zstd"))
    pq.write_table(texts("dictionary"), os.path.join(folder, "dictionary.parquet"), row_group_size=GROUP,
                   compression="gzip", data_page_version="2.0")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "files"))
