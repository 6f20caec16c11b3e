// SPDX-License-Identifier: Apache-2.0

/** libmgeo: do two Chinese addresses name the same place? */
module mgeo {
    exports mgeo;
}
