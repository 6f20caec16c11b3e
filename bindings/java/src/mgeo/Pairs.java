// SPDX-License-Identifier: Apache-2.0
package mgeo;

import java.util.List;

/** Lists of pairs as two arrays of texts. */
final class Pairs {
    private Pairs() {}

    static String[][] columns(List<Pair> pairs) {
        String[] a = new String[pairs.size()];
        String[] b = new String[a.length];
        int i = 0;
        for (Pair pair : pairs) {
            if (pair == null) {
                throw MgeoException.argument("pair " + i + " is null; give a pair of strings");
            }
            a[i] = pair.a();
            b[i++] = pair.b();
        }
        return new String[][] {a, b};
    }
}
