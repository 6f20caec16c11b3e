#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scores the example pairs with the bundled model; shows some of them, all that it gets wrong, and how often it is right.
set -eu

build=$1
pairs=examples/data/pairs.tsv
scored="$build/demo.tsv"
summary="$build/demo.json"
report="$build/demo.txt"

printf '\n$ %s/cli/mgeo-score --gold label --summary %s -o %s %s\n' \
    "$build" "$summary" "$scored" "$pairs"
if ! "$build/cli/mgeo-score" --gold label --summary "$summary" -o "$scored" "$pairs" 2>"$report"; then
    cat "$report"
    exit 1
fi

printf '\nEvery 20th pair of %s:\n\n  score  answer         right answer   pair\n' "$scored"
# The file's own three columns come first, then similarity and label.
awk -F '\t' 'NR > 1 && (NR - 2) % 20 == 0 {
    printf "  %.3f  %-13s  %-13s  %s | %s\n", $4, $5, $3, $1, $2 }' "$scored"

printf '\nEvery row with another answer than the right one (%s of %s):\n\n' \
    "$(awk -F '\t' 'NR > 1 && $5 != $3 { n++ } END { print n + 0 }' "$scored")" \
    "$(awk 'END { print NR - 1 }' "$scored")"
awk -F '\t' 'NR > 1 && $5 != $3 {
    printf "  %.3f  %-13s  %-13s  %s | %s\n", $4, $5, $3, $1, $2 }' "$scored"

echo
# The threshold sweep is in the report; the figures before it are enough here.
sed '/^similarity >= /,$d' "$report"
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$summary" | tail -n 1; }
printf '%s pairs in %.2f s after %.2f s of loading: model %s, %s on %s threads, %s\n' \
    "$(value rows)" "$(value seconds)" "$(value load_seconds)" "$(value version)" \
    "$(value precision)" "$(value threads)" \
    "$(sed -n 's/^ *"library": "\(.*\)",$/\1/p' "$summary")"
echo "The whole report: $report"
