/* SPDX-License-Identifier: Apache-2.0 */
/* One table of the files that people give by mistake, and the command that makes a table of each.
 */
#include "input/signature.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "input/gb18030.h"

#define DUCKDB(call)                                                                               \
    "convert it: duckdb -c \"COPY (FROM " call ") TO '/dev/stdout' (DELIMITER '\\t', HEADER)\""
#define PANDAS(call)                                                                               \
    "convert it: python3 -c 'import pandas; pandas." call                                          \
    ".to_csv(\"/dev/stdout\", sep=\"\\t\", index=False)'"
#define MARK(bytes) (bytes), sizeof(bytes) - 1

struct known {
    size_t at; /* where in the file the mark stands */
    const char *mark;
    size_t length;
    struct signature signature;
    /* Where the mark could be text: what must be true of the bytes, besides. */
    bool (*check)(const unsigned char *bytes, size_t length);
};

/* ---- marks that are letters ------------------------------------------------------------------ */

static bool holds(const unsigned char *bytes, size_t length, const char *text) {
    return memmem(bytes, length, text, strlen(text)) != NULL;
}

static bool has_nul(const unsigned char *bytes, size_t length) {
    return memchr(bytes, '\0', length < 64 ? length : 64) != NULL;
}

/* Neither UTF-8 nor Chinese of another encoding in its first bytes. */
static bool is_no_text(const unsigned char *bytes, size_t length) {
    const char *text = (const char *)bytes;
    size_t looked = length < 64 ? length : 64;
    return has_nul(bytes, length) ||
           (utf8_valid_prefix(text, looked) + 4 < looked && !gb18030_is_plausible(text, looked));
}

/* Frames of zstd that hold no content: 0x50 to 0x5F before their mark. */
static bool is_skippable(const unsigned char *bytes, size_t length) {
    (void)length;
    return (bytes[0] & 0xF0) == 0x50;
}

/* "BZh1" to "BZh9", then a block or the end: pi, or the root of pi, in BCD. */
static bool is_bzip2(const unsigned char *bytes, size_t length) {
    return length >= 10 && bytes[3] >= '1' && bytes[3] <= '9' &&
           (memcmp(bytes + 4, "1AY&SY", 6) == 0 || memcmp(bytes + 4, "\x17rE8P\x90", 6) == 0);
}

static bool is_sheet(const unsigned char *bytes, size_t length) {
    return holds(bytes, length, "[Content_Types].xml") || holds(bytes, length, "xl/") ||
           holds(bytes, length, "_rels/");
}

static bool is_open_document(const unsigned char *bytes, size_t length) {
    return holds(bytes, length, "opendocument");
}

static bool is_annex(const unsigned char *bytes, size_t length) {
    return holds(bytes, length, "annex/objects/") && length < SIGNATURE_BYTES;
}

/* The mark is one byte, and dBASE's header tells the date after it. */
static bool is_dbase(const unsigned char *bytes, size_t length) {
    return length >= 32 && bytes[2] >= 1 && bytes[2] <= 12 && bytes[3] >= 1 && bytes[3] <= 31 &&
           bytes[12] == 0 && bytes[13] == 0 && has_nul(bytes, length);
}

/* ".lzma": properties, then a dictionary of a power of two. */
static bool is_lzma(const unsigned char *bytes, size_t length) {
    return length >= 13 && bytes[3] == 0 && bytes[4] == 0;
}

/* A web page, and not a cell that begins with "<": its tags follow. */
static bool is_html(const unsigned char *bytes, size_t length) {
    return holds(bytes, length, "<head") || holds(bytes, length, "<HEAD") ||
           holds(bytes, length, "<body") || holds(bytes, length, "<BODY") ||
           holds(bytes, length, "<meta") || holds(bytes, length, "<!DOCTYPE") ||
           holds(bytes, length, "<!doctype");
}

