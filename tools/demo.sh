#!/bin/sh
# Scores the example pairs with the bundled model and shows some of them, and how often it is right.
set -eu

build=$1
pairs=examples/data/pairs.tsv
scored="$build/demo.tsv"
echo
echo "$ $build/cli/mgeo-score --columns sentence1,sentence2 --gold label -o $scored $pairs"
"$build/cli/mgeo-score" --columns sentence1,sentence2 --gold label -o "$scored" "$pairs"
echo
echo "Every 20th of the scored pairs in $scored (score, answer, right answer, pair):"
# The answer is the last column, after the file's own three and the similarity.
awk -F '\t' 'NR > 1 && (NR - 2) % 20 == 0 {
    printf "  %.3f  %-13s  %-13s  %s | %s\n", $4, $5, $3, $1, $2 }' "$scored"
