#!/bin/sh
# Makes .venv and installs what demo or test need, Debian packages included. Says what it does; does nothing twice.
#   sh tools/setup.sh demo|test
set -eu

want="${1:-demo}"
case "$want" in demo | test) ;; *) echo "usage: sh tools/setup.sh demo|test" >&2; exit 2 ;; esac
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
die() { printf '!! %s\n' "$*" >&2; exit 1; }

# --- Debian packages: looked for by what they bring, so that other systems can bring it in their own way
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
missing=""
need() { have "$1" || missing="$missing $2"; }
libraries="$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)"
need_library() {
    case "$libraries" in *"$1"* | "") ;; *) missing="$missing $2" ;; esac
}
# what the wheel of OpenCV loads and a bare system has not
need_library libGL.so.1 libgl1
need_library libgthread-2.0.so.0 libglib2.0-0
need_library libxcb.so.1 libxcb1
if [ "$want" = test ]; then
    need chromium chromium
    need mosquitto mosquitto
    need mosquitto_pub mosquitto-clients
    need ffmpeg ffmpeg
    need pdftoppm poppler-utils
    need_library libEGL.so.1 libegl1
    for package in fonts-noto-core fonts-dejavu-core fonts-liberation libgl1-mesa-dri; do
        have dpkg && ! dpkg -s "$package" >/dev/null 2>&1 && missing="$missing $package"
    done
fi

python=""
# the versions that the lock was made for
fits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
for candidate in python3 python3.13 python3.12 python3.11; do
    if have "$candidate" && "$candidate" -c "$fits" 2>/dev/null; then
        python="$candidate"
        break
    fi
done
[ -n "$python" ] || missing="$missing python3 python3-venv"
if [ -n "$python" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then missing="$missing python3-venv"; fi

if [ -n "$missing" ]; then
    have apt-get || die "please install:$missing"
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif have sudo; then
        as_root="sudo"
    else
        die "please run as root: apt-get install$missing"
    fi
    say "Debian packages:$missing"
    $as_root apt-get update -qq || say "apt-get update did not go through; trying with the lists that are here"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
        die "apt-get install$missing failed: see above"
    python="${python:-python3}"
    "$python" -c "$fits" || die "Python 3.11, 3.12 or 3.13 is needed"
fi

# --- Python packages: once per content of the files that name them
stamp="$(cat pyproject.toml requirements/*.txt tools/setup.sh | sha256sum | cut -c1-16)"
if [ "$want" = demo ] && [ -e ".venv/giaolo-demo-$stamp" ]; then exit 0; fi
if [ -e ".venv/giaolo-test-$stamp" ]; then exit 0; fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "virtual environment .venv ($("$python" --version))"
    "$python" -m venv --clear .venv
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }

lock=run
[ "$want" = test ] && lock=test
say "packages of requirements/$lock.txt, each file checked against its digest"
pip install --require-hashes -r "requirements/$lock.txt"
# The only one without a digest here (requirements/torch.in says why); what it needs besides is there already. A CPU build
# that pip is pointed to (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL) is taken before others.
say "torch, for the second reader of the centre (the largest part, some minutes)"
pip install "$(sed -n 's/^ *"\(torch==[0-9.]*\)",$/\1/p' pyproject.toml | head -n 1)"
say "requirements/no-deps.txt, without their dependencies (one build of OpenCV)"
pip install --no-deps --require-hashes -r requirements/no-deps.txt
say "giaolo itself, built by the setuptools of the lock"
pip install --no-deps --no-build-isolation -e .

rm -f .venv/giaolo-demo-* .venv/giaolo-test-*
touch ".venv/giaolo-demo-$stamp"
[ "$want" = test ] && touch ".venv/giaolo-test-$stamp"
say "ready"