static const unsigned char *skip_space(const unsigned char *at, const unsigned char *end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

/* A list of objects, or of lists over several lines: a line of JSON lines is neither. */
static bool is_json_list(const unsigned char *bytes, size_t length) {
    const unsigned char *end = bytes + length, *at = skip_space(bytes + 1, end);
    bool broken = memchr(bytes, '\n', (size_t)(at - bytes)) != NULL;
    return at < end && (*at == '{' || (*at == '[' && broken));
}

/* An object that does not end on its first line. */
static bool is_json_object(const unsigned char *bytes, size_t length) {
    const unsigned char *end = bytes + length, *at = skip_space(bytes + 1, end);
    return at < end && *at == '"' && memchr(bytes, '\n', (size_t)(at - bytes)) != NULL;
}

/* ---- text in other languages ----------------------------------------------------------------- */

static const char *skip_comments(const char *at, const char *end) {
    for (;;) {
        while (at < end && isspace((unsigned char)*at)) at++;
        bool line = end - at >= 2 && memcmp(at, "--", 2) == 0;
        if (!line && !(end - at >= 3 && memcmp(at, "/*", 2) == 0 && at[2] != '!')) return at;
        const char *stop =
            line ? memchr(at, '\n', (size_t)(end - at)) : memmem(at, (size_t)(end - at), "*/", 2);
        if (stop == NULL) return end;
        at = stop + (line ? 1 : 2);
    }
}

static bool begins(const char *at, const char *end, const char *statement) {
    size_t length = strlen(statement);
    return (size_t)(end - at) > length && strncasecmp(at, statement, length) == 0 &&
           isspace((unsigned char)at[length]);
}

/* Statements, perhaps behind comments, and what follows in each; or the comment of a dump that is
 * longer than what is looked at. */
static bool is_sql(const unsigned char *bytes, size_t length) {
    static const char *const statements[] = {"INSERT INTO",
                                             "INSERT IGNORE INTO",
                                             "REPLACE INTO",
                                             "CREATE TABLE",
                                             "CREATE DATABASE",
                                             "CREATE SCHEMA",
                                             "DROP TABLE",
                                             "SET",
                                             "PRAGMA",
                                             "BEGIN TRANSACTION",
                                             "COPY",
                                             "LOCK TABLES",
                                             "USE",
                                             "TRUNCATE",
                                             "DELETE FROM",
                                             "START TRANSACTION"};
    const char *from = (const char *)bytes, *end = from + length, *at = skip_comments(from, end);
    if (at == end) return holds(bytes, length, "dump") || holds(bytes, length, "Dump");
    size_t rest = (size_t)(end - at);
    if (rest > 3 && memcmp(at, "/*!", 3) == 0 && at[3] >= '0' && at[3] <= '9') return true;
    if (begins(at, end, "BEGIN TRANSACTION;")) return true;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!begins(at, end, statements[i])) continue;
        bool values = memchr(at, '(', rest) != NULL && (*at == 'I' || *at == 'i' || *at == 'C' ||
                                                        *at == 'c' || *at == 'R' || *at == 'r');
        return values || memchr(at, ';', rest) != NULL;
    }
    return false;
}

static struct line_of {
    const char *text;
    size_t length;
    bool whole;
} first_line(const unsigned char *bytes, size_t length) {
    const char *from = (const char *)bytes;
    const char *stop = memchr(from, '\n', length);
    size_t until = stop != NULL ? (size_t)(stop - from) : length;
    while (until > 0 && isspace((unsigned char)from[until - 1])) until--;
    return (struct line_of){from, until, stop != NULL || length < SIGNATURE_BYTES};
}

/* "('甲','乙')," of a long INSERT that was cut into pieces. */
static bool is_sql_row(const unsigned char *bytes, size_t length) {
    struct line_of line = first_line(bytes, length);
    bool tabs = memchr(line.text, '\t', line.length) != NULL;
    if (line.length < 8 || !line.whole || tabs) return false;
    const char *end = line.text + line.length;
    return memmem(line.text, line.length, "',", 2) != NULL &&
           (memcmp(end - 2, "),", 2) == 0 || memcmp(end - 2, ");", 2) == 0);
}

/* What print() and str() make of dicts, lists and tuples. */
static bool is_python(const unsigned char *bytes, size_t length) {
    struct line_of line = first_line(bytes, length);
    const unsigned char *text = (const unsigned char *)line.text;
    if (line.length < 8 || memchr(text, '\t', line.length) != NULL) return false;
    char close = text[0] == '{' ? '}' : text[0] == '[' ? ']' : ')';
    char last = line.text[line.length - (line.text[line.length - 1] == ',' ? 2 : 1)];
    if (line.whole && last != close) return false;
    if (text[0] == '{') return holds(text, line.length, "':");
    if (holds(text, line.length, "[{'")) return holds(text, line.length, "':");
    return !holds(text + 1, line.length - 1,
                  text[0] == '[' ? ","
                                   "["
                                 : ",(") &&
           (holds(text, line.length, "', '") || holds(text, line.length, "', \""));
}

/* ---- the table ------------------------------------------------------------------------------- */

