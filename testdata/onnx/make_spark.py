"""Graphs of Spark pipelines as onnxmltools writes them, with the answers of ONNX Runtime.

    python3.11 -m venv env && env/bin/pip install -r requirements-spark.txt && env/bin/python make_spark.py

Needs Java 17. Names of cases start with `spark_`.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxmltools
import onnxruntime
import pyspark
from onnxmltools.convert.common.data_types import FloatTensorType, StringTensorType
from pyspark.ml import Pipeline
from pyspark.ml import classification as c
from pyspark.ml import clustering as k
from pyspark.ml import feature as f
from pyspark.ml import regression as r
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import _fixture as fixture  # noqa: E402

WIDTH = 3


def main():
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
        "spark.sql.shuffle.partitions", "1").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, WIDTH)).astype(np.float32)
    two = (x[:, 0] - x[:, 1] + 0.3 * np.sin(3 * x[:, 2]) > 0).astype(float)
    three = np.digitize(x[:, 0] + x[:, 1], [-0.7, 0.7]).astype(float)
    real = x @ [1.0, -2.0, 0.5] + 0.1
    colours = rng.choice(["red", "green", "blue"], 80).tolist()
    frame = spark.createDataFrame(
        [(Vectors.dense(v.tolist()), Vectors.dense(abs(v).tolist()), float(a), float(b), float(y), t, float(v[0]))
         for v, a, b, y, t in zip(x, two, three, real, colours)],
        ["features", "positive", "two", "three", "real", "colour", "size"],
    )
    rows = rng.normal(size=(24, WIDTH)).astype(np.float32)
    dense = [("features", FloatTensorType([None, WIDTH]))]
    skipped = []

    def save(name, model, kinds, feeds, header, table, note, outputs, classes=None, session=spark):
        try:
            document = onnxmltools.convert_sparkml(model, name, kinds, target_opset=15, spark_session=session)
        except Exception as error:  # what the converter cannot write is no case
            skipped.append(f"{name}: {type(error).__name__}: {str(error)[:160]}")
            return
        # Spark keeps every column: only those that answer are kept.
        answers = [o for o in document.graph.output if o.name in outputs]
        del document.graph.output[:]
        document.graph.output.extend(sorted(answers, key=lambda o: outputs.index(o.name)))
        # A mixed pipeline lists the default domain under both of its names: the newest version is meant.
        newest = {}
        for opset in sorted(document.opset_import, key=lambda opset: opset.version):
            newest["" if opset.domain == "ai.onnx" else opset.domain] = opset
        opsets = [newest[domain] for domain in sorted(newest)]
        del document.opset_import[:]
        document.opset_import.extend(opsets)
        folder = HERE / ("spark_" + name)
        folder.mkdir(exist_ok=True)
        (folder / "model.onnx").write_bytes(document.SerializeToString())
        try:
            runtime = onnxruntime.InferenceSession(document.SerializeToString())
            found = [np.asarray(o).reshape(len(table), -1) for o in runtime.run(None, feeds)]
        except Exception as error:  # what the runtime cannot run is no case
            skipped.append(f"{name}: {type(error).__name__}: {str(error)[:160]}")
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
            return
        names = [o.name for o in runtime.get_outputs()]
        columns, parts = [], []
        for output, values in zip(names, found):
            width = values.shape[1]
            stem = "label" if classes and output == "prediction" else output
            columns += [stem] if width == 1 else [f"{stem}_{i}" for i in range(width)]
            parts.append(values)
        fixture.write_table(folder / "inputs.csv", header, table)
        rows_out = [sum((list(part[i]) for part in parts), []) for i in range(len(table))]
        fixture.write_table(folder / "expected.csv", columns, rows_out)
        keys = {
            "producer": "onnxmltools", "task": "classification" if classes else "regression", "models": ["model.onnx"],
            "licence": fixture.LICENCE, "note": note, "outputs": names, "precision": "f32", "labels": "exact",
            "tolerance_rel": 1e-5, "tolerance_abs": 1e-6,
        }
        fixture.write_case(folder, keys, {
            "onnxmltools": onnxmltools.__version__, "pyspark": pyspark.__version__, "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__, "opset": "15",
        })

    def vector(name, stage, note, classes=None, column="features", outputs=("prediction", "probability")):
        kinds = [(column, FloatTensorType([None, WIDTH]))]
        shown = abs(rows) if column == "positive" else rows
        save(name, stage.fit(frame), kinds, {column: shown}, [f"x{i}" for i in range(WIDTH)], shown, note,
             list(outputs), classes)

    small = dict(maxDepth=3, seed=0)
    vector("linear", r.LinearRegression(labelCol="real"), "LinearRegression", outputs=["prediction"])
    vector("generalized", r.GeneralizedLinearRegression(labelCol="real"), "GeneralizedLinearRegression", outputs=["prediction"])
    vector("logistic_2", c.LogisticRegression(labelCol="two"), "LogisticRegression", True)
    vector("logistic_3", c.LogisticRegression(labelCol="three", regParam=0.05), "LogisticRegression", True)
    vector("tree_classifier", c.DecisionTreeClassifier(labelCol="three", **small), "DecisionTreeClassifier", True)
    vector("tree_regressor", r.DecisionTreeRegressor(labelCol="real", **small), "DecisionTreeRegressor", outputs=["prediction"])
    vector("forest_classifier", c.RandomForestClassifier(labelCol="three", numTrees=3, **small), "RandomForestClassifier", True)
    vector("forest_regressor", r.RandomForestRegressor(labelCol="real", numTrees=3, **small), "RandomForestRegressor", outputs=["prediction"])
    vector("gbt_classifier", c.GBTClassifier(labelCol="two", maxIter=3, **small), "GBTClassifier", True)
    vector("gbt_regressor", r.GBTRegressor(labelCol="real", maxIter=3, **small), "GBTRegressor", outputs=["prediction"])
    vector("naive_bayes", c.NaiveBayes(labelCol="three", featuresCol="positive"), "NaiveBayes", True, column="positive")
    vector("linear_svc", c.LinearSVC(labelCol="two"), "LinearSVC", True)
    vector("perceptron", c.MultilayerPerceptronClassifier(labelCol="three", layers=[WIDTH, 4, 3], seed=0, maxIter=20), "MultilayerPerceptronClassifier", True)
    vector("one_vs_rest", c.OneVsRest(classifier=c.LogisticRegression(), labelCol="three"), "OneVsRest", True)
    vector("kmeans", k.KMeans(k=3, seed=0), "KMeans", True)
    for name, stage in [
        ("standard", f.StandardScaler(withMean=True)), ("minmax", f.MinMaxScaler()), ("maxabs", f.MaxAbsScaler()),
        ("pca", f.PCA(k=2)),
    ]:
        stage = stage.setInputCol("features").setOutputCol("scaled")
        vector("step_" + name, stage, type(stage).__name__, outputs=["scaled"])
    for name, stage in [
        ("normalizer", f.Normalizer(inputCol="features", outputCol="scaled")),
        ("product", f.ElementwiseProduct(inputCol="features", outputCol="scaled", scalingVec=Vectors.dense([1.0, 2.0, -0.5]))),
        ("slicer", f.VectorSlicer(inputCol="features", outputCol="scaled", indices=[2, 0])),
    ]:
        vector("step_" + name, Pipeline(stages=[stage]), type(stage).__name__, outputs=["scaled"])
    chain = Pipeline(stages=[
        f.StringIndexer(inputCol="colour", outputCol="code"),
        f.OneHotEncoder(inputCols=["code"], outputCols=["flags"], dropLast=False),
        f.VectorAssembler(inputCols=["size", "flags"], outputCol="all"),
        c.LogisticRegression(featuresCol="all", labelCol="two"),
    ])
    kinds = [("colour", StringTensorType([None, 1])), ("size", FloatTensorType([None, 1]))]
    texts = np.array([[t] for t in (["red", "green", "blue"] * 8)], dtype=object)
    sizes = rows[:, :1]
    table = [[t[0], s[0]] for t, s in zip(texts, sizes)]
    save("mixed_logistic", chain.fit(frame), kinds, {"colour": texts, "size": sizes}, ["colour", "size"], table,
         "StringIndexer, OneHotEncoder, VectorAssembler, LogisticRegression", ["prediction", "probability"], True)
    chain = Pipeline(stages=[
        f.StringIndexer(inputCol="colour", outputCol="code"),
        f.VectorAssembler(inputCols=["size", "code"], outputCol="all"),
        c.RandomForestClassifier(featuresCol="all", labelCol="three", numTrees=3, **small),
    ])
    save("mixed_forest", chain.fit(frame), kinds, {"colour": texts, "size": sizes}, ["colour", "size"], table,
         "StringIndexer, VectorAssembler, RandomForestClassifier", ["prediction", "probability"], True)
    for line in skipped:
        print("not written:", line)
    spark.stop()


if __name__ == "__main__":
    main()
