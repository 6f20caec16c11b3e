#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what sentence-transformers answers for the bundled model: writes cross_encoder.json, which
cross_encoder_test.py compares with. Run it where sentence-transformers 5 and torch are installed."""
import json
import pathlib
import tempfile

import cross_encoder_cases as cases
import sentence_transformers
import torch
import transformers


def number(value):
    return [round(float(v), 7) for v in value] if getattr(value, "ndim", 0) else round(float(value), 7)


def main():
    with tempfile.TemporaryDirectory() as folder:
        one = cases.one_label_model(pathlib.Path(folder))
        recorded = {
            "by": f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, "
                  f"torch {torch.__version__}",
            "answers": {name: [number(row) for row in answer]
                        for name, answer in cases.answers(sentence_transformers.CrossEncoder, cases.MINI, one).items()},
        }
    text = json.dumps(recorded, separators=(",", ":"))
    (cases.HERE / "cross_encoder.json").write_text(text.replace("]],", "]],\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
