/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* argv[1] is a folder of configurations as people write them, in bacula/ and amanda/. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "configure/test-configure.h"

static const char *const folders[_DIALECT_MAX] = {[DIALECT_BACULA] = "bacula", [DIALECT_AMANDA] = "amanda"};

/* One after the other, with nothing between them. */
static void check_pieces(Dialect dialect, const char *text, size_t n)
{
        size_t at = 0;

        for (;;) {
                Piece p = lexer_next(dialect, text, n, at);

                assert_int_equal(p.span.at, at);
                if (p.type == PIECE_END)
                        break;
                assert_true(p.span.n > 0);
                assert_true(p.span.n <= n - at);
                at += p.span.n;
        }
        assert_int_equal(at, n);
}

static void check_spans(const Conf *c)
{
        for (size_t i = 0; i < c->n_statements; i++) {
                const ConfStatement *s = &c->statements[i];
                size_t at = s->key.at + s->key.n;

                assert_true(at <= c->files[s->file].n_text);
                for (size_t v = 0; v < s->n_values; v++) {
                        assert_true(s->values[v].raw.at >= at);
                        at = s->values[v].raw.at + s->values[v].raw.n;
                        assert_true(at <= c->files[s->file].n_text);
                }
        }
        for (size_t b = 0; b < c->n_blocks; b++) {
                assert_true(c->blocks[b].head < c->n_statements);
                assert_true(c->blocks[b].parent < (int) b);
        }
}

typedef struct Lone {
        const char *text;
        size_t n;
} Lone;

static int load_lone(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        const Lone *l = userdata;
        char *text;

        if (strcmp(path, "/lone") != 0)
                return -ENOENT;
        text = malloc(l->n + 1);
        memcpy(text, l->text, l->n);
        text[l->n] = '\0';
        *ret = text;
        *ret_n = l->n;
        return 0;
}

static void check_unchanged(const Conf *c)
{
        for (size_t i = 0; i < c->n_files; i++) {
                _cleanup_free_ char *got = NULL;
                const ConfFile *f = &c->files[i];
                size_t n = 0;

                assert_int_equal(edit_apply(&f->edits, f->text, f->n_text, &got, &n), 0);
                assert_int_equal(n, f->n_text);
                assert_memory_equal(got, f->text, n);
        }
}

/* Whatever the text is: no byte is lost, and every span is inside. */
static void check_text(Dialect dialect, const char *text, size_t n)
{
        _cleanup_(conf_freep) Conf *c = NULL;
        Lone lone = {text, n};
        int r;

        check_pieces(dialect, text, n);
        r = conf_parse(dialect, "/lone", load_lone, &lone, &c);
        if (r == -ELOOP)
                return;
        assert_int_equal(r, 0);
        check_spans(c);
        check_unchanged(c);
}

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % below;
}

static void check_mutations(Dialect dialect, const char *text, size_t n)
{
        static const char alphabet[] = "{}=;,\"#@|\\\n\r \tab/0";

        for (int round = 0; round < 300 && n > 0; round++) {
                _cleanup_free_ char *copy = malloc(n);

                memcpy(copy, text, n);
                for (int i = 0; i < 4; i++)
                        copy[draw((uint32_t) n)] = alphabet[draw(sizeof(alphabet) - 1)];
                check_text(dialect, copy, draw((uint32_t) n + 1));
        }
}

static void test_corpus(void **state)
{
        for (Dialect d = 0; d < _DIALECT_MAX; d++) {
                char folder[512], path[1024];
                struct dirent *e;
                int n_files = 0;
                DIR *dir;

                snprintf(folder, sizeof(folder), "%s/%s", data_folder, folders[d]);
                dir = opendir(folder);
                assert_non_null(dir);
                while ((e = readdir(dir))) {
                        _cleanup_free_ char *text = NULL;
                        size_t n = 0;

                        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
                        if (e->d_type != DT_REG || load_file(NULL, path, &text, &n) < 0)
                                continue;
                        check_text(d, text, n);
                        check_mutations(d, text, n);
                        n_files++;
                }
                closedir(dir);
                assert_true(n_files >= 6);
        }
}

static void parse_file(Dialect dialect, const char *name, Conf **ret)
{
        char path[512];

        snprintf(path, sizeof(path), "%s/%s", data_folder, name);
        assert_int_equal(conf_parse(dialect, path, load_file, NULL, ret), 0);
}

/* Block b: what stands before its brace. */
static const char *head(const Conf *c, size_t b)
{
        return c->statements[c->blocks[b].head].name;
}

