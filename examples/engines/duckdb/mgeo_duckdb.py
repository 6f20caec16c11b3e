# SPDX-License-Identifier: Apache-2.0
"""DuckDB's function mgeo(a, b): a struct of similarity and label for each pair of texts, NULL where there is no score."""
import duckdb
import mgeo
import pyarrow

ANSWER = {"similarity": "FLOAT", "label": "VARCHAR"}


def create_function(connection, engine, name="mgeo"):
    """Makes the function on a connection. DuckDB calls it with 2,048 rows at a time, from several threads, and with NULLs."""
    def score(a, b):
        scores = pyarrow.record_batch(engine.score(a, b))
        label = scores["label"].cast(pyarrow.string())
        return pyarrow.StructArray.from_arrays([scores["similarity"], label], names=list(ANSWER), mask=label.is_null())

    connection.create_function(name, score, ["VARCHAR", "VARCHAR"], duckdb.struct_type(ANSWER), type="arrow",
                               null_handling="special")


def connect(database=":memory:", precision="int8", threads=0):
    """A connection with the function, and an engine of its own: as many threads as the process may use."""
    engine = mgeo.Engine()
    engine.load(precision=precision, threads=threads)
    connection = duckdb.connect(database)
    create_function(connection, engine)
    return connection
