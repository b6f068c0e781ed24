#!/bin/bash
# Shows that a machine whose watchdog is fed lives, and that one whose scans stand resets: a boot of its own.
# usage: starve.sh DIR PYTHON
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd); seen=$(mktemp -d); trap 'rm -rf "$seen"' EXIT
status=0
VMLAB_OUT=$seen "$here/boot.sh" "$1" 120 "$2" "$here/starve.py" || status=$?
if [ "$status" = 125 ] && [ "$(tail -1 "$seen/seen")" = "alive while fed" ]; then
  echo "the machine lived while its watchdog was fed, and reset when it was not"; exit 0
fi
echo "status $status; the guest saw: $(tr '\n' ';' < "$seen/seen")"; exit 1
