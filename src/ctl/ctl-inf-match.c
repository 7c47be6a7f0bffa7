/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* evertape inf match: which entry is a device's and why, or the line that would add one. The INQUIRY data
 * comes from sysfs, from evertaped for a device that is away, or from the command line; never from a command
 * to a device. */

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl/ctl-bus.h"
#include "ctl/ctl-inf.h"
#include "ctl/ctl.h"
#include "identity/node.h"
#include "util/root.h"
#include "util/text.h"

#define FILES_MAX 64

/* ---- what the device says of itself ---- */

/* The kernel's name behind a node or a link to one: "/dev/tape/by-name/drive1-nst" to "nst0". */
static void node_name(const char *arg, char *dst, size_t n)
{
        char path[PATH_MAX];
        const char *slash;

        if (strchr(arg, '/') && !realpath(arg, path))
                snprintf(path, sizeof(path), "%s", arg);
        else if (!strchr(arg, '/'))
                snprintf(path, sizeof(path), "%s", arg);
        slash = strrchr(path, '/');
        snprintf(dst, n, "%.*s", (int) n - 1, slash ? slash + 1 : path);
}

static int from_node(const char *arg, HwidInquiry *ret)
{
        _cleanup_close_ int root = root_open("/");
        char node[NAME_MAX + 1];

        if (root < 0)
                return root;
        node_name(arg, node, sizeof(node));
        return node_inquiry(root, node, ret);
}

static int from_daemon(const char *name, HwidInquiry *ret)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_closep) sd_bus *bus = NULL;
        _cleanup_(device_freep) Device *d = NULL;
        DeviceType type;
        int r;

        r = bus_open(&bus);
        if (r < 0)
                return r;
        r = bus_show(bus, name, &d, &error);
        if (r < 0) {
                bus_complain(r, &error);
                return r;
        }
        if (from_node(device_text(d, FIELD_REAL), ret) >= 0)
                return 0;
        type = text_equal(device_text(d, FIELD_KIND), "changer") ? DEVICE_CHANGER : DEVICE_TAPE;
        hwid_inquiry_from_texts(type, device_text(d, FIELD_VENDOR), device_text(d, FIELD_PRODUCT),
                                device_text(d, FIELD_REVISION), ret);
        return 0;
}

static int from_device(const char *arg, HwidInquiry *ret)
{
        int r = from_node(arg, ret);

        if (r == -ENODEV)
                complain("%s is neither a tape drive nor a changer", arg);
        else if (r == -EINVAL || (r == -ENOENT && !strchr(arg, '/')))
                r = from_daemon(arg, ret);
        else if (r < 0)
                complain("%s: %s", arg, r == -ENOENT ? "there is no such device" : strerror(-r));
        return r;
}

/* "VENDOR  PRODUCT         REV", at the width of INQUIRY; what is missing at the end is blank. */
static void from_text(const char *text, DeviceType type, HwidInquiry *ret)
{
        char vendor[HWID_VENDOR + 1] = "", product[HWID_PRODUCT + 1] = "";
        size_t n = strlen(text);

        snprintf(vendor, sizeof(vendor), "%s", text);
        if (n > HWID_VENDOR)
                snprintf(product, sizeof(product), "%s", text + HWID_VENDOR);
        hwid_inquiry_from_texts(type, vendor, product,
                                n > HWID_VENDOR + HWID_PRODUCT ? text + HWID_VENDOR + HWID_PRODUCT : "", ret);
}

/* ---- the answer ---- */

static void print_ids(const HwidInquiry *inquiry)
{
        const char *label = "Hardware ids";
        char text[64];

        snprintf(text, sizeof(text), "%s%s%s", inquiry->vendor, inquiry->product, inquiry->revision);
        inf_print("Inquiry", text);
        inf_print("Kind", inquiry->type == DEVICE_CHANGER ? "changer" : "tape");
        for (HwidKind kind = 0; kind < _HWID_KIND_MAX; kind++) {
                char id[HWID_MAX];

                if (kind == HWID_INSTANCE || hwid_format(id, kind, inquiry)[0] == '\0')
                        continue;
                inf_print(label, id);
                label = "";
        }
}

static void print_entry(const char *label, const InfFile *file, const InfEntry *e)
{
        char text[8192];

        if (e->vendor)
                snprintf(text, sizeof(text), "%s:%u: %s = \"%s\", \"%s\"", file->name, e->line, e->id,
                         e->vendor, e->product);
        else
                snprintf(text, sizeof(text), "%s:%u: %s", file->name, e->line, e->id);
        inf_print(label, text);
}

static void print_why(const InfMatch *m)
{
        const InfEntry *e = m->entry;
        bool own = e->facts.profile != profile_from_service(e->service);
        char text[2048];

        snprintf(text, sizeof(text), "by %s%s; %s", hwid_kind_name(m->kind),
                 e->position > 0 ? " (a compatible id)" : "",
                 own                     ? "the file names the profile itself"
                 : e->service[0] == '\0' ? "no service is named"
                                         : "the service selects the profile");
        inf_print("Why", text);
}

static void print_match(const InfTable *t, const InfMatch *m, const HwidInquiry *inquiry)
{
        const InfEntry *e = m->entry;
        const char *label = "Passed over";
        HwidSet device;
        char span[64];

        print_entry("Entry", m->file, e);
        inf_print("Description", e->description);
        inf_print("Manufacturer", e->manufacturer);
        inf_print("Service", e->service);
        inf_print("Profile", profile_name(e->facts.profile));
        if (e->facts.timeout > 0)
                inf_print("Timeout", text_format_span(span, sizeof(span), e->facts.timeout));
        print_why(m);
        hwid_set_init(&device, inquiry);
        for (size_t i = 0; i < t->n_files; i++)
                for (size_t j = 0; j < t->files[i]->n_entries; j++) {
                        const InfEntry *other = &t->files[i]->entries[j];
                        HwidKind kind;

                        if (other == e || inf_entry_rank(other, &device, &kind) == SIZE_MAX)
                                continue;
                        print_entry(label, t->files[i], other);
                        label = "";
                }
}

