#!/bin/sh
# The public programs that answer the same questions, beside ours, on the same files: whole processes, outputs compared.
#
#   benches/peers.sh [PREFIXES [REPETITIONS]]      default 1000000 and 9; writes only to benches/.cache
#
# AKSPLAN names another binary than target/release/aksplan, which is built first.
set -eu
cd "$(dirname "$0")/.."
cache=benches/.cache
mkdir -p "$cache"

if [ -z "${AKSPLAN:-}" ]; then
    cargo build --release --quiet --bin aksplan
    AKSPLAN=target/release/aksplan
fi

if ! command -v iprange >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get install --yes --quiet iprange >/dev/null
    else
        echo "iprange is missing and left out; to have it: sudo apt-get install iprange" >&2
    fi
fi
if command -v python3 >/dev/null && [ ! -d "$cache/python/netaddr" ]; then
    python3 -m pip install --quiet --root-user-action=ignore --target "$cache/python" netaddr==1.3.0 ||
        echo "netaddr could not be installed and is left out" >&2
fi
if command -v npm >/dev/null && [ ! -d "$cache/node_modules/cidr-tools" ]; then
    npm install --silent --no-fund --no-audit --prefix "$cache" cidr-tools@12.0.3 ||
        echo "cidr-tools could not be installed and is left out" >&2
fi

exec python3 benches/peers/compare.py "$AKSPLAN" "$cache" "${1:-1000000}" "${2:-9}"
