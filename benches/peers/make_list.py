"""Seeded prefix lists: the same file for the same arguments, everywhere."""

import os
import random
import re

SHAPES = {
    # name: (first address, free bits below it, shortest length, longest length)
    "/16 to /32 anywhere": (0, 32, 16, 32),
    "/16 to /28 in 10.0.0.0/8": (10 << 24, 24, 16, 28),
}


def make_list(folder, shape, prefixes, seed=20240229):
    first, free_bits, shortest, longest = SHAPES[shape]
    slug = re.sub(r"[^a-z0-9.]+", "-", shape).strip("-")
    path = os.path.join(folder, f"{slug}-{prefixes}.txt")
    if os.path.exists(path):
        return path
    draw = random.Random(seed)
    with open(path + ".part", "w") as out:
        for _ in range(prefixes):
            length = draw.randint(shortest, longest)
            address = (first | draw.getrandbits(free_bits)) >> (32 - length) << (32 - length)
            octets = ".".join(str(octet) for octet in address.to_bytes(4, "big"))
            out.write(f"{octets}/{length}\n")
    os.rename(path + ".part", path)
    return path
