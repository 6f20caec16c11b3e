/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that only goes forward. */
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_clock_goes_forward(void **state) {
    (void)state;
    double before = mgi_clock_now();
    for (int i = 0; i < 1000; i++) {
        double now = mgi_clock_now();
        assert_true(now >= before);
        before = now;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
