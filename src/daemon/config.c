/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /etc/evertape/evertape.conf and its drop-ins, read by inih. One row a key. */

#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"
#include "util/text.h"

#define DEFAULT_TIMEOUT (15 * 60 * USEC_PER_SEC)
#define DEFAULT_JOURNAL (UINT64_C(1) << 30)
#define JOURNAL_MIN     (UINT64_C(4) << 20)
#define JOURNAL_MAX     (UINT64_C(64) << 30)

#define DEFAULT_PIPELINE (16 << 20)
#define PIPELINE_MIN     (64 << 10)
#define PIPELINE_MAX     (256 << 20)

typedef struct Parse {
        Config *config;
        FILE *stream;
        const char *file;
        unsigned line;
        bool line_ended;
        int n_errors;
} Parse;

/* Named outcome: the section is another one's. */
typedef const char *(*KeyParser)(Config *c, const char *device, const char *value);

static ConfigDevice *device_section(Config *c, const char *name)
{
        ConfigDevice *d;

        for (size_t i = 0; i < c->n_devices; i++)
                if (text_equal(c->devices[i].name, name))
                        return &c->devices[i];
        d = reallocarray(c->devices, c->n_devices + 1, sizeof(*d));
        if (!d)
                return NULL;
        c->devices = d;
        d = &c->devices[c->n_devices++];
        *d = (ConfigDevice){.pipeline = -1, .group = -1};
        snprintf(d->name, sizeof(d->name), "%s", name);
        return d;
}

static const char *parse_timeout(Config *c, const char *device, const char *value)
{
        ConfigDevice *d = device ? device_section(c, device) : NULL;
        usec_t span;

        if (device && !d)
                return "out of memory";
        if (text_parse_span(value, &span) < 0 || span == 0)
                return "not a span of time such as 15min, 90s or infinity";
        if (d)
                d->timeout = span;
        else
                c->timeout = span;
        return NULL;
}

static const char *parse_journal(Config *c, const char *device, const char *value)
{
        uint64_t size;

        if (text_parse_size(value, &size) < 0)
                return "not a size such as 512M or 1G";
        if (size < JOURNAL_MIN || size > JOURNAL_MAX)
                return "must be from 4M to 64G";
        c->journal = size;
        return NULL;
}

static const char *parse_pipeline(Config *c, const char *device, const char *value)
{
        ConfigDevice *d = device ? device_section(c, device) : NULL;
        uint64_t size = 0;

        if (device && !d)
                return "out of memory";
        if (!text_equal(value, "no") && text_parse_size(value, &size) < 0)
                return "not a size such as 16M, or no";
        if (size != 0 && (size < PIPELINE_MIN || size > PIPELINE_MAX))
                return "must be no, or from 64K to 256M";
        *(d ? &d->pipeline : &c->pipeline) = (int64_t) size;
        return NULL;
}

static const char *parse_yes(const char *value, bool *ret)
{
        if (!text_equal(value, "yes") && !text_equal(value, "no"))
                return "must be yes or no";
        *ret = text_equal(value, "yes");
        return NULL;
}

static const char *parse_group(Config *c, const char *device, const char *value)
{
        ConfigDevice *d = device ? device_section(c, device) : NULL;
        const char *why;
        bool yes = false;

        if (device && !d)
                return "out of memory";
        why = parse_yes(value, &yes);
        if (why)
                return why;
        if (d)
                d->group = yes;
        else
                c->group = yes;
        return NULL;
}

static const char *parse_follow(Config *c, const char *device, const char *value)
{
        return bay_follow_parse(value, &c->follow) < 0 ? "must be bay or drive" : NULL;
}

static const char *parse_initiator(Config *c, const char *device, const char *value)
{
        if (!iscsi_name_is_valid(value))
                return "must begin with iqn., eui. or naa., and have at most 223 characters";
        snprintf(c->initiator, sizeof(c->initiator), "%s", value);
        return NULL;
}

static const char *parse_header_digest(Config *c, const char *device, const char *value)
{
        return parse_yes(value, &c->header_digest);
}

static const struct ConfigKey {
        const char *section, *key;
        bool device; /* may stand in a [Device "NAME"] section too */
        KeyParser parse;
} keys[] = {
        {"Hold", "Timeout", true, parse_timeout},
        {"Hold", "Journal", false, parse_journal},
        {"Hold", "Pipeline", true, parse_pipeline},
        {"Hold", "Group", true, parse_group},
        {"Names", "Follow", false, parse_follow},
        {"iSCSI", "InitiatorName", false, parse_initiator},
        {"iSCSI", "HeaderDigest", false, parse_header_digest},
};

