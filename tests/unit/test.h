/*
 * test.h - TEST(name_that_is_a_sentence) { ... } registers itself; checks are cmocka's,
 * under short names that print both sides.
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(name)                                                     \
	static void test_##name(void **state);                         \
	__attribute__((constructor)) static void register_##name(void) \
	{                                                              \
		test_register(__FILE__, #name, test_##name);           \
	}                                                              \
	static void test_##name(__attribute__((unused)) void **state)

void test_register(const char *file, const char *name, void (*fn)(void **));

#define CHECK(cond)         assert_true(cond)
#define CHECK_INT(a, b)     assert_int_equal((a), (b))
#define CHECK_STR(a, b)     assert_string_equal((a), (b))
#define CHECK_MEM(a, b, n)  assert_memory_equal((a), (b), (n))
#define CHECK_OK(call, err) test_ok((call), &(err), #call, __FILE__, __LINE__)

struct err;
/* Fails with the error's text when ret is not 0. */
void test_ok(
	int ret, const struct err *err, const char *call, const char *file, int line);
/* A file below tests/, found from wherever the tests run. Static buffer. */
const char *test_path(const char *relative);
/* A fresh directory, removed when the test program ends. Static buffer. */
const char *test_tmpdir(void);

#endif
