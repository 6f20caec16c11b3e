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
step student-0 pretrain --size student --batch 512 --rate 1e-3 --steps 4000 $(cap 150)
step middle-a pretrain --size middle --overlap 1 --batch 384 --rate 7e-4 --steps 4000 --seed 1 $(cap 150)
step middle-b pretrain --size middle --overlap 1 --batch 384 --rate 7e-4 --steps 4000 --seed 2 $(cap 150)
finish "pre-training"

# 2. Five teachers on the labelled pairs.
n=0
for from in middle-a middle-b middle-a middle-b middle-a; do
    n=$((n + 1))
    weight=1.5
    [ $n -le 2 ] || weight=1.2
    step teacher-$n finetune --init "$BUILD/$from.pt" --steps 1600 --rate 3e-4 --exact-weight $weight --seed $n \
        --predict "$BUILD/teacher-$n.soft" $(cap 88)
done
finish "teachers"

# 3. Their mean labels the unlabelled pairs: two students and two second teachers.
for n in 1 2; do
    step student-$n finetune --init "$BUILD/student-0.pt" --soft "$BUILD"/teacher-*.soft --steps 3000 --batch 256 --rate 5e-4 --exact-weight 1 \
        --dropout .03 --rename .15 --unknown 0 --gold-repeats 5 --check 500 --seed $n --predict "$BUILD/student-$n.soft" $(cap 130)
done
for from in a b; do
    step second-$from finetune --init "$BUILD/middle-$from.pt" --soft "$BUILD"/teacher-*.soft --steps 3000 --batch 256 --rate 4e-4 --exact-weight 1 \
        --gold-repeats 5 --check 500 --seed 3 --predict "$BUILD/second-$from.soft" $(cap 130)
done
finish "first distillation"

# 4. The students' mean weights, trained on with all of them as teachers.
step final finetune --init "$BUILD/student-1.pt" "$BUILD/student-2.pt" --steps 5000 --batch 256 --rate 3e-4 --exact-weight 1 --dropout .03 --rename .15 \
    --unknown 0 --gold-repeats 5 --check 500 --soft "$BUILD"/teacher-*.soft "$BUILD"/student-*.soft "$BUILD"/second-*.soft $(cap 88)
finish "second distillation"

"$python" "$here/evaluate.py" --data "$data" "$BUILD/final.pt" --export "$OUT"
finish "evaluation"
