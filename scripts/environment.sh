# Sourced by the other scripts: finds Python 3.11 or newer and makes .venv beside the sources.
set -eu
cd "$(dirname "$0")/.."
if [ ! -x .venv/bin/python ]; then
    found=""
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            found="$name"
            break
        fi
    done
    if [ -z "$found" ]; then
        echo "OpenSIRT needs Python 3.11 or newer; none was found on PATH" >&2
        exit 1
    fi
    "$found" -m venv .venv
fi
# Dependency groups need pip 25.1.
.venv/bin/python -m pip install --quiet --upgrade "pip>=25.1"