/* NAME of `Device "NAME"` into name; false for any other section. */
static bool section_device(const char *section, char *name, size_t n_name)
{
        size_t n = strlen(section);

        if (strncmp(section, "Device \"", 8) != 0 || n < 10 || section[n - 1] != '"' || n - 9 >= n_name)
                return false;
        memcpy(name, section + 8, n - 9);
        name[n - 9] = '\0';
        return true;
}

static const char *parse_key(Config *c, const char *section, const char *key, const char *value)
{
        char name[NAME_LENGTH_MAX];
        bool device = section_device(section, name, sizeof(name)), known = device;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                bool here = device ? keys[i].device : text_equal(section, keys[i].section);

                known = known || here;
                if (here && text_equal(key, keys[i].key))
                        return keys[i].parse(c, device ? name : NULL, value);
        }
        return known ? "unknown key" : "unknown section";
}

static int handle(void *userdata, const char *section, const char *key, const char *value)
{
        Parse *p = userdata;
        const char *why = parse_key(p->config, section, key, value);

        if (!why)
                return 1;
        log_warning("%s:%u: [%s] %s=%s: %s; ignored", p->file, p->line, section, key, value, why);
        p->n_errors++;
        return 1;
}

/* For inih, as fgets(). Counts lines, of which a long one comes in pieces: inih does not say where it is. */
static char *read_line(char *text, int n, void *stream)
{
        Parse *p = stream;

        if (!fgets(text, n, p->stream))
                return NULL;
        p->line += p->line_ended;
        p->line_ended = strchr(text, '\n') != NULL;
        return text;
}

/* Named outcome of load_file(): something was reported. */
static int report_unreadable(const char *path, int error)
{
        log_warning("%s: %s; ignored", path, strerror(error));
        return 1;
}

static int load_file(Config *c, const char *path)
{
        _cleanup_fclose_ FILE *stream = fopen(path, "re");
        Parse p = {.config = c, .stream = stream, .file = path, .line_ended = true};
        int r;

        if (!stream)
                return errno == ENOENT ? 0 : report_unreadable(path, errno);
        errno = 0;
        r = ini_parse_stream(read_line, &p, handle, &p);
        if (r == -2)
                return -ENOMEM;
        if (ferror(stream))
                return report_unreadable(path, errno != 0 ? errno : EIO);
        if (r > 0) {
                log_warning("%s:%d: neither a section nor Key=Value; ignored", path, r);
                p.n_errors++;
        }
        return p.n_errors > 0;
}

static int is_conf(const struct dirent *e)
{
        size_t n = strlen(e->d_name);

        return n > 5 && e->d_name[0] != '.' && text_equal(e->d_name + n - 5, ".conf");
}

static int load_drop_ins(Config *c, const char *path)
{
        struct dirent **entries = NULL;
        char dir[512], file[1024];
        int n, r, ret = 0;

        snprintf(dir, sizeof(dir), "%s.d", path);
        n = scandir(dir, &entries, is_conf, alphasort);
        if (n < 0)
                return errno == ENOENT ? 0 : report_unreadable(dir, errno);
        for (int i = 0; i < n; i++) {
                snprintf(file, sizeof(file), "%s/%s", dir, entries[i]->d_name);
                r = ret < 0 ? ret : load_file(c, file);
                ret = r < 0 || ret == 0 ? r : ret;
                free(entries[i]);
        }
        free(entries);
        return ret;
}

int config_load(const char *path, Config *ret)
{
        Config c = {.timeout = DEFAULT_TIMEOUT,
                    .journal = DEFAULT_JOURNAL,
                    .pipeline = DEFAULT_PIPELINE,
                    .group = true};
        int r, d;

        r = load_file(&c, path);
        d = r < 0 ? r : load_drop_ins(&c, path);
        if (d < 0) {
                config_deinit(&c);
                return d;
        }
        *ret = c;
        return r > 0 || d > 0;
}

void config_deinit(Config *c)
{
        free(c->devices);
        *c = (Config){};
}

static const ConfigDevice *find_device(const Config *c, const char *name)
{
        static const ConfigDevice none = {.pipeline = -1, .group = -1};

        for (size_t i = 0; i < c->n_devices; i++)
                if (text_equal(c->devices[i].name, name))
                        return &c->devices[i];
        return &none;
}

usec_t config_timeout(const Config *c, const char *name, usec_t of_model)
{
        const ConfigDevice *d = find_device(c, name);

        if (d->timeout > 0)
                return d->timeout;
        return of_model > 0 ? of_model : c->timeout;
}

uint32_t config_pipeline(const Config *c, const char *name)
{
        const ConfigDevice *d = find_device(c, name);

        return (uint32_t) (d->pipeline >= 0 ? d->pipeline : c->pipeline);
}

bool config_group(const Config *c, const char *name)
{
        const ConfigDevice *d = find_device(c, name);

        return d->group >= 0 ? d->group : c->group;
}
