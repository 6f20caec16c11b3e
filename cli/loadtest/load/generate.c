/* SPDX-License-Identifier: Apache-2.0 */
/* Invented Chinese addresses: two ways to write one place, or two places that look alike. The
 * lengths are those of delivery addresses, 15 to 40 characters. */
#include <stdio.h>
#include <string.h>

#include "common/random.h"
#include "loadtest/load/pair_set.h"

struct city {
    const char *province, *name;
    const char *districts[4];
};

static const struct city cities[] = {
    {"浙江省", "杭州市", {"西湖区", "余杭区", "滨江区", "拱墅区"}},
    {"广东省", "深圳市", {"南山区", "福田区", "宝安区", "龙岗区"}},
    {"江苏省", "南京市", {"鼓楼区", "玄武区", "江宁区", "建邺区"}},
    {"四川省", "成都市", {"武侯区", "锦江区", "青羊区", "高新区"}},
    {"山东省", "青岛市", {"市南区", "城阳区", "崂山区", "黄岛区"}},
    {"湖北省", "武汉市", {"洪山区", "江汉区", "武昌区", "汉阳区"}},
    {"陕西省", "西安市", {"雁塔区", "碑林区", "未央区", "莲湖区"}},
    {"福建省", "厦门市", {"思明区", "湖里区", "集美区", "海沧区"}},
};
static const char *const roads[] = {"文三路",   "人民路",   "解放大道", "建国门外大街",
                                    "科技园路", "中山北路", "环城西路", "长江路",
                                    "天府大道", "学院路",   "滨河大道", "新华街"};
static const char *const estates[] = {"阳光花园", "万科城市花园", "金色家园", "碧桂园",
                                      "绿地中心", "保利香槟",     "银河大厦", "创新科技园"};

#define CHOOSE(random, list) (list)[random_below(random, sizeof(list) / sizeof *(list))]

struct place {
    const struct city *city;
    const char *district, *road, *estate;
    unsigned number, block, floor, room;
};

static struct place invent(struct random *random) {
    struct place place;
    place.city = &CHOOSE(random, cities);
    place.district = place.city->districts[random_below(random, 4)];
    place.road = CHOOSE(random, roads);
    place.estate = CHOOSE(random, estates);
    place.number = 1 + random_below(random, 399);
    place.block = 1 + random_below(random, 40);
    place.floor = 1 + random_below(random, 30);
    place.room = 1 + random_below(random, 8);
    return place;
}

static int write_whole(const struct place *place, char *to, size_t capacity) {
    return snprintf(to, capacity, "%s%s%s%s%u号%s%u幢%u%02u室", place->city->province,
                    place->city->name, place->district, place->road, place->number, place->estate,
                    place->block, place->floor, place->room);
}

static int write_short(const struct place *place, struct random *random, char *to,
                       size_t capacity) {
    static const char *const blocks[] = {"栋", "号楼", "幢", "座"};
    const char *city = random_below(random, 2) == 0 ? place->city->name : "";
    const char *road = random_below(random, 3) == 0 ? "" : place->road;
    return snprintf(to, capacity, "%s%s%s%s%u%s%u层%u%02u", city, place->district, road,
                    place->estate, place->block, CHOOSE(random, blocks), place->floor, place->floor,
                    place->room);
}

/* Half of the pairs are one place; the others differ in one part. */
static struct place vary(struct place place, struct random *random) {
    switch (random_below(random, 6)) {
    case 0: place.block += 1 + random_below(random, 5); break;
    case 1: place.estate = CHOOSE(random, estates); break;
    case 2: place.road = CHOOSE(random, roads); break;
    default: break;
    }
    return place;
}

void pair_set_generate(struct pair_set *set, uint64_t seed) {
    struct random random = {seed};
    memset(set, 0, sizeof *set);
    for (int i = 0; i < PAIR_SET_GENERATED; i++) {
        char a[512], b[512];
        struct place place = invent(&random), other = vary(place, &random);
        int a_length = write_whole(&place, a, sizeof a);
        int b_length = write_short(&other, &random, b, sizeof b);
        pair_set_add(set, a, (size_t)a_length, b, (size_t)b_length);
    }
}
