/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Output in the making and JSON: what of a name is shown, and that JSON stays JSON. */
#include "test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "json.h"
#include "text.h"

static void check_name(const char *name, const char *shown)
{
	struct text out = {0};

	text_name(&out, name);
	assert_string_equal(text_string(&out), shown);
	text_end(&out);
}

static void test_names_for_people(void **state)
{
	check_name("tcp_connect", "tcp_connect");
	check_name("", "");
	check_name("a\\b\"c", "a\\b\"c");
	check_name("a\nb\tc", "a\\nb\\tc");
	check_name("\033[31mred", "\\x1b[31mred");
	check_name("\x7f", "\\x7f");
	check_name("\xc2\x9b"
		   "31m",
		   "\\u009b31m");
	check_name("\xe2\x80\xae"
		   "exe",
		   "\\u202eexe"); /* writes from right to left */
	check_name("\xe2\x81\xa6", "\\u2066");
	check_name("\xe2\x80\x8b", "\\u200b");
	check_name("\xef\xbb\xbf", "\\ufeff");
	check_name("\xf3\xa0\x80\x81", "\\U000e0001");
	check_name("Zähler", "Zähler");
	check_name("\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d");
}

static void test_what_is_no_utf8(void **state)
{
	check_name("a\xff", "a\\xff");
	check_name("\x80", "\\x80");
	check_name("\xc3", "\\xc3");
	check_name("\xc3(", "\\xc3(");
	check_name("\xe2\x82", "\\xe2\\x82");
	check_name("\xc0\xaf", "\\xc0\\xaf");			/* '/' in two bytes */
	check_name("\xe0\x80\xaf", "\\xe0\\x80\\xaf");		/* and in three */
	check_name("\xed\xa0\x80", "\\xed\\xa0\\x80");		/* a surrogate */
	check_name("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond the last */
	check_name("\xf0\x9f\x90", "\\xf0\\x9f\\x90");
	check_name("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80");
}

/* What a JSON library reads of the string that is written of @name. */
static void check_json_name(const char *name, const char *read)
{
	struct text out = {0};
	struct json json = {.out = &out};
	json_error_t error;
	json_t *value;

	json_put_text(&json, name);
	value = json_loads(text_string(&out), JSON_DECODE_ANY, &error);
	assert_non_null(value);
	assert_string_equal(json_string_value(value), read);
	for (const char *c = out.start; c < out.at; c++)
		assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
	json_decref(value);
	text_end(&out);
}

static void test_names_in_json(void **state)
{
	static const char *const kept[] = {
		"",
		"tcp_connect",
		"\"\\/",
		"\n\t\r\b\f",
		"\001\033\037\x7f",
		"Zähler",
		"\xc2\x9b",
		"\xe2\x80\xae",
		"\xef\xbb\xbf",
		"\xf0\x9f\x90\x9d",
		"\xf3\xa0\x80\x81",
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		check_json_name(kept[i], kept[i]);
	check_json_name("a\xff", "a\xef\xbf\xbd");
	check_json_name("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
	check_json_name("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void put_document(struct json *json)
{
	json_begin_object(json);
	json_name(json, "none");
	json_begin_array(json);
	json_end_array(json);
	json_name(json, "numbers");
	json_begin_array(json);
	json_put_number(json, 0);
	json_put_number(json, UINT64_MAX);
	json_put_signed(json, INT64_MIN);
	json_put_signed(json, 7);
	json_put_real(json, 0.25);
	json_end_array(json);
	json_name(json, "inner");
	json_begin_object(json);
	json_name(json, "yes");
	json_put_bool(json, true);
	json_name(json, "tag");
	json_put_hex(json, "\x01\xab", 2);
	json_end_object(json);
	json_end_object(json);
	json_end_line(json);
}

static void test_documents(void **state)
{
	struct text out = {0};
	struct json compact = {.out = &out}, pretty = {.out = &out, .pretty = true};

	put_document(&compact);
	assert_string_equal(text_string(&out),
			    "{\"none\":[],\"numbers\":[0,18446744073709551615,"
			    "-9223372036854775808,7,0.25],\"inner\":{\"yes\":true,"
			    "\"tag\":\"01ab\"}}\n");
	text_clear(&out);
	put_document(&pretty);
	assert_string_equal(text_string(&out), "{\n"
					       "  \"none\": [],\n"
					       "  \"numbers\": [\n"
					       "    0,\n"
					       "    18446744073709551615,\n"
					       "    -9223372036854775808,\n"
					       "    7,\n"
					       "    0.25\n"
					       "  ],\n"
					       "  \"inner\": {\n"
					       "    \"yes\": true,\n"
					       "    \"tag\": \"01ab\"\n"
					       "  }\n"
					       "}\n");
	text_end(&out);
}

static void test_a_stream_gets_all_of_it(void **state)
{
	char read[16] = "";
	struct text out = {0};
	FILE *stream = tmpfile();

	assert_non_null(stream);
	text_write(&out, stream); /* nothing yet */
	for (unsigned int i = 0; i < 3; i++) {
		text_fill(&out, 'x', i);
		text_number(&out, i);
		text_write(&out, stream);
		assert_int_equal(text_length(&out), 0);
	}
	assert_false(out.failed);
	rewind(stream);
	assert_int_equal(fread(read, 1, sizeof(read) - 1, stream), 6);
	assert_string_equal(read, "0x1xx2");
	fclose(stream);
	text_end(&out);
}

static void test_numbers(void **state)
{
	static const uint64_t numbers[] = {0, 9, 10, 99, 100, 12345, UINT32_MAX, UINT64_MAX};
	struct text out = {0};
	char expected[32];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		text_clear(&out);
		text_number(&out, numbers[i]);
		snprintf(expected, sizeof(expected), "%ju", (uintmax_t)numbers[i]);
		assert_string_equal(text_string(&out), expected);
	}
	text_end(&out);
}

static void test_width(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} texts[] = {
		{"", 0},
		{"abc", 3},
		{"an_ascii_name_of_more_than_a_word", 33},
		{"Z\xc3\xa4", 2},
		{"\xe4\xb8\xad\xe6\x96\x87", 4}, /* two ideographs */
		{"abcdefgh\xe4\xb8\xad", 10},
		{"\xef\xbc\xa1", 2},	   /* a fullwidth A */
		{"\xed\x95\x9c", 2},	   /* a syllable of Hangul */
		{"\xf0\x9f\x98\x80", 2},   /* an emoji */
		{"e\xcc\x81", 1},	   /* an e, and an accent over it */
		{"e\xcc\x81\xcc\xa8x", 2}, /* two of them */
		{"\xee\x80\x80", 1},	   /* for private use */
		{"\xcd\xb8", 1},	   /* no character yet */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(text_width(texts[i].text, strlen(texts[i].text)), texts[i].width);
}

static void test_what_fits(void **state)
{
	const char *text = "ab\xe4\xb8\xad"
			   "e\xcc\x81"
			   "cdefghijkl";
	static const size_t fitting[] = {0,  1,	 2,  2,	 5,  8,	 9,  10, 11,
					 12, 13, 14, 15, 16, 17, 18, 18, 18};

	for (size_t room = 0; room < 18; room++)
		assert_int_equal(text_fitting(text, 18, room), fitting[room]);
	assert_int_equal(text_fitting("abcdefghijkl", 12, 9), 9);
	assert_int_equal(text_fitting("abc\xcc\x81", 5, 3), 5);
	assert_int_equal(text_fitting("abc\xcc\x81", 5, 2), 2);
}

/* Whatever the locale is. */
static void test_width_in_any_locale(void **state)
{
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	test_width(state);
	assert_non_null(setlocale(LC_ALL, "C"));
	test_width(state);
	assert_int_equal(mblen("\xe4\xb8\xad", 3), -1); /* which is as it was */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_for_people),
		cmocka_unit_test(test_what_is_no_utf8),
		cmocka_unit_test(test_names_in_json),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_a_stream_gets_all_of_it),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_what_fits),
		cmocka_unit_test(test_width_in_any_locale),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
