# SPDX-License-Identifier: Apache-2.0
# Reads a table of pairs (TSV: two texts, perhaps a label) and writes requests: as=ndjson for POST /match, or
# as=curl, a configuration of `count` requests one after the other to `url`.

# In quotes, as JSON and curl's configuration both read it; controls become blanks, bytes beyond ASCII stay. Not by
# gsub: awks differ in what backslashes of its replacement mean.
function quoted(text,    out, i, sign) {
    gsub(/[\001-\037]/, " ", text)
    for (i = 1; i <= length(text); i++) {
        sign = substr(text, i, 1)
        out = out (sign == "\\" || sign == "\"" ? "\\" sign : sign)
    }
    return "\"" out "\""
}

BEGIN { FS = "\t" }
{ sub(/\r$/, "") }
NR == 1 && ($1 == "sentence1" || $1 == "address1" || $1 == "text1") { next }
NF < 2 { print FILENAME ": line " NR " has no two columns" >"/dev/stderr"; failed = 1; exit 1 }
as == "ndjson" { printf "{\"id\": %d, \"address1\": %s, \"address2\": %s}\n", rows++, quoted($1), quoted($2) }
as == "curl" && rows < count { body[rows++] = "{\"address1\": " quoted($1) ", \"address2\": " quoted($2) "}" }
END {
    if (failed) exit 1
    if (rows == 0) { print FILENAME " has no pairs" >"/dev/stderr"; exit 1 }
    if (as != "curl") exit 0
    for (i = 0; i < count; i++) {
        if (i > 0) print "next"
        printf "url = %s\nheader = \"Content-Type: application/json\"\ndata = %s\n", quoted(url), quoted(body[i % rows])
        print "output = \"/dev/null\"\nwrite-out = \"%{http_code} %{time_total}\\n\"\nsilent\nmax-time = 30"
    }
}
