"""Makes with pyarrow 26.0.1 types.parquet, two row groups of every type that is read, nulls, and types that
are not; and zstd.parquet, which is compressed otherwise."""

import datetime

import pyarrow
from pyarrow import parquet

table = pyarrow.table({
    "f64": pyarrow.array([0.1, None, -0.0, float("nan"), float("inf")], pyarrow.float64()),
    "f32": pyarrow.array([0.1, 2.5, None, 1e-45, -3.0], pyarrow.float32()),
    "i64": pyarrow.array([1, None, -9223372036854775808, 9007199254740993, 5], pyarrow.int64()),
    "u32": pyarrow.array([4294967295, 0, None, 2, 3], pyarrow.uint32()),
    "i8": pyarrow.array([-128, 127, 0, None, 1], pyarrow.int8()),
    "bool": pyarrow.array([True, False, None, True, False], pyarrow.bool_()),
    "text": pyarrow.array(["a", "", None, "é,\"", "a"], pyarrow.string()),
    "full": pyarrow.array([1.5, 2.5, 3.5, 4.5, 5.5], pyarrow.float64()),
    "date": pyarrow.array([datetime.date(2020, 1, 1)] * 5, pyarrow.date32()),
    "list": pyarrow.array([[1], [], [2, 3], None, [4]], pyarrow.list_(pyarrow.int64())),
})
parquet.write_table(table, "types.parquet", row_group_size=3, compression="snappy")
parquet.write_table(table.select(["full"]), "zstd.parquet", compression="zstd")
