# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Write the bytes of a file as a C array: embed.py INPUT OUTPUT.

An array, not .incbin: the compiler then depends on the bytes, and a change of a type rebuilds.
"""
import sys

source, target = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
if not data:
    sys.exit(f"{source}: empty; was the .BTF section there?")
with open(target, "w", encoding="ascii") as f:
    f.write('#include "btf/btf.h"\n\n')
    f.write("const unsigned char trek_vmlinux_btf_data[] __attribute__((aligned(16))) = {\n")
    for at in range(0, len(data), 16):
        f.write("\t" + ", ".join(map(str, data[at : at + 16])) + ",\n")
    f.write("};\n")
    f.write("const size_t trek_vmlinux_btf_len = sizeof(trek_vmlinux_btf_data);\n")
