// SPDX-License-Identifier: Apache-2.0
//! Tables by Arrow's C data interface.
