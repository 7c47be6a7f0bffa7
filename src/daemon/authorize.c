/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who the sender is says the bus, which answers before it reports that the sender has left, if that was asked
 * for before: so a sender cannot leave unseen. */

#include "daemon/authorize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/text.h"
#include "util/time.h"

#define BUS       "org.freedesktop.DBus"
#define POLKIT    "org.freedesktop.PolicyKit1"
#define AUTHORITY "/org/freedesktop/PolicyKit1/Authority"

#define PER_SENDER_MAX 8
#define PER_USER_MAX   16
#define TOTAL_SIZE_MAX ((size_t) 64 << 20) /* of the texts in the calls that wait */

#define UID_UNKNOWN ((uint32_t) -1)
#define INTERACTIVE UINT32_C(1) /* AllowUserInteraction */

typedef struct Pending Pending;
struct Pending {
        Pending *next;
        Authorizer *authorizer;
        sd_bus_message *call;
        const char *action;
        char device[64];
        size_t size;
        uint32_t uid;
        char cancel_id[24]; /* empty until polkit was asked */
        sd_bus_slot *left, *answer;
};

struct Authorizer {
        sd_bus *bus;
        AuthorizeDone done;
        void *userdata;
        Pending *pending;
        uint64_t n_asked;
};

/* ---- what waits ---- */

static Pending *pending_free(Pending *p)
{
        sd_bus_slot_unref(p->left);
        sd_bus_slot_unref(p->answer);
        sd_bus_message_unref(p->call);
        free(p);
        return NULL;
}
DEFINE_CLEANUP(Pending *, pending_free)

static Pending *take_out(Pending *p)
{
        Pending **at = &p->authorizer->pending;

        while (*at && *at != p)
                at = &(*at)->next;
        if (*at)
                *at = p->next;
        return p;
}

/* The texts of a call, the only thing in it that can be large. */
static size_t call_size(sd_bus_message *call)
{
        const char *text = "";
        size_t n = 0;
        char type;
        int r = 1;

        while (r > 0 && sd_bus_message_peek_type(call, &type, NULL) > 0)
                if (type != 's')
                        r = sd_bus_message_skip(call, (const char[]){type, '\0'});
                else {
                        r = sd_bus_message_read_basic(call, 's', &text);
                        n += strlen(text);
                }
        (void) sd_bus_message_rewind(call, true);
        return n;
}

static bool is_too_much(const Authorizer *a, const Pending *new)
{
        size_t n_sender = 0, n_user = 0, size = new->size;

        for (const Pending *p = a->pending; p; p = p->next) {
                n_sender +=
                        text_equal(sd_bus_message_get_sender(p->call), sd_bus_message_get_sender(new->call));
                n_user += new->uid != UID_UNKNOWN && p->uid == new->uid;
                size += p != new ? p->size : 0;
        }
        return n_sender > PER_SENDER_MAX || n_user > PER_USER_MAX || size > TOTAL_SIZE_MAX;
}

/* ---- its end ---- */

static void reply_error(sd_bus_message *call, int r, const sd_bus_error *error)
{
        if (sd_bus_error_is_set(error))
                (void) sd_bus_reply_method_error(call, error);
        else
                (void) sd_bus_reply_method_errno(call, r, NULL);
}

static void refuse(Pending *pending, const char *name, const char *text)
{
        _cleanup_(pending_freep) Pending *p = take_out(pending);

        (void) sd_bus_reply_method_errorf(p->call, name, "%s", text);
}

static void allow(Pending *pending)
{
        _cleanup_(pending_freep) Pending *p = take_out(pending);
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        (void) sd_bus_message_rewind(p->call, true);
        r = p->authorizer->done(p->call, p->authorizer->userdata, &error);
        if (r < 0)
                reply_error(p->call, r, &error);
}

static int on_left(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        _cleanup_(pending_freep) Pending *p = take_out(userdata);

        if (p->cancel_id[0] != '\0')
                (void) sd_bus_call_method_async(p->authorizer->bus, NULL, POLKIT, AUTHORITY,
                                                POLKIT ".Authority", "CancelCheckAuthorization", NULL, NULL,
                                                "s", p->cancel_id);
        return 0;
}

/* ---- polkit ---- */

