/* test_paths.c - whose code is it, and what is its module called */
#include "test.h"

#include "base/alloc.h"
#include "python/paths.h"

#include <string.h>

static void load(struct paths *p)
{
	static const char *const entries[] = { "/srv/app", "/usr/lib/python312.zip",
		"/usr/lib/python3.12", "/srv/app/.venv/lib/python3.12/site-packages",
		"/usr/lib/python3/dist-packages", "/opt/bundle.zip" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		p->entry[p->n_entries++] = xstrdup(entries[i]);
	p->prefix[p->n_prefixes++] = xstrdup("/srv/app/.venv");
	p->prefix[p->n_prefixes++] = xstrdup("/usr");
}

TEST(library_is_what_the_target_itself_takes_from_elsewhere)
{
	static const struct {
		const char *file;
		bool library;
		const char *module;
	} tc[] = {
		{ "/srv/app/main.py", false, "main" },
		{ "/srv/app/web/views.py", false, "web.views" },
		{ "/srv/app/web/__init__.py", false, "web" },
		{ "/usr/lib/python3.12/json/decoder.py", true, "json.decoder" },
		{ "/usr/lib/python3/dist-packages/yaml/loader.py", true, "yaml.loader" },
		{ "/srv/app/.venv/lib/python3.12/site-packages/flask/app.py", true,
			"flask.app" },
		{ "/opt/bundle.zip/vendored.py", true, "vendored" },
		{ "<frozen importlib._bootstrap>", true, "importlib._bootstrap" },
		{ "<string>", false, NULL },
		{ "/home2/site-packages/mine.py", false, NULL },
		{ "/srv/application/x.py", false, NULL },
		{ "", false, NULL },
	};
	struct paths p = PATHS_INIT;
	char module[64];
	size_t i;

	load(&p);
	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		size_t len = strlen(tc[i].file);

		CHECK_INT(paths_is_library(&p, tc[i].file, len), tc[i].library);
		CHECK_INT(paths_module(&p, tc[i].file, len, module, sizeof(module)),
			tc[i].module != NULL);
		if (tc[i].module)
			CHECK_STR(module, tc[i].module);
	}
	CHECK(!paths_module(&p, "/srv/app/a_rather_long_name.py", 30, module, 8));
	paths_release(&p);
}
