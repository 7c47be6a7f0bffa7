/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One row a service, one row a key of our own. What a drive can be asked (its block limits, whether it has
 * READ POSITION, how its settings are read) is not here: the drive says it better than a file. */

#include "identity/profile.h"

#include <stddef.h>
#include <strings.h>

#include "util/cleanup.h"
#include "util/text.h"

static const char *const names[_PROFILE_MAX] = {
        [PROFILE_GENERIC] = "generic",
        [PROFILE_LTO] = "lto",
};

/* Drivers that serve LTO drives and nothing else. */
static const struct {
        const char *service;
        Profile profile;
} services[] = {
        {"ltotape", PROFILE_LTO}, /* Microsoft's, which the LTO entries of Windows' own files name */
        {"hplto", PROFILE_LTO},   /* Hewlett-Packard's */
};

const char *profile_name(Profile profile)
{
        return (size_t) profile < ELEMENTSOF(names) ? names[profile] : "generic";
}

Profile profile_from_service(const char *service)
{
        for (size_t i = 0; i < ELEMENTSOF(services); i++)
                if (strcasecmp(services[i].service, service) == 0)
                        return services[i].profile;
        return PROFILE_GENERIC;
}

static const char *set_profile(ProfileFacts *facts, const char *value)
{
        for (Profile p = 0; p < _PROFILE_MAX; p++)
                if (strcasecmp(names[p], value) == 0) {
                        facts->profile = p;
                        return NULL;
                }
        return "not a profile; there are: generic, lto";
}

static const char *set_timeout(ProfileFacts *facts, const char *value)
{
        usec_t timeout;

        if (text_parse_span(value, &timeout) < 0 || timeout == 0)
                return "not a span of time such as 15min, 3h or infinity";
        facts->timeout = timeout;
        return NULL;
}

static const struct {
        const char *key;
        const char *(*set)(ProfileFacts *facts, const char *value);
} keys[] = {
        {"Profile", set_profile},
        {"Timeout", set_timeout},
};

const char *profile_set_fact(ProfileFacts *facts, const char *key, const char *value)
{
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (strcasecmp(keys[i].key, key) == 0)
                        return keys[i].set(facts, value);
        return "unknown key; there are: Profile, Timeout";
}
