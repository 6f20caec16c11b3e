#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Collects what lib/match/normal/data holds from where it is published.

    collect.py characters TSCharacters.txt > lib/match/normal/data/characters.txt
    collect.py places MODOOD JIONLP CHARACTERS > lib/match/normal/data/places.txt

TSCharacters.txt is OpenCC's table of single traditional characters (PyPI: opencc-python-reimplemented).
MODOOD is the folder of provinces.csv, cities.csv, areas.csv and streets.csv of
modood/Administrative-divisions-of-China, JIONLP that of china_location_change.txt of dongrixinyu/JioNLP,
CHARACTERS the first command's output: names are written as the normal form writes them."""
import csv
import pathlib
import re
import sys
import unicodedata

sys.dont_write_bytecode = True
import names  # noqa: E402

# Beside what Unicode says of a character: what it stands for in addresses.
OPEN, CLOSE = "(【［[{〔〖「『《〈<＜（｛﹙﹝", ")】］]}〕〗」』》〉>＞）｝﹚﹞"
HYPHENS = "-‐‑‒–—―−－﹣﹘~～〜∼﹏_＿ｰ"
SPECIAL = {"#": "#", "＃": "#", "﹟": "#", "♯": "#", ".": ".", "．": ".", "。": " ", ",": ",", "，": ",", "＠": " ", "○": "〇", "◯": "〇",
           "㎡": "平米", "№": "no", "丨": " ", "|": " ", "邨": "村", "\uFFFD": "\uFFFD"}
# Traditional forms that simplified names are written with as well, as 乾县.
KEEP = set("乾徵藉夥瀋")
RANGES = ((0x21, 0x180), (0x370, 0x400), (0x400, 0x460), (0x2000, 0x2C00), (0x2E80, 0x2FE0), (0x3000, 0x3400),
          (0x3400, 0xA000), (0xF900, 0xFB00), (0xFE00, 0xFFFE), (0x1D400, 0x1D800), (0x1F100, 0x1F200),
          (0x20000, 0x323B0))


def traditional(path):
    found = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        character, others = line.split("\t")
        others = others.split(" ")
        if character not in others and character not in KEEP:
            found[character] = others[0]
    return found


def plain(text, simplified):
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if unicodedata.category(c) != "Mn") \
        if ord(text[0]) < 0x460 else folded
    return "".join(simplified.get(c, c) for c in folded)


def fold(character, simplified):
    """What a character is written as: None for itself, " " for a separator, "" for nothing."""
    if character in SPECIAL:
        return SPECIAL[character]
    for kind, members in (("(", OPEN), (")", CLOSE), ("-", HYPHENS)):
        if character in members:
            return kind
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Mc", "Cf"):
        return ""
    to = " " if category == "No" and "⁄" in unicodedata.normalize("NFKC", character) else plain(character, simplified)
    whole = "".join(c for c in to if unicodedata.category(c)[0] in "LN")
    return whole or " "


def characters(path):
    simplified = traditional(path)
    yield "# Characters that the normal form writes otherwise: one and what it becomes; nothing: it is left out;\n"
    yield "# a code or a range of codes and `separator` or `nothing`. Made by tools/normal/collect.py.\n"
    runs = []
    for first, end in RANGES:
        for code in range(first, end):
            character = chr(code)
            # What is left of a text that was read in another coding is not alike.
            if unicodedata.category(character) in ("Cn", "Cs", "Co") or 0x80 <= code < 0xA0:
                continue
            to = fold(character, simplified)
            if to in (" ", ""):
                if runs and runs[-1][1] == code - 1 and runs[-1][2] == to:
                    runs[-1][1] = code
                else:
                    runs.append([code, code, to])
            elif to != character and max(map(ord, to)) < 0x10000 and len(to) <= 4:
                yield f"{character} {to}\n"
    for first, last, to in runs:
        yield f"{first:X} {last:X} {'separator' if to else 'nothing'}\n"


def rows(folder, name):
    with open(pathlib.Path(folder) / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


CITY_ENDS = ("市", "州", "盟", "地区")
TOWN_ENDS = ("街道", "镇", "乡", "苏木")


def town_name(name):
    name = re.split("[-()（）]", name)[-1]
    for end in ("街道办事处", "办事处"):
        if name.endswith(end):
            name = name[:-len(end)] + "街道"
    return name if name.endswith(TOWN_ENDS) and 3 <= len(name) <= 12 else None


def renames(folder, tree):
    """Codes of what was renamed, and the names that it had: {code: [(name, code of what it lay in)]}."""
    became = {}
    for line in (pathlib.Path(folder) / "china_location_change.txt").read_text(encoding="utf-8").splitlines():
        old, new = line.split("=>")
        fields = old.split("\t")[2:]
        became.setdefault(tuple(fields[0::2][:3]), set()).add(tuple(new.split("\t")[:3]))
    found = {}
    for old, news in became.items():
        for _ in range(4):
            if len(news) == 1 and next(iter(news)) in became:
                news = became[next(iter(news))]
        if len(news) != 1 or old in tree:
            continue
        code = tree.get(next(iter(news)))
        if code:
            found.setdefault(code, set()).add(old[-1])
    return found


def places(modood, jionlp, path):
    written = names.folding(path)
    provinces = {row["code"]: row["name"] for row in rows(modood, "provinces.csv") if row["name"].strip()}
    provinces.update({"71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区"})
    cities = {row["code"]: row["name"] for row in rows(modood, "cities.csv")}
    # From 71 to 80 stand zones of development, which lie in districts of their own code.
    areas = [row for row in rows(modood, "areas.csv") if not 71 <= int(row["code"][4:]) <= 80]
    towns = {}
    for row in rows(modood, "streets.csv"):
        name = town_name(row["name"])
        if name and max(map(ord, name)) < 0x10000:
            towns.setdefault(row["areaCode"], []).append(row["code"][6:] + written(name))
    tree = {(provinces[code[:2]], name): code + "00" for code, name in cities.items()}
    for row in areas:
        city = cities.get(row["cityCode"], "")
        tree[(provinces[row["provinceCode"]], city if city.endswith(CITY_ENDS) else provinces[row["provinceCode"]],
              row["name"])] = row["code"]
    old = renames(jionlp, tree)
    current = {row["name"] for row in areas} | set(cities.values())

    def line_of(code, name):
        # A district that went into another one is not that one: only what goes on under a like name counts.
        renamed = {former for former in old.get(code, ()) if former[0] == name[0]}
        former = renamed | (names.ranks_before(name, code) - current)
        return "|".join([f"{code} {written(name)}"] + sorted(map(written, former - {name}))) + "\n"

    yield "# Administrative places: code and name, what a place was called before after |; below a district its towns.\n"
    yield "# From modood/Administrative-divisions-of-China (codes of 2023-06-30) and JioNLP. Made by tools/normal/collect.py.\n"
    for code in sorted(provinces):
        yield f"{code}0000 {written(provinces[code])}\n"
        for city in sorted(c for c in cities if c.startswith(code)):
            own = {row["name"] for row in areas if row["cityCode"] == city and row["code"] != city + "00"}
            if cities[city].endswith(CITY_ENDS) and cities[city] not in own:  # 嘉峪关市 is a district of its own
                yield line_of(f"{city}00", cities[city])
            for row in (row for row in areas if row["cityCode"] == city):
                if row["code"] != city + "00":
                    yield line_of(row["code"], row["name"])
                if row["code"] in towns:
                    yield "\t" + " ".join(towns[row["code"]]) + "\n"


def main():
    kind, *arguments = sys.argv[1:]
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.writelines({"characters": characters, "places": places}[kind](*arguments))


main()
