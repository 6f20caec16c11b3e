# SPDX-License-Identifier: Apache-2.0
# Compares the answers of two models to the same pairs: live=FILE and standby=FILE (NDJSON of /match), gold=FILE (the
# table, whose third column may hold labels). Prints one line of NAME=NUMBER.

function number_of(line) {
    if (!match(line, /"similarity": *[0-9.eE+-]+/)) return "none"
    line = substr(line, RSTART, RLENGTH)
    sub(/.*: */, "", line)
    return line + 0
}

function label_of(line) {
    if (!match(line, /"label": *"[^"]*"/)) return "none"
    line = substr(line, RSTART, RLENGTH)
    sub(/"label": */, "", line)
    gsub(/"/, "", line)
    return line
}

function next_gold(    cells) {
    if ((getline line <gold) <= 0) return ""
    sub(/\r$/, "", line)
    split(line, cells, "\t")
    if (first_line++ == 0 && (cells[1] == "sentence1" || cells[1] == "address1" || cells[1] == "text1"))
        return next_gold()
    return cells[3]
}

BEGIN {
    while ((getline one <live) > 0) {
        if ((getline other <standby) <= 0) other = ""
        pairs++
        wanted = next_gold()
        flips += label_of(one) != label_of(other)
        if (wanted != "") {
            judged++
            right_live += label_of(one) == wanted
            right_standby += label_of(other) == wanted
        }
        a = number_of(one)
        b = number_of(other)
        if (b == "none") lost += a != "none"
        if (a == "none" || b == "none") continue
        shift = a > b ? a - b : b - a
        sum += shift
        scored++
        if (shift > largest) largest = shift
    }
    printf "pairs=%d flips=%d flip_share=%.6f shift_mean=%.6f shift_max=%.6f lost=%d", pairs, flips,
        pairs ? flips / pairs : 0, scored ? sum / scored : 0, largest, lost
    if (judged) printf " accuracy_live=%.4f accuracy_standby=%.4f", right_live / judged, right_standby / judged
    print ""
}
