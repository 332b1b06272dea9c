#!/usr/bin/env python3
"""Makes models with one defect each, and asks onnx's checker about them.

    pip install onnx==1.23.2 numpy==2.4.6
    python testdata/onnx/broken/make.py

Writes <name>.onnx beside this file, cases.json (the defect and the code that holdall must give) and
docs/onnx-broken.md (the same as a table, with what onnx.checker.check_model says: alone, and with full_check).
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh

HERE = Path(__file__).resolve().parent
CASES = []


def value(name, elem=T.FLOAT, shape=("N", 3)):
    return h.make_tensor_value_info(name, elem, shape)


def weight(name, array, dtype=np.float32):
    return nh.from_array(np.asarray(array, dtype), name)


def graph(nodes, inputs=None, outputs=None, weights=(), **more):
    return h.make_graph(nodes, "graph", inputs or [value("x")], outputs or [value("y")], list(weights), **more)


def model(nodes, inputs=None, outputs=None, weights=(), opset=17, ml=None, ir=8, functions=(), **more):
    imports = [h.make_opsetid("", opset)] + ([h.make_opsetid("ai.onnx.ml", ml)] if ml else [])
    made = h.make_model(graph(nodes, inputs, outputs, weights, **more), opset_imports=imports, functions=list(functions),
                        producer_name="broken")
    made.ir_version = ir
    return made


def relu(**more):
    return model([h.make_node("Relu", ["x"], ["y"])], **more)


def case(name, defect, code, made, note=None):
    CASES.append((name, defect, code, made, note))


def ml(op, inputs=None, outputs=None, version=3, **attributes):
    node = h.make_node(op, ["x"], [o.name for o in outputs or [value("y", T.FLOAT, ["N", None])]], domain="ai.onnx.ml", **attributes)
    return model([node], inputs, outputs or [value("y", T.FLOAT, ["N", None])], ml=version)


def tree(**changes):
    """A tree of one split for two targets."""
    attributes = dict(
        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[1, 0, 0], nodes_values=[0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 1], target_weights=[1.0, 2.0], n_targets=2,
    )
    attributes.update(changes)
    return ml("TreeEnsembleRegressor", **{k: v for k, v in attributes.items() if v is not None})


def trees5(**changes):
    attributes = dict(
        nodes_featureids=[1], nodes_modes=h.make_tensor("", T.UINT8, [1], [0]), nodes_splits=h.make_tensor("", T.FLOAT, [1], [0.5]),
        nodes_truenodeids=[0], nodes_falsenodeids=[1], nodes_trueleafs=[1], nodes_falseleafs=[1], tree_roots=[0],
        leaf_targetids=[0, 0], leaf_weights=h.make_tensor("", T.FLOAT, [2], [1.0, 2.0]), n_targets=1,
    )
    attributes.update(changes)
    return ml("TreeEnsemble", version=5, **attributes)


def classifier_outputs(label=T.INT64):
    return [value("l", label, ["N"]), value("y", T.FLOAT, ["N", None])]


def svm(**changes):
    attributes = dict(
        classlabels_ints=[0, 1], kernel_type="LINEAR", kernel_params=[1.0, 0.0, 3.0], vectors_per_class=[1, 1],
        support_vectors=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], coefficients=[1.0, -1.0], rho=[0.1],
    )
    attributes.update(changes)
    return ml("SVMClassifier", outputs=classifier_outputs(), **{k: v for k, v in attributes.items() if v is not None})


def attribute(made, name, node=0):
    return next(a for a in made.graph.node[node].attribute if a.name == name)


def versions():
    case("ir_beyond", "IR version 99", "onnx/ir-version", relu(ir=99))
    made = relu()
    made.ClearField("ir_version")
    case("ir_missing", "no IR version", "onnx/ir-version", made)
    case("opset_beyond", "operator set 99", "onnx/opset-version", relu(opset=99))
    made = relu()
    del made.opset_import[:]
    case("opset_missing", "no operator set", "onnx/opset-version", made)
    made = ml("Normalizer", norm="L2")
    del made.opset_import[1]
    case("domain_not_imported", "`ai.onnx.ml` is used and not imported", "onnx/opset-version", made)
    made = relu()
    made.opset_import.append(h.make_opsetid("", 18))
    case("opset_twice", "two versions of one operator set", "onnx/stamp", made)
    node = h.make_node("Guess", ["x"], ["y"], domain="com.example")
    made = model([node])
    made.opset_import.append(h.make_opsetid("com.example", 1))
    case("domain_unknown", "an operator of an unknown domain", "onnx/unknown-domain", made)
    made = relu(ir=8)
    made.graph.input[0].type.tensor_type.elem_type = T.FLOAT8E4M3FN
    made.graph.node[0].op_type = "Identity"
    made.graph.output[0].type.tensor_type.elem_type = T.FLOAT8E4M3FN
    made.opset_import[0].version = 19
    case("feature_newer_than_ir", "float8 in a file of IR 8", "onnx/ir-feature", made)


def structure():
    case("cycle", "a node takes its own output", "onnx/order", model([h.make_node("Add", ["x", "y"], ["y"])]))
    case("order", "nodes out of order", "onnx/order",
         model([h.make_node("Relu", ["a"], ["y"]), h.make_node("Abs", ["x"], ["a"])]))
    case("undefined", "a node takes what nothing gives", "onnx/name", model([h.make_node("Add", ["x", "nothing"], ["y"])]))
    case("output_undefined", "an output that nothing gives", "onnx/name",
         model([h.make_node("Relu", ["x"], ["a"])], outputs=[value("a"), value("nothing")]))
    case("two_outputs", "two nodes give the same name", "onnx/duplicate-name",
         model([h.make_node("Relu", ["x"], ["y"]), h.make_node("Abs", ["x"], ["y"])]))
    case("two_inputs", "two inputs of one name", "onnx/duplicate-name",
         model([h.make_node("Relu", ["x"], ["y"])], inputs=[value("x"), value("x")]))
    case("two_initializers", "two initializers of one name", "onnx/duplicate-name",
         model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3]), weight("w", [1, 2, 3])]))
    case("dead_node", "a node that no output depends on", "onnx/dead-node",
         model([h.make_node("Relu", ["x"], ["y"]), h.make_node("Abs", ["x"], ["unused"])]))
    case("unused_weight", "a constant that nothing takes", "onnx/unused",
         relu(weights=[weight("w", [1, 2, 3])]))
    case("no_graph_name", "the graph has no name", "onnx/name", relu())
    CASES[-1][3].graph.name = ""
    made = relu()
    made.graph.input[0].ClearField("type")
    case("input_without_type", "an input without a type", "onnx/type", made)
    branch = h.make_graph([h.make_node("Abs", ["x"], ["a"])], "then", [], [value("a")])
    other = h.make_graph([h.make_node("Relu", ["x"], ["b"])], "else", [], [value("b")])
    made = model([h.make_node("Identity", ["x"], ["a"]), h.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=other),
                  h.make_node("Relu", ["a"], ["z"])],
                 inputs=[value("x"), value("c", T.BOOL, [])], outputs=[value("y"), value("z")])
    case("shadow", "a subgraph gives a name of the graph around it", "onnx/shadow", made)
    other = h.make_graph([h.make_node("Relu", ["x"], ["b"]), h.make_node("Abs", ["x"], ["c2"])], "else", [], [value("b"), value("c2")])
    branch = h.make_graph([h.make_node("Abs", ["x"], ["a"])], "then", [], [value("a")])
    case("branches", "branches give different numbers of values", "onnx/shape",
         model([h.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=other)],
               inputs=[value("x"), value("c", T.BOOL, [])]))


def schemas():
    case("unknown_operator", "a misspelt operator", "onnx/unknown-operator", model([h.make_node("Rleu", ["x"], ["y"])]))
    case("newer_operator", "an operator newer than the operator set", "onnx/not-in-opset",
         model([h.make_node("Gelu", ["x"], ["y"])], opset=17))
    case("deprecated", "a deprecated operator", "onnx/deprecated",
         model([h.make_node("Upsample", ["x", "s"], ["y"])], weights=[weight("s", [1, 1])],
               outputs=[value("y", T.FLOAT, ["N", None])]))
    case("too_few_inputs", "an input too few", "onnx/inputs", model([h.make_node("Add", ["x"], ["y"])]))
    case("too_many_inputs", "an input too many", "onnx/inputs", model([h.make_node("Relu", ["x", "x"], ["y"])]))
    case("input_left_out", "a needed input left out", "onnx/inputs", model([h.make_node("Sub", ["", "x"], ["y"])]))
    case("too_many_outputs", "an output too many", "onnx/outputs",
         model([h.make_node("Relu", ["x"], ["y", "z"])], outputs=[value("y"), value("z")]))
    case("unknown_attribute", "an attribute that the operator does not have", "onnx/unknown-attribute",
         model([h.make_node("Relu", ["x"], ["y"], slope=0.1)]))
    case("missing_attribute", "a needed attribute left out", "onnx/missing-attribute",
         model([h.make_node("Concat", ["x", "x"], ["y"])], outputs=[value("y", T.FLOAT, None)]))
    case("attribute_kind", "an attribute of the wrong kind", "onnx/attribute-kind",
         model([h.make_node("Softmax", ["x"], ["y"], axis=1.0)]))
    made = model([h.make_node("Softmax", ["x"], ["y"], axis=1)])
    made.graph.node[0].attribute.append(h.make_attribute("axis", 1))
    case("attribute_twice", "an attribute given twice", "onnx/duplicate-name", made)
    made = model([h.make_node("Softmax", ["x"], ["y"], axis=1)])
    made.graph.node[0].attribute[0].f = 1.0
    case("attribute_two_values", "an attribute with two values", "onnx/attribute", made)
    made = model([h.make_node("Softmax", ["x"], ["y"], axis=1)])
    made.graph.node[0].attribute[0].ClearField("i")
    made.graph.node[0].attribute[0].ref_attr_name = "outer"
    case("attribute_reference", "a reference to a function's attribute outside one", "onnx/attribute", made)


def types():
    case("type_constraint", "Not of floats", "onnx/type-constraint",
         model([h.make_node("Not", ["x"], ["y"])]))
    case("types_differ", "Add of float and int64", "onnx/type-constraint",
         model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3], np.int64)]))
    case("matmul", "inner extents of a product", "onnx/shape",
         model([h.make_node("MatMul", ["x", "w"], ["y"])], weights=[weight("w", np.ones((4, 2)))], outputs=[value("y", T.FLOAT, ["N", 2])]))
    case("broadcast", "shapes that do not go together", "onnx/shape",
         model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2])]))
    case("reshape", "a reshape to another number of elements", "onnx/shape",
         model([h.make_node("Reshape", ["w", "s"], ["r"]), h.make_node("Add", ["x", "r"], ["y"])],
               weights=[weight("w", [1, 2, 3]), weight("s", [2, 2], np.int64)], outputs=[value("y", T.FLOAT, None)]))
    case("axis", "an axis beyond the last", "onnx/shape",
         model([h.make_node("Softmax", ["x"], ["y"], axis=5)]))
    case("concat", "joined tensors with other extents beside the axis", "onnx/shape",
         model([h.make_node("Concat", ["x", "w"], ["y"], axis=0)], weights=[weight("w", np.ones((2, 4)))], outputs=[value("y", T.FLOAT, None)]))
    case("declared_shape", "a declared output shape that is not so", "onnx/declared-type",
         model([h.make_node("Relu", ["x"], ["y"])], outputs=[value("y", T.FLOAT, ["N", 7])]))
    case("declared_type", "a declared output type that is not so", "onnx/declared-type",
         model([h.make_node("Relu", ["x"], ["y"])], outputs=[value("y", T.INT64)]))
    made = model([h.make_node("Relu", ["x"], ["a"]), h.make_node("Abs", ["a"], ["y"])], value_info=[value("a", T.FLOAT, ["N", 9])])
    case("declared_inner", "a declared shape between nodes that is not so", "onnx/declared-type", made)
    case("conv_groups", "channels of a convolution", "onnx/shape",
         model([h.make_node("Conv", ["x", "w"], ["y"])], inputs=[value("x", T.FLOAT, [1, 3, 8, 8])],
               weights=[weight("w", np.ones((2, 4, 3, 3)))], outputs=[value("y", T.FLOAT, None)]))


def tensors():
    made = model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3])])
    made.graph.initializer[0].raw_data = made.graph.initializer[0].raw_data[:-2]
    case("raw_data_short", "raw bytes shorter than the shape", "onnx/tensor", made)
    made = model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3])])
    made.graph.initializer[0].float_data.extend([1, 2, 3])
    case("two_data_fields", "elements in two fields", "onnx/tensor", made)
    made = model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3])])
    made.graph.initializer[0].data_type = 77
    case("element_type", "an element type that does not exist", "onnx/type", made)
    for name, what, text, code in [
        ("nan", float("nan"), "a NaN weight", "onnx/non-finite"),
        ("infinite", float("inf"), "an infinite weight", "onnx/non-finite"),
        ("denormal", 1e-40, "a denormal weight", "onnx/denormal"),
    ]:
        case(f"weight_{name}", text, code,
             model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, what, 3])]))
    sparse = h.make_sparse_tensor(weight("w", [1.0, 2.0]), nh.from_array(np.array([2, 9], np.int64), "i"), [3])
    made = model([h.make_node("Add", ["x", "w"], ["y"])])
    made.graph.sparse_initializer.append(sparse)
    case("sparse_index", "an index outside a sparse tensor", "onnx/sparse", made)
    for name, text, entries, code in [
        ("external_missing", "weights in a file that is not there", {"location": "nowhere.bin"}, "source/open"),
        ("external_past_end", "weights past the end of their file", {"location": "weights.bin", "offset": "8"}, "onnx/external-data"),
        ("external_length", "a length that is not that of the shape", {"location": "weights.bin", "length": "8"}, "onnx/external-data"),
        ("external_outside", "weights outside the folder of the model", {"location": "../broken/weights.bin"}, "source/sibling"),
        ("external_checksum", "a file that is not the one named", {"location": "weights.bin", "checksum": "0" * 40}, "onnx/checksum"),
    ]:
        made = model([h.make_node("Add", ["x", "w"], ["y"])], weights=[weight("w", [1, 2, 3])])
        tensor = made.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = T.EXTERNAL
        for key, text_value in entries.items():
            tensor.external_data.add(key=key, value=text_value)
        case(name, text, code, made)


def functions():
    body = [h.make_node("Relu", ["a"], ["b"])]
    call = h.make_node("Twice", ["x"], ["y"], domain="local")
    imports = [h.make_opsetid("", 17)]

    def calling(function):
        made = model([call], functions=[function])
        made.opset_import.append(h.make_opsetid("local", 1))
        return made

    recursive = h.make_function("local", "Twice", ["a"], ["b"], [h.make_node("Twice", ["a"], ["b"], domain="local")],
                                [*imports, h.make_opsetid("local", 1)])
    case("function_recursive", "a function that calls itself", "onnx/function", calling(recursive))
    case("function_opset", "a function without operator sets", "onnx/function", calling(h.make_function("local", "Twice", ["a"], ["b"], body, [])))
    case("function_undefined", "a function that takes what nothing gives", "onnx/name",
         calling(h.make_function("local", "Twice", ["a"], ["b"], [h.make_node("Add", ["a", "nothing"], ["b"])], imports)))
    made = model([call])
    made.opset_import.append(h.make_opsetid("local", 1))
    annotated = relu(weights=[weight("scale", [1.0])])
    annotation = annotated.graph.quantization_annotation.add(tensor_name="y")
    annotation.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="nothing")
    annotated.graph.node.append(h.make_node("Identity", ["scale"], ["s"]))
    annotated.graph.output.append(value("s", T.FLOAT, [1]))
    case("quantization", "an annotation that names no tensor", "onnx/quantization", annotated)
    training = relu()
    info = training.training_info.add()
    info.algorithm.CopyFrom(h.make_graph([h.make_node("Identity", ["x2"], ["w2"])], "algorithm", [value("x2")], [value("w2")]))
    info.update_binding.add(key="nothing", value="w2")
    case("training_binding", "training of what is no initializer", "onnx/training", training)


def ensembles():
    case("tree_lengths", "lists of nodes of different lengths", "onnx/tree-lengths", tree(nodes_featureids=[1, 0]))
    case("tree_child", "a child that is not there", "onnx/tree-child", tree(nodes_truenodeids=[7, 0, 0]))
    case("tree_cycle", "a node below itself", "onnx/tree-cycle",
         tree(nodes_modes=["BRANCH_LEQ", "BRANCH_LEQ", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 2, 0],
              target_treeids=[0], target_nodeids=[2], target_ids=[0], target_weights=[1.0]))
    case("tree_mode", "an unknown mode", "onnx/tree-mode", tree(nodes_modes=["BRANCH_LEQ", "LEAF", "LEAFY"]))
    case("tree_id", "two nodes of one id", "onnx/tree-id", tree(nodes_nodeids=[0, 1, 1]))
    case("tree_target", "a target that is not there", "onnx/tree-target", tree(target_ids=[0, 5]))
    case("tree_feature_negative", "a negative column", "onnx/feature-id", tree(nodes_featureids=[-1, 0, 0]))
    case("tree_feature_wide", "a column beyond the width of the input", "onnx/feature-id", tree(nodes_featureids=[9, 0, 0]))
    case("tree_leaf_bare", "a leaf without a weight", "onnx/tree-leaf",
         tree(target_treeids=[0], target_nodeids=[1], target_ids=[0], target_weights=[1.0]))
    case("tree_leaf_stray", "a weight on a node that is no leaf", "onnx/tree-leaf", tree(target_nodeids=[0, 2], target_treeids=[0, 0]))
    case("tree_base_values", "base values for other targets", "onnx/base-values", tree(base_values=[1.0, 2.0, 3.0]))
    case("tree_transform", "an unknown transform", "onnx/post-transform", tree(post_transform="SOFTMIN"))
    case("tree_aggregate", "an unknown aggregate", "onnx/aggregate", tree(aggregate_function="MEDIAN"))
    case("tree_roots", "a tree with two roots", "onnx/tree-root",
         tree(nodes_treeids=[0] * 4, nodes_nodeids=[0, 1, 2, 3], nodes_featureids=[1, 0, 0, 0], nodes_values=[0.5, 0, 0, 0],
              nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0, 0], nodes_falsenodeids=[2, 0, 0, 0],
              target_treeids=[0, 0, 0], target_nodeids=[1, 2, 3], target_ids=[0, 1, 0], target_weights=[1.0, 2.0, 3.0]))
    case("trees5_child", "a leaf that is not there", "onnx/tree-child", trees5(nodes_falsenodeids=[4]))
    case("trees5_root", "a root that is not there", "onnx/tree-root", trees5(tree_roots=[3]))
    case("trees5_members", "a set of members too many", "onnx/tree-members",
         trees5(membership_values=h.make_tensor("", T.FLOAT, [2], [1.0, float("nan")])))
    case("trees5_lengths", "modes for another number of nodes", "onnx/tree-lengths",
         trees5(nodes_modes=h.make_tensor("", T.UINT8, [2], [0, 0])))


def linear():
    outputs = classifier_outputs()
    case("linear_coefficients", "coefficients that are no rows of the width", "onnx/coefficients",
         ml("LinearClassifier", outputs=outputs, classlabels_ints=[0, 1, 2], coefficients=[1.0] * 7, intercepts=[0.0] * 3))
    case("linear_labels", "no class labels", "onnx/class-labels",
         ml("LinearClassifier", outputs=outputs, coefficients=[1.0] * 3, intercepts=[0.0]))
    case("linear_labels_twice", "a class label twice", "onnx/class-labels",
         ml("LinearClassifier", outputs=outputs, classlabels_ints=[0, 1, 1], coefficients=[1.0] * 9, intercepts=[0.0] * 3))
    case("linear_intercepts", "intercepts for other classes", "onnx/intercepts",
         ml("LinearRegressor", coefficients=[1.0] * 6, intercepts=[0.0] * 3, targets=2))
    case("svm_kernel", "an unknown kernel", "onnx/svm", svm(kernel_type="CUBIC"))
    case("svm_kernel_params", "no kernel parameters", "onnx/svm", svm(kernel_params=None))
    case("svm_rho", "biases for another number of pairs", "onnx/svm", svm(rho=[0.1, 0.2]))
    case("svm_coefficients", "coefficients for other vectors", "onnx/coefficients", svm(coefficients=[1.0, -1.0, 0.5]))


def encoders():
    text = [value("x", T.STRING)]
    ints = [value("y", T.INT64)]
    case("label_encoder_lengths", "keys and values of different lengths", "onnx/label-encoder",
         ml("LabelEncoder", text, ints, keys_strings=["a", "b"], values_int64s=[0]))
    case("label_encoder_twice", "a key twice", "onnx/label-encoder",
         ml("LabelEncoder", text, ints, keys_strings=["a", "a"], values_int64s=[0, 1]))
    case("scaler_lengths", "offsets for other columns", "onnx/ml-lengths", ml("Scaler", offset=[0.0, 0.0], scale=[1.0, 1.0]))
    case("imputer_lengths", "values for other columns", "onnx/ml-lengths", ml("Imputer", imputed_value_floats=[0.0, 1.0]))
    case("normalizer", "an unknown norm", "onnx/ml-value", ml("Normalizer", norm="L3"))
    case("one_hot", "no categories", "onnx/class-labels",
         ml("OneHotEncoder", outputs=[value("y", T.FLOAT, None)], zeros=1))
    sequence = h.make_tensor_sequence_value_info("y", T.FLOAT, None)
    made = ml("ZipMap", outputs=[sequence], classlabels_int64s=[0, 1])
    made.graph.output[0].ClearField("type")
    case("zipmap", "labels for another number of columns", "onnx/class-labels", made)
    case("vectorizer", "widths that are not those of the inputs", "onnx/ml-lengths", ml("FeatureVectorizer", inputdimensions=[2]))


def checker(path, full):
    try:
        onnx.checker.check_model(str(path), full_check=full)
        return None
    except Exception as error:
        text = " ".join(str(error).split())
        return text[:90] + ("…" if len(text) > 90 else "")


def main():
    for make in (versions, structure, schemas, types, tensors, functions, ensembles, linear, encoders):
        make()
    for old in HERE.glob("*.onnx"):
        old.unlink()
    (HERE / "weights.bin").write_bytes(np.array([1, 2, 3], np.float32).tobytes())
    relu_path = HERE / "sound.onnx"
    relu_path.write_bytes(relu().SerializeToString())
    rows, listed, found = [], [], [0, 0]
    names = [name for name, *_ in CASES]
    assert len(names) == len(set(names)), "a name is there twice"
    for name, defect, code, made, _ in CASES:
        path = HERE / f"{name}.onnx"
        path.write_bytes(made.SerializeToString())
        plain, full = checker(path, False), checker(path, True)
        found[0] += plain is not None
        found[1] += full is not None
        listed.append({"name": name, "defect": defect, "code": code, "check": plain is not None, "full_check": full is not None})
        rows.append(f"| {name} | {defect} | `{code}` | {'yes' if plain else '–'} | {'yes' if full else '–'} |")
    (HERE / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": listed}, indent=1) + "\n")
    table = HERE.parents[2] / "docs" / "onnx-broken.md"
    table.write_text(
        "# Broken ONNX models\n\n"
        f"Made by `testdata/onnx/broken/make.py`: {len(CASES)} models with one defect each, what `holdall validate` says of them\n"
        f"(held by `crates/onnx/tests/broken.rs`), and whether `onnx.checker.check_model` of onnx {onnx.__version__} refuses the\n"
        f"file, alone ({found[0]}) and with `full_check=True` ({found[1]}). The checker stops at the first defect and gives no path\n"
        "that a tool can use; some of the defects are none by its rules.\n\n"
        "| model | defect | holdall | check | full check |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    print(f"{len(CASES)} models; onnx {onnx.__version__} refuses {found[0]}, with full_check {found[1]}")


if __name__ == "__main__":
    main()
