/* SPDX-License-Identifier: Apache-2.0 */
/* Names what a file is by its first bytes, where it is not what its name says. */
#include "core/bytes/foreign_bytes.h"

#include <string.h>
#include <strings.h>

#define PACKED "unpack it first"
#define AGAIN "what a server answered instead of the file: download it again"
#define LOCKED "decrypt it first"
#define CONVERT "export the model as safetensors with the library that wrote it"

static const struct {
    const char *bytes;
    size_t count;
    const char *name;
} marks[] = {
#define MARK(bytes, name)                                                                          \
    { (bytes), sizeof(bytes) - 1, (name) }
    MARK("version https://git-lfs.github.com/spec/",
         "a Git LFS pointer, and not the file itself: fetch it with git lfs pull"),
    MARK("oid sha256:", "a Git LFS pointer, and not the file itself: fetch it with git lfs pull"),
    MARK("# xet version", "a Xet pointer, and not the file itself: fetch it with git xet"),
    MARK("\x1F\x8B", "compressed with gzip: " PACKED),
    MARK("\x28\xB5\x2F\xFD", "compressed with zstd: " PACKED),
    MARK("\xFD\x37zXZ", "compressed with xz: " PACKED),
    MARK("BZh", "compressed with bzip2: " PACKED),
    MARK("7z\xBC\xAF\x27\x1C", "a 7z archive: " PACKED),
    MARK("Rar!\x1A\x07", "a RAR archive: " PACKED),
    MARK("Salted__", "encrypted by openssl: " LOCKED),
    MARK("-----BEGIN PGP", "encrypted by PGP: " LOCKED),
    MARK("age-encryption.org", "encrypted by age: " LOCKED),
    MARK("GGUF", "a GGUF file, which llama.cpp reads: take the model that it was made from"),
    MARK("\x89HDF\r\n\x1A\n", "an HDF5 file, as Keras and TensorFlow write: " CONVERT),
    MARK("%PDF-", "a PDF document: " AGAIN),
#undef MARK
};

/* Bytes behind a byte order mark and blanks, where a text begins. */
static const char *skip_blanks(const char *bytes, size_t *size) {
    if (*size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        *size -= 3;
    }
    while (*size > 0 && strchr(" \t\r\n", bytes[0]) != NULL && bytes[0] != '\0') {
        bytes++;
        (*size)--;
    }
    return bytes;
}

static const char *name_page(const char *bytes, size_t size) {
    static const char *const pages[] = {"<!doctype html", "<html", "<head", "<body", "<!--"};
    bytes = skip_blanks(bytes, &size);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        size_t length = strlen(pages[i]);
        if (size >= length && strncasecmp(bytes, pages[i], length) == 0) {
            return "an HTML page, " AGAIN;
        }
    }
    if (size >= 5 && memcmp(bytes, "<?xml", 5) == 0) return "an XML document, " AGAIN;
    if (size >= 7 && memcmp(bytes, "<Error>", 7) == 0) return "an XML document, " AGAIN;
    return NULL;
}

static bool begins_with(const char *bytes, size_t size, const char *part) {
    size_t length = strlen(part);
    return size >= length && strncasecmp(bytes, part, length) == 0;
}

/* "404: Not Found" and "Error: Access denied" say what they say behind the first word. */
static const char *skip_code(const char *bytes, size_t *size) {
    size_t digits = 0;
    bytes = skip_blanks(bytes, size);
    if (begins_with(bytes, *size, "HTTP/1.1 ")) digits = strlen("HTTP/1.1 ");
    if (begins_with(bytes, *size, "error:")) digits = strlen("error:");
    size_t begin = digits;
    while (digits < *size && bytes[digits] >= '0' && bytes[digits] <= '9') digits++;
    if (digits != begin && digits != begin + 3) return bytes;
    if (digits > 0 && digits < *size && bytes[digits] == ':') digits++;
    *size -= digits;
    return skip_blanks(bytes + digits, size);
}

/* What servers and their proxies answer in plain text. One word alone may be a token or a name: it
 * counts where it is the whole file. */
