# SPDX-License-Identifier: Apache-2.0
"""Rule-made addresses and pairs: the same place in other words, and different places in nearly the same words.

An Address is built from the administrative tree, real or made-up road and place names, and numbers. `query` and `candidate` write it in the two styles of the task: what a sender types, and
how a map names the place. `pair` returns (query, candidate, label index) with the relation chosen first.
"""
import dataclasses
import random

NOT, PARTIAL, EXACT = range(3)
DIGITS = "零一二三四五六七八九"
DIRECTIONS = "东西南北"
BUILDINGS = ["号楼", "号楼", "幢", "栋", "栋", "幢", "#", "座", "号"]
COMPLEXES = ["花园", "小区", "家园", "苑", "花苑", "公寓", "广场", "大厦", "新村", "工业园", "名苑", "嘉园", "山庄", "公馆", "新城", "华庭", "豪庭", "国际",
             "佳苑", "雅苑", "商城", "里", "中心", "科技园", "产业园", "国际城", "商务大厦", "人家", "丽景", "宿舍", "家属院", "学校", "中学", "医院", "市场"]
SHOPS = ["超市", "便利店", "理发店", "药房", "大药房", "水果店", "火锅", "烧烤", "蛋糕店", "服饰", "汽修", "五金店", "幼儿园", "酒店", "宾馆", "网吧", "眼镜",
         "菜鸟驿站", "丰巢", "百货", "奶茶", "培训中心", "美容院", "棋牌室", "卫生室", "诊所", "茶楼", "家电", "建材", "有限公司", "物流", "贸易有限公司"]
CHAINS = ["全家", "罗森", "星巴克", "肯德基", "麦当劳", "瑞幸咖啡", "中国银行", "建设银行", "工商银行", "农业银行", "招商银行", "如家酒店", "汉庭酒店",
          "7天酒店", "华润万家", "沃尔玛", "永辉超市", "老百姓大药房", "中国移动", "中国电信", "中国石化", "顺丰速运", "屈臣氏", "海底捞", "必胜客", "蜜雪冰城"]
GATES = ["({d}门)", "({d}门)", "({d}大门)", "({d}{e}门)", "({d}1门)", "({d}2门)", "(正门)", "{d}门", "地下停车场", "停车场(出入口)", "售楼处", "(建设中)"]

NOTES = ["请提前打电话", "放门卫处", "送货上门", "工作日送达", "周末不在家", "到了联系收件人", "放快递柜", "不要放驿站", "转交前台", "请走货梯", "易碎品轻放",
         "麻烦送到家门口", "谢谢师傅", "下午三点后在家", "有电梯", "没人就放门口", "电话打不通请发短信", "需要验货", "发票随货寄出", "小区不让进请打电话"]

# A long and a short way to end the same name; # is a number.
SHORT_NAMES = [("花园小区", "花园"), ("小区", ""), ("住宅小区", ""), ("新村小区", "新村"), ("商务大厦", "大厦"), ("商务中心", "中心"), ("国际大酒店", "大酒店"),
               ("购物中心", "商场"), ("购物广场", "广场"), ("村民委员会", "村委会"), ("社区居民委员会", "社区居委会"), ("人民政府", "政府"), ("人民法院", "法院"),
               ("公安局派出所", "派出所"), ("汽车客运站", "汽车站"), ("火车站", "站"), ("第#中学", "#中"), ("第#小学", "#小"), ("第#人民医院", "#院"),
               ("市人民医院", "市医院"), ("高级中学", "高中"), ("中心小学", "小学"), ("科技有限公司", "科技"), ("有限公司", ""), ("农贸市场", "菜场"),
               ("工业园区", "工业园"), ("大学城校区", "大学"), ("师范大学", "师大"), ("工业大学", "工大"), ("社区卫生服务中心", "卫生中心"), ("妇幼保健院", "妇保院")]