static bool is_absent(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static int on_polkit(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failed = sd_bus_message_get_error(m);
        int authorized, challenge;
        Pending *p = userdata;

        if (failed) {
                if (!is_absent(failed))
                        log_warning("polkit does not say who may %s: %s", p->action, failed->message);
                refuse(p, SD_BUS_ERROR_ACCESS_DENIED,
                       is_absent(failed) ? "only root may do that: there is no polkit to say who else may"
                                         : "polkit does not say whether you may do that; root may");
        } else if (sd_bus_message_enter_container(m, 'r', "bba{ss}") < 0 ||
                   sd_bus_message_read(m, "bb", &authorized, &challenge) < 0)
                refuse(p, SD_BUS_ERROR_ACCESS_DENIED, "polkit answered in a form not understood here");
        else if (authorized)
                allow(p);
        else if (challenge)
                refuse(p, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                       "somebody has to authenticate for that, and nobody was asked");
        else
                refuse(p, SD_BUS_ERROR_ACCESS_DENIED, "you may not do that");
        return 0;
}

static int ask_polkit(Pending *p)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        Authorizer *a = p->authorizer;
        bool ask = sd_bus_message_get_allow_interactive_authorization(p->call) > 0;
        int r;

        r = sd_bus_message_new_method_call(a->bus, &m, POLKIT, AUTHORITY, POLKIT ".Authority",
                                           "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(p->call), p->action);
        if (r >= 0)
                r = sd_bus_message_append(m, "a{ss}", 1, "device", p->device);
        snprintf(p->cancel_id, sizeof(p->cancel_id), "%" PRIu64, ++a->n_asked);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", ask ? INTERACTIVE : 0, p->cancel_id);
        p->answer = sd_bus_slot_unref(p->answer);
        /* a person may look for the password */
        return r < 0 ? r : sd_bus_call_async(a->bus, &p->answer, m, on_polkit, p, USEC_INFINITY);
}

/* ---- who it is ---- */

static int on_user(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Pending *p = userdata;

        if (sd_bus_message_is_method_error(m, NULL) > 0 || sd_bus_message_read(m, "u", &p->uid) < 0)
                refuse(p, SD_BUS_ERROR_ACCESS_DENIED, "the bus does not say who you are");
        else if (p->uid == 0 || p->uid == geteuid())
                allow(p);
        else if (is_too_much(p->authorizer, p))
                refuse(p, SD_BUS_ERROR_LIMITS_EXCEEDED,
                       "too many calls of yours wait for an answer of polkit");
        else if (ask_polkit(p) < 0)
                refuse(p, SD_BUS_ERROR_ACCESS_DENIED, "polkit cannot be asked whether you may do that");
        return 0;
}

static int ask_bus(Pending *p)
{
        const char *sender = sd_bus_message_get_sender(p->call);
        char match[256 + 128];
        int r;

        snprintf(match, sizeof(match),
                 "type='signal',sender='" BUS "',interface='" BUS "',member='NameOwnerChanged',arg0='%s'",
                 sender);
        r = sd_bus_add_match_async(p->authorizer->bus, &p->left, match, on_left, NULL, p);
        return r < 0 ? r
                     : sd_bus_call_method_async(p->authorizer->bus, &p->answer, BUS, "/org/freedesktop/DBus",
                                                BUS, "GetConnectionUnixUser", on_user, p, "s", sender);
}

int authorize(Authorizer *a, sd_bus_message *call, const char *action, const char *device,
              sd_bus_error *error)
{
        Pending *p;
        int r;

        if (!sd_bus_message_get_sender(call))
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "a call without a sender");
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        *p = (Pending){.next = a->pending,
                       .authorizer = a,
                       .call = sd_bus_message_ref(call),
                       .action = action,
                       .size = call_size(call),
                       .uid = UID_UNKNOWN};
        snprintf(p->device, sizeof(p->device), "%s", device);
        a->pending = p;
        r = is_too_much(a, p) ? sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                 "too many calls wait to be allowed; try again later")
                              : ask_bus(p);
        if (r < 0)
                pending_free(take_out(p));
        return r < 0 ? r : 1;
}

int authorizer_new(sd_bus *bus, AuthorizeDone done, void *userdata, Authorizer **ret)
{
        Authorizer *a = calloc(1, sizeof(*a));

        if (!a)
                return -ENOMEM;
        *a = (Authorizer){.bus = bus, .done = done, .userdata = userdata};
        *ret = a;
        return 0;
}

Authorizer *authorizer_free(Authorizer *a)
{
        while (a && a->pending)
                pending_free(take_out(a->pending));
        free(a);
        return NULL;
}
