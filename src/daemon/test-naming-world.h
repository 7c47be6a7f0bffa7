/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the tests of naming: the test in place of the manager and of the reader of elements, with a registry
 * that is a real one. Devices come and go, and libraries answer, as the test says. */

#include "daemon/element-reader.h"
#include "daemon/naming-internal.h"

#define N_PATHS_MAX 80
#define MS          ((uint64_t) 1000)

struct Manager {
        sd_event *event;
        Registry *registry;
        DevicePath paths[N_PATHS_MAX], old[N_PATHS_MAX];
        size_t n_paths, n_old;
        bool askable;
        BayFollow follow;
        unsigned n_dropped;
        char told[4096]; /* "lib1-drive1 arrived\n" ... */
};

typedef struct Question {
        ElementReader *reader;
        char node[16];
        ElementReaderDone done;
        void *userdata;
} Question;

extern Manager manager;
extern Naming *naming;
extern char database[];
extern unsigned n_asked;
extern int reader_error; /* of the node, when a question is asked */

int naming_setup(void **state);
int naming_teardown(void **state);

DevicePath device(DeviceType type, const char *key, const char *serial, unsigned sg);
DevicePath drive(const char *serial, unsigned sg);
DevicePath library(const char *serial, unsigned sg);
/* These are there from now on, as a scan finds them. */
void found(const DevicePath *paths, size_t n);
#define FOUND(...)                                                                                           \
        found((const DevicePath[]){__VA_ARGS__},                                                             \
              sizeof((const DevicePath[]){__VA_ARGS__}) / sizeof(DevicePath))

/* The question that the library behind this node is asked, or NULL. */
Question *question_of(unsigned sg);
/* The drives in its bays 256.. by their serial numbers; "": empty, or it does not say. */
void says(unsigned sg, const char *const *serials, size_t n);
#define SAYS(sg, ...)                                                                                        \
        says(sg, (const char *const[]){__VA_ARGS__},                                                         \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

void refuses(unsigned sg, int error);

bool is_called(const DevicePath *p, const char *name);
bool has_no_name(const DevicePath *p);
/* Turns of the loop until nothing waits for a name any more, or until the time is over. */
bool settles(uint64_t usec);
bool is_asked(unsigned sg, uint64_t usec);
/* Events since the last time: "lib1-drive1 arrived\n" ... */
void assert_told(const char *text);
