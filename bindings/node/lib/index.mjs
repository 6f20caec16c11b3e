// SPDX-License-Identifier: Apache-2.0
// What import 'mgeo' answers.
import mgeo from './index.js';

export const {Engine, Job, MgeoError, constants, rowFlags, arrowColumns} = mgeo;
export default mgeo;
