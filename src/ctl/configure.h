/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of evertape configure have in common: the program, the root, the devices, texts of files. */

#include <stdbool.h>

#include "configure/plan.h"
#include "ctl/ctl-device.h"

typedef struct ConfigureProgram {
        const char *name;  /* as on the command line */
        const char *title; /* for people */
        Dialect dialect;
        int (*plan)(const PlanWorld *w, const char *path, Plan **ret);
        const char *config; /* where it is, or a pattern of which there must be one */
        const char
                *checker[6]; /* its own check of a configuration; %s is the file. Runs in the file's folder */
        const char *checked_as; /* name of the file when it is checked */
        const char *unit;       /* the service that opens the devices, NULL if there is none */
} ConfigureProgram;

typedef struct Configure {
        const ConfigureProgram *program;
        char *root; /* in front of every path of a file; "" for none */
        char *config;
        DeviceList devices;
        TapeFacts facts;
} Configure;

/* A file that changes. Paths are without the root. */
typedef struct NewText {
        char *path;
        char *old, *new;
        size_t n_old, n_new;
} NewText;

typedef struct NewTexts {
        NewText *items;
        size_t n_items;
        bool merged; /* one of them was never there: others have changed it too */
} NewTexts;

/* Takes the texts. -ENOMEM. */
int new_texts_add(NewTexts *t, const char *path, char *old, size_t n_old, char *new, size_t n_new);
void new_texts_deinit(NewTexts *t);

/* ---- configure-file.c: files below the root ---- */

/* Paths with the root in front of them; free(). NULL when out of memory. */
_printf_(2, 3) char *configure_path(const Configure *c, const char *format, ...);
/* The text of a file, terminated. -errno; -EBADMSG: it has a NUL and so is no text; -EFBIG. */
int configure_read(const Configure *c, const char *path, char **ret, size_t *ret_n);
/* ConfLoad and PlaceResolve, userdata is the Configure. Relative paths are beside the configuration. */
int configure_load(void *userdata, const char *path, char **ret, size_t *ret_n);
int configure_resolve(void *userdata, const char *path, char **ret);
/* Puts all new texts in the place of the old ones, each by a rename, with owner, mode and attributes of the
 * old one: if one cannot be prepared, none is touched. Complains. */
int configure_replace(const Configure *c, const NewTexts *texts);
/* A file of our own, whole or not at all, with its folder; mode 0644, or 0600 if it is secret. Complains. */
int configure_write_own(const Configure *c, const char *path, const char *text, size_t n, bool secret);

/* ---- configure-check.c ---- */

/* Has the program itself check the configuration with these texts in the place of those on disk. Complains:
 * with what it said; or that it is not there. -EINVAL: rejected. */
int configure_check(const Configure *c, const NewTexts *texts);

/* ---- configure-saved.c: what was there before ---- */

/* Remembers the texts, before they are replaced. Complains. */
int configure_save(const Configure *c, const NewTexts *texts);
/* What --remove has to write: files as they were, but for what others have changed since (ret->merged).
 * Complains where that cannot be told apart; -EEXIST. */
int configure_saved(const Configure *c, NewTexts *ret);
/* Forgets what was saved. */
int configure_forget(const Configure *c);

/* ---- configure-service.c: the drop-in of the service, and the hook ---- */

/* Whether all that --write makes beside the configuration is as it would be made now. */
bool configure_service_is_set(const Configure *c, const Plan *plan);
int configure_service_set(const Configure *c, const Plan *plan);
int configure_service_remove(const Configure *c);
