// SPDX-License-Identifier: Apache-2.0
// What require('mgeo') answers.
'use strict';

const {constants, enums} = require('../generated/layouts.js');
const {Engine} = require('./engine.js');
const {MgeoError} = require('./error.js');
const {Job} = require('./job.js');
const {Index, cluster, normalForm} = require('./match.js');

exports.Engine = Engine;
exports.Index = Index;
exports.Job = Job;
exports.MgeoError = MgeoError;
exports.cluster = cluster;
exports.normalForm = normalForm;
exports.constants = Object.freeze({...constants});
exports.rowFlags = Object.freeze({...enums.rowFlag});
exports.arrowColumns = Object.freeze({...enums.arrowColumn});
exports.candidateFlags = Object.freeze({...enums.candidateFlag});
