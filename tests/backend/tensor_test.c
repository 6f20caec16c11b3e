/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as all backends count them. */
#include "backend/tensor.h"

#include "support/check.h"
#include "support/random_encoder.h"

static void test_numbers_and_bytes_agree_with_a_model(void **state) {
    (void)state;
    for (int dtype = MGI_F32; dtype <= MGI_BF16; dtype++) {
        random_encoder_options options = {.spec = random_encoder_spec(), .seed = 1};
        options.dtype = (mgi_dtype)dtype;
        random_encoder *model = random_encoder_create(&options);
        const mgi_tensor *tensors[] = {&model->weights.word_embeddings,
                                       &model->weights.classifier.bias};
        for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
            assert_int_equal(mgi_tensor_numbers(tensors[i]) *
                                 mgi_tensor_dtype_bytes(tensors[i]->dtype),
                             tensors[i]->bytes);
        }
        random_encoder_destroy(model);
    }
}

/* random_encoder.c keeps one block of memory for each tensor. */
static void test_every_tensor_of_a_model_is_counted(void **state) {
    (void)state;
    for (uint32_t layers = 1; layers <= 3; layers++) {
        random_encoder_options options = {.spec = random_encoder_spec(), .seed = 1};
        options.spec.layers = layers;
        random_encoder *model = random_encoder_create(&options);
        assert_int_equal(mgi_tensor_count(&model->spec), model->blocks);
        random_encoder_destroy(model);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_bytes_agree_with_a_model),
        cmocka_unit_test(test_every_tensor_of_a_model_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
