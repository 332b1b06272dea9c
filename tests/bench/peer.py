"""A peer of holdall scores rows: `peer.py NAME MODEL ROWS OUT THREADS [steady]`.

Reads CSV, scores, writes the probabilities as CSV: the whole of a process. With `steady`, ROWS is a
`.npy` file, and the quickest of several runs on rows in memory is printed as JSON.
"""

import json
import sys
import time

RUNS = 3


def lightgbm(model, threads):
    import lightgbm

    booster = lightgbm.Booster(model_file=model)
    return lambda x: booster.predict(x, num_threads=threads)


def onnxruntime(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[1]


def sklearn(model, threads):
    import joblib

    forest = joblib.load(model)
    forest.set_params(n_jobs=threads)
    return forest.predict_proba


def xgboost(model, threads):
    import xgboost

    booster = xgboost.Booster({"nthread": threads})
    booster.load_model(model)
    return booster.inplace_predict


def jpmml(model, _threads):
    import jpmml_evaluator
    import pandas

    evaluator = jpmml_evaluator.make_evaluator(model).verify()
    names = [field.name for field in evaluator.getInputFields()]
    return lambda x: evaluator.evaluateAll(pandas.DataFrame(x, columns=names)).iloc[:, -1].to_numpy()


PEERS = {f.__name__: f for f in (lightgbm, onnxruntime, sklearn, xgboost, jpmml)}


def read_csv(path, threads):
    import numpy
    import pyarrow
    from pyarrow import csv

    pyarrow.set_cpu_count(threads)
    table = csv.read_csv(path, csv.ReadOptions(use_threads=threads > 1))
    columns = [column.to_numpy().astype(numpy.float32) for column in table.columns]
    return numpy.ascontiguousarray(numpy.stack(columns, axis=1))


def write_csv(path, answers):
    import numpy
    import pyarrow
    from pyarrow import csv

    answers = numpy.asarray(answers).reshape(len(answers), -1)
    columns = [pyarrow.array(column) for column in answers.T]
    csv.write_csv(pyarrow.table(columns, names=[f"p{i}" for i in range(len(columns))]), path)


def main():
    name, model, rows, out, threads = sys.argv[1:6]
    score = PEERS[name](model, int(threads))
    if sys.argv[6:7] != ["steady"]:
        write_csv(out, score(read_csv(rows, int(threads))))
        return
    import numpy

    x = numpy.load(rows)
    best = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        score(x)
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"threads": int(threads), "rows_per_second": round(len(x) / best)}))


if __name__ == "__main__":
    main()
