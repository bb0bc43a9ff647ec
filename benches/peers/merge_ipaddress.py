"""The standard library's collapse_addresses. Argument: list."""

import ipaddress
import sys

with open(sys.argv[1]) as lines:
    merged = ipaddress.collapse_addresses([ipaddress.IPv4Network(line.strip()) for line in lines])
    sys.stdout.write("".join(f"{net}\n" for net in merged))
