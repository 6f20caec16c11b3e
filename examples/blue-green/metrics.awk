# SPDX-License-Identifier: Apache-2.0
# What the server did between two scrapes of /metrics (before=FILE, after=FILE): requests for scores, those that ended
# with a 5xx, and their 99th percentile in seconds, read between the bounds of the histogram.

function label(line, name) {
    if (!match(line, "[{,]" name "=\"[^\"]*\"")) return ""
    line = substr(line, RSTART, RLENGTH)
    sub(/^[^"]*"/, "", line)
    sub(/"$/, "", line)
    return line
}

function is_of_scores(line) {
    return label(line, "http_request_method") == "POST" && label(line, "http_route") != "_unknown"
}

function add(file, sign,    line, cells, count) {
    while ((getline line <file) > 0) {
        if (line !~ /^http_server_request_duration_seconds_(bucket|count)[{]/ || !is_of_scores(line)) continue
        count = line
        sub(/^.*[}] */, "", count)
        sub(/ .*/, "", count)
        count *= sign
        if (line ~ /_bucket[{]/) {
            bound[label(line, "le")] += count
        } else {
            requests += count
            if (label(line, "http_response_status_code") ~ /^5/) errors += count
        }
    }
}

# Bounds come in no order, and there are few.
function percentile(share,    wanted, low, below, best, le) {
    wanted = requests * share
    low = below = 0
    best = ""
    for (le in bound) {
        if (le == "+Inf") continue
        if (bound[le] >= wanted && (best == "" || le + 0 < best + 0)) best = le
        if (bound[le] < wanted && le + 0 > low) { low = le + 0; below = bound[le] }
    }
    if (best == "") return low
    if (bound[best] == below) return best + 0
    return low + (best - low) * (wanted - below) / (bound[best] - below)
}

BEGIN {
    add(before, -1)
    add(after, 1)
    printf "requests=%d errors=%d error_rate=%.6f p99=%.6f\n", requests, errors, requests ? errors / requests : 0,
        requests ? percentile(0.99) : 0
}