static const char *name_answer(const char *bytes, size_t size) {
    static const char *const answers[] = {
        "access denied",       "access forbidden",      "access to model",
        "access to this",      "authentication ",       "bad credentials",
        "bad gateway",         "bad request",           "cannot access gated",
        "entry not found",     "file not found",        "gateway time",
        "internal error",      "internal server error", "invalid credentials",
        "invalid rev",         "invalid token",         "invalid user",
        "login required",      "model not found",       "no such file",
        "no such key",         "no such object",        "not authorized",
        "not found",           "page not found",        "permission denied",
        "please log in",       "please login",          "rate limit",
        "repo not found",      "repository not found",  "request timeout",
        "resource not found",  "revision not found",    "service unavailable",
        "temporarily unavail", "the requested",         "the resource",
        "the specified",       "too many requests",     "unable to access",
        "upstream connect",    "upstream request",      "user not found",
        "we couldn't",         "you are not",           "you don't have",
        "you need to",         "your request"};
    static const char *const words[] = {"forbidden", "unauthorized", "notfound", "accessdenied",
                                        "unauthenticated"};
    bytes = skip_code(bytes, &size);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (begins_with(bytes, size, answers[i])) return "plain text, " AGAIN;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (size <= length + 2 && begins_with(bytes, size, words[i])) return "plain text, " AGAIN;
    }
    return NULL;
}

/* Git writes what a link points to, where links are not supported, and git-annex the same. */
static const char *name_pointer(const char *bytes, size_t size) {
    static const char *const annex[] = {"/annex/objects/", ".git/annex/objects/"};
    const char *at = bytes;
    size_t left = size;
    while (left >= 3 && memcmp(at, "../", 3) == 0) {
        at += 3;
        left -= 3;
    }
    for (size_t i = 0; i < sizeof annex / sizeof *annex; i++) {
        if (begins_with(at, left, annex[i])) {
            return "a git-annex pointer, and not the file itself: fetch it with git annex get";
        }
    }
    if (begins_with(bytes, size, "outs:\n- ")) {
        return "a DVC pointer, and not the file itself: fetch it with dvc pull";
    }
    if (at != bytes && begins_with(at, left, "blobs/")) {
        return "a link of a Hugging Face cache, written as a file: fetch the file itself";
    }
    return NULL;
}

/* Pairs of bytes none of which is 0, as lengths and offsets have them: text with a byte order mark,
 * or ASCII characters with a zero at the same side of each. */
static const char *name_utf16(const unsigned char *bytes, size_t size) {
    size_t pairs = size / 2 < 4 ? size / 2 : 4, little = 0, big = 0;
    if (pairs < 2) return NULL;
    for (size_t i = 0; i < pairs; i++) {
        if (bytes[2 * i] == 0 && bytes[2 * i + 1] == 0) return NULL;
        little += bytes[2 * i] != 0 && bytes[2 * i] < 0x7F && bytes[2 * i + 1] == 0;
        big += bytes[2 * i] == 0 && bytes[2 * i + 1] < 0x7F;
    }
    bool marked = memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0;
    bool text = marked || little == pairs || big == pairs;
    return text ? "UTF-16, as Windows writes text: save it as UTF-8" : NULL;
}

static bool is_blank(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\0') return false;
    }
    return size == MGI_FOREIGN_BYTES_LOOK;
}

const char *mgi_foreign_bytes_name(const void *bytes, size_t size, bool archive) {
    if (size > MGI_FOREIGN_BYTES_LOOK) size = MGI_FOREIGN_BYTES_LOOK;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (size >= marks[i].count && memcmp(bytes, marks[i].bytes, marks[i].count) == 0) {
            return marks[i].name;
        }
    }
    if (!archive && size >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0) {
        return "a zip archive: unpack it, or call it pytorch_model.bin if torch.save wrote it";
    }
    if (is_blank(bytes, size)) {
        return "zeros where it begins, as a download that was broken off leaves: download it again";
    }
    const char *name = name_page(bytes, size);
    if (name == NULL) name = name_pointer(bytes, size);
    if (name == NULL) name = name_answer(bytes, size);
    return name != NULL ? name : name_utf16(bytes, size);
}
