/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The meaning of an INF file: [Manufacturer] names sections of models, a model names an install section and
 * ids, and the install section's ".Services" names the driver. Windows looks into one models section a
 * manufacturer, the one whose decoration fits the machine best; here the newest of x86 in 64 bits is taken,
 * else what there is. */

#include "identity/inf.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "identity/inf-lines.h"

#define INF_STEPS_MAX          32768
#define SPSVCINST_ASSOCSERVICE 0x2 /* setupapi.h: the service is the device's driver */

/* What an install section says, read and complained about once. */
typedef struct Install Install;
struct Install {
        Install *next;
        const char *name;
        const char *service;
        ProfileFacts facts;
};

typedef struct Reader {
        InfFile *file;
        InfDocument document;
        size_t n_allocated;
        size_t n_steps; /* models and ids looked at: the same section can be named again and again */
        const char *manufacturer;
        Install *installs;
} Reader;

#define problems(r) (&(r)->file->problems)

static int take_step(Reader *r, unsigned line)
{
        if (r->n_steps++ < INF_STEPS_MAX)
                return 0;
        inf_error(problems(r), line, 0, "names more than %d models and ids", INF_STEPS_MAX);
        return -E2BIG;
}

/* ---- install sections ---- */

/* In the order in which they are looked for; "" for the section without decoration. */
static const char *const decorations[] = {"NTamd64", "NT", "NTx86", "NTia64", "NTarm64", ""};

/* [install.DECORATION.suffix], whichever there is. */
static const InfSection *install_section(const Reader *r, const char *install, const char *suffix)
{
        for (size_t i = 0; i < ELEMENTSOF(decorations); i++) {
                const InfSection *section;
                char name[64];

                snprintf(name, sizeof(name), "%s%s%s", decorations[i],
                         decorations[i][0] && suffix[0] ? "." : "", suffix);
                section = inf_section(&r->document, install, name[0] ? name : NULL);
                if (section)
                        return section;
        }
        return NULL;
}

/* "AddService = name, flags, section": the driver's, else the first; *ret is NULL when there is none. */
static int find_driver(Reader *r, const InfSection *services, const InfLine **ret)
{
        *ret = NULL;
        for (const InfLine *l = services ? services->lines : NULL; l; l = l->next) {
                const char *flags;
                bool is_driver;

                if (!l->key || strcasecmp(l->key->text, "AddService") != 0 || l->n_values == 0)
                        continue;
                if (take_step(r, l->line) < 0)
                        return -E2BIG;
                flags = l->n_values > 1 ? inf_expand(&r->document, &l->values[1]) : "";
                if (!flags)
                        return -ENOMEM;
                is_driver = strtoul(flags, NULL, 0) & SPSVCINST_ASSOCSERVICE;
                if (is_driver || !*ret)
                        *ret = l;
                if (is_driver)
                        return 0;
        }
        return 0;
}

/* The service may be in another section, "Needs = other.Services", of this file: one step, since that is all
 * that Windows' own files need and a circle would never end. */
static int read_service(Reader *r, Install *install, const InfLine *model)
{
        const InfSection *services = install_section(r, install->name, "Services");
        const InfLine *driver, *needs = inf_line(services, "Needs");
        int status;

        status = find_driver(r, services, &driver);
        for (size_t i = 0; status >= 0 && !driver && needs && i < needs->n_values; i++)
                status = find_driver(r, inf_section(&r->document, needs->values[i].text, NULL), &driver);
        if (status < 0)
                return status;
        if (!driver && needs)
                inf_warning(problems(r), needs->line, needs->column, "the driver is named in another file");
        else if (!driver)
                inf_warning(problems(r), model->line, model->column,
                            "[%s.Services] names no driver with AddService", install->name);
        install->service = driver ? inf_expand(&r->document, &driver->values[0]) : "";
        return install->service ? 0 : -ENOMEM;
}

