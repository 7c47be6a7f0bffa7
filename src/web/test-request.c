/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is answered, and what is refused. */

#include "web/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

static char *names[] = {(char[]){"backup.example.org"}};
static const HostRule rule = {.names = names, .n_names = 1};

static unsigned status(const char *method, const char *path, const char *host)
{
        Decision d = request_decide(method, path, host, &rule);

        assert_true((d.status == 200) == (d.text == NULL));
        return d.status;
}

static void test_hosts(void **state)
{
        static const struct {
                const char *host;
                unsigned status;
        } rows[] = {
                {"localhost", 200},
                {"LocalHost:9837", 200},
                {"127.0.0.1:9837", 200},
                {"[::1]:9837", 200},
                {"[::1]", 200},
                {"backup.example.org", 200},
                {"backup.example.org:80", 200},
                {NULL, 421},
                {"", 421},
                {"evil.example", 421},
                {"evil.example:9837", 421},
                {"localhost.evil.example", 421},
                {"localhost:9837.evil.example", 421},
                {"127.0.0.1.evil.example", 421},
                {"xbackup.example.org", 421},
                {"[::1", 421},
                {"[::1]evil", 421},
                {"localhost@evil", 421},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_int_equal(status("GET", "/", rows[i].host), rows[i].status);
        assert_int_equal(request_decide("GET", "/", NULL, &(HostRule){.any = true}).status, 200);
}

static void test_methods_and_pages(void **state)
{
        static const char *const methods[] = {"POST",  "PUT",     "DELETE", "OPTIONS",
                                              "TRACE", "CONNECT", "get",    ""};
        static const char *const pages[] = {"/",        "/parts",       "/style.css", "/page.js",
                                            "/map.svg", "/status.json", "/metrics"};
        static const char *const others[] = {"",         "//", "/index.html", "/metrics/", "/../etc/passwd",
                                             "/METRICS", "*"};

        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                assert_int_equal(status(methods[i], "/", "localhost"), 405);
        for (size_t i = 0; i < ELEMENTSOF(pages); i++) {
                Decision d = request_decide("HEAD", pages[i], "localhost", &rule);

                assert_int_equal(d.status, 200);
                assert_non_null(page_content_type(d.page));
                assert_ptr_equal(strstr(page_policy(d.page), "default-src 'none'"), page_policy(d.page));
                assert_null(strstr(page_policy(d.page), "unsafe-eval"));
        }
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                assert_int_equal(status("GET", others[i], "localhost"), 404);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hosts),
                cmocka_unit_test(test_methods_and_pages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
