"""Checks that every partition of FATE's tables on Spark is in the order of its keys."""

from fate.arch.computing.backends.spark._table import from_rdd  # type: ignore[import-not-found]
from pyspark import SparkContext  # type: ignore[import-not-found]

KEYS = [b"d", b"c", b"b", b"a"]
with SparkContext("local[1]") as context:
    table = from_rdd(context.parallelize([(key, b"") for key in KEYS], 2))
    partitions = table.rdd.keys().glom().collect()
assert sum(map(len, partitions)) == len(KEYS), partitions  # noqa: S101
assert all(keys == sorted(keys) for keys in partitions), partitions  # noqa: S101
