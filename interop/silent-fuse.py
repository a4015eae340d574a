#!/usr/bin/env python3
"""A file system whose server can fall silent: silent-fuse.py DIRECTORY MODE

Mounts it and says "mounted". MODE, and each line of standard input after it, is one of:
  answer   every question is answered at once
  hold     questions are taken and not answered: whoever asks cannot even be killed
  leave    questions are not taken: whoever asks waits until he is killed
"""
import ctypes
import os
import select
import struct
import sys

GETATTR, STATFS, INIT = 3, 17, 26
WITHOUT_ANSWER = {2, 36, 42}  # FORGET, INTERRUPT, BATCH_FORGET
ENOSYS = 38

directory, mode = sys.argv[1:]
fuse = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fuse},rootmode=40755,user_id=0,group_id=0,allow_other"
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"server:/silent", directory.encode(), b"fuse.silent", 0, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")


def answer(question):
    opcode, unique = struct.unpack_from("<IQ", question, 4)
    if opcode in WITHOUT_ANSWER:
        return
    body, error = b"", 0
    if opcode == INIT:
        body = struct.pack("<IIIIHHIIHHI28x", 7, 31, 4096, 0, 12, 9, 4096, 1, 1, 0, 0)
    elif opcode == GETATTR:
        body = struct.pack("<QII6Q10I", 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 4096, 0)
    elif opcode == STATFS:
        body = struct.pack("<5Q4I24x", 1000, 600, 500, 90, 30, 4096, 255, 4096, 0)
    else:
        error = -ENOSYS
    os.write(fuse, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


answer(os.read(fuse, 1 << 17))
print("mounted", flush=True)
held = []
while True:
    ready, _, _ = select.select([sys.stdin] if mode == "leave" else [sys.stdin, fuse], [], [])
    if sys.stdin in ready:
        line = os.read(0, 100).decode().split()
        if not line:
            break
        mode = line[-1]
    if fuse in ready:
        held.append(os.read(fuse, 1 << 17))
    while mode == "answer" and held:
        answer(held.pop(0))
