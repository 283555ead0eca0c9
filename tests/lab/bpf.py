#!/usr/bin/env python3
"""Programs of BPF as a network plugin's agent makes them, each of two instructions, by the system call alone (bpf(2)): a host needs no compiler for it.

bpf.py tc|xdp|map NAME PIN            a program of that kind, or a map, pinned
bpf.py xdplink|tcxlink NAME LINK PIN  a program on a link, held by a pin of what holds it
bpf.py cgroup NAME CGROUP [PIN]       a program on a cgroup, held by a pin where one is named
"""
import ctypes
import os
import socket
import struct
import sys

PROG_LOAD, OBJ_PIN, MAP_CREATE, PROG_ATTACH, LINK_CREATE = 5, 6, 0, 8, 28
SCHED_CLS, XDP, CGROUP_SOCK_ADDR = 3, 6, 18
INET4_CONNECT, ON_XDP, TCX_INGRESS = 10, 37, 46
libc = ctypes.CDLL(None, use_errno=True)
held = []


def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    made = libc.syscall({"x86_64": 321, "aarch64": 280}[os.uname().machine], command, buffer, len(attributes))
    if made < 0:
        raise SystemExit(f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return made


def at(data):
    held.append(ctypes.create_string_buffer(data))
    return ctypes.addressof(held[-1])


def program(kind, name, returns, attached=0):
    # r0 = RETURNS; exit
    code = struct.pack("<BBhi", 0xB7, 0, 0, returns) + struct.pack("<BBhi", 0x95, 0, 0, 0)
    name = name.encode()[:15]
    return bpf(PROG_LOAD, struct.pack("<IIQQIIQII16sII", kind, 2, at(code), at(b"GPL"), 0, 0, 0, 0, 0, name, 0, attached))


def pin(made, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    bpf(OBJ_PIN, struct.pack("<QII", at(path.encode()), made, 0))


def link(of, on, kind, flags=0):
    return bpf(LINK_CREATE, struct.pack("<IIIIQQ", of, on, kind, flags, 0, 0))


what, name, *rest = sys.argv[1:]
if what == "tc":
    pin(program(SCHED_CLS, name, -1), rest[0])
elif what == "xdp":
    pin(program(XDP, name, 2), rest[0])
elif what == "map":
    pin(bpf(MAP_CREATE, struct.pack("<IIIIIII16s", 2, 4, 4, 1, 0, 0, 0, name.encode()[:15])), rest[0])
elif what == "xdplink":
    pin(link(program(XDP, name, 2), socket.if_nametoindex(rest[0]), ON_XDP, 2), rest[1])
elif what == "tcxlink":
    pin(link(program(SCHED_CLS, name, -1), socket.if_nametoindex(rest[0]), TCX_INGRESS), rest[1])
elif what == "cgroup":
    of, on = program(CGROUP_SOCK_ADDR, name, 1, INET4_CONNECT), os.open(rest[0], os.O_RDONLY)
    if len(rest) > 1:
        pin(link(of, on, INET4_CONNECT), rest[1])
    else:
        # Beside others (BPF_F_ALLOW_MULTI).
        bpf(PROG_ATTACH, struct.pack("<IIII", on, of, INET4_CONNECT, 2))
else:
    raise SystemExit(__doc__)
