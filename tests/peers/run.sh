#!/bin/sh
# Peer checks: holdall against the programs that others use, from pinned packages.
#
#   tests/peers/run.sh [onnx] [onnx-documents] [onnx-cases] [runtime] [pmml] [pfa] [pmml-documents] [signing] [package]
#
# By default all but `runtime`, which needs a holdall built with `--features runtime`.
#
# HOLDALL         the binary                                 target/release/holdall
# PEERS_VENV_DIR  where the virtual environments go          target/peers
# PEERS_PYTHON    Python 3.11 or newer                       python3
# PEERS_PYTHON310 Python 3.10 for Titus                      python3.10, or one of pyenv's
# PEERS_ORT       releases of ONNX Runtime                   1.32.0 1.20.1 1.17.3 (also here: 1.31.1); `runtime`: 1.31.1
# PEERS_TO        target with options, ONNX only             none, such as onnx:opset=17
# PEERS_PMML_SCHEMA  the schema of PMML 4.4 to hold documents against  none
# PEERS_STRICT    1: a peer that could not run fails         in CI: 1, otherwise 0
#
# Exit status: 0 all agree, 1 something differs or could not run.
set -u
cd "$(dirname "$0")/../.." || exit 2
here=tests/peers
venvs=${PEERS_VENV_DIR:-target/peers}
python=${PEERS_PYTHON:-python3}
HOLDALL=${HOLDALL:-target/release/holdall}
export HOLDALL PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1
if [ -n "${CI:-}" ]; then strict=${PEERS_STRICT:-1}; else strict=${PEERS_STRICT:-0}; fi
[ $# -gt 0 ] || set -- onnx onnx-documents onnx-cases pmml pfa pmml-documents signing package

if ! [ -x "$HOLDALL" ]; then echo "no holdall at $HOLDALL: build it, or set HOLDALL" >&2; exit 2; fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$python is not Python 3.11 or newer: set PEERS_PYTHON" >&2; exit 2
fi
mkdir -p "$venvs" || exit 2
summary=$venvs/summary.txt
: > "$summary"
failed=0

note() { # peer, result, seconds, text
    printf '%-14s %-8s %6s s  %s\n' "$1" "$2" "$3" "${4:-}" >> "$summary"
}

# An environment is made again when its requirements changed.
environment() { # python, requirements
    env=$venvs/$(basename "$2" .txt)
    if [ -f "$env/done" ] && cmp -s "$env/done" "$2"; then return 0; fi
    rm -rf "$env"
    "$1" -m venv "$env" && "$env/bin/python" -m pip install --quiet -r "$2" && cp "$2" "$env/done"
}

check() { # name, program, python, requirements, words
    name=$1 program=$2 with=$3 requirements=$4; shift 4
    start=$(date +%s)
    echo "== $name"
    if ! environment "$with" "$requirements"; then
        failed=1; note "$name" FAIL $(($(date +%s) - start)) "the packages do not install"; return
    fi
    if "$env/bin/python" "$here/$program" "$@"; then
        note "$name" ok $(($(date +%s) - start))
    else
        failed=1; note "$name" FAIL $(($(date +%s) - start)) "see above"
    fi
}

not_run() { # name, reason
    echo "== $1: not run: $2"
    note "$1" "not run" 0 "$2"
    [ "$strict" = 1 ] && failed=1
}

have_java() {
    command -v java > /dev/null 2>&1 && return 0
    [ -n "${CI:-}" ] && command -v apt-get > /dev/null 2>&1 || return 1
    as=; [ "$(id -u)" = 0 ] || as=sudo
    $as apt-get update -qq && $as apt-get install -qq -y --no-install-recommends default-jre-headless
}

have_skopeo() {
    command -v skopeo > /dev/null 2>&1 && return 0
    [ -n "${CI:-}" ] && command -v apt-get > /dev/null 2>&1 || return 1
    as=; [ "$(id -u)" = 0 ] || as=sudo
    $as apt-get update -qq && $as apt-get install -qq -y --no-install-recommends skopeo
}

python310() {
    for found in "${PEERS_PYTHON310:-}" "$(command -v python3.10 2> /dev/null)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python3.10; do
        if [ -n "$found" ] && "$found" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2> /dev/null; then
            echo "$found"; return 0
        fi
    done
    return 1
}

for peer in "$@"; do
    case $peer in
    onnx)
        for release in ${PEERS_ORT:-1.32.0 1.20.1 1.17.3}; do
            if [ -f "$here/requirements/onnx-$release.txt" ]; then
                check "onnx-$release" onnx_peer.py "$python" "$here/requirements/onnx-$release.txt" ${PEERS_TO:+--to "$PEERS_TO"}
                check "options-$release" onnx_options_peer.py "$python" "$here/requirements/onnx-$release.txt"
            else
                failed=1; note "onnx-$release" FAIL 0 "no requirements/onnx-$release.txt"
            fi
        done ;;
    onnx-documents)
        for program in onnx_shapes_peer onnx_restamp_peer sarif_peer; do
            check "$program" "$program.py" "$python" "$here/requirements/onnx-documents.txt"
        done ;;
    onnx-cases)
        check onnx-cases onnx_cases.py "$python" "$here/requirements/onnx-1.31.1.txt" --run ;;
    runtime)
        for release in ${PEERS_ORT:-1.31.1}; do
            if [ "$release" = 1.17.3 ]; then not_run "runtime-$release" "its wheel has no library as a file"
            else check "runtime-$release" runtime_peer.py "$python" "$here/requirements/onnx-$release.txt"
            fi
        done ;;
    pmml)
        if have_java; then check pmml pmml_peer.py "$python" "$here/requirements/pmml.txt"
        else not_run pmml "no java"; fi ;;
    pfa)
        if old=$(python310); then check pfa pfa_peer.py "$old" "$here/requirements/pfa.txt"
        else not_run pfa "no Python 3.10, which Titus needs"; fi ;;
    pmml-documents)
        check pmml-as-onnx pmml_documents_peer.py "$python" "$here/requirements/onnx-1.32.0.txt" --to onnx
        if old=$(python310); then check pmml-as-pfa pmml_documents_peer.py "$old" "$here/requirements/pfa.txt" --to pfa
        else not_run pmml-as-pfa "no Python 3.10, which Titus needs"; fi ;;
    signing) check signing signing_peer.py "$python" "$here/requirements/signing.txt" ;;
    package)
        if have_skopeo; then check package package_peer.py "$python" "$here/requirements/package.txt"
        else not_run package "no skopeo"; fi ;;
    *) echo "no such peer: $peer" >&2; exit 2 ;;
    esac
done

echo
cat "$summary"
exit $failed
