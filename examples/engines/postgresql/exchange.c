/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 as mgeo-serve speaks it: heads with a Content-Length, kept connections, errors as JSON.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "connection.h"
#include "exchange.h"
#include "settings.h"

enum { READ_BYTES = 65536, HEAD_BYTES_MAX = 16384, BODY_BYTES_MAX = 64 << 20 };

/* What the head of an answer says. */
typedef struct answer_head {
    int status;
    size_t length, json_length;
    bool last; /* the server closes the connection */
} answer_head;

static void not_understood(void) {
    ereport(
        ERROR, errcode(ERRCODE_PROTOCOL_VIOLATION),
        errmsg("mgeo: what listens at %s does not answer as mgeo-serve does", mgeo_socket),
        errhint("Set mgeo.socket to a --listen address of mgeo-serve, not to that of --operate."));
}

static size_t read_size(const char *value) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (end == value || errno != 0 || number > BODY_BYTES_MAX) not_understood();
    return (size_t)number;
}

static void read_header(const char *name, const char *value, answer_head *head,
                        exchange_answer *answer) {
    if (pg_strcasecmp(name, "Content-Length") == 0) {
        head->length = read_size(value);
    } else if (pg_strcasecmp(name, "Inference-Header-Content-Length") == 0) {
        head->json_length = read_size(value);
    } else if (pg_strcasecmp(name, "Connection") == 0) {
        head->last = pg_strcasecmp(value, "close") == 0;
    } else if (pg_strcasecmp(name, "X-Model-Version") == 0) {
        strlcpy(answer->version, value, sizeof answer->version);
    } else if (pg_strcasecmp(name, "X-Model-Generation") == 0) {
        answer->generation = (int64)strtoll(value, NULL, 10);
    }
}

/* The head's lines, which are cut apart. */
static answer_head read_head(char *text, exchange_answer *answer) {
    answer_head head = {0};
    if (sscanf(text, "HTTP/1.1 %d", &head.status) != 1) not_understood();
    for (char *line = strstr(text, "\r\n"); line != NULL;) {
        char *name = line + 2, *value = strchr(name, ':');
        line = strstr(name, "\r\n");
        if (line != NULL) *line = '\0';
        if (value == NULL) continue;
        *value++ = '\0';
        read_header(name, value + strspn(value, " \t"), &head, answer);
    }
    return head;
}

/* Reads until the head is whole; answers its length with the empty line, 0: the connection is lost.
 */
static size_t receive_head(StringInfo text, TimestampTz deadline) {
    for (;;) {
        char *end = strstr(text->data, "\r\n\r\n");
        if (end != NULL) return (size_t)(end - text->data) + 4;
        if (text->len > HEAD_BYTES_MAX) not_understood();
        enlargeStringInfo(text, READ_BYTES);
        size_t received = connection_receive(text->data + text->len, READ_BYTES, deadline);
        if (received == 0) return 0;
        text->len += (int)received;
        text->data[text->len] = '\0';
    }
}

/* False: the connection was lost before the answer was whole. */
static bool receive_answer(answer_head *head, exchange_answer *answer, TimestampTz deadline) {
    StringInfo body = &answer->body;
    resetStringInfo(body);
    size_t begin = receive_head(body, deadline);
    if (begin == 0) return false;
    body->data[begin - 2] = '\0';
    *head = read_head(body->data, answer);
    if (head->json_length > head->length) not_understood();
    while ((size_t)body->len < begin + head->length) {
        size_t missing = begin + head->length - (size_t)body->len;
        enlargeStringInfo(body, (int)missing);
        size_t received = connection_receive(body->data + body->len, missing, deadline);
        if (received == 0) return false;
        body->len += (int)received;
    }
    if ((size_t)body->len > begin + head->length) not_understood();
    memmove(body->data, body->data + begin, head->length);
    body->len = (int)head->length;
    body->data[body->len] = '\0';
    return true;
}

/* The sentence in the body of an error, in the database's encoding; NULL: there is none. */
static char *error_text(const exchange_answer *answer) {
    if (answer->body.len == 0 || answer->body.data[0] != '{') return NULL;
    char *json = pg_any_to_server(answer->body.data, answer->body.len, PG_UTF8);
    LOCAL_FCINFO(call, 2);
    InitFunctionCallInfoData(*call, NULL, 2, InvalidOid, NULL, NULL);
    call->args[0].value = CStringGetTextDatum(json);
    call->args[1].value = CStringGetTextDatum("error");
    call->args[0].isnull = call->args[1].isnull = false;
    Datum sentence = json_object_field_text(call);
    return call->isnull ? NULL : TextDatumGetCString(sentence);
}

static const char *hint_of(int status) {
    switch (status) {
    case 404: return "Set mgeo.model to the server's --model-name.";
    case 413: return "Lower mgeo.batch_pairs, or raise the server's --max-body.";
    case 422: return "Lower mgeo.batch_pairs, or raise the server's --max-pairs.";
    case 429: return "Raise the server's --max-queue, or let fewer backends ask at once.";
    default: return "Look at the server's log, or ask its /health.";
    }
}

static void refused(const answer_head *head, const exchange_answer *answer) {
    const char *text = error_text(answer);
    bool busy = head->status == 429 || head->status == 503;
    ereport(ERROR,
            errcode(busy ? ERRCODE_INSUFFICIENT_RESOURCES : ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
            errmsg("mgeo: mgeo-serve answers %d: %s", head->status,
                   text != NULL ? text : "without a reason"),
            errhint("%s", hint_of(head->status)));
}

static void write_request(StringInfo request, const char *path, size_t json_length,
                          const StringInfoData *body, TimestampTz deadline) {
    long left = connection_milliseconds_left(deadline);
    resetStringInfo(request);
    appendStringInfo(
        request,
        "POST %s HTTP/1.1\r\nHost: mgeo\r\nUser-Agent: postgresql\r\nContent-Length: %d\r\n"
        "Inference-Header-Content-Length: %zu\r\n",
        path, body->len, json_length);
    if (left > 0) appendStringInfo(request, "X-Request-Timeout: %ldms\r\n", left);
    appendStringInfoString(request, "Content-Type: application/octet-stream\r\n\r\n");
    appendBinaryStringInfo(request, body->data, body->len);
}

static void post(const char *path, size_t json_length, const StringInfoData *body,
                 exchange_answer *answer) {
    StringInfoData request;
    answer_head head;
    TimestampTz deadline = connection_deadline();
    initStringInfo(&request);
    for (;;) {
        bool fresh = connection_open(deadline);
        write_request(&request, path, json_length, body, deadline);
        /* What the server has said before it closed the connection is worth reading. */
        connection_send(request.data, (size_t)request.len, deadline);
        if (receive_answer(&head, answer, deadline)) break;
        connection_close();
        if (fresh) {
            ereport(ERROR, errcode(ERRCODE_CONNECTION_FAILURE),
                    errmsg("mgeo: the server at %s closed the connection before it answered",
                           mgeo_socket),
                    errhint("Try again: mgeo-serve may have been stopped meanwhile."));
        }
    }
    pfree(request.data);
    if (head.last) connection_close();
    answer->json_length = head.json_length;
    if (head.status != 200) refused(&head, answer);
}

void exchange_post(const char *path, size_t json_length, const StringInfoData *body,
                   exchange_answer *answer) {
    memset(answer, 0, sizeof *answer);
    initStringInfo(&answer->body);
    /* Half an answer must not meet the next request. */
    PG_TRY();
    { post(path, json_length, body, answer); }
    PG_CATCH();
    {
        connection_close();
        PG_RE_THROW();
    }
    PG_END_TRY();
}
