/* SPDX-License-Identifier: Apache-2.0 */
/* Words of an address for which there are several. */
#include "match/normal/words.h"

#include "match/normal/characters.h"
#include "match/normal/writer.h"

/* Where two roads meet. 交口 is a county as well and stays. */
static const char16_t *const crossings[] = {u"交汇处", u"交会处", u"交叉处",   u"交界处",
                                            u"交接处", u"交汇口", u"交叉路口", NULL};

size_t mgi_words_write(mgi_normal_form *form, const uint32_t *at, size_t count) {
    static const uint32_t crossing[] = {u'交', u'叉', u'口'};
    if (at[0] != crossing[0]) return 0;
    for (const char16_t *const *word = crossings; *word != NULL; word++) {
        if (!mgi_characters_begin_with(at, count, *word)) continue;
        mgi_writer_text(form, crossing, 3);
        return (*word)[3] == 0 ? 3 : 4;
    }
    return 0;
}
