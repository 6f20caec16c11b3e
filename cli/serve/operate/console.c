/* SPDX-License-Identifier: Apache-2.0 */
/* Serves the console's page, which was made part of the program when it was built. */
#include "serve/operate/console_page.h"
#include "serve/operate/route.h"

/* The page talks to this server alone, and runs the scripts that were in it at the build. */
void console_show(struct operate_call *call) {
    call->answer.status = 200;
    call->answer.content_type = "text/html; charset=utf-8";
    string_buffer_add(&call->answer.body, console_page, console_page_length);
    http_answer_header(&call->answer, "Content-Security-Policy", console_page_policy);
    http_answer_header(&call->answer, "X-Content-Type-Options", "nosniff");
    http_answer_header(&call->answer, "X-Frame-Options", "DENY");
    http_answer_header(&call->answer, "Referrer-Policy", "no-referrer");
}
