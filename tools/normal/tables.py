#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what lib/match/normal looks up as C arrays: tables.py characters|places CHARACTERS [PLACES] OUTPUT."""
import sys

sys.dont_write_bytecode = True
import names  # noqa: E402

# In a page: 0 is the character itself; a surrogate's code, which no character has, is one of these.
SEPARATOR, NOTHING, EXPANSION = ord(" "), 0xD800, 0xD801
MOST = 4
PER_LINE = 16

# As in lib/match/normal/place_table.h.
SLOTS, NO_AREA, MOST_STEP = 8192, 0xFFFF, 511
FULL, FORMER, SHORT = range(3)
TOWN_ENDS = ("镇", "街道", "乡", "苏木")
AUTONOMOUS = {"15", "45", "54", "64", "65"}


def array(kind, name, values):
    yield f"const {kind} {name}[{len(values)}] = {{\n"
    for at in range(0, len(values), PER_LINE):
        yield ",".join(map(str, values[at:at + PER_LINE])) + ",\n"
    yield "};\n"


def encode(to, expansions):
    """The entry of what a character becomes."""
    if len(to) > MOST:
        return SEPARATOR
    if len(to) == 1 and ord(to) < 0x10000:
        return ord(to)
    if to == "":
        return NOTHING
    if to not in expansions:
        expansions.append(to)
    return EXPANSION + expansions.index(to)


def characters(path):
    table = names.read_characters(path)
    expansions = []
    coded = {code: encode(to, expansions) for code, to in table.items()}
    pages, index = [[0] * 256], []
    for high in range(256):
        page = [coded.get(high * 256 + low, 0) for low in range(256)]
        if high in (0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF):
            page = [0] * 256
        for low in range(0x21 if high == 0 else 0):
            page[low] = SEPARATOR
        if high == 0:
            page[0x7F] = SEPARATOR
        if page not in pages:
            pages.append(page)
        index.append(pages.index(page))
    far = sorted(code for code in coded if code > 0xFFFF)
    yield '#include "match/normal/character_table.h"\n'
    yield from array("uint8_t", "mgi_character_page", index)
    yield from array("uint16_t", "mgi_character_pages", sum(pages, []))
    yield from array("uint32_t", "mgi_character_far", far)
    yield from array("uint16_t", "mgi_character_far_to", [coded[code] for code in far])
    yield f"const size_t mgi_character_far_count = {len(far)};\n"
    padded = [[ord(c) for c in to] + [0] * (MOST - len(to)) for to in expansions]
    yield from array("uint32_t", "mgi_character_expansions", sum(padded, []))


def read_places(path):
    """[{code, names, towns}] in order of their codes."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("\t"):
                found[-1]["towns"] = line.split()
            elif not line.startswith("#"):
                code, others = line.strip().split(" ")
                found.append({"code": code, "names": others.split("|"), "towns": []})
    return found


def level_of(code):
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def parent_of(code, index):
    for parent in (code[:4] + "00", code[:2] + "0000"):
        if parent != code and parent in index:
            return index[parent]
    return NO_AREA


def keys_of(place, number):
    """(text, how it names the place, which place)."""
    current, *former = place["names"]
    full, short = names.ways_to_write(current, level_of(place["code"]))
    ways = [(current, FULL)] + [(way, FULL) for way in full] + [(way, FORMER) for way in former]
    if short:
        ways.append((short, SHORT))
    if place["code"][:2] in AUTONOMOUS and place["code"].endswith("0000"):
        ways += [(short + "省", FULL), (short + "自治区", FULL)]
    known = set()
    for way, kind in ways:
        written = names.digits(way)
        if written not in known and all(ord(c) < 0x10000 for c in written):
            known.add(written)
            yield written, kind, number


class Pool:
    """Texts one behind the other; what another begins with is found there."""
    def __init__(self):
        self.units, self.found = [], {}

    def put(self, text):
        if text not in self.found:
            for length in range(1, len(text) + 1):
                self.found.setdefault(text[:length], len(self.units))
            self.units += map(ord, text)
        return self.found[text]


def spread(keys):
    """A table, by the first two characters of keys, of the first key that begins so."""
    slots = [0] * SLOTS
    pairs = {}
    for at, (text, _, _) in enumerate(keys):
        pairs.setdefault((ord(text[0]), ord(text[1])), at)
    for (first, second), at in pairs.items():
        slot = (first * 31 + second * 1021) & 0xFFFFFFFF
        slot = (slot ^ slot >> 7) % SLOTS
        while slots[slot]:
            slot = (slot + 1) % SLOTS
        slots[slot] = at + 1
    return slots


def write_towns(places):
    """Towns of a place behind those of the one before: their names without what they end in."""
    units, steps, shapes, starts = [], [], [], []
    for place in places:
        first, at, before = len(steps), len(units), 0
        for town in place["towns"]:
            code, name = town[:3], names.digits(town[3:])
            end = next(i for i, end in enumerate(TOWN_ENDS) if name.endswith(end))
            core = name[:-len(TOWN_ENDS[end])]
            step, before = int(code) - before, int(code)
            while step > MOST_STEP:  # a town without a name takes the rest
                steps.append(MOST_STEP % 256)
                shapes.append(MOST_STEP // 256 << 7)
                step -= MOST_STEP
            steps.append(step % 256)
            shapes.append(step // 256 << 7 | end << 5 | len(core))
            units += map(ord, core)
        starts.append((first, at, len(steps) - first))
    return units, steps, shapes, starts


def places(characters_path, path):
    found = read_places(path)
    index = {place["code"]: number for number, place in enumerate(found)}
    pool = Pool()
    for place in sorted(found, key=lambda place: -len(place["names"][0])):
        pool.put(place["names"][0])
    keys = sorted((key for number, place in enumerate(found) for key in keys_of(place, number)),
                  key=lambda key: (key[0][:2], -len(key[0]), key[0], key[1], key[2]))
    town_units, town_steps, town_shapes, starts = write_towns(found)
    yield '#include "match/normal/place_table.h"\n'
    yield f"const mgi_place_area mgi_place_areas[{len(found)}] = {{\n"
    for place, (first, at, count) in zip(found, starts):
        name = place["names"][0]
        yield (f"{{{place['code']},{pool.put(name)},{at},{first},{count},{parent_of(place['code'], index)},{len(name)},"
               f"{level_of(place['code'])}}},\n")
    yield f"}};\nconst size_t mgi_place_area_count = {len(found)};\n"
    for text in sorted({key[0] for key in keys}, key=len, reverse=True):
        pool.put(text)
    yield f"const mgi_place_key mgi_place_keys[{len(keys)}] = {{\n"
    for text, kind, number in keys:
        yield f"{{{pool.put(text)},{number},{len(text)},{kind}}},\n"
    yield f"}};\nconst size_t mgi_place_key_count = {len(keys)};\n"
    yield from array("uint16_t", "mgi_place_slots", spread(keys))
    yield from array("uint16_t", "mgi_place_names", pool.units)
    yield from array("uint16_t", "mgi_place_town_names", town_units)
    yield from array("uint8_t", "mgi_place_town_steps", town_steps)
    yield from array("uint8_t", "mgi_place_town_shapes", town_shapes)


def main():
    kind, *arguments, output = sys.argv[1:]
    with open(output, "w", encoding="ascii") as file:
        file.writelines({"characters": characters, "places": places}[kind](*arguments))


main()
