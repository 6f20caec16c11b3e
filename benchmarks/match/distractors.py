#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes addresses that are no answer, real and generated, to search a corpus among them and to grow tables.

    benchmarks/match/distractors.py DATA FOLDER OUT.tsv [--count N] [--near 2] [--seed N]

Of every twenty: six are real places (paths of jionlp's tree, written in several ways, and thuocl's names), two (--near) are near
misses of the corpus's own addresses: another number, another building, the district next to it, the same road in another city; and
the others are made of a real town, road, number and estate, building or room. No near miss is made of a query's own text, as those
of train.tsv are in the corpus and those of dev.tsv are not. All differ from each other and from the corpus. The first N of a longer
table are those of a shorter one; ids begin with r (real), g (generated) or n (near). DATA holds jionlp/, thuocl/ and
address_parsing_nnap/, FOLDER what corpus.py wrote.
"""
import argparse
import collections
import io
import pathlib
import random
import re
import sys
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import corpus  # noqa: E402

Town = collections.namedtuple("Town", "province city district town villages")
ROAD = re.compile(r"[一-鿿]{2,3}(?:大道|[东西南北中]?[路街])")
NUMBER = re.compile(r"\d+")
BUILDING = re.compile(r"(\d+|[A-Za-z])(?=号楼|栋|幢|座|单元|室|楼|#)")
USUAL_ROADS = (
    "人民路 中山路 解放路 建设路 和平路 新华路 文化路 长江路 黄河路 北京路 上海路 南京路 "
    "胜利路 青年路 光明路 幸福路 迎宾大道 滨河路 环城路 工业大道 "
    "学府路 科技路 创业路 振兴路 东风路 朝阳路 五一路 八一路 民主路 团结路").split()
ESTATE_TAILS = (
    "花园 花苑 小区 新村 家园 公寓 国际 广场 大厦 公馆 名苑 佳苑 新城 华府 雅居 庄园 "
    "工业园 商务楼 医院 幼儿园 超市 快递点").split()


def read_tree(path):
    """The towns of the tree, in its order."""
    names, towns = [""] * 5, []
    with zipfile.ZipFile(path) as archive:
        for line in io.TextIOWrapper(archive.open("china_location.txt"), encoding="utf-8"):
            name = line.rstrip("\r\n").split("\t")
            level = next(i for i, cell in enumerate(name) if cell) if any(name) else None
            if level is None:
                continue
            names[level:] = [name[level]] + [""] * (4 - level)
            if level == 3:
                towns.append(Town(*names[:4], []))
            elif level == 4:
                towns[-1].villages.append(name[4])
    return towns


def read_names(path):
    if not path.exists():
        return []
    with open(path, encoding="utf-8-sig") as lines:
        return [name for name in (line.split("\t")[0].strip() for line in lines) if 2 <= len(name) <= 12]


def path_of(chance, town, village=""):
    """A place as people write it: mostly with all levels, often without province, city or both."""
    levels = [town.province, town.city if town.city != town.province else "", town.district]
    keep = chance.random()
    head = levels if keep < 0.5 else levels[1:] if keep < 0.75 else levels[2:] if keep < 0.95 else []
    return "".join(head) + ("" if chance.random() < 0.15 and village else town.town) + village


class Real:
    """Places of the tree and names of thuocl, each once in a way, in a shuffled order; again in other ways when all are used."""

    def __init__(self, chance, towns, names):
        self.chance, self.names = chance, list(names)
        self.places = [(town, village) for town in towns for village in town.villages or [""]]
        chance.shuffle(self.places)
        chance.shuffle(self.names)
        self.at = 0

    def __call__(self):
        at, self.at = self.at, self.at + 1
        if at % 8 == 0 and at // 8 < len(self.names):
            return self.names[at // 8]
        return path_of(self.chance, *self.places[at % len(self.places)])


class Generated:
    def __init__(self, chance, towns, roads, estates):
        self.chance, self.towns, self.roads, self.estates = chance, towns, roads, estates

    def road(self, town):
        turn = self.chance.random()
        if turn < 0.45:
            return self.chance.choice(self.roads)
        if turn < 0.65:
            return self.chance.choice(USUAL_ROADS)
        stem = self.chance.choice(town.villages) if town.villages else town.town
        return stem[:2] + self.chance.choice(("路", "街", "东路", "西路", "南路", "北路", "大道", "中路"))

    def estate(self, town):
        turn = self.chance.random()
        if turn < 0.5:
            return self.chance.choice(self.estates)
        stem = self.chance.choice(town.villages) if town.villages and turn < 0.75 else self.chance.choice(self.roads)
        return stem[:2] + self.chance.choice(ESTATE_TAILS)

    def inside(self):
        n, chance = self.chance.randint, self.chance
        return chance.choice((
            f"{n(1, 60)}号楼", f"{n(1, 60)}栋", f"{n(1, 60)}幢{n(1, 4)}单元", f"{n(1, 30)}栋{n(1, 33)}{n(0, 1)}{n(1, 9)}室",
            f"{chance.choice('ABCDEF')}座{n(1, 30)}楼", f"{n(1, 30)}号楼{n(1, 6)}单元{n(1, 33)}0{n(1, 4)}", f"{n(1, 30)}层", ""))

    def __call__(self):
        town = self.chance.choice(self.towns)
        text = path_of(self.chance, town)
        turn = self.chance.random()
        if turn < 0.85:
            text += self.road(town) + f"{int(self.chance.paretovariate(0.7)) % 2000 + 1}号"
        if turn > 0.35:
            text += self.estate(town) + self.inside()
        return text


class NearMiss:
    """A text of the corpus with one thing changed, so that it names another place."""

    def __init__(self, chance, texts, towns):
        self.chance, self.towns = chance, towns
        self.siblings = collections.defaultdict(list)
        for district in dict.fromkeys((town.city, town.district) for town in towns):
            self.siblings[district[0]].append(district[1])
        self.city_of = {town.district: town.city for town in towns if len(town.district) > 2}
        self.texts = [text for text in texts if NUMBER.search(text) or ROAD.search(text)]

    def number(self, text, found):
        old = int(found.group(0)) if found.group(0).isdigit() and len(found.group(0)) < 8 else None
        if old is None:
            new = self.chance.choice("ABCDEFG")
        else:
            new = str(max(1, old + self.chance.choice((-1, 1)) * self.chance.randint(1, max(2, old // 3 + 1))))
        return text[:found.start()] + new + text[found.end():]

    def district(self, text):
        for size in range(8, 2, -1):
            for start in range(len(text) - size + 1):
                city = self.city_of.get(text[start:start + size])
                if city is not None:
                    return text[:start] + self.chance.choice(self.siblings[city]) + text[start + size:]
        return ""

    def elsewhere(self, text):
        found = ROAD.search(text)
        if found is None:
            return ""
        town = self.chance.choice(self.towns)
        return (town.city if self.chance.random() < 0.5 else "") + town.district + text[found.start():]

    def __call__(self):
        text, turn = self.chance.choice(self.texts), self.chance.random()
        if turn < 0.35:
            numbers = list(NUMBER.finditer(text))
            return self.number(text, self.chance.choice(numbers)) if numbers else ""
        if turn < 0.6:
            buildings = list(BUILDING.finditer(text))
            return self.number(text, self.chance.choice(buildings)) if buildings else ""
        return self.district(text) if turn < 0.8 else self.elsewhere(text)


def roads_of(texts):
    """Roads that several texts name: what stands once is often cut at the wrong place."""
    counts = collections.Counter(road for text in texts for road in ROAD.findall(text))
    return sorted(road for road, count in counts.items() if count > 1)


def generate(data, texts, queries, count, near_of_twenty, seed):
    """(kind, text) of each; queries are texts of which no near miss is made."""
    chance = random.Random(seed)
    towns = read_tree(data / "jionlp" / "china_location.zip")
    elements = data / "address_parsing_nnap"
    roads = roads_of(texts) + read_names(elements / "elements_road.tsv")
    estates = read_names(elements / "elements_poi.tsv") + read_names(elements / "elements_community.tsv")
    real = Real(chance, towns, read_names(data / "thuocl" / "THUOCL_diming.txt"))
    made = Generated(chance, towns, roads, estates or [road[:2] + "小区" for road in roads])
    near = NearMiss(chance, [text for text in texts if text not in queries], towns)
    seen, sources = set(texts), [("r", real)] * 6 + [("g", made)] * (14 - near_of_twenty) + [("n", near)] * near_of_twenty
    chance.shuffle(sources)
    turn = 0
    while count > 0:
        kind, source = sources[turn % len(sources)]
        text = source()
        turn += 1
        if text and "\t" not in text and text not in seen:
            seen.add(text)
            count -= 1
            yield kind, text


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=pathlib.Path)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("out", type=pathlib.Path)
    options.add_argument("--count", type=int, default=1_000_000)
    options.add_argument("--near", type=int, default=2, choices=range(15), metavar="N", help="near misses of every twenty (2)")
    options.add_argument("--seed", type=int, default=19)
    given = options.parse_args()
    texts = [row[1] for row in corpus.read_table(given.folder / "corpus.tsv")]
    queries = {query.text for name in ("dev", "train") for query in corpus.read_queries(given.folder / f"queries_{name}.tsv")}
    made = generate(given.data, texts, queries, given.count, given.near, given.seed)
    corpus.write(given.out, ("id", "text"), ((f"{kind}{row}", text) for row, (kind, text) in enumerate(made)))


if __name__ == "__main__":
    main()
