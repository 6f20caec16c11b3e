/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a URL that a plain request needs. */
#include "ctl/url.h"

#include <stdio.h>
#include <string.h>

static const char scheme[] = "http://";

static bool is_plain(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == '#' || *text == '@') {
            return false;
        }
    }
    return true;
}

/* Whether "[::1]:8080" or "host:8080" names a port. */
static bool names_port(const char *server) {
    const char *bracket = strrchr(server, ']');
    return strchr(bracket != NULL ? bracket : server, ':') != NULL;
}

bool url_read(struct url *url, const char *text, const char *path, struct error *error) {
    bool sound = strncmp(text, scheme, sizeof scheme - 1) == 0 && is_plain(text);
    const char *server = sound ? text + sizeof scheme - 1 : "";
    size_t length = strcspn(server, "/?");
    if (!sound || length == 0 || length > 255 || strlen(server + length) >= sizeof url->path ||
        server[length] == '?') {
        return error_set(error, "--url %s: give one as http://127.0.0.1:8080", text);
    }
    snprintf(url->server, sizeof url->server, "%.*s", (int)length, server);
    if (!names_port(url->server)) strcat(url->server, ":80");
    bool none = server[length] == '\0' || strcmp(server + length, "/") == 0;
    snprintf(url->path, sizeof url->path, "%s", none ? path : server + length);
    return true;
}
