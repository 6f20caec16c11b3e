/* SPDX-License-Identifier: Apache-2.0 */
/* Added tokens, and a text that they are looked for in.
 *
 * Each token is a byte of flags, a byte of length and its text; a length of 0 ends them, and the
 * text in which they are looked for follows. */
#include "text/added_tokens.h"

#include "library.h"
#include "utf8.h"

enum { MOST_TOKENS = 8, FIRST_ID = 100 };

struct plan {
    mgi_added_token tokens[MOST_TOKENS];
    char texts[MOST_TOKENS][256];
    size_t count;
    const char *text; /* that they are looked for in */
    size_t bytes;
};

struct found {
    const struct plan *plan;
    size_t of[MOST_TOKENS];
};

/* Texts of tokens are UTF-8 without NUL, as JSON gives them. */
static bool take_token(struct plan *plan, const uint8_t *data, size_t length, uint8_t flags) {
    if (!fuzz_is_utf8(data, length) || memchr(data, '\0', length) != NULL) return false;
    memcpy(plan->texts[plan->count], data, length);
    plan->tokens[plan->count] = (mgi_added_token){
        .text = plan->texts[plan->count],
        .id = FIRST_ID + (int32_t)plan->count,
        .single_word = flags & 1,
        .strips_left = (flags & 2) != 0,
        .strips_right = (flags & 4) != 0,
        .normalized = (flags & 8) != 0,
        .special = (flags & 16) != 0,
        .is_text = (flags & 32) != 0,
    };
    plan->count++;
    return true;
}

static bool make_plan(struct plan *plan, const uint8_t *data, size_t size) {
    memset(plan, 0, sizeof *plan);
    while (size >= 2 && data[1] > 0 && plan->count < MOST_TOKENS) {
        size_t length = data[1];
        if (length > size - 2 || !take_token(plan, data + 2, length, data[0])) return false;
        data += 2 + length;
        size -= 2 + length;
    }
    plan->text = (const char *)data;
    plan->bytes = size;
    return true;
}

static void take_word(void *user, const int32_t *characters, size_t count) {
    (void)user;
    FUZZ_REQUIRE(count > 0 && count <= MGI_NORMALIZER_MAX_WORD + 1, "a word of no length");
    for (size_t i = 0; i + 1 < count; i++) {
        FUZZ_REQUIRE(characters[i] > 0 && characters[i] <= 0x10FFFF, "a word of no characters");
    }
}

static void take_id(void *user, int32_t id) {
    struct found *found = user;
    FUZZ_REQUIRE(id >= FIRST_ID && (size_t)(id - FIRST_ID) < found->plan->count,
                 "an id that no token has");
    FUZZ_REQUIRE(!found->plan->tokens[id - FIRST_ID].is_text, "a token that is text is found");
    found->of[id - FIRST_ID]++;
}

static size_t count_in(const char *text, size_t bytes, const char *token) {
    size_t count = 0, length = strlen(token);
    const char *at = text;
    while ((at = memmem(at, bytes - (size_t)(at - text), token, length)) != NULL) {
        count++;
        at += length;
    }
    return count;
}

/* A token that is looked for as it is written is where its text is: nowhere else, and everywhere if
 * it is alone and may touch anything. */
static void check_found(const struct plan *plan, const struct found *found) {
    for (size_t i = 0; i < plan->count; i++) {
        const mgi_added_token *token = &plan->tokens[i];
        if (token->normalized) continue;
        size_t there = count_in(plan->text, plan->bytes, token->text);
        FUZZ_REQUIRE(found->of[i] <= there, "a token is found where it is not");
        FUZZ_REQUIRE(plan->count > 1 || token->single_word || token->is_text ||
                         found->of[i] == there,
                     "a token is not found");
    }
}

/* They take long to make: each is kept. */
static const mgi_normalizer *normalizer_of(unsigned choice) {
    static mgi_normalizer *made[16];
    const mgi_normalizer_rules rules = {.lower_case = choice & 1,
                                        .strip_accents = (choice & 2) != 0,
                                        .space_chinese = (choice & 4) != 0,
                                        .as_rust = (choice & 8) != 0};
    if (made[choice] == NULL) made[choice] = mgi_normalizer_create(&rules);
    if (made[choice] == NULL) exit(2);
    return made[choice];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct plan plan;
    if (size < 1 || !make_plan(&plan, data + 1, size - 1)) return 0;
    const mgi_normalizer *normalizer = normalizer_of(data[0] % 16);
    mgi_added_tokens *added = NULL;
    mgeo_error error = {0};
    struct found found = {.plan = &plan};
    const mgi_normalizer_receiver receiver = {take_word, NULL, &found};
    mgeo_status status =
        mgi_added_tokens_create(plan.tokens, plan.count, normalizer, "json", &added, &error);
    fuzz_check_error(status, &error);
    if (added != NULL) {
        bool valid = mgi_added_tokens_split(added, plan.text, plan.bytes, &receiver, take_id);
        FUZZ_REQUIRE(valid == fuzz_is_utf8((const uint8_t *)plan.text, plan.bytes),
                     "wrong about UTF-8");
        if (valid) check_found(&plan, &found);
        mgi_added_tokens_destroy(added);
    }
    return 0;
}
