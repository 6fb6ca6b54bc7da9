#!/usr/bin/env bash
# The programs of other projects that tests talk to. Installs them only with CI=true as root; otherwise says the line.
set -euo pipefail
want=()
why() {
  case "$1" in
    mosquitto) echo "the broker most sites run: delivery is tested on it as well as on nats-server" ;;
    chromium) echo "the console is tested in a real browser" ;;
  esac
}
for program in mosquitto chromium; do
  if command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ]; then continue; fi
  echo "peer missing: $program ($(why "$program"))"
  want+=("$program")
done
if [ ${#want[@]} -eq 0 ]; then exit 0; fi
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
else
  echo "their tests skip; to run them: sudo apt-get install --no-install-recommends ${want[*]}"
fi
