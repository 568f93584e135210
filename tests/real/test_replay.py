# SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later
"""Programs as people write them, run on both engines: results, packets and maps are the same.

replay.c does what a script says: natively on the kernel, below `bpftrek exec` on ours. Packets are
whole ones of many kinds, each also cut off everywhere, and some with random bytes in them.
"""

import ipaddress
import os
import pathlib
import random
import struct
import subprocess

import pytest

BPFTREK = os.environ["BPFTREK"]
REPLAY = os.environ["REPLAY"]
OBJECTS = pathlib.Path(os.environ["REAL_OBJECTS"])
# Beside the kernel's only one of ours is needed: what compilers make of it is test_verdicts.py's.
VARIANTS = sorted({"clang.O2.v2", "clang-19.O2.v4"} & set(os.environ["REAL_VARIANTS"].split()))
ENV = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")


def replay(engine, name, variant, script):
    command = [REPLAY, str(OBJECTS / f"{name}.{variant}.bpf.o")]
    if engine == "embedded":
        command = [BPFTREK, "exec", "--", *command]
    return subprocess.run(command, input="\n".join(script) + "\n", capture_output=True, text=True,
                          timeout=120, env=ENV, check=False)


@pytest.fixture(scope="session")
def kernel():
    """Skip where the kernel's engine cannot be used."""
    done = replay("kernel", "funcs_calls", VARIANTS[0], [])
    if done.returncode:
        pytest.skip("the kernel's BPF cannot be used here: " + done.stderr.strip())


# Packets.


def ethernet(payload, proto, tags=()):
    head = bytes.fromhex("020000000001" "020000000002")
    for tag in tags:
        head += struct.pack(">HH", 0x8100, tag)
    return head + struct.pack(">H", proto) + payload


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) // 2 * 2]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(payload, proto, source="10.1.2.3", target="192.0.2.10", options=b"", fragment=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                       20 + len(options) + len(payload), 7, fragment, 64, proto, 0,
                       ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed)
    head += options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ipv6(payload, proto, source="2001:db8::1", target="2001:db8::2"):
    return struct.pack(">IHBB", 6 << 28, len(payload), proto, 64) + \
        ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed + payload


def tcp(payload=b"", sport=40000, dport=80, flags=0x10, options=b""):
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 2, (5 + len(options) // 4) << 4, flags, 512,
                       0x1234, 0) + options + payload


def udp(payload=b"", sport=40000, dport=53, check=0x4321):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), check) + payload


QUESTION = bytes.fromhex("123401000001000000000000") + b"\3www\7Example\3net\0\0\1\0\1" + bytes(16)
SYN_OPTIONS = bytes.fromhex("020405b4" "0402" "080a0000000100000000" "01" "030307")
WHOLE = {
    "tcp": ethernet(ipv4(tcp(b"hello"), 6), 0x0800),
    "syn": ethernet(ipv4(tcp(flags=2, options=SYN_OPTIONS), 6), 0x0800),
    "syn-nops": ethernet(ipv4(tcp(flags=2, options=bytes.fromhex("0101010102040218")), 6), 0x0800),
    "syn-bad": ethernet(ipv4(tcp(flags=3, options=bytes.fromhex("0500ffff")), 6), 0x0800),
    "none": ethernet(ipv4(tcp(flags=0, dport=22), 6, source="10.9.9.9"), 0x0800),
    "udp": ethernet(ipv4(udp(QUESTION), 17), 0x0800),
    "udp-short": ethernet(ipv4(udp(b"abc"), 17), 0x0800),
    "udp-no-check": ethernet(ipv4(udp(b"abcd", check=0), 17, source="10.1.2.4"), 0x0800),
    "options": ethernet(ipv4(udp(QUESTION), 17, options=bytes(12)), 0x0800),
    "fragment": ethernet(ipv4(udp(QUESTION), 17, fragment=0x2010), 0x0800),
    "vlan": ethernet(ipv4(tcp(dport=443), 6), 0x0800, tags=[5]),
    "two-vlans": ethernet(ipv6(tcp(flags=2, options=SYN_OPTIONS[:4]), 6), 0x86DD, tags=[5, 6]),
    "udp6": ethernet(ipv6(udp(b"x" * 40, dport=4789), 17), 0x86DD),
    "extension": ethernet(ipv6(bytes([17, 1]) + bytes(14) + udp(b"y"), 0), 0x86DD),
    "arp": ethernet(bytes(28), 0x0806),
    "icmp": ethernet(ipv4(bytes(8), 1), 0x0800),
    "version": ethernet(b"\x55" + bytes(40), 0x0800),
    "http": ethernet(ipv4(tcp(b"GET /api/users/7 HTTP/1.1\r\nHost: a\r\n\r\n"), 6), 0x0800),
    "http-put": ethernet(ipv4(tcp(b"PUT /api/orders?id=1 HTTP/1.0\r\n" + bytes(40)), 6), 0x0800),
    "http-other": ethernet(ipv4(tcp(b"HEAD / HTTP/1.1\n"), 6), 0x0800),
}


def packets():
    rnd = random.Random("packets")
    for packet in WHOLE.values():
        yield packet
        yield from (packet[:size] for size in range(14, len(packet), 3))
        for _ in range(4):
            changed = bytearray(packet)
            for _ in range(rnd.randrange(1, 4)):
                changed[rnd.randrange(12, min(len(changed), 64))] = rnd.randrange(256)
            yield bytes(changed)


