#!/bin/sh
# Makes the locks in requirements/ anew after pyproject.toml or an .in file has changed. Needs uv; installing does not.
#   sh tools/packaging/lock.sh             keeps every version that still fits
#   sh tools/packaging/lock.sh --upgrade   takes the newest ones
# tests/test_lock.py tells when a lock is out of step.
set -eu
cd "$(dirname "$0")/../.."
command -v uv >/dev/null || { echo "uv is needed (pip install uv)" >&2; exit 1; }

out="$(mktemp)"
trap 'rm -f "$out"' EXIT
# in no lock: torch (requirements/torch.in says why), and what names a second OpenCV or torch's CUDA build (no-deps.in)
printf 'torch\ntorchvision\nonnx2torch\n' >"$out"

# lock NAME WHAT...: requirements/NAME.txt, for CPython 3.11 to 3.13 on Linux (tool.uv.environments in pyproject.toml),
# with the digest of every file of a version
lock() {
    name="$1"
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --excludes "$out" \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "sh tools/packaging/lock.sh" \
        --output-file "requirements/$name.txt" "$@" >/dev/null
    # what holds wherever the lock is used need not stand on every line; elsewhere pip would skip such lines in silence
    for mark in "python_full_version < '3.14'" "implementation_name == 'cpython'" \
        "platform_python_implementation == 'CPython'" "sys_platform == 'linux'"; do
        sed -i -e "s/ ; $mark and / ; /" -e "s/ and $mark / /" -e "s/ ; $mark / /" "requirements/$name.txt"
    done
}

lock test "$@" --all-extras pyproject.toml requirements/torch.in
lock run --constraints requirements/test.txt --extra postgres --extra second-reader pyproject.toml requirements/torch.in
: >"$out"
lock no-deps "$@" --no-deps requirements/no-deps.in
