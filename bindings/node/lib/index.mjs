// SPDX-License-Identifier: Apache-2.0
// What import 'mgeo' answers.
import mgeo from './index.js';

export const {
  Engine, Index, Job, MgeoError, arrowColumns, candidateFlags, cluster, constants, normalForm, rowFlags,
} = mgeo;
export default mgeo;
