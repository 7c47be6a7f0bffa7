/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an iSCSI target may say: answers to a login and to SendTargets, headers while a command is
 * outstanding, sense data, its units. */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scsi/luns.h"
#include "transport/iscsi-guard.h"
#include "transport/iscsi-login.h"
#include "transport/iscsi-outcome.h"
#include "transport/iscsi-targets.h"
#include "util/iscsi-url.h"

static void login(const uint8_t *data, size_t n_data)
{
        IscsiLoginReply reply = {};
        size_t n = 0;
        int r = iscsi_login_check(data, n_data, &n, &reply);

        fuzz_check(r != 0 || (n > n_data && n <= ISCSI_LOGIN_SIZE));
        fuzz_check(r <= 0 || n <= n_data);
        fuzz_check(r >= 0 || reply.why[0] != '\0');
        fuzz_check(strnlen(reply.why, sizeof(reply.why)) < sizeof(reply.why));
}

static void guard(const uint8_t *data, size_t n_data)
{
        const IscsiExpected expected = {.n_out = 65536, .n_in = 4096};
        uint64_t offset = 0;
        const char *wrong = iscsi_guard_check(data, n_data, ISCSI_BHS, &expected, &offset);

        fuzz_check(wrong || offset + ISCSI_BHS > n_data);
        fuzz_check(offset <= n_data + 0x1000000 + ISCSI_BHS);
}

static void targets(const uint8_t *data, size_t n_data)
{
        IscsiTextReply reply = {};
        const char *why = NULL;
        IscsiFound *found = NULL;
        size_t n = 0, n_found = 0;
        int r = iscsi_text_check(data, n_data, &n, &reply, &why);

        fuzz_check(r >= 0 ? (r == ISCSI_TEXT_CUT) == (n > n_data) : why != NULL);
        fuzz_check(r != ISCSI_TEXT_REPLY || ISCSI_BHS + reply.n_text <= n);
        if (iscsi_targets_parse(data, n_data, "10.0.0.1:3260", &found, &n_found) < 0)
                return;
        for (size_t i = 0; i < n_found; i++)
                fuzz_check(iscsi_name_is_valid(found[i].target) && found[i].portal[0] != '\0');
        free(found);
}

static void url(const uint8_t *data, size_t n_data)
{
        char text[ISCSI_URL_MAX + 64], again[ISCSI_URL_MAX];
        size_t n = n_data < sizeof(text) - 1 ? n_data : sizeof(text) - 1;
        const char *why;
        IscsiUrl u, v;

        memcpy(text, data, n);
        text[n] = '\0';
        if (iscsi_url_parse(text, &u, &why) < 0)
                return;
        fuzz_check(iscsi_url_parse(iscsi_url_format(&u, again), &v, &why) == 0);
        fuzz_check(strcmp(u.host, v.host) == 0 && u.port == v.port && strcmp(u.target, v.target) == 0 &&
                   u.lun == v.lun);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_data)
{
        uint16_t luns[8];
        ScsiResult result = {};
        size_t n = 0;

        login(data, n_data);
        guard(data, n_data);
        targets(data, n_data);
        url(data, n_data);
        iscsi_take_sense(data, n_data, &result);
        fuzz_check(result.n_sense <= SCSI_SENSE_MAX);
        fuzz_check(luns_parse(data, n_data, luns, 8, &n) < 0 || n <= 8);
        return 0;
}
