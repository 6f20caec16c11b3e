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
    return name_page(bytes, size);
}
