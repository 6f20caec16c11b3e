# SPDX-License-Identifier: Apache-2.0
# Reads a table of pairs (TSV: two texts, perhaps a label) and writes requests: as=ndjson for POST /match, or
# as=curl, a configuration of `count` requests one after the other to `url`.

# Only what JSON must have escaped; bytes beyond ASCII go through as they are.
function json(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/[\001-\037]/, " ", text)
    return "\"" text "\""
}

# The same again for curl's own quotes.
function curl(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

BEGIN { FS = "\t" }
{ sub(/\r$/, "") }
NR == 1 && ($1 == "sentence1" || $1 == "address1" || $1 == "text1") { next }
NF < 2 { print FILENAME ": line " NR " has no two columns" >"/dev/stderr"; failed = 1; exit 1 }
as == "ndjson" { printf "{\"id\": %d, \"address1\": %s, \"address2\": %s}\n", rows++, json($1), json($2) }
as == "curl" && rows < count { body[rows++] = "{\"address1\": " json($1) ", \"address2\": " json($2) "}" }
END {
    if (failed) exit 1
    if (rows == 0) { print FILENAME " has no pairs" >"/dev/stderr"; exit 1 }
    if (as != "curl") exit 0
    for (i = 0; i < count; i++) {
        if (i > 0) print "next"
        printf "url = %s\nheader = \"Content-Type: application/json\"\ndata = %s\n", curl(url), curl(body[i % rows])
        print "output = \"/dev/null\"\nwrite-out = \"%{http_code} %{time_total}\\n\"\nsilent\nmax-time = 30"
    }
}
