# SPDX-License-Identifier: Apache-2.0
"""Readers for the data folder: labelled pairs, parsed addresses, company addresses, place names, the administrative tree."""
import csv
import os
import zipfile

LABELS = ["not_match", "partial_match", "exact_match"]


def pairs(data, name):
    """Rows of pairs/NAME.tsv as (text a, text b, label index)."""
    with open(os.path.join(data, "pairs", name + ".tsv"), encoding="utf8") as f:
        rows = csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(r["sentence1"], r["sentence2"], LABELS.index(r["label"])) for r in rows]


def parsed_addresses(data):
    """Addresses as lists of (element, text), from the character-labelled files."""
    out = []
    for part in ("train", "dev", "test"):
        with open(os.path.join(data, "address_parsing_nnap", part + ".txt"), encoding="utf8") as f:
            for block in f.read().split("\n\n"):
                elements = []
                for line in filter(None, block.split("\n")):
                    text, tag = line.rsplit(" ", 1)
                    kind = tag[2:]
                    if tag[0] == "B" or not elements or elements[-1][0] != kind:
                        elements.append((kind, text))
                    else:
                        elements[-1] = (kind, elements[-1][1] + text)
                if elements:
                    out.append(elements)
    return out


def element_names(data, kind, at_least=1):
    """Names of one element (road, poi, …) that were seen at least so many times."""
    with open(os.path.join(data, "address_parsing_nnap", f"elements_{kind}.tsv"), encoding="utf8") as f:
        rows = (line.rstrip("\n").split("\t") for line in f)
        return [r[0] for r in rows if len(r) == 2 and int(r[1]) >= at_least and len(r[0]) > 1]


def company_addresses(data):
    with open(os.path.join(data, "cpca", "addr.csv"), encoding="utf8") as f:
        return [r[0] for r in csv.reader(f) if r and len(r[0]) > 4][1:]


def place_names(data):
    with open(os.path.join(data, "thuocl", "THUOCL_diming.txt"), encoding="utf-8-sig") as f:
        return [line.split("\t")[0].strip() for line in f.read().replace("\r", "\n").split("\n") if line.strip()]


def streets(data):
    """Paths (province, city, district, street) of the 2023 administrative division."""
    def table(name):
        with open(os.path.join(data, "admin_modood", name), encoding="utf8") as f:
            return list(csv.DictReader(f))
    province = {r["code"]: r["name"] for r in table("provinces.csv")}
    city = {r["code"]: r["name"] for r in table("cities.csv")}
    area = {r["code"]: r["name"] for r in table("areas.csv")}
    return [(province[r["provinceCode"]], city[r["cityCode"]], area[r["areaCode"]], r["name"]) for r in table("streets.csv")]


def villages(data):
    """Paths (province, city, district, town, village) of the five-level tree."""
    out, path = [], []
    archive = zipfile.ZipFile(os.path.join(data, "jionlp", "china_location.zip"))
    with archive.open("china_location.txt") as f:
        for line in f.read().decode("utf8").split("\n"):
            depth = len(line) - len(line.lstrip("\t"))
            path = path[:depth] + [line.strip().split("\t")[0]]
            if depth >= 4:
                out.append(tuple(path))
    return out


def renames(data):
    """(old district, new district) names."""
    out = []
    with open(os.path.join(data, "jionlp", "china_location_change.txt"), encoding="utf8") as f:
        for line in f:
            cells = line.rstrip("\n").split("\t")
            if len(cells) >= 10 and cells[6] and cells[9] and cells[6] != cells[9]:
                out.append((cells[6], cells[9]))
    return out
