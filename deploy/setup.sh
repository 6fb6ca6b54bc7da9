#!/usr/bin/env bash
# Makes $VENV from the hashed lock and installs the three distributions into it, editable. No root, no system package.
set -euo pipefail
: "${PYTHON:=python3}" "${VENV:=.venv}" "${LOCK:=requirements/dev.txt}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "OpenVitals needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Try: make PYTHON=python3.12 ..." >&2
  exit 1
}
if [ ! -x "$VENV/bin/python" ]; then
  echo "setting up $VENV (once, about half a minute)"
  if ! "$PYTHON" -m venv "$VENV" 2>/dev/null; then
    # Debian splits ensurepip out of Python: without it, an outside pip can still fill the environment.
    rm -rf "$VENV"
    "$PYTHON" -m venv --without-pip "$VENV"
  fi
fi
if "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
  pip=("$VENV/bin/python" -m pip)
elif "$PYTHON" -m pip --version >/dev/null 2>&1; then
  pip=("$PYTHON" -m pip --python "$VENV/bin/python")
else
  echo "Python has no pip here. Install it once: sudo apt-get install python3-venv" >&2
  exit 1
fi
"${pip[@]}" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$LOCK"
"${pip[@]}" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
  -e . -e gateway -e firmware_sim
