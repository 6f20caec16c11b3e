// SPDX-License-Identifier: Apache-2.0
package mgeo;

/** What options of all kinds can do: write themselves into a call's memory. */
abstract class Options {
    /** The address of the struct; it is there until the call is closed. */
    abstract long write(Call call);

    /** The address; 0 for null. */
    static long write(Options options, Call call) {
        return options == null ? 0 : options.write(call);
    }
}