static int read_facts(Reader *r, Install *install)
{
        const InfSection *own = install_section(r, install->name, "Evertape");

        install->facts = (ProfileFacts){.profile = profile_from_service(install->service)};
        for (const InfLine *l = own ? own->lines : NULL; l; l = l->next) {
                const char *value = l->n_values > 0 ? inf_expand(&r->document, &l->values[0]) : "", *why;

                if (!value)
                        return -ENOMEM;
                why = l->key ? profile_set_fact(&install->facts, l->key->text, value)
                             : "not of the form KEY = VALUE";
                if (why)
                        inf_warning(problems(r), l->line, l->column, "%s: %s",
                                    l->key ? l->key->text : l->values[0].text, why);
        }
        return 0;
}

static int read_install(Reader *r, const char *name, const InfLine *model, Install **ret)
{
        Install *install = arena_alloc(&r->file->arena, sizeof(*install));
        int status;

        if (!install)
                return -ENOMEM;
        install->name = name;
        status = read_service(r, install, model);
        if (status >= 0)
                status = read_facts(r, install);
        if (status < 0)
                return status;
        install->next = r->installs;
        r->installs = install;
        *ret = install;
        return 0;
}

/* *ret is NULL when the file does not have the section, which is a problem: nothing can be said about the
 * model then. */
static int find_install(Reader *r, const InfLine *model, const Install **ret)
{
        const char *name = inf_expand(&r->document, &model->values[0]);
        Install *install = r->installs;

        if (!name)
                return -ENOMEM;
        while (install && strcasecmp(install->name, name) != 0)
                install = install->next;
        *ret = install;
        if (install)
                return 0;
        if (name[0] != '\0' && (install_section(r, name, "") || install_section(r, name, "Services"))) {
                int status = read_install(r, name, model, &install);

                *ret = install;
                return status;
        }
        inf_error(problems(r), model->values[0].line, model->values[0].column,
                  "there is no install section [%s]", name);
        return 0;
}

/* ---- models ---- */

