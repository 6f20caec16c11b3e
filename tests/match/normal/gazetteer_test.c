/* SPDX-License-Identifier: Apache-2.0 */
/* Every place that the gazetteer holds is known by its own name. */
#include "match/normal/normal_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LINE = 8192, NAME = 128, LEVELS = 3 };

/* The places that the line in hand lies in. */
typedef struct places {
    char names[LEVELS][NAME];
    unsigned codes[LEVELS];
    mgi_normal_form form;
    size_t seen;
} places;

/* Expects the last piece of what names it to be the place. */
static void expect_place(places *self, const char *name, unsigned code) {
    mgi_normal_form *form = &self->form;
    assert_int_equal(mgi_normal_form_make(form, name, strlen(name)), MGI_NORMAL_OK);
    assert_true(form->piece_count > 0);
    const mgi_normal_piece *last = &form->pieces[form->piece_count - 1];
    if (last->kind != MGI_NORMAL_PLACE || last->place != code) print_error("%s\n", name);
    assert_int_equal(last->kind, MGI_NORMAL_PLACE);
    assert_int_equal(last->place, code);
    for (size_t i = 0; i < form->piece_count; i++) {
        assert_int_equal(form->pieces[i].kind, MGI_NORMAL_PLACE);
    }
    self->seen++;
}

static void whole_name(const places *self, const char *end, char *name, size_t size) {
    snprintf(name, size, "%s%s%s%s", self->names[0], self->names[1], self->names[2], end);
}

/* "110101 东城区|…" */
static void read_area(places *self, char *line) {
    char *name = NULL;
    unsigned code = (unsigned)strtoul(line, &name, 10);
    size_t level = code % 10000 == 0 ? 0 : code % 100 == 0 ? 1 : 2;
    if (level == 2 && self->codes[1] / 100 != code / 100) self->names[1][0] = '\0';
    for (size_t i = level; i < LEVELS; i++) {
        self->names[i][0] = '\0';
    }
    name[strcspn(name, "|\n")] = '\0';
    snprintf(self->names[level], NAME, "%s", name + 1);
    self->codes[level] = code;
    char whole[LEVELS * NAME];
    whole_name(self, "", whole, sizeof whole);
    expect_place(self, whole, code);
    self->codes[2] = code;
}

/* "\t001东华门街道 002景山街道" */
static void read_towns(places *self, char *line) {
    char *rest = NULL;
    for (char *town = strtok_r(line, "\t \n", &rest); town != NULL;
         town = strtok_r(NULL, "\t \n", &rest)) {
        char *name = NULL;
        char digits[] = {town[0], town[1], town[2], '\0'};
        unsigned code = self->codes[2] * 1000 + (unsigned)strtoul(digits, &name, 10);
        char whole[(LEVELS + 1) * NAME];
        whole_name(self, town + 3, whole, sizeof whole);
        expect_place(self, whole, code);
    }
}

static void every_place_names_itself(void **state) {
    (void)state;
    static char line[LINE];
    FILE *file = fopen(MGI_SOURCE_ROOT "/lib/match/normal/data/places.txt", "r");
    assert_non_null(file);
    places self = {0};
    while (fgets(line, sizeof line, file) != NULL) {
        assert_non_null(strchr(line, '\n'));
        if (line[0] == '\t') {
            read_towns(&self, line);
        } else if (line[0] != '#') {
            read_area(&self, line);
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_true(self.seen > 40000);
    mgi_normal_form_finish(&self.form);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_names_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
