# SPDX-License-Identifier: Apache-2.0
"""Text to token ids: one character is one token, and characters that mean the same share one id.

The exported vocabulary is an ordinary WordPiece vocabulary, so any BERT tokenizer reads it: each character that a
word can hold also gets its "##" form. While training, every spelling of a character (full-width or half-width, upper
or lower case, at the start or inside of a word, traditional or simplified for the commonest characters of addresses)
is folded into one base character; on export each spelling becomes a row of its own with a copy of the base's embedding.
So the model cannot tell the spellings apart, and numbers are always read digit by digit.
"""
import unicodedata

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)

TRADITIONAL = dict(zip("號樓區縣廣東門國鎮鄉單層廠場園莊灣橋業華長龍馬島陽陰頭濱莱濟慶蘇寧漢銀農電車車學實驗醫處關會豐興開環線縱橫廳廈鋪舖館臺義賓",
                       "号楼区县广东门国镇乡单层厂场园庄湾桥业华长龙马岛阳阴头滨莱济庆苏宁汉银农电车车学实验医处关会丰兴开环线纵横厅厦铺铺馆台义宾"))
PUNCTUATION = {"—": "-", "–": "-", "－": "-", "―": "-", "‐": "-", "−": "-", "〈": "<", "〉": ">", "《": "<", "》": ">", "【": "[", "】": "]",
               "〔": "(", "〕": ")", "［": "[", "］": "]", "“": '"', "”": '"', "‘": "'", "’": "'", "•": "·", "・": "·", "‧": "·", "。": ".", "、": ","}


def fold_char(ch):
    """The base character that stands for ch."""
    if 0xFF01 <= ord(ch) <= 0xFF5E:
        ch = chr(ord(ch) - 0xFEE0)
    ch = ch.lower() if len(ch.lower()) == 1 else ch
    return TRADITIONAL.get(ch, PUNCTUATION.get(ch, ch))


def hanzi():
    """Both levels of GB 2312: 6,763 characters, the second level by radical and rare."""
    codes = [bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)]
    return [code.decode("gb2312") for code in codes if not (code[0] == 0xD7 and code[1] > 0xF9)]


def is_cjk(ch):
    c = ord(ch)
    return any(lo <= c <= hi for lo, hi in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
                                            (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)))


def is_punctuation(ch):
    return (ord(ch) < 128 and not ch.isalnum() and ch.isprintable() and ch != " ") or unicodedata.category(ch).startswith("P")


def in_words(ch):
    """Whether BERT's basic tokenizer leaves ch inside a longer word, so that it needs a "##" form too."""
    return not is_cjk(ch) and not is_punctuation(ch) and not ch.isspace()


def clean(text):
    """What BERT's basic tokenizer keeps of a text: lower-cased, accents and control characters gone."""
    text = unicodedata.normalize("NFD", text.lower())
    return "".join(ch for ch in text if unicodedata.category(ch) not in ("Mn", "Cc", "Cf", "Co", "Cs") or ch in "\t\n\r")


class Vocabulary:
    """Base characters with their training ids; `rows()` lists the exported tokens with the base id of each."""

    def __init__(self, characters):
        self.characters = list(characters)
        self.ids = {ch: len(SPECIAL) + k for k, ch in enumerate(self.characters)}

    def __len__(self):
        return len(SPECIAL) + len(self.characters)

    @classmethod
    def from_texts(cls, texts):
        always = [chr(c) for c in range(0x21, 0x7F) if not chr(c).isupper()] + [chr(c) for c in range(0x3001, 0x3004)]
        seen = {ch for t in texts for ch in clean(t) if not ch.isspace()}
        return cls(sorted({fold_char(ch) for ch in seen | set(always) | set(hanzi())}))

    def encode(self, text, limit=None):
        out = [self.ids.get(fold_char(ch), UNK) for ch in clean(text) if not ch.isspace()]
        return out[:limit]

    def rows(self):
        spelled = {}
        alike = [chr(c) for c in range(0xFF01, 0xFF5F)] + list(TRADITIONAL) + list(PUNCTUATION)
        for ch in self.characters + alike:
            ch = ch.lower()
            base = self.ids.get(fold_char(ch))
            if base is not None and clean(ch) == ch:
                spelled.setdefault(ch, base)
        tokens = [(t, k) for k, t in enumerate(SPECIAL)] + list(spelled.items())
        return tokens + [("##" + ch, base) for ch, base in spelled.items() if in_words(ch)]
