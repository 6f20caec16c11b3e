# SPDX-License-Identifier: Apache-2.0
"""How lib/match/normal/data is read, and the ways in which an administrative name is written."""
import pathlib
import re


def read_characters(path):
    """{code: what it becomes}: a text, " " for a separator, "" for nothing."""
    found = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        fields = line.split(" ")
        if line.startswith("# ") and len(fields) > 2:
            continue
        if len(fields) == 3:
            for code in range(int(fields[0], 16), int(fields[1], 16) + 1):
                found[code] = " " if fields[2] == "separator" else ""
        else:
            found[ord(fields[0])] = fields[1]
    return found


def folding(path):
    table = read_characters(path)
    return lambda name: "".join(table.get(ord(c), c) for c in name)


DIGITS = "零一二三四五六七八九"


def counted(run):
    """The value of d十d and the like, or None: of these alone there are numerals in names of places."""
    if len(run) == 1 and run in DIGITS[1:]:
        return DIGITS.index(run)
    run = run.replace("廿", "二十").replace("卅", "三十")
    if len(run) == 2 and run[0] in DIGITS[1:] and run[1] == "百":
        return DIGITS.index(run[0]) * 100
    tens, ten, ones = run.partition("十")
    if not ten or len(tens) > 1 or len(ones) > 1 or (tens + ones).strip(DIGITS[1:]):
        return None
    return (DIGITS.index(tens) if tens else 1) * 10 + (DIGITS.index(ones) if ones else 0)


def digits(name):
    """The name as lib/match/normal/numerals.c writes it."""
    def written(match):
        run = match.group()
        counts = name[match.end():match.end() + 1] == "弄"
        hundred = run[-1] if len(run) > 1 and run[-1] in "百千" and not counts else ""
        value = counted(run.removesuffix(hundred))
        return run if value is None else str(value) + hundred
    return re.sub("[〇零一二三四五六七八九十百千廿卅]+", written, name)


GROUPS = ("蒙古族 回族 藏族 维吾尔族 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 傣族 黎族 傈僳族 佤族 畲族 拉祜族 "
          "水族 东乡族 纳西族 景颇族 柯尔克孜族 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯族 阿昌族 普米族 塔吉克族 怒族 乌孜别克族 "
          "俄罗斯族 鄂温克族 德昂族 保安族 裕固族 独龙族 鄂伦春族 门巴族 珞巴族 基诺族 各族 蒙古 哈萨克 柯尔克孜 塔吉克 锡伯 达斡尔 维吾尔").split()


def without_groups(name):
    """双江拉祜族佤族布朗族傣族 is 双江."""
    while True:
        for group in GROUPS:
            if name.endswith(group) and len(name) - len(group) >= 2:
                name = name[:-len(group)]
                break
        else:
            return name


# Names that mean any place without what they end in.
GENERIC = re.compile("[东西南北中城桥路河江湖海新老市郊矿铁关]{2}")


def ways_to_write(name, level):
    """(other full ways, short way or None)."""
    for end, plain in (("自治区", None), ("特别行政区", None), ("自治州", "州"), ("自治县", "县"), ("自治旗", "旗"), ("地区", None),
                       ("林区", None), ("特区", None), ("省", None), ("市", None), ("区", None), ("县", None), ("旗", None),
                       ("盟", None)):
        if name.endswith(end) and (end not in ("林区", "特区") or len(name) > 3):
            short = without_groups(name[:-len(end)])
            full = [short + plain] if plain else []
            if end == "自治区":
                full.append(short + "自治区")
            if end == "区" and short.endswith("新") and len(short) > 2:
                short = short[:-1]
            if len(short) == 1 or (level == 3 and GENERIC.fullmatch(short)):
                short = None
            return [way for way in full if way != name], short
    return [], None


def ranks_before(name, code):
    """What a district was called when it was a county, and a city when it was a prefecture."""
    if len(name) < 3 or GENERIC.fullmatch(name[:-1]):
        return set()
    if code.endswith("00"):
        return {name[:-1] + "地区"} if name.endswith("市") else set()
    return {name[:-1] + end for end in {"区": "县市", "市": "县"}.get(name[-1], "")}
