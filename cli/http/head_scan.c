/* SPDX-License-Identifier: Apache-2.0 */
/* Line ends, controls, the request line's form, and sizes: what framing hangs on is judged here
 * before anybody interprets it. */
#include "http/head_scan.h"

bool refusal_set(struct refusal *why, int status, const char *code, const char *sentence) {
    *why = (struct refusal){.status = status, .code = code, .sentence = sentence};
    return false;
}

static bool refuse_size(struct refusal *why, int status, const char *code, const char *sentence,
                        size_t limit) {
    refusal_set(why, status, code, sentence);
    why->limit = limit;
    return false;
}

static bool is_token_byte(unsigned char byte) {
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')) return true;
    if (byte >= 'a' && byte <= 'z') return true;
    return byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

bool head_scan_is_token(struct http_slice text) {
    for (size_t i = 0; i < text.length; i++) {
        if (!is_token_byte((unsigned char)text.at[i])) return false;
    }
    return text.length > 0;
}

/* ---- the request line ------------------------------------------------------------------------ */

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

static bool check_version(struct http_slice version, struct refusal *why) {
    bool sound = version.length == 8 && memcmp(version.at, "HTTP/", 5) == 0 &&
                 is_digit(version.at[5]) && version.at[6] == '.' && is_digit(version.at[7]);
    if (!sound) {
        return refusal_set(why, 400, "bad_request_line",
                           "the request line does not end in a blank and HTTP/1.1");
    }
    if (version.at[5] != '1' || version.at[7] > '1') {
        return refusal_set(why, 505, "bad_version", "speak HTTP/1.1 or HTTP/1.0");
    }
    return true;
}

/* METHOD, a blank, the target, a blank, HTTP/1.x: nothing else is a request line. */
static bool check_request_line(struct http_slice line, struct refusal *why) {
    const char *end = line.at + line.length;
    const char *first = memchr(line.at, ' ', line.length);
    struct http_slice method = {line.at, first != NULL ? (size_t)(first - line.at) : line.length};
    if (!head_scan_is_token(method)) {
        return refusal_set(why, 400, "bad_request_line",
                           "the request line does not begin with a method");
    }
    if (first == NULL || first + 1 == end || first[1] == ' ') {
        return refusal_set(why, 400, "bad_request_line", "the request line has no target");
    }
    const char *second = memchr(first + 1, ' ', (size_t)(end - first - 1));
    if (second == NULL) {
        return refusal_set(why, 505, "bad_version",
                           "the request line has no version; speak HTTP/1.1 or HTTP/1.0");
    }
    return check_version((struct http_slice){second + 1, (size_t)(end - second - 1)}, why);
}

void head_scan_request_line(const char *line, struct http_slice *method, struct http_slice *target,
                            int *minor) {
    const char *first = strchr(line, ' ');
    const char *second = strchr(first + 1, ' ');
    *method = (struct http_slice){line, (size_t)(first - line)};
    *target = (struct http_slice){first + 1, (size_t)(second - first - 1)};
    *minor = second[8] - '0';
}

/* ---- bytes and lines ------------------------------------------------------------------------- */

static bool check_byte(const struct head_scan *scan, unsigned char byte, struct refusal *why) {
    if (scan->lines == 0) {
        if (byte >= 0x20 && byte < 0x7F) return true;
        return refusal_set(why, 400, "bad_request_line",
                           "the request line holds a byte that is not printable ASCII");
    }
    if (scan->line == 0 && (byte == ' ' || byte == '\t')) {
        return refusal_set(why, 400, "bad_header",
                           "a header's line begins with a blank; folded lines are obsolete");
    }
    if ((byte >= 0x20 && byte != 0x7F) || byte == '\t') return true;
    return refusal_set(why, 400, "bad_header", "a header holds a control character");
}

/* The line's end was read; the line lies before it. */
static bool end_line(struct head_scan *scan, struct http_slice head, size_t most_headers,
                     struct refusal *why) {
    struct http_slice line = {head.at + scan->bytes - scan->line - 1, scan->line};
    bool first = scan->lines == 0;
    scan->lines++;
    scan->line = 0;
    if (first) return check_request_line(line, why);
    if (line.length > 0 && scan->lines - 1 > most_headers) {
        return refuse_size(why, 431, "too_many_headers", "a request has at most %zu headers",
                           most_headers);
    }
    return true;
}

static bool check_size(const struct head_scan *scan, size_t most_bytes, struct refusal *why) {
    if (scan->bytes < most_bytes) return true;
    if (scan->lines == 0) {
        return refuse_size(why, 414, "target_too_long", "a request line has at most %zu bytes",
                           most_bytes);
    }
    return refuse_size(why, 431, "head_too_large",
                       "request line and headers have at most %zu bytes together", most_bytes);
}

/* One byte, which is at scan->bytes. False: refused. */
static bool take(struct head_scan *scan, struct http_slice head, size_t most_headers,
                 struct refusal *why) {
    char byte = head.at[scan->bytes];
    if (scan->carriage_return) {
        scan->carriage_return = false;
        if (byte == '\n') return end_line(scan, head, most_headers, why);
        return refusal_set(why, 400, "bad_line_end", "a carriage return stands without line feed");
    }
    scan->carriage_return = byte == '\r';
    if (byte == '\r') return true;
    if (byte == '\n') {
        return refusal_set(why, 400, "bad_line_end", "a line feed stands without carriage return");
    }
    if (!check_byte(scan, (unsigned char)byte, why)) return false;
    scan->line++;
    return true;
}

enum head_scan_result head_scan(struct head_scan *scan, struct http_slice head, size_t most_bytes,
                                size_t most_headers, struct refusal *why) {
    while (scan->bytes < head.length) {
        bool line_was_empty = scan->line == 0;
        size_t lines = scan->lines;
        if (!check_size(scan, most_bytes, why)) return HEAD_SCAN_REFUSED;
        if (!take(scan, head, most_headers, why)) return HEAD_SCAN_REFUSED;
        scan->bytes++;
        if (scan->lines > lines && lines > 0 && line_was_empty) return HEAD_SCAN_COMPLETE;
    }
    return HEAD_SCAN_MORE;
}
