/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up files of the kernel's, in a folder that stands for "/". */
#ifndef TEST_SUPPORT_KERNEL_FILES_H
#define TEST_SUPPORT_KERNEL_FILES_H

enum { TEST_KERNEL_ROOT = 32 };

/* Makes the folder; fails the running test if it cannot. */
void test_kernel_begin(char root[TEST_KERNEL_ROOT]);

/* Writes root/path, and the folders on the way. */
void test_kernel_put(const char *root, const char *path, const char *text);

/* Removes all of it; returns 0. */
int test_kernel_end(const char *root);

#endif