#define XZ "decompress it first: xz -dc FILE > NEW"
#define EXCEL "save it as \"CSV UTF-8\" in the spreadsheet, or convert it: ssconvert FILE table.csv"

#define SQL                                                                                        \
    "load it into a database and export the table: sqlite3 -header -separator $'\\t' :memory: "    \
    "'.read FILE' 'SELECT * FROM TABLE' > NEW, or mysql --batch -e 'SELECT * FROM TABLE' "         \
    "DATABASE > NEW"
#define PYTHON                                                                                     \
    "make JSON lines of it: python3 -c 'import ast, json, sys; [print(json.dumps(ast.literal_eval" \
    "(x.strip().rstrip(\",\")), ensure_ascii=False)) for x in sys.stdin if x.strip()]' < FILE > "  \
    "NEW"

/* In order: what is more exact comes first. */
/* clang-format off */
static const struct known table[] = {
    {0, MARK("\x1F\x8B\x08"), {"gzip data", "decompress it first: gzip -dc FILE > NEW"}, NULL},
    {0, MARK("\x28\xB5\x2F\xFD"), {"zstd data", "decompress it first: zstd -dc FILE > NEW"}, NULL},
    {1, MARK("\x2A\x4D\x18"), {"zstd data", "decompress it first: zstd -dc FILE > NEW"}, is_skippable},
    {0, MARK("\x1F\xEF\xBF\xBD\x08"), {"gzip data that was saved as text, which has spoilt it", "fetch the file again"}, NULL},
    {0, MARK("\x1F\xC2\x8B\x08"), {"gzip data that was saved as text, which has spoilt it", "fetch the file again"}, NULL},
    {0, MARK("(\xEF\xBF\xBD/\xEF\xBF\xBD"), {"zstd data that was saved as text, which has spoilt it", "fetch the file again"}, NULL},
    {0, MARK("(\xC2\xB5/\xC3\xBD"), {"zstd data that was saved as text, which has spoilt it", "fetch the file again"}, NULL},
    {0, MARK("\xFD\x37zXZ\0"), {"xz data", XZ}, NULL},
    {0, MARK("BZh"), {"bzip2 data", "decompress it first: bzip2 -dc FILE > NEW"}, is_bzip2},
    {0, MARK("\x04\x22\x4D\x18"), {"lz4 data", "decompress it first: lz4 -dc FILE > NEW"}, NULL},
    {0, MARK("\x02\x21\x4C\x18"), {"lz4 data", "decompress it first: lz4 -dc FILE > NEW"}, NULL},
    {0, MARK("LZIP\x01"), {"lzip data", "decompress it first: lzip -dc FILE > NEW"}, NULL},
    {0, MARK("\x5D\0\0"), {"lzma data", "decompress it first: xz --format=lzma -dc FILE > NEW"}, is_lzma},
    {0, MARK("\x1F\x9D"), {"compressed by compress", "decompress it first: gzip -dc FILE > NEW"}, NULL},
    {0, MARK("\x89LZO\0"), {"lzop data", "decompress it first: lzop -dc FILE > NEW"}, NULL},
    {0, MARK("\xFF\x06\0\0sNaPpY"), {"snappy data", "decompress it first: snzip -dc FILE > NEW"}, NULL},
    {0, MARK("\x37\x7A\xBC\xAF\x27\x1C"), {"a 7-Zip archive", "unpack it first: 7z x -so FILE > NEW"}, NULL},
    {0, MARK("Rar!\x1A\x07"), {"a RAR archive", "unpack it first: unrar p -inul FILE > NEW"}, NULL},
    {0, MARK("PK\x03\x04"), {"an Excel workbook (xlsx)", EXCEL}, is_sheet},
    {0, MARK("PK\x03\x04"), {"an OpenDocument file", EXCEL}, is_open_document},
    {0, MARK("PK\x03\x04"), {"a zip archive", "unpack it first: unzip -p FILE > NEW"}, NULL},
    {0, MARK("PK\x05\x06"), {"an empty zip archive", "is there another file?"}, NULL},
    {0, MARK("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), {"an Excel workbook (xls) or another Office document", EXCEL}, NULL},
    {257, MARK("ustar"), {"a tar archive", "unpack it first: tar -xOf FILE > NEW"}, NULL},
    {0, MARK("PAR1"), {"a Parquet file", DUCKDB("'FILE'")}, has_nul},
    {0, MARK("PAR1\x15"), {"a Parquet file", DUCKDB("'FILE'")}, NULL},
    {0, MARK("PARE"), {"an encrypted Parquet file", "decrypt and convert it with the program that wrote it"}, has_nul},
    {0, MARK("ARROW1\0"), {"an Arrow (Feather) file", PANDAS("read_feather(\"FILE\")")}, NULL},
    {0, MARK("\xFF\xFF\xFF\xFF"), {"an Arrow stream", "convert it: python3 -c 'import pyarrow.ipc as i; i.open_stream(\"FILE\").read_pandas().to_csv(\"/dev/stdout\", sep=\"\\t\", index=False)'"}, has_nul},
    {0, MARK("FEA1"), {"a Feather file", PANDAS("read_feather(\"FILE\")")}, is_no_text},
    {0, MARK("ORC"), {"an ORC file", PANDAS("read_orc(\"FILE\")")}, has_nul},
    {0, MARK("Obj\x01"), {"an Avro file", "convert it: avro cat --format csv FILE"}, NULL},
    {0, MARK("SEQ\x06"), {"a Hadoop sequence file", "export it as text with Hive or Spark"}, NULL},
    {0, MARK("SQLite format 3\0"), {"an SQLite database", "export a table of it: sqlite3 -header -separator $'\\t' FILE 'SELECT * FROM TABLE' > NEW"}, NULL},
    {8, MARK("DUCK"), {"a DuckDB database", "export a table of it: duckdb FILE -c \"COPY TABLE_NAME TO '/dev/stdout' (DELIMITER '\\t', HEADER)\""}, has_nul},
    {4, MARK("Standard Jet DB"), {"an Access database", "export a table of it: mdb-export FILE TABLE > NEW"}, NULL},
    {4, MARK("Standard ACE DB"), {"an Access database", "export a table of it: mdb-export FILE TABLE > NEW"}, NULL},
    {0, MARK("version https://git-lfs.github.com/spec/"), {"a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"}, NULL},
    {0, MARK("version https://hawser.github.com/spec/"), {"a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"}, NULL},
    {0, MARK("/annex/objects/"), {"a git-annex pointer, not the file itself", "fetch the file: git annex get FILE"}, is_annex},
    {0, MARK("../"), {"a git-annex pointer, not the file itself", "fetch the file: git annex get FILE"}, is_annex},
    {0, MARK("%PDF-"), {"a PDF document", "export its table with the program that made it"}, NULL},
    {0, MARK("{\\rtf"), {"a rich-text document", "save it as plain text"}, NULL},
    {0, MARK("<!DOCTYPE html"), {"a web page", "download the file itself, not the page around it"}, NULL},
    {0, MARK("<!doctype html"), {"a web page", "download the file itself, not the page around it"}, NULL},
    {0, MARK("<html"), {"a web page", "download the file itself, not the page around it"}, is_html},
    {0, MARK("<HTML"), {"a web page", "download the file itself, not the page around it"}, is_html},
    {0, MARK("<table"), {"a table in HTML", PANDAS("read_html(\"FILE\")[0]")}, NULL},
    {0, MARK("<?xml"), {"an XML document", "convert it, or save it as CSV where it came from"}, NULL},
    {0, MARK("\x93NUMPY"), {"a NumPy array", "write it as text: numpy.savetxt"}, NULL},
    {0, MARK("\x89HDF\r\n\x1A\n"), {"an HDF5 file", PANDAS("read_hdf(\"FILE\")")}, NULL},
    {0, MARK("CDF\x01"), {"a NetCDF file", "export it as CSV"}, NULL},
    {0, MARK("RDX2\n"), {"an R workspace", "write it in R: write.table(x, \"t.tsv\", sep = \"\\t\", row.names = FALSE)"}, NULL},
    {0, MARK("RDX3\n"), {"an R workspace", "write it in R: write.table(x, \"t.tsv\", sep = \"\\t\", row.names = FALSE)"}, NULL},
    {0, MARK("X\n\0\0\0"), {"an R object (RDS)", "write it in R: write.table(readRDS(\"FILE\"), \"t.tsv\", sep = \"\\t\", row.names = FALSE)"}, NULL},
    {0, MARK("<stata_dta>"), {"a Stata file", PANDAS("read_stata(\"FILE\")")}, NULL},
    {0, MARK("$FL2@(#)"), {"an SPSS file", PANDAS("read_spss(\"FILE\")")}, NULL},
    {0, MARK("$FL3@(#)"), {"an SPSS file", PANDAS("read_spss(\"FILE\")")}, NULL},
    {0, MARK("\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60"), {"a SAS file", PANDAS("read_sas(\"FILE\")")}, NULL},
    {0, MARK("\x80\x02"), {"a Python pickle", PANDAS("read_pickle(\"FILE\")")}, has_nul},
    {0, MARK("\x80\x03"), {"a Python pickle", PANDAS("read_pickle(\"FILE\")")}, has_nul},
    {0, MARK("\x80\x04\x95"), {"a Python pickle", PANDAS("read_pickle(\"FILE\")")}, NULL},
    {0, MARK("\x80\x05\x95"), {"a Python pickle", PANDAS("read_pickle(\"FILE\")")}, NULL},
    {0, MARK("\x03"), {"a dBASE table", "convert it: ogr2ogr -f CSV table.csv FILE"}, is_dbase},
    {0, MARK("\0\0\x27\x0A\0\0\0\0"), {"a shapefile", "convert it: ogr2ogr -f CSV table.csv FILE"}, NULL},
    {0, MARK("-----BEGIN PGP MESSAGE-----"), {"encrypted by GnuPG", "decrypt it first: gpg -d FILE > NEW"}, NULL},
    {0, MARK("\x8C\x0D\x04\x09"), {"encrypted by GnuPG", "decrypt it first: gpg -d FILE > NEW"}, NULL},
    {0, MARK("\x85\x01"), {"encrypted by GnuPG", "decrypt it first: gpg -d FILE > NEW"}, has_nul},
    {0, MARK("age-encryption.org/"), {"encrypted by age", "decrypt it first: age -d FILE > NEW"}, NULL},
    {0, MARK("Salted__"), {"encrypted by OpenSSL", "decrypt it first: openssl enc -d"}, NULL},
    {0, MARK("\x89PNG\r\n"), {"a picture (PNG)", "addresses in pictures have to be typed or recognised first"}, NULL},
    {0, MARK("\xFF\xD8\xFF"), {"a picture (JPEG)", "addresses in pictures have to be typed or recognised first"}, NULL},
    {0, MARK("GIF8"), {"a picture (GIF)", "addresses in pictures have to be typed or recognised first"}, has_nul},
    {0, MARK("\x7F" "ELF"), {"a program", "is there another file?"}, NULL},
    {0, MARK("GGUF"), {"a model (GGUF)", "models are given by --model"}, has_nul},
    {0, MARK("("), {"rows of an SQL dump", SQL}, is_sql_row},
    {0, MARK("[{'"), {"one list of Python's dicts, and no JSON", "make JSON lines of it: python3 -c 'import ast, json, sys; [print(json.dumps(x, ensure_ascii=False)) for x in ast.literal_eval(sys.stdin.read())]' < FILE > NEW"}, is_python},
    {0, MARK("{'"), {"lines of Python's dicts, and no JSON", PYTHON}, is_python},
    {0, MARK("['"), {"lines of Python's lists, and no JSON", PYTHON}, is_python},
    {0, MARK("('"), {"lines of Python's tuples, and no JSON", PYTHON}, is_python},
    {0, MARK(""), {"an SQL dump", SQL}, is_sql},
    {0, MARK("["), {"one JSON document", "make JSON lines of it: jq -c '.[]' FILE > NEW"}, is_json_list},
    {0, MARK("{"), {"one JSON document", "make JSON lines of it: jq -c . FILE > NEW"}, is_json_object},
};
/* clang-format on */

const struct signature *signature_find(const char *bytes, size_t length) {
    if (length > SIGNATURE_BYTES) length = SIGNATURE_BYTES;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct known *known = &table[i];
        if (length < known->at + known->length) continue;
        if (memcmp(bytes + known->at, known->mark, known->length) != 0) continue;
        if (known->check == NULL || known->check((const unsigned char *)bytes, length)) {
            return &known->signature;
        }
    }
    return NULL;
}

/* A byte order mark, and then blanks and line ends, which an editor or a script puts there. */
size_t signature_prefix(const char *bytes, size_t length) {
    size_t at = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < length && at < 16 && memchr("\r\n \t", bytes[at], 4) != NULL) at++;
    return at;
}

/* Controls that no text has, among bytes that are no text of any encoding. */
bool signature_is_binary(const char *bytes, size_t length) {
    size_t controls = 0, odd = 0;
    if (length > 4096) length = 4096;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        controls += byte < 0x09 || (byte >= 0x0E && byte < 0x1B);
    }
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = utf8_character(bytes + at, length - at, &code);
        odd += step == 0;
        at += step > 0 ? step : 1;
    }
    return length >= 48 && controls * 40 >= length && odd * 6 >= length;
}
