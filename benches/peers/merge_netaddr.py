"""netaddr's cidr_merge. Arguments: cache folder, list."""

import os
import sys

sys.path.insert(0, os.path.join(sys.argv[1], "python"))
import netaddr  # noqa: E402: from the cache

with open(sys.argv[2]) as lines:
    merged = netaddr.cidr_merge([line.strip() for line in lines])
sys.stdout.write("".join(f"{net}\n" for net in merged))