def send(program, prefix=b""):
    """`prefix`: Linux shows a socket filter the packet from the network header on."""
    return [f"packet {program} {(prefix + packet).hex()}" for packet in packets()]


def hexed(form, *values):
    return struct.pack(form, *values).hex()


def address(text):
    return ipaddress.ip_address(text).packed


def rule(prefix, bits, number, drop, *ports):
    key = struct.pack("<I", 96 + bits) + bytes(10) + b"\xff\xff" + address(prefix)
    return f"put rules {key.hex()} " + hexed("<IBB8H", number, drop, bool(ports),
                                             *(list(ports) + 8 * [0])[:8]) + "0000"


FIREWALL = [rule("10.0.0.0", 8, 1, 0, 80, 443), rule("10.9.0.0", 16, 2, 1),
            "put rules " + hexed("<I", 32) + address("2001:db8::").hex() + " " +
            hexed("<IBB8H", 3, 0, 0, *8 * [0]) + "0000", "show", *send("xdp_firewall"), "show"]
BALANCER = [f"put services {address('192.0.2.10').hex()}{hexed('>HBB', port, proto, 0)} "
            f"{hexed('<II', first, count)}" for port, proto, first, count in
            [(80, 6, 0, 3), (53, 17, 2, 2)]]
BALANCER += [f"put backends {hexed('<I', i)} {address(f'10.20.0.{i}').hex()}02aa0000000{i}"
             f"{hexed('<BBQ', i == 1, 0, 0)}" for i in range(4)]
BALANCER += [*send("xdp_balance"), "show"]
NAT = [f"put translations {address(source).hex()}{hexed('>H', port)}{hexed('<H', proto)} "
       f"{address('198.51.100.7').hex()}{hexed('>H', 1024 + proto)}{hexed('<H', proto)}"
       for source in ("10.1.2.3", "10.1.2.4") for port, proto in [(40000, 6), (40000, 17)]]
NAT += [*send("tc_nat"), "show"]
REQUESTS = [f"context calculate {hexed('<II8q', op, count, *values)}"
            for op in range(5) for count in (0, 3, 8, 99)
            for values in [(5, -7, 100, 2**40, 0, 9, -2**63, 17), range(8)]]
LIMITS = [f"put table {hexed('<I', i)} {hexed('<IIQ', i, 50 * i, 0)}" for i in range(4)]
SAMPLES = [f"put samples {hexed('<I', i)} {hexed('<QII', i * i, i % 5, i % 19)}" for i in range(200)]
SESSIONS = [f"context account {hexed('<IIQQ', tenant, failed, 5, size)}"
            for tenant in (0, 1, 3, 11) for failed in (0, 1) for size in (0, 1, 4096, 2**50)]

# What is looked at in one object: the script, and maps whose values hold times.
SCRIPTS = {
    "xdp_parse": ([*send("xdp_parse"), "show"], {}),
    "xdp_firewall": (FIREWALL, {"counters": slice(0, 32)}),
    "xdp_balance": (BALANCER, {}),
    "xdp_limit": ([*send("xdp_limit")[:30], *send("xdp_limit_udp"), *send("xdp_limit_tcp")], {}),
    "tc_classify": ([*send("tc_classify"), "show"], {}),
    "tc_nat": (NAT, {}),
    "sock_abs": ([line for program in ("count_protocols", "tcp_port", "http_get")
                  for line in send(program, bytes(14))] + ["show"], {}),
    "sock_http": ([*send("sock_http", bytes(14)), "show"], {}),
    "dynptr_packet": ([*send("dynptr_xdp"), *send("dynptr_tc"), "show"], {}),
    "funcs_calls": ([*LIMITS, *REQUESTS, "show"], {}),
    "loop_call": ([*SAMPLES, "context walk_samples", "context walk_text", "show"], {}),
    "loop_for": (["context sieve", "context multiply", "context search", "context collatz", "show"],
                 {}),
    "map_in_map": ([*SESSIONS, "show"], {}),
    "ring_events": ([f"context {name} {hexed('<4QII', 1, 2, 3, 4, size, 1)}" for size in (0, 99, 9999)
                     for name in ("plain_event", "copied_event", "long_event")] + ["show"], {}),
}


def results(done, parts):
    """What was printed, in the order of the runs; then the maps, sorted, as a HASH has no order."""
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(" ") for line in done.stdout.splitlines()]
    runs = [line for line in lines if len(line) == 4]
    elements = sorted((name, key, value[parts.get(name, slice(None))])
                      for name, key, value in (line for line in lines if len(line) == 3))
    return runs, elements


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", SCRIPTS)
def test_both_engines(name):
    script, parts = SCRIPTS[name]
    commands = [line for line in script if not line.startswith(("put", "show"))]
    for variant in VARIANTS:
        expected_runs, expected_elements = results(replay("kernel", name, variant, script), parts)
        runs, elements = results(replay("embedded", name, variant, script), parts)
        assert len(runs) == len(commands)
        for command, run, expected in zip(commands, runs, expected_runs):
            assert run == expected, command
        assert elements == expected_elements
