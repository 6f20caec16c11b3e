#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole recipe, from the data folder to a model directory:
#
#     DATA=../data BUILD=build OUT=mini sh run.sh
#
# PYTHON names the interpreter. GPUS=2 spreads each stage over so many GPUs. CAP=1000 bounds all that follows the data
# preparation to so many seconds: a slower GPU then takes fewer steps. Models that share a stage are trained side by
# side: each is far too small to fill a GPU.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
data=$BUILD/data.pt
stage=$(date +%s) started=0 running=
mkdir -p "$BUILD"

step() { # step NAME SCRIPT ARGUMENTS: start it beside the others of its stage
    name=$1 script=$2
    shift 2
    CUDA_VISIBLE_DEVICES=$((started % ${GPUS:-1})) "$python" -u "$here/$script.py" --data "$data" --out "$BUILD/$name.pt" "$@" \
        >"$BUILD/$name.log" 2>&1 &
    running="$running $!:$name"
    started=$((started + 1))
}
finish() { # wait for a stage; where a step failed, show the end of its log and stop
    failed=
    for job in $running; do
        wait "${job%%:*}" || { failed=1 && echo "$1: ${job#*:} failed" && tail -n 20 "$BUILD/${job#*:}.log"; }
    done
    [ -z "$failed" ] || exit 1
    running= started=0
    echo "$1: $(($(date +%s) - stage)) s"
    stage=$(date +%s)
}
cap() { # cap PERCENT: the bound of a step that may take so much of all time
    [ -z "${CAP:-}" ] || echo "--seconds $((CAP * $1 / 100))"
}
rest() { # rest PERCENT: the bound of a step that may take all that is left but so much
    [ -n "${CAP:-}" ] || return 0
    left=$((CAP - ($(date +%s) - begun) - CAP * $1 / 100))
    echo "--seconds $((left > 9 ? left : 9))"
}

[ -f "$data" ] || "$python" "$here/prepare.py" --data "$DATA" --out "$data"
finish "data"
begun=$stage

# 1. From nothing: the student, and three encoders for teachers, which are told what the two texts share.
step student-0 pretrain --size student --batch 512 --rate 1e-3 --steps 6850 $(cap 36)
step large pretrain --size teacher --overlap 1 --batch 384 --rate 5e-4 --steps 4350 $(cap 36)
step middle-1 pretrain --size middle --overlap 1 --batch 384 --rate 7e-4 --steps 5450 --seed 1 $(cap 36)
step middle-2 pretrain --size middle --overlap 1 --batch 384 --rate 7e-4 --steps 5050 --seed 2 $(cap 36)
finish "pre-training"

# 2. Ten teachers, two for each fifth of the labelled pairs that they do not learn. Each then predicts all pairs.
teacher() { # teacher NUMBER FROM FOLD STEPS RATE EXACT-WEIGHT
    step "teacher-$1" finetune --init "$BUILD/$2.pt" --fold "$3/5" --steps "$4" --rate "$5" --exact-weight "$6" --seed "$1" \
        --predict "$BUILD/teacher-$1.soft" --predict-rules 120000 $(cap 15)
}
teacher 0 large 0 1200 2e-4 1.5
teacher 1 large 1 1200 2e-4 1.2
teacher 2 middle-1 0 1500 3e-4 1.2
teacher 3 middle-2 1 1500 3e-4 1.5
teacher 4 large 2 1200 1.5e-4 1.2
teacher 5 large 3 1200 2e-4 1.5
teacher 6 middle-1 2 1500 2e-4 1.5
teacher 7 middle-2 3 1500 2e-4 1.2
teacher 8 large 4 1200 2e-4 1.2
teacher 9 middle-1 4 1500 3e-4 1.2
finish "teachers"

# 3. Four students learn the teachers' mean; on a labelled pair, that of the teachers which did not learn it.
student() { # student NUMBER GOLD-REPEATS STEPS
    step "student-$1" finetune --init "$BUILD/student-0.pt" --soft "$BUILD"/teacher-*.soft --steps "$3" --batch 640 --rate 7e-4 --exact-weight 1 \
        --dropout .03 --rename .15 --unknown 0 --gold-repeats "$2" --strict 25000 --rules-trust .4 --check 400 --seed "$1" \
        --predict "$BUILD/student-$1.soft" --predict-near 9000 --predict-rules 3000 $(rest 15)
}
student 1 5 5867
student 2 5 5939
student 3 8 6001
student 4 8 5915
finish "distillation"

# 4. The mean of the students' weights.
step final finetune --init "$BUILD"/student-[1-4].pt --steps 0
finish "mean"

# 5. Its temperature, and then embeddings of the characters that no pair holds; no other weight changes.
"$python" "$here/evaluate.py" --data "$data" "$BUILD/final.pt" --export "$BUILD/final"
step rare rare --init "$BUILD/final" --rare 100 --take 1 --steps 1917 $(cap 10)
finish "rare characters"

"$python" "$here/evaluate.py" --data "$data" "$BUILD/rare.pt" --temperature 1 --export "$OUT"
finish "evaluation"
echo "all but the data: $((stage - begun)) s"
