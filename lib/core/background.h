/* SPDX-License-Identifier: Apache-2.0 */
/* Work that must leave the processors to scoring. */
#ifndef MGI_CORE_BACKGROUND_H
#define MGI_CORE_BACKGROUND_H

#include <stdbool.h>

/* Runs body(argument) and waits for it, in a thread of low priority if `aside`. */
void mgi_background_run(bool aside, void (*body)(void *), void *argument);

#endif