/* ---- the line that adds a device ---- */

/* A field as quoted text of an INF file: without the blanks around it, quotes doubled and percent signs too.
 * dst has room for twice the field and a NUL. */
static void quote_field(char *dst, const char *field)
{
        size_t begin = strspn(field, " "), end = strlen(field);

        while (end > begin && field[end - 1] == ' ')
                end--;
        for (size_t i = begin; i < end; i++) {
                unsigned char c = (unsigned char) field[i];

                if (c == '"' || c == '%')
                        *dst++ = (char) c;
                *dst++ = c >= 0x20 && c < 0x7f ? (char) c : '?';
        }
        *dst = '\0';
}

/* A guess, so that most people need not change the line. */
static bool looks_like_lto(const HwidInquiry *inquiry)
{
        return inquiry->type == DEVICE_TAPE &&
               (strcasestr(inquiry->product, "LTO") || strcasestr(inquiry->product, "ULT"));
}

/* Behind "\"VENDOR PRODUCT\" = ". An id with characters that mean something in an INF file is quoted. */
static void format_model(char *dst, size_t n, const char *service, const HwidInquiry *inquiry)
{
        char vendor[2 * HWID_VENDOR + 1], product[2 * HWID_PRODUCT + 1], id[HWID_MAX], quoted[2 * HWID_MAX];
        const char *quote;

        quote_field(vendor, inquiry->vendor);
        quote_field(product, inquiry->product);
        quote_field(quoted, hwid_format(id, HWID_PRODUCT_ID, inquiry));
        quote = strpbrk(id, "\"%;=") || strrchr(id, '\\') != strchr(id, '\\') ? "\"" : "";
        snprintf(dst, n, "\"%s %s\" = site_%s, %s%s%s", vendor, product, service, quote,
                 quote[0] ? quoted : id, quote);
}

static void print_how_to_add(const HwidInquiry *inquiry)
{
        bool changer = inquiry->type == DEVICE_CHANGER;
        const char *service = changer ? "changer" : looks_like_lto(inquiry) ? "ltotape" : "tape";
        char vendor[2 * HWID_VENDOR + 1], model[512];

        quote_field(vendor, inquiry->vendor);
        format_model(model, sizeof(model), service, inquiry);
        printf("\nThe line that adds it:\n\n%s\n\n"
               "as a file of its own, " INF_SITE_DIRECTORY "/site.inf:\n\n"
               "[Version]\nSignature = \"$Windows NT$\"\nClass = %s\n"
               "[Manufacturer]\n\"%s\" = Site\n[Site]\n%s\n"
               "[site_%s.Services]\nAddService = %s, 2\n\n",
               model, changer ? "MediumChanger" : "TapeDrive", vendor[0] ? vendor : "unknown", model, service,
               service);
        if (!changer)
                puts("The service ltotape is for LTO drives; any other name is for all other drives.");
        puts("Then: systemctl restart evertaped");
}

static int match(const InfTable *t, const HwidInquiry *inquiry)
{
        InfMatch m = inf_table_match(t, inquiry);

        print_ids(inquiry);
        if (m.entry) {
                print_match(t, &m, inquiry);
                return EXIT_SUCCESS;
        }
        inf_print("Entry", "none");
        inf_print("Profile", profile_name(PROFILE_GENERIC));
        inf_print("Why", "no entry matches; it works by the generic profile");
        print_how_to_add(inquiry);
        return EXIT_FAILURE;
}

typedef struct Arguments {
        const char *inquiry;
        DeviceType type;
        char *files[FILES_MAX];
        size_t n_files;
} Arguments;

/* 0, or the exit status. */
static int take_option(Arguments *a, int c, const char *command)
{
        switch (c) {
        case 'q':
                a->inquiry = optarg;
                return 0;
        case 'f':
                if (a->n_files == FILES_MAX)
                        return usage_error(command, "too many files");
                a->files[a->n_files++] = optarg;
                return 0;
        case 'k':
                if (!text_equal(optarg, "tape") && !text_equal(optarg, "changer"))
                        return usage_error(command, "'%s' is neither tape nor changer", optarg);
                a->type = text_equal(optarg, "tape") ? DEVICE_TAPE : DEVICE_CHANGER;
                return 0;
        default:
                return verb_other_option(command, c);
        }
}

int inf_match(int argc, char **argv)
{
        static const struct option options[] = {
                {"inquiry", required_argument, NULL, 'q'},
                {"kind", required_argument, NULL, 'k'},
                {"file", required_argument, NULL, 'f'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        Arguments a = {.type = DEVICE_TAPE};
        _cleanup_(inf_table_deinit) InfTable t = {};
        HwidInquiry inquiry;
        int c, r = 0;

        while ((c = getopt_long(argc, argv, "q:k:f:h", options, NULL)) >= 0) {
                r = take_option(&a, c, argv[0]);
                if (r != 0 || c == 'h')
                        return r;
        }
        if (argc - optind != (a.inquiry ? 0 : 1))
                return usage_error(argv[0], "give either one NAME or node, or --inquiry");
        if (a.inquiry)
                from_text(a.inquiry, a.type, &inquiry);
        else
                r = from_device(argv[optind], &inquiry);
        if (r >= 0)
                r = inf_open_table(&t, a.files, a.n_files);
        return r < 0 ? EXIT_FAILURE : match(&t, &inquiry);
}
