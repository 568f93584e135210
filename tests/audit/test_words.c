/* SPDX-License-Identifier: BSD-2-Clause OR LGPL-2.1-or-later */
/* Names and paths as the audit shows them: to people, to a shell, as a URI. */
#include <stdlib.h>

#include "audit/words.h"
#include "world.h"

static void words(void **state)
{
	static const struct {
		const char *text, *escaped, *shell, *uri;
	} cases[] = {
		{"/a/b-c_1.2", "/a/b-c_1.2", "/a/b-c_1.2", "file:///a/b-c_1.2"},
		{"", "", "''", "file://"},
		{"/a b", "/a b", "'/a b'", "file:///a%20b"},
		{"-rf", "-rf", "'-rf'", "file://-rf"},
		{"/$(x)", "/$(x)", "'/$(x)'", "file:///$(x)"},
		{"/it's", "/it's", "'/it'\\''s'", "file:///it's"},
		{"/\033[31m", "/\\x1b[31m", "$'/\\033[31m'", "file:///%1B%5B31m"},
		{"/\n'\\", "/\\x0a'\\\\", "$'/\\012\\'\\\\'", "file:///%0A'%5C"},
		{"/\xc3\xa9", "/\xc3\xa9", "'/\xc3\xa9'", "file:///%C3%A9"},
		/* Not UTF-8; C1 control; right-to-left override; cut short. */
		{"/\xff", "/\\xff", "$'/\\377'", "file:///%FF"},
		{"/\xc2\x9b", "/\\xc2\\x9b", "$'/\\302\\233'", "file:///%C2%9B"},
		{"/\xe2\x80\xae", "/\\xe2\\x80\\xae", "$'/\\342\\200\\256'", "file:///%E2%80%AE"},
		{"/\xe2\x80", "/\\xe2\\x80", "$'/\\342\\200'", "file:///%E2%80"},
		{"/\xe0\x9f\xbf", "/\\xe0\\x9f\\xbf", "$'/\\340\\237\\277'", "file:///%E0%9F%BF"},
		{"/\xc0\xaf", "/\\xc0\\xaf", "$'/\\300\\257'", "file:///%C0%AF"},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char *text = escaped(cases[i].text), *shell = shell_word(cases[i].text),
		     *uri = file_uri(cases[i].text);

		assert_string_equal(text, cases[i].escaped);
		assert_string_equal(shell, cases[i].shell);
		assert_string_equal(uri, cases[i].uri);
		free(uri);
		free(shell);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
