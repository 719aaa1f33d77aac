"""What programs print, without ever waiting for the end of a pipe.

A pipe ends when its last holder does, and that need not be the program: Wine starts Windows' own services from
whichever program comes first, they inherit its pipes, and they stay. So what counts is the end of the program.
"""
import os
import select
import subprocess
import tempfile


def pieces(process, stream):
    """The bytes that come out of the pipe, as they come, until `process` has ended and all is read."""
    while True:
        ended = process.poll() is not None  # what it wrote before that is in the pipe
        if select.select([stream], [], [], 0 if ended else 0.1)[0]:
            piece = os.read(stream.fileno(), 65536)
            if not piece:
                return
            yield piece
        elif ended:
            return


def lines(process, stream):
    """The same as lines of UTF-8, without their ends."""
    rest = b""
    for piece in pieces(process, stream):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def run(words, **more):
    """subprocess.run() with what the program printed as text, through files."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, check=False, **more)
        done.stdout, done.stderr = text(out), text(errors)
    return done


def text(file):
    """What the file holds, with the line ends of this machine."""
    file.seek(0)
    return file.read().decode(errors="replace").replace("\r\n", "\n")
