/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What modprobe would do, without running it. */

#include <stddef.h>

typedef enum ModuleState {
        MODULE_LOADED,   /* or built in and initialised */
        MODULE_BUILTIN,  /* by modules.builtin */
        MODULE_LOADABLE, /* by modules.dep */
        MODULE_REFUSED,  /* the site's modprobe.d has "install NAME /bin/false" */
        MODULE_MISSING,
        MODULE_UNKNOWN, /* there is no modules.dep for this kernel */
} ModuleState;

/* name: with '_'. release: of the running kernel. ret_where: file:line for MODULE_REFUSED, else "". */
ModuleState module_state(int root, const char *release, const char *name, char *ret_where, size_t n_where);

/* Value of an option that modprobe.d gives to a module, the last one that it would use, and the file:line of
 * it. 0, or -ENOENT. */
int module_option(int root, const char *module, const char *option, char *ret_value, size_t n_value,
                  char *ret_where, size_t n_where);