static void test_bacula(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;
        int i;

        parse_file(DIALECT_BACULA, "bacula/two-drives.conf", &c);

        assert_int_equal(c->n_blocks, 6);
        assert_string_equal(head(c, 1), "director");
        assert_string_equal(conf_first(c, 1, "password"), "not \"really\" # one");
        assert_string_equal(head(c, 2), "autochanger");
        i = conf_find(c, 2, "device", 0);
        assert_int_equal(c->statements[i].n_values, 2);
        assert_string_equal(c->statements[i].values[1].text, "Drive-1");
        assert_string_equal(conf_first(c, 2, "changercommand"),
                            "/etc/bacula/scripts/mtx-changer %c %o %S %a %d");
        assert_string_equal(conf_first(c, 3, "archivedevice"), "/dev/nst0");
        assert_string_equal(conf_first(c, 3, "randomaccess"), "no");
        assert_string_equal(conf_first(c, 5, "name"), "Standard");
        assert_null(conf_first(c, 5, "archivedevice"));
}

static void test_bacula_odd_form(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;

        parse_file(DIALECT_BACULA, "bacula/crlf-tabs.conf", &c);

        assert_int_equal(c->n_blocks, 3);
        assert_string_equal(head(c, 0), "autochanger");
        assert_string_equal(conf_first(c, 0, "device"), "D 1");
        assert_string_equal(conf_first(c, 1, "archivedevice"), "/dev/nst1");
        assert_string_equal(conf_first(c, 2, "name"), "D2");
        assert_string_equal(conf_eol(&c->files[0]), "\r\n");
        assert_int_equal(conf_line(&c->files[0], c->blocks[1].open_at), 9);
}

static void test_bacula_includes(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;

        parse_file(DIALECT_BACULA, "bacula/includes.conf", &c);

        assert_int_equal(c->n_files, 3);
        assert_int_equal(c->n_includes, 4);
        assert_int_equal(c->includes[0].target, 1);
        assert_true(c->includes[1].command);
        assert_int_equal(c->includes[1].target, -1);
        assert_string_equal(c->includes[1].path, "sh -c 'cat /etc/bacula/conf.d/*.conf'");
        assert_int_equal(c->includes[2].target, 2);
        assert_int_equal(c->includes[3].target, -1);
        assert_false(c->includes[3].command);
        assert_int_equal(c->n_blocks, 3);
        assert_string_equal(conf_first(c, 0, "password"), "@/etc/bacula/password");
        assert_int_equal(c->blocks[1].open_file, 2);
        assert_string_equal(conf_first(c, 2, "name"), "Standard");
}

/* Bacula reads it where it is named. */
static int load_parts(void *userdata, const char *path, char **ret, size_t *ret_n)
{
        static const char *const texts[][2] = {
                {"/main", "Device {\n  Name = X\n  @part\n  @part\n  Drive Index = 1\n}\n@loop\n"},
                {"part", "  Archive Device = /dev/nst0\n"},
                {"loop", "@loop\nStorage { Name = s }\n@/main\n"},
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (strcmp(path, texts[i][0]) == 0) {
                        *ret = strdup(texts[i][1]);
                        *ret_n = strlen(*ret);
                        return 0;
                }
        return -ENOENT;
}

static void test_include_inside_of_a_resource(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;

        assert_int_equal(conf_parse(DIALECT_BACULA, "/main", load_parts, NULL, &c), 0);

        assert_int_equal(c->n_files, 3);
        assert_string_equal(conf_first(c, 0, "archivedevice"), "/dev/nst0");
        assert_int_equal(c->statements[conf_find(c, 0, "archivedevice", 0)].file, 1);
        assert_string_equal(conf_first(c, 0, "driveindex"), "1");
        assert_int_equal(c->n_blocks, 2);
}

static void test_too_deep(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;
        Lone lone = {"a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{q{r{", 36};

        assert_int_equal(conf_parse(DIALECT_BACULA, "/lone", load_lone, &lone, &c), -ELOOP);
        assert_int_equal(conf_parse(DIALECT_BACULA, "/none", load_lone, &lone, &c), -ENOENT);
}

static void test_amanda(void **state)
{
        _cleanup_(conf_freep) Conf *c = NULL;
        int i;

        parse_file(DIALECT_AMANDA, "amanda/robot.conf", &c);

        assert_int_equal(c->n_files, 2);
        assert_int_equal(c->n_includes, 2);
        assert_int_equal(c->includes[1].target, -1);
        assert_string_equal(conf_first(c, CONF_TOP, "tpchanger"), "my_robot");
        assert_string_equal(conf_first(c, 0, "comment"), "it says # here, and that is no comment");
        assert_string_equal(conf_first(c, 1, "tpchanger"), "chg-robot:/dev/sg3");
        i = conf_find(c, 1, "property", 0);
        assert_int_equal(c->statements[i].n_values, 3);
        assert_string_equal(c->statements[i].values[2].text, "1=tape:/dev/nst1");
        assert_string_equal(conf_first(c, 1, "device-property"), "BLOCK_SIZE");
        assert_string_equal(conf_first(c, 2, "comment"), "Global \"definitions\"");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_corpus),
                cmocka_unit_test(test_bacula),
                cmocka_unit_test(test_bacula_odd_form),
                cmocka_unit_test(test_bacula_includes),
                cmocka_unit_test(test_include_inside_of_a_resource),
                cmocka_unit_test(test_too_deep),
                cmocka_unit_test(test_amanda),
        };

        data_folder = argv[argc - 1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
