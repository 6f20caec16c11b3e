/* SPDX-License-Identifier: Apache-2.0 */
/* Splits "http://HOST:PORT/PATH". */
#ifndef CLI_CTL_URL_H
#define CLI_CTL_URL_H

#include <stdbool.h>

#include "common/error.h"

struct url {
    char server[300]; /* "127.0.0.1:8080", as listener_connect reads it */
    char path[512];   /* "/readyz"; `path` of url_read where none was given */
};

bool url_read(struct url *url, const char *text, const char *path, struct error *error);

#endif
