// SPDX-License-Identifier: Apache-2.0
// What require('mgeo') answers.
'use strict';

const {constants, enums} = require('../generated/layouts.js');
const {Engine} = require('./engine.js');
const {MgeoError} = require('./error.js');
const {Job} = require('./job.js');

exports.Engine = Engine;
exports.Job = Job;
exports.MgeoError = MgeoError;
exports.constants = Object.freeze({...constants});
exports.rowFlags = Object.freeze({...enums.rowFlag});
exports.arrowColumns = Object.freeze({...enums.arrowColumn});
