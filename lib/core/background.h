/* SPDX-License-Identifier: Apache-2.0 */
/* Long work at low priority, so that the processors are left to scoring. */
#ifndef MGI_CORE_BACKGROUND_H
#define MGI_CORE_BACKGROUND_H

#include <stdbool.h>

/* Runs body(argument) and waits for it, in a thread of low priority if `background`. */
void mgi_background_run(bool background, void (*body)(void *), void *argument);

#endif
