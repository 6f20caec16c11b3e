#!/bin/sh
# The whole recipe, from the data folder to a model directory, on one GPU:
#
#     DATA=../data BUILD=build OUT=mini sh run.sh
#
# PYTHON names the interpreter. CAP=1 bounds each stage's time (a slower GPU then takes fewer steps). Models that share
# a stage are trained side by side: each is far too small to fill a GPU.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
data=$BUILD/data.pt
stage=$(date +%s)
mkdir -p "$BUILD"

step() { # step NAME SCRIPT ARGUMENTS: start it beside the others of its stage
    name=$1 script=$2
    shift 2
    "$python" -u "$here/$script.py" --data "$data" --out "$BUILD/$name.pt" "$@" >"$BUILD/$name.log" 2>&1 &
    running="${running:-} $!"
}
finish() { # wait for a stage
    for process in $running; do wait "$process"; done
    running=
    echo "$1: $(($(date +%s) - stage)) s"
    stage=$(date +%s)
}
cap() { [ -z "${CAP:-}" ] || echo "--seconds $1"; }

[ -f "$data" ] || "$python" "$here/prepare.py" --data "$DATA" --out "$data"
running=
finish "data"

# 1. From nothing: the student, and two encoders for teachers, which are told what the two texts share.
step student-0 pretrain --size student --batch 512 --rate 1e-3 --steps 3900 $(cap 165)
step large pretrain --size teacher --overlap 1 --batch 384 --rate 5e-4 --steps 2500 $(cap 165)
step middle pretrain --size middle --overlap 1 --batch 384 --rate 7e-4 --steps 3200 $(cap 165)
finish "pre-training"

# 2. Five teachers on the labelled pairs. Each then predicts the unlabelled and rule-made pairs.
teacher() { # teacher NUMBER FROM STEPS RATE EXACT-WEIGHT
    step "teacher-$1" finetune --init "$BUILD/$2.pt" --steps "$3" --rate "$4" --exact-weight "$5" --seed "$1" \
        --predict "$BUILD/teacher-$1.soft" $(cap 105)
}
teacher 0 large 1280 2e-4 1.5
teacher 1 large 1270 2e-4 1.2
teacher 2 large 1270 1e-4 1
teacher 3 middle 1730 3e-4 1.5
teacher 4 middle 1770 2e-4 1.2
finish "teachers"

# 3. Two students learn the teachers' mean.
student() { # student NUMBER GOLD-REPEATS
    step "student-$1" finetune --init "$BUILD/student-0.pt" --soft "$BUILD"/teacher-*.soft --steps 5000 --batch 256 --rate 5e-4 --exact-weight 1 \
        --dropout .03 --rename .15 --unknown 0 --gold-repeats "$2" --check 500 \
        --predict "$BUILD/student-$1.soft" --predict-near 9000 --predict-rules 3000 $(cap 175)
}
student 1 3
student 2 8
finish "distillation"

# 4. The mean of the students' weights. STRICT=1 trains it a little on pairs that turn on a number or the district:
# more of robustness/pairs.tsv then passes, and macro-F1 on the held-out pairs falls by about half a point.
step final finetune --init "$BUILD/student-1.pt" "$BUILD/student-2.pt" --soft "$BUILD"/student-*.soft --strict 4000 --steps $((${STRICT:-0} * 150)) \
    --rate 6e-5 --exact-weight 1 --dropout .03 --rename .15 --unknown 0 --gold-repeats 1 --average .98 --check 150
finish "mean"

"$python" "$here/evaluate.py" --data "$data" "$BUILD/final.pt" --export "$OUT"
finish "evaluation"
