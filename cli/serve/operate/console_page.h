/* SPDX-License-Identifier: Apache-2.0 */
/* console.html as bytes, written by embed_console.py. */
#ifndef CLI_SERVE_OPERATE_CONSOLE_PAGE_H
#define CLI_SERVE_OPERATE_CONSOLE_PAGE_H

#include <stddef.h>

extern const char console_page[];
extern const size_t console_page_length;
extern const char console_page_policy[]; /* for Content-Security-Policy: names its scripts */

#endif
