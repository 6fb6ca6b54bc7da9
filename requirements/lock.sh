#!/usr/bin/env bash
# Rewrites the hashed locks. Needs uv; run by a developer who changes a dependency, never by make.
set -euo pipefail
cd "$(dirname "$0")/.."
common=(--universal --python-version 3.11 --generate-hashes
  --no-emit-package openvitals --no-emit-package openvitals-gateway --no-emit-package openvitals-firmware-sim
  --no-emit-index-url --no-emit-find-links --no-header --quiet)
uv pip compile pyproject.toml --extra server --extra demo --extra push --extra report --group dev --group build "${common[@]}" "$@" \
  -o requirements/dev.txt
uv pip compile gateway/pyproject.toml --group pyproject.toml:build "${common[@]}" "$@" \
  -c requirements/dev.txt -o requirements/gateway.txt
uv pip compile firmware_sim/pyproject.toml --group pyproject.toml:build "${common[@]}" "$@" \
  -c requirements/dev.txt -o requirements/firmware_sim.txt
uv pip compile pyproject.toml --extra server --extra push --extra report --group build "${common[@]}" "$@" \
  -c requirements/dev.txt -o requirements/server.txt
uv pip compile pyproject.toml --group build "${common[@]}" "$@" \
  -c requirements/dev.txt -o requirements/base.txt
rm -f uv.lock
