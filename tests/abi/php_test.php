<?php
// SPDX-License-Identifier: Apache-2.0
// mgeo_ffi.h as PHP reads it, and the library through it: php php_test.php MGEO_FFI_H LIBRARY MODEL

[, $header, $library, $model] = $argv;
if (!extension_loaded('FFI')) {
    echo "skipped: this PHP has no FFI\n";
    exit(77);
}
$lib = FFI::cdef(file_get_contents($header), $library);
$error = $lib->new('mgeo_error');

function check(bool $holds, string $what): void {
    if (!$holds) {
        fwrite(STDERR, "php_test.php: $what\n");
        exit(1);
    }
}

function call(string $name, ...$arguments): void {
    global $lib, $error;
    check($lib->$name(...[...$arguments, FFI::addr($error)]) === $lib->MGEO_OK, FFI::string($error->message));
}

/** Texts of C, which live as long as the array that is answered. */
function texts(string ...$values): array {
    return array_map(function (string $value) {
        $text = FFI::new('char[' . (strlen($value) + 1) . ']');
        FFI::memcpy($text, $value, strlen($value));
        return $text;
    }, $values);
}

function score($engine, string $a, string $b): array {
    global $lib;
    $texts = texts($a, $b);
    $pair = $lib->new('mgeo_pair');
    $pair->a = FFI::cast('char *', FFI::addr($texts[0]));
    $pair->b = FFI::cast('char *', FFI::addr($texts[1]));
    $pair->a_len = strlen($a);
    $pair->b_len = strlen($b);
    $similarity = FFI::new('float[1]');
    $flags = FFI::new('uint32_t[1]');
    $scores = $lib->new('mgeo_scores');
    $scores->struct_size = FFI::sizeof($scores);
    $scores->similarity = FFI::cast('float *', FFI::addr($similarity));
    $scores->flags = FFI::cast('uint32_t *', FFI::addr($flags));
    call('mgeo_score', $engine, FFI::addr($pair), 1, FFI::addr($scores));
    return [$similarity[0], $flags[0]];
}

check(preg_match('/^\d+\.\d+\.\d+$/', $lib->mgeo_version()) === 1, 'no version');
check($lib->mgeo_precision_name($lib->MGEO_BF16) === 'bf16', 'a precision has another name');
$handle = $lib->new('mgeo_engine *[1]');
call('mgeo_engine_create', null, $handle);
$engine = $handle[0];
$status = $lib->mgeo_load($engine, '/nowhere', null, null, FFI::addr($error));
check($status === $lib->MGEO_E_IO, "status $status");
check(str_contains(FFI::string($error->message), '/nowhere'), 'the line does not name the path');
$info = $lib->new('mgeo_model_info');
$info->struct_size = FFI::sizeof($info);
call('mgeo_load', $engine, $model, null, FFI::addr($info));
check($info->precision === $lib->MGEO_FP32, 'not fp32');
[$similarity, $flags] = score($engine, '杭州市西湖区文三路90号', '文三路90号');
check($similarity >= 0 && $similarity <= 1 && $flags === 0, "similarity $similarity, flags $flags");
check(score($engine, '杭州市西湖区文三路90号', '')[1] === $lib->MGEO_ROW_EMPTY, 'an empty text is not flagged');
$lib->mgeo_engine_destroy($engine);
printf("scored %.3f\n", $similarity);