def chinese_number(n):
    """Chinese numerals below 1,000 as house numbers, buildings and floors write them."""
    if n < 10:
        return DIGITS[n]
    if n >= 100:
        rest = n % 100
        return DIGITS[n // 100] + "百" + ("" if not rest else "零" + DIGITS[rest] if rest < 10 else DIGITS[rest // 10] + "十" + (DIGITS[rest % 10] if rest % 10 else ""))
    tens = "" if n < 20 else DIGITS[n // 10]
    return tens + "十" + (DIGITS[n % 10] if n % 10 else "")


def public_suffix(rng):
    """The end of a public place's name."""
    return rng.choice(["村", "小学", "中学", "医院", "人民医院", "镇", "新村", "社区", "公园", "广场", "小区", "车站"])


@dataclasses.dataclass
class Address:
    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    village: str = ""
    road: str = ""
    number: int = 0
    place: str = ""
    phase: int = 0
    building: str = ""
    unit: int = 0
    floor: int = 0
    room: str = ""
    shop: str = ""


class Maker:
    def __init__(self, seed, streets, villages, roads, places, characters, renames=(), parsed=()):
        self.rng = random.Random(seed)
        self.streets, self.villages, self.roads, self.places = streets, villages, roads, places
        self.characters = characters  # characters to make up names with
        self.renames = dict(renames)
        self.parsed = parsed  # real addresses, taken for a part of the pairs

    # -- parts ---------------------------------------------------------------

    def chance(self, p):
        return self.rng.random() < p

    def name(self, n=2):
        return "".join(self.rng.choice(self.characters) for _ in range(n))

    def road_name(self):
        r = self.rng
        if self.chance(.6):
            return r.choice(self.roads)
        middle = r.choice(["", "", "", "东", "西", "南", "北", "中", "一", "二", "三"])
        return self.name(r.choice([1, 2, 2, 2])) + middle + r.choice(["路", "路", "路", "街", "大道", "巷", "弄", "大街", "胡同"])

    def place_name(self):
        if self.chance(.4):
            return self.rng.choice(self.places)
        return self.name(self.rng.choice([2, 2, 2, 3, 4])) + self.rng.choice(COMPLEXES)

    def shop_name(self):
        if self.chance(.3):
            return self.rng.choice(CHAINS)
        return self.name(self.rng.choice([2, 2, 3])) + self.rng.choice(SHOPS)

    def small(self, top=40):
        return min(self.rng.randint(1, top), self.rng.randint(1, top))

    def building_name(self):
        if self.chance(.12):
            return self.rng.choice("abcdef")
        return ("abcd"[self.rng.randrange(4)] if self.chance(.06) else "") + str(self.small())

    def real_address(self):
        """A parsed address; what the writing of a candidate needs and it lacks is made up."""
        a = dataclasses.replace(self.rng.choice(self.parsed))
        if not a.village:
            a.road, a.number = a.road or self.road_name(), a.number or self.rng.randint(1, 999)
            a.building = a.building or (self.building_name() if a.place and self.chance(.25) else "")
        else:
            a.number = self.rng.randint(1, 300)
        a.shop = self.shop_name() if self.chance(.15) else ""
        return a

    def address(self):
        if self.parsed and self.chance(.4):
            return self.real_address()
        r = self.rng
        a = Address()
        if self.chance(.75):
            a.province, a.city, a.district, a.town = r.choice(self.streets)
            a.city = "" if a.city in ("市辖区", "县", "直辖县级行政区划") else a.city
        else:
            a.province, a.city, a.district, a.town, a.village = r.choice(self.villages)
            a.city = "" if a.city == a.province else a.city
        rural = bool(a.village) and self.chance(.7)
        if not rural:
            a.road, a.number, a.place = self.road_name(), r.randint(1, 30) if self.chance(.3) else r.randint(1, 999), self.place_name()
            a.place = "" if self.chance(.15) else a.place
            a.phase = r.randint(1, 4) if self.chance(.12) else 0
            a.building = self.building_name() if self.chance(.65) else ""
            a.unit = r.randint(1, 6) if self.chance(.3) else 0
            a.floor = self.small(20) if self.chance(.2) else 0
            a.room = str(r.randint(1, 25) * 100 + r.randint(1, 20)) if self.chance(.3) else ""
        else:
            a.number = r.randint(1, 300)
        a.shop = self.shop_name() if self.chance(.25) else ""
        return a

    # -- writing -------------------------------------------------------------

    def count(self, value, chinese=.2):
        """A number as it is typed: Arabic or, when small, Chinese."""
        text = str(value)
        return chinese_number(int(text)) if text.isdigit() and int(text) < 100 and self.chance(chinese) else text

    def built(self, a, chinese=.2):
        suffix = self.rng.choice(["座", "栋", "幢", "号楼"]) if a.building[:1].isalpha() else self.rng.choice(BUILDINGS)
        return self.count(a.building, chinese) + suffix

    def district(self, a):
        name = a.district
        old = {new: old for old, new in self.renames.items()}.get(name) if self.chance(.3) else None
        if old:
            return old
        return name[:-1] if len(name) > 2 and self.chance(.12) else name

    def head(self, a, p):
        """The administrative levels, each written with its chance in p."""
        out = ""
        if a.province and self.chance(p[0]):
            out += a.province if self.chance(.7) else a.province[:-1] if a.province[-1] in "省市" else a.province
        if a.city and (self.chance(p[1]) or (out and self.chance(.8))):
            out += a.city if self.chance(.85) else a.city.removesuffix("市")
        if self.chance(p[2]) or (out and self.chance(.75)):
            out += self.district(a)
        if self.chance(p[3]):
            out += a.town if self.chance(.8) else a.town.removesuffix("街道").removesuffix("镇") or a.town
        return out

    def query(self, a):
        r = self.rng
        out = self.head(a, (.35, .4, .5, .35)) if self.chance(.7) else ""
        if a.village:
            out += a.village + (self.count(a.number) + r.choice(["号", "号", "组", "社"]) if a.number and not a.road and self.chance(.6) else "")
        if a.road and (not a.place or self.chance(.7)):
            out += a.road
            if not a.place or self.chance(.75):
                out += self.count(a.number, .08) + "号"
        if a.place:
            out += a.place + (self.count(a.phase, .5) + r.choice(["期", "区"]) if a.phase else "")
        if a.building:
            out += self.built(a)
        if a.unit:
            out += self.count(a.unit, .4) + "单元"
        if a.floor:
            out += self.count(a.floor, .3) + r.choice(["楼", "层", "f"])
        if a.room:
            out += a.room + r.choice(["", "室", "室"])
        return out + a.shop + (r.choice(["旁", "附近", "对面", "楼下", "前台", "门口", "收"]) if self.chance(.05) else "")

    def where(self, a):
        """How a map says where a place is: a house number or a crossing."""
        r = self.rng
        if a.road and self.chance(.55):
            return a.road + (f"{a.number}号" if self.chance(.85) else "") + ("附近" if self.chance(.08) else "")
        if a.road and self.chance(.5):
            other, way = self.road_name(), r.choice(DIRECTIONS) + r.choice(["", "", "北", "南"])
            roads = [a.road, other] if self.chance(.5) else [other, a.road]
            return f"{roads[0]}与{roads[1]}交叉口" + (f"{way}{r.choice([50, 100, 150, 200])}米" if self.chance(.8) else "")
        if a.road and self.chance(.4):
            return f"{a.road}{r.choice(DIRECTIONS)}{r.choice([50, 100, 150, 200])}米"
        return ""

    def candidate(self, a):
        r = self.rng
        head = self.head(a, (.02, .05, .45, .25)) if self.chance(.6) else ""
        if a.village and not a.road:
            return (self.district(a) if self.chance(.7) else a.town if self.chance(.5) else "") + a.village + (f"{a.number}号" if a.shop or self.chance(.2) else "") + a.shop
        where = self.where(a) if a.place else a.road + f"{a.number}号"
        core = a.place + (self.count(a.phase, .2) + r.choice(["期", "区"]) if a.phase else "")
        if a.building:
            core = core + self.built(a, .05) + (core + self.built(a, 0) if core and self.chance(.25) else "")
            core += self.count(a.unit, 0) + "单元" if a.unit and self.chance(.15) else ""
        elif core and self.chance(.1):
            core += core
        shop = a.shop + (f"({a.road or a.place}店)" if self.chance(.3) else "") if a.shop else ""
        return head + where + core + shop

    # -- changing ------------------------------------------------------------

    def other_number(self, n, top):
        choices = {n + d for d in (-10, -2, -1, 1, 2, 10)} | {self.rng.randint(1, top), int(str(n)[::-1]), int(str(n) + str(self.rng.randint(0, 9)))}
        return self.rng.choice(sorted(c for c in choices if 0 < c != n))

    def other_building(self, name):
        if name.isdigit():
            return str(self.other_number(int(name), 40))
        return self.rng.choice([c for c in "abcdefg" if c != name[0]]) + name[1:]

    def turned(self, text):
        """The text with one direction, or one Chinese ordinal, changed; None where it has none."""
        spots = [i for i, ch in enumerate(text) if ch in DIRECTIONS or ch in "一二三四五六"]
        if not spots:
            return None
        i = self.rng.choice(spots)
        pool = DIRECTIONS if text[i] in DIRECTIONS else "一二三四五六"
        return text[:i] + self.rng.choice([c for c in pool if c != text[i]]) + text[i + 1:]

    def other_name(self, text):
        """A different name that looks alike: one or two characters exchanged, or the same ending after another name."""
        if len(text) > 3 and self.chance(.75):
            i = self.rng.randrange(0, max(1, len(text) - 2))
            n = self.rng.choice([1, 1, 2])
            changed = text[:i] + self.name(n) + text[i + n:]
        else:
            changed = self.name(2) + text[-2:] if len(text) > 2 else self.name(2)
        return changed if changed != text else self.name(3)

    def elsewhere(self, a):
        """A different place in nearly the same words."""
        b = dataclasses.replace(a)
        kinds = (["place"] * 5 + ["road with place"] * 2 if a.place else ["road"] * 2 + ["number"] * 3) if not a.village else ["village"] * 3 + ["town"]
        kind = self.rng.choice(kinds + (["shop"] if a.shop else []) + ["turn"] * 2 + ["region"])
        if kind in ("place", "road with place"):
            b.place = self.other_name(a.place)
            if kind == "place" and self.chance(.7):
                b.road, b.number = self.road_name(), self.rng.randint(1, 999)
            if self.chance(.4):
                b.building = a.building
        elif kind == "road":
            b.road = self.other_name(a.road)
        elif kind == "number":
            b.number = self.other_number(a.number, 999)
        elif kind == "village":
            b.village = self.other_name(a.village)
        elif kind == "shop":
            b.shop, b.road, b.number = (a.shop if self.chance(.6) else self.shop_name()), self.road_name(), self.rng.randint(1, 999)
            b.place = "" if self.chance(.5) else self.place_name()
        elif kind == "turn":
            field = self.rng.choice(["place", "road"]) if a.place else "village" if a.village else "road"
            text = self.turned(getattr(a, field)) if getattr(a, field) else None
            if text is None or (field == "road" and a.place):
                b.place, b.road = (self.other_name(a.place) if a.place else ""), self.other_name(a.road or "中山路")
                b.village = self.other_name(a.village) if a.village else ""
            else:
                setattr(b, field, text)
                if field == "place":
                    b.road, b.number = self.road_name(), self.rng.randint(1, 999)
        if kind in ("region", "town"):
            b.province, b.city, b.district, b.town = self.rng.choice(self.streets)
            b.city = "" if b.city == "市辖区" else b.city
            b.road, b.number = (self.road_name(), self.rng.randint(1, 999)) if b.road else ("", b.number)
            return b.district + self.candidate(b)
        return self.candidate(b)

    def nearby(self, a):
        """A place that contains, adjoins or belongs to the same address without being it."""
        b = dataclasses.replace(a, shop="")
        kinds = ["gate", "gate"] if a.place else []
        kinds += ["no building"] * 3 + ["other building"] * 3 if a.building and a.place else []
        kinds += ["other phase"] if a.phase else []
        kinds += ["road"] if a.road else ["village"]
        kinds += ["other shop", "no shop"] if a.shop else ["shop added"]
        kind = self.rng.choice(kinds)
        if kind == "gate":
            b.building = a.building if self.chance(.1) else ""
            d, e = self.rng.choice("东西"), self.rng.choice("南北")
            gate = self.rng.choice(GATES).format(d=self.rng.choice([d, e]), e=e)
            return self.candidate(b) + gate
        if kind == "no building":
            b.building = ""
        elif kind == "other building":
            b.building = self.other_building(a.building)
        elif kind == "other phase":
            b.phase = a.phase % 4 + 1
        elif kind == "road":
            return (self.district(a) if self.chance(.7) else "") + a.road
        elif kind == "village":
            return self.district(a) + a.village if not a.shop else self.candidate(b)
        elif kind in ("other shop", "shop added"):
            b.shop = self.shop_name()
        return self.candidate(b)

    def pair(self):
        a = self.address()
        relation = self.rng.choice([NOT, NOT, PARTIAL, EXACT])
        if relation == EXACT and a.phase and self.chance(.5):
            a.phase = 0
        left = self.query(a)
        if relation == NOT:
            right = self.elsewhere(a)
        elif relation == PARTIAL:
            right = self.nearby(a)
        else:
            right = self.query(a) if self.chance(.2) else self.candidate(a)
        if not left or not right:
            return self.pair()
        if self.chance(.004):
            return self.rng.choice([(left, "", NOT), ("", right, NOT)])
        if self.chance(.02):
            left, right = (left + self.note(), right) if self.chance(.5) else (left, right + self.note())
        return self.rough(left), self.rough(right, .01), relation

    # -- the last stage's pairs: house numbers, numerals, districts ------------------

    def strict_pair(self):
        """A short pair that turns on one number or on the district, (text, text, label index)."""
        r, a = self.rng, self.address()
        a.town = a.village = a.unit = a.floor = a.room = a.shop = ""
        a.road, a.number = a.road or self.road_name(), a.number or r.randint(1, 999)
        kind = r.choice(["number", "number", "numeral", "district", "floor", "short name"])
        if kind == "district":
            return self.two_cities(a) if self.chance(.3) else self.two_districts(a)
        if kind == "floor":
            return self.two_floors(a)
        if kind == "short name":
            return self.short_name(a)
        head = r.choice([("", ""), ("", ""), (a.district, ""), (a.city + a.district, a.district), (a.district, a.district)])
        if kind == "number":
            left, change = f"{a.road}{{}}号", 999
            value = a.number
        else:
            a.place = a.place or self.place_name()
            left, value, change = r.choice([(f"{a.place}{{}}" + r.choice(BUILDINGS[:6]), self.small(60), 60), (f"{a.road}{{}}号", r.randint(1, 400), 400),
                                            (f"{a.place}{{}}期", r.randint(1, 5), 5), (f"{self.name()}{{}}" + r.choice(["路", "街", "村", "组"]), r.randint(1, 9), 9)])
        same = self.chance(.45)
        other = value if same else self.other_number(value, change)
        chinese = kind == "numeral"
        texts = [head[0] + left.format(value), head[1] + left.format(chinese_number(other) if chinese and other < 1000 else other)]
        relation = EXACT if same else PARTIAL if a.place and left.startswith(a.place) else NOT
        if kind == "number" and a.place and self.chance(.3):
            texts = [t + a.place for t in texts]
            relation = EXACT if same else PARTIAL
        r.shuffle(texts)
        return texts[0], texts[1], relation

    def two_floors(self, a):
        """The same floor of a building in other words, or two floors."""
        r, same = self.rng, self.chance(.45)
        first = self.small(30)
        second = first if same else self.other_number(first, 30)
        where = r.choice([a.place, f"{a.road}{a.number}号"]) or f"{a.road}{a.number}号"
        shop = self.shop_name() if self.chance(.2) else ""
        texts = [where + self.count(n, .3) + r.choice(["层", "楼", "f"]) + shop for n in (first, second)]
        r.shuffle(texts)
        return texts[0], texts[1], EXACT if same else PARTIAL

    def short_name(self, a):
        """A name and its short form, of one place or of two."""
        r = self.rng
        n = self.small(20)
        long, short = r.choice(SHORT_NAMES)
        name, other = self.name(r.choice([2, 2, 3])), self.name(2)
        head = r.choice(["", "", a.district, f"{a.road}{a.number}号"])
        same = self.chance(.65)
        texts = [head + (name + long).replace("#", chinese_number(n)), (name if same else other) + short.replace("#", chinese_number(n))]
        if self.chance(.3):
            texts[1] = head + texts[1]
        r.shuffle(texts)
        return texts[0], texts[1], EXACT if same else NOT

    def two_cities(self, a):
        """The same words in two cities, with a district of the same name or none."""
        r = self.rng
        cities = [s[1] for s in r.choices(self.streets, k=40) if s[1].endswith("市")]
        rest = r.choice([f"{a.road}{a.number}号", a.place or a.road, "人民路" + str(a.number) + "号"])
        rest = (a.district if a.district.endswith("区") and self.chance(.6) else "") + rest
        first = r.choice(cities)
        second = first if self.chance(.35) else r.choice([c for c in cities if c != first] or ["南京市"])
        short = (lambda c: c[:-1] if self.chance(.2) else c)
        return short(first) + rest, short(second) + rest, EXACT if first == second else NOT

    def two_districts(self, a):
        """The same road or name in one district, which is written fully or in part, or in two."""
        r, rest = self.rng, self.rng.choice([f"{a.road}{a.number}号", a.place or a.road, self.name(2) + public_suffix(self.rng)])
        a.city = "" if a.city == "市辖区" else a.city
        if self.chance(.4):
            return r.choice([a.city, ""]) + a.district + rest, r.choice([a.district, a.district, a.city + a.district, a.province + a.city + a.district]) + rest, EXACT
        province, city, district, _ = r.choice([s for s in r.choices(self.streets, k=40) if s[2] != a.district])
        if city in ("市辖区", "县", "省直辖县级行政区划") or not a.city or self.chance(.6):
            return a.district + rest, district + rest, NOT
        return a.city + a.district + rest, city + district + rest, NOT

    def note(self):
        """What senders add that says nothing of the place, sometimes at great length."""
        notes = [self.rng.choice(NOTES) for _ in range(self.rng.choice([1, 1, 2, 4, 8]))]
        return "(" + ",".join(notes) + ")"

    def rough(self, text, p=.02):
        """A few typing slips."""
        if len(text) > 8 and self.chance(p * 4):
            i = self.rng.randrange(len(text))
            text = text[:i] + text[i + 1:]
        if self.chance(p):
            i = self.rng.randrange(len(text) + 1)
            text = text[:i] + self.rng.choice([" ", ",", "-", "."]) + text[i:]
        return text
