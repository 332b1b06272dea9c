use clap::CommandFactory;

use super::*;

#[test]
fn the_arguments_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn times_are_spelled_as_rfc_3339() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_826_154, "2000-02-29T12:09:14Z"),
        (1_700_000_000, "2023-11-14T22:13:20Z"),
        (4_294_967_295, "2106-02-07T06:28:15Z"),
    ] {
        assert_eq!(pack::rfc3339(seconds), text);
    }
}

#[test]
fn a_pattern_star_stands_for_any_text() {
    for (pattern, name, fits) in [
        ("*.onnx", "model.onnx", true),
        ("*.onnx", "model.onnx.txt", false),
        ("profiles/*", "profiles/input.json", true),
        ("m*l.*x", "model.onnx", true),
        ("model", "model.onnx", false),
        ("*", "", true),
        ("a*a", "a", false),
    ] {
        assert_eq!(unpack::fits(pattern, name), fits, "{pattern} {name}");
    }
}
