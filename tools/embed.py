#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file as a C array, for programs that carry it: embed.py FILE NAME OUTPUT [@WORD@=TEXT…].

The array is `const unsigned char NAME[]`, NUL-terminated, and `const size_t NAME_length` is its length without the NUL. Each
@WORD@ in the file must be given a text, and each that is given must be in it."""
import re
import sys

PER_LINE = 24


def fill_in(text, words):
    for word, value in words.items():
        if word.encode() not in text:
            sys.exit(f"embed.py: {word} is not in the file")
        text = text.replace(word.encode(), value.encode())
    left = re.search(rb"@[A-Z]+@", text)
    if left:
        sys.exit(f"embed.py: {left.group().decode()} has no text")
    return text


def write_array(text, name):
    yield f"#include <stddef.h>\nextern const unsigned char {name}[];\nextern const size_t {name}_length;\n"
    yield f"const unsigned char {name}[] = {{\n"
    values = [str(byte) for byte in text + b"\0"]
    for at in range(0, len(values), PER_LINE):
        yield ",".join(values[at:at + PER_LINE]) + ",\n"
    yield f"}};\nconst size_t {name}_length = sizeof {name} - 1;\n"


def main():
    path, name, output, *words = sys.argv[1:]
    with open(path, "rb") as file:
        text = fill_in(file.read(), dict(word.split("=", 1) for word in words))
    with open(output, "w", encoding="ascii") as file:
        file.writelines(write_array(text, name))


main()
