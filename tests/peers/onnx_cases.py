"""Dumps the node cases of the pinned onnx wheel, for the suite in crates/exec/tests/node_cases.rs.

    python tests/peers/onnx_cases.py FOLDER        one folder a case: model.onnx, data.json
    python tests/peers/onnx_cases.py --run         dumps into a temporary folder and runs the suite
    python tests/peers/onnx_cases.py --fixtures    dumps those below into testdata/onnx/node_cases

The wheel holds the cases as Python objects only. Elements are written as the hexadecimal of their
little-endian bytes; types narrower than a byte take one byte an element.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_node_model_tests

ROOT = Path(__file__).resolve().parents[2]

# Cases that are tested without the wheel: a few of every operator that no fixture of a converter has.
# They are onnx's, under the Apache License 2.0.
FIXTURES = """
    adagrad_multiple adam_multiple momentum nesterov_momentum
    affine_grid_2d affine_grid_3d_align_corners
    attention_24_qk_matmul_output_mode3_softmax_precision attention_3d_local_window
    attention_4d_with_qk_matmul_softcap attention_4d_attn_mask_bool_4d
    attention_4d_causal_bf16 attention_4d_gqa_causal_nonpad_decode_fp16
    attention_4d_softcap_neginf_mask_poison attention_causal_boolmask_nan_robustness
    attention_local_window_ext_cache_rank3_head_mask
    basic_deform_conv_with_padding deform_conv_with_mask_bias
    deform_conv_with_multiple_offset_groups
    blackmanwindow hammingwindow_symmetric hannwindow
    causal_conv_with_state_silu_fp16 causal_conv_with_state_with_bias_and_past_state
    dft_axis dft_inverse dft_irfft_opset19 dft_rfft stft stft_with_window melweightmatrix
    flexattention_scaled flexattention_prob_mod flexattention_score_mod
    gridsample_bicubic_align_corners_1_additional_1 gridsample_border_padding
    gridsample_nearest gridsample_reflection_padding
    gridsample_volumetric_bilinear_align_corners_0
    if_opt
    linear_attention_delta linear_attention_gated_delta_gqa linear_attention_linear_t1_no_past
    roialign_aligned_false roialign_aligned_true roialign_mode_max
    rotary_embedding_3d_input rotary_embedding_with_interleaved_rotary_dim
    rotary_embedding_no_position_ids
    swiglu_alpha swiglu_float16 tensorscatter tensorscatter_circular
    cast_FLOAT_to_FLOAT8E4M3FN cast_FLOAT_to_FLOAT8E4M3FNUZ cast_FLOAT_to_FLOAT8E5M2
    cast_FLOAT_to_FLOAT8E5M2FNUZ cast_e8m0_FLOAT_to_FLOAT8E8M0 cast_FLOAT_to_FLOAT4E2M1
    cast_FLOAT_to_INT2 cast_FLOAT_to_INT4 cast_FLOAT_to_UINT2 cast_FLOAT_to_UINT4
    cast_INT4_to_INT8 cast_INT2_to_FLOAT cast_FLOAT4E2M1_to_FLOAT
    cast_no_saturate_FLOAT_to_FLOAT8E4M3FN cast_no_saturate_FLOAT16_to_FLOAT8E5M2FNUZ
    castlike_FLOAT_to_BFLOAT16 castlike_INT4_to_FLOAT16 castlike_no_saturate_FLOAT_to_FLOAT8E5M2
    quantizelinear_e4m3fn quantizelinear_e5m2 quantizelinear_float4e2m1 quantizelinear_int2
    quantizelinear_int4 quantizelinear_uint2 quantizelinear_uint4 quantizelinear_blocked_symmetric
    dequantizelinear_e4m3fn_float16 dequantizelinear_e5m2 dequantizelinear_float4e2m1
    dequantizelinear_int2 dequantizelinear_int4 dequantizelinear_uint2 dequantizelinear_uint4
    dequantizelinear_blocked
""".split()


def value(given):
    """A value as JSON: a tensor, a list for a sequence, null for an absent optional."""
    if given is None:
        return None
    if isinstance(given, onnx.TensorProto):
        given = numpy_helper.to_array(given)
    if isinstance(given, (list, tuple)):
        return [value(item) for item in given]
    array = np.asarray(given)
    if array.dtype.kind in "OUS":
        texts = [t.decode() if isinstance(t, bytes) else str(t) for t in array.reshape(-1).tolist()]
        return {"dtype": "string", "shape": list(array.shape), "texts": texts}
    data = np.ascontiguousarray(array).tobytes().hex()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def dump(folder, names=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = load_node_model_tests()
    if names is not None:
        wanted = {f"test_{name}" for name in names}
        cases = [case for case in cases if case.name in wanted]
        missing = wanted - {case.name for case in cases}
        if missing:
            sys.exit(f"no such cases: {', '.join(sorted(missing))}")
    for case in cases:
        place = folder / case.name
        place.mkdir(parents=True)
        (place / "model.onnx").write_bytes(case.model.SerializeToString(deterministic=True))
        sets = [{"inputs": [value(v) for v in ins], "outputs": [value(v) for v in outs]}
                for ins, outs in case.data_sets]
        data = {"rtol": case.rtol, "atol": case.atol, "sets": sets}
        (place / "data.json").write_text(json.dumps(data), encoding="utf-8")
    print(f"{len(cases)} node cases of onnx {onnx.__version__}")


def own(folder):
    """A case that the suite lacks, with the answers of onnxruntime."""
    import onnxruntime
    from onnx import TensorProto, helper

    random = np.random.default_rng(11)
    x = random.standard_normal((2, 2, 7, 6)).astype(np.float32)
    # Corners on halves, turned about, without extent, and outside.
    rois = np.array([[0, 1, 1, 9, 11], [1, 3, 5, 4, 6], [1, 8, 8, 2, 2], [0, 4, 4, 4, 4],
                     [0, -6, -3, 30, 25], [1, 40, 40, 50, 50]], np.float32)
    node = helper.make_node("MaxRoiPool", ["x", "rois"], ["y"], pooled_shape=[3, 2], spatial_scale=0.5)
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "rois", "y")]
    graph = helper.make_graph([node], "own", kinds[:2], kinds[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    place = folder / "own_maxroipool"
    place.mkdir()
    (place / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    made = session.run(None, {"x": x, "rois": rois})
    sets = [{"inputs": [value(x), value(rois)], "outputs": [value(made[0])]}]
    data = {"rtol": 0.0, "atol": 0.0, "sets": sets}
    (place / "data.json").write_text(json.dumps(data), encoding="utf-8")


def main():
    if sys.argv[1:] == ["--fixtures"]:
        folder = ROOT / "testdata" / "onnx" / "node_cases"
        shutil.rmtree(folder, ignore_errors=True)
        dump(folder, FIXTURES)
        own(folder)
        return 0
    if sys.argv[1:] != ["--run"]:
        if len(sys.argv) != 2:
            sys.exit(__doc__)
        dump(Path(sys.argv[1]))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        dump(Path(scratch))
        # With the features of the whole workspace, as the README's test command has built it.
        words = ["cargo", "test", "--workspace", "--locked", "--test", "node_cases", "--", "--nocapture"]
        env = dict(os.environ, HOLDALL_ONNX_NODE_CASES=scratch)
        return subprocess.run(words, cwd=ROOT, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