static int add_entry(Reader *r, const InfEntry *entry)
{
        InfFile *f = r->file;

        if (f->n_entries == INF_ENTRIES_MAX) {
                inf_error(problems(r), entry->line, entry->column, "more than %d ids", INF_ENTRIES_MAX);
                return -E2BIG;
        }
        if (f->n_entries == r->n_allocated) {
                size_t n = r->n_allocated ? 2 * r->n_allocated : 64;
                InfEntry *grown = reallocarray(f->entries, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                f->entries = grown;
                r->n_allocated = n;
        }
        f->entries[f->n_entries++] = *entry;
        return 0;
}

/* A line "ID = vendor, product" of [AlternateDriverSearch]. */
static int add_search(Reader *r, const InfEntry *model, const InfLine *line)
{
        InfEntry entry = *model;

        if (take_step(r, line->line) < 0)
                return -E2BIG;
        entry.line = line->line;
        entry.column = line->column;
        entry.vendor = line->n_values > 0 ? inf_expand(&r->document, &line->values[0]) : "";
        entry.product = line->n_values > 1 ? inf_expand(&r->document, &line->values[1]) : "";
        if (!entry.vendor || !entry.product)
                return -ENOMEM;
        if (entry.vendor[0] == '\0')
                inf_error(problems(r), line->line, line->column, "no vendor: it matches nothing");
        else if (strlen(entry.vendor) > HWID_VENDOR || strlen(entry.product) > HWID_PRODUCT)
                inf_error(problems(r), line->line, line->column,
                          "a vendor of more than %d or a product of more than %d characters matches nothing",
                          HWID_VENDOR, HWID_PRODUCT);
        else
                return add_entry(r, &entry);
        return 0;
}

/* The lines of [AlternateDriverSearch] that the id names. Returns how many. */
static int add_searches(Reader *r, const InfEntry *model)
{
        const InfSection *search = inf_section(&r->document, "AlternateDriverSearch", NULL);
        int n = 0, status;

        for (const InfLine *l = search ? search->lines : NULL; l; l = l->next) {
                if (!l->key || strcasecmp(l->key->text, model->id) != 0)
                        continue;
                status = add_search(r, model, l);
                if (status < 0)
                        return status;
                n++;
        }
        return n;
}

static int add_id(Reader *r, const InfEntry *entry)
{
        const char *complaint = hwid_complaint(entry->id);
        int n;

        if (take_step(r, entry->line) < 0)
                return -E2BIG;
        n = strchr(entry->id, '\\') ? 0 : add_searches(r, entry);
        if (n != 0)
                return n < 0 ? n : 0;
        if (complaint)
                inf_warning(problems(r), entry->line, entry->column, "%s: %s", entry->id, complaint);
        else if (!strchr(entry->id, '\\') && !hwid_is_scsi(entry->id))
                inf_warning(problems(r), entry->line, entry->column,
                            "%s is no id of a SCSI device and not in [AlternateDriverSearch]", entry->id);
        return add_entry(r, entry);
}

/* The ids behind the install section; all else in the entry is the model's. */
static int add_ids(Reader *r, const InfLine *l, InfEntry *entry)
{
        int status = 0;

        for (size_t i = 1; i < l->n_values && status >= 0; i++) {
                entry->id = inf_expand(&r->document, &l->values[i]);
                entry->line = l->values[i].line;
                entry->column = l->values[i].column;
                entry->position = (unsigned) i - 1;
                if (!entry->id)
                        return -ENOMEM;
                if (entry->id[0] != '\0')
                        status = add_id(r, entry);
                else if (i == 1)
                        inf_error(problems(r), entry->line, entry->column, "the hardware id is empty");
        }
        return status;
}

/* "description = install section, hardware id, compatible id ..." */
static int read_model(Reader *r, const InfLine *l)
{
        InfEntry entry = {.manufacturer = r->manufacturer};
        const Install *install;
        int status;

        if (take_step(r, l->line) < 0)
                return -E2BIG;
        if (l->cut)
                inf_error(problems(r), l->line, l->column,
                          "more than %d values, or one longer than %d bytes; cut", INF_VALUES_MAX,
                          INF_FIELD_MAX - 1);
        if (!l->key || l->n_values < 2) {
                inf_error(problems(r), l->line, l->column,
                          "not of the form DESCRIPTION = INSTALL-SECTION, ID");
                return 0;
        }
        status = find_install(r, l, &install);
        if (status < 0 || !install)
                return status;
        entry.description = inf_expand(&r->document, l->key);
        entry.install = install->name;
        entry.service = install->service;
        entry.facts = install->facts;
        return entry.description ? add_ids(r, l, &entry) : -ENOMEM;
}

/* How well the decoration of a models section fits: 64 bit x86, any machine, x86, others; the higher version
 * of Windows first. Lower is better. */
static unsigned decoration_rank(const char *decoration)
{
        static const char *const machines[] = {"NTamd64", "NT", "NTx86"};
        unsigned rank = ELEMENTSOF(machines), major = 0, minor = 0;
        const char *version = strchr(decoration, '.');
        size_t n = version ? (size_t) (version - decoration) : strlen(decoration);

        for (unsigned i = 0; i < ELEMENTSOF(machines); i++)
                if (strlen(machines[i]) == n && strncasecmp(machines[i], decoration, n) == 0)
                        rank = i;
        if (version && sscanf(version, ".%3u.%3u", &major, &minor) < 1)
                major = 0;
        return rank * 2000000 + (1000000 - major * 1000 - minor);
}

/* The models of a line "manufacturer = models, decoration ..." in [Manufacturer]. */
static const InfSection *models_section(const Reader *r, const char *models, const InfLine *l)
{
        const InfSection *best = NULL, *section;
        unsigned best_rank = 0;

        for (size_t i = 1; i < l->n_values; i++) {
                unsigned rank = decoration_rank(l->values[i].text);

                section = inf_section(&r->document, models, l->values[i].text);
                if (!section || !section->lines || (best && rank >= best_rank))
                        continue;
                best = section;
                best_rank = rank;
        }
        return best ? best : inf_section(&r->document, models, NULL);
}

/* A manufacturer without "= models" has models in a section of its own name (Windows NT 4). */
static int read_manufacturer(Reader *r, const InfLine *l)
{
        const InfValue *models_value = l->n_values > 0 ? &l->values[0] : l->key;
        const char *models = inf_expand(&r->document, models_value);
        const InfSection *section;
        int status = take_step(r, l->line);

        if (status < 0)
                return status;
        r->manufacturer = inf_expand(&r->document, l->key ? l->key : &l->values[0]);
        if (!models || !r->manufacturer)
                return -ENOMEM;
        section = models_section(r, models, l);
        if (!section)
                inf_error(problems(r), models_value->line, models_value->column,
                          "there is no section [%s] of models", models);
        for (const InfLine *m = section ? section->lines : NULL; m && status >= 0; m = m->next)
                status = read_model(r, m);
        return status;
}

static int read_manufacturers(Reader *r)
{
        const InfSection *section = inf_section(&r->document, "Manufacturer", NULL);
        int status = 0;

        if (!section)
                inf_error(problems(r), 0, 0, "there is no section [Manufacturer], so it names no device");
        for (const InfLine *l = section ? section->lines : NULL; l && status >= 0; l = l->next)
                status = read_manufacturer(r, l);
        return status == -E2BIG ? 0 : status;
}

/* ---- the file ---- */

static int read_version(Reader *r)
{
        static const char *const signatures[] = {"$Windows NT$", "$Chicago$", "$Windows 95$"};
        const InfSection *version = inf_section(&r->document, "Version", NULL);
        const InfLine *signature = inf_line(version, "Signature"), *class = inf_line(version, "Class");
        bool known = false;

        for (size_t i = 0; signature && signature->n_values > 0 && i < ELEMENTSOF(signatures); i++)
                known = known || strcasecmp(signature->values[0].text, signatures[i]) == 0;
        if (!known)
                inf_warning(problems(r),
                            signature ? signature->line
                            : version ? version->line
                                      : 0,
                            0, "[Version] has no Signature = \"$Windows NT$\"");
        if (!class || class->n_values == 0)
                return 0;
        r->file->class = inf_expand(&r->document, &class->values[0]);
        if (!r->file->class)
                return -ENOMEM;
        if (strcasecmp(r->file->class, "TapeDrive") != 0 && strcasecmp(r->file->class, "MediumChanger") != 0)
                inf_warning(problems(r), class->line, class->column,
                            "class %s is neither TapeDrive nor MediumChanger", r->file->class);
        return 0;
}

static int read_file(InfFile *f, const uint8_t *data, size_t n_data)
{
        Reader *r = arena_alloc(&f->arena, sizeof(*r));
        InfText text;
        int status;

        if (!r)
                return -ENOMEM;
        r->file = f;
        r->document.arena = &f->arena;
        r->document.problems = &f->problems;
        status = inf_decode(data, n_data, &f->arena, &f->problems, &text);
        if (status < 0)
                return status == -EILSEQ ? 0 : status;
        f->encoding = text.encoding;
        status = inf_document_read(&r->document, &text);
        if (status >= 0)
                status = read_version(r);
        return status < 0 ? status : read_manufacturers(r);
}

int inf_parse(const char *name, const uint8_t *data, size_t n_data, InfFile **ret)
{
        _cleanup_(inf_freep) InfFile *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return -ENOMEM;
        f->encoding = f->class = "";
        f->name = arena_text(&f->arena, name, strlen(name));
        r = f->name ? read_file(f, data, n_data) : -ENOMEM;
        if (r < 0)
                return r;
        inf_problems_sort(&f->problems);
        *ret = TAKE_PTR(f);
        return 0;
}

InfFile *inf_free(InfFile *f)
{
        if (!f)
                return NULL;
        free(f->entries);
        arena_deinit(&f->arena);
        free(f);
        return NULL;
}
