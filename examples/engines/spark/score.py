# SPDX-License-Identifier: Apache-2.0
"""Scores a table of pairs with Spark: spark-submit … score.py PAIRS FOLDER [OPTIONS]; both are Parquet, anywhere Spark reads."""
import argparse
import functools
import pathlib

from pyspark.sql import SparkSession
from pyspark.sql.types import FloatType, StringType, StructType

HERE = pathlib.Path(__file__).resolve().parent


def scored(pairs, precision, partitions):
    """The rows with similarity and label, in any order. barrier=False: tasks run, fail and are tried again one by one."""
    import mgeo_worker
    schema = StructType([*pairs.schema.fields]).add("similarity", FloatType()).add("label", StringType())
    score = functools.partial(mgeo_worker.score, precision=precision)
    return pairs.repartition(partitions).mapInArrow(score, schema, barrier=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", help="with sentence1 and sentence2; all columns are kept")
    parser.add_argument("folder", help="where the scored rows go; it must not be there yet")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--partitions", type=int, help="tasks; without it four for each that run at a time")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("mgeo").getOrCreate()
    spark.sparkContext.addPyFile(str(HERE / "mgeo_worker.py"))
    partitions = options.partitions or 4 * spark.sparkContext.defaultParallelism
    scored(spark.read.parquet(options.pairs), options.precision, partitions).write.parquet(options.folder)
    spark.stop()


if __name__ == "__main__":
    main()
