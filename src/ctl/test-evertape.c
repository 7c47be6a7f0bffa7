/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The whole program, run as a user runs it, against a daemon of paper on a message bus of its own: what it
 * prints, what it complains about, and how it exits. argv[1] is the program. */

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "ctl/fake-daemon.h"
#include "util/cleanup.h"

#define EXIT_SKIP 77 /* meson: this test cannot be run here */

static const char *program;
static char bus_address[512];
static pid_t bus_pid;

typedef struct Run {
        pid_t pid;
        int out, err;
        char out_text[32768], err_text[4096];
        int status;
} Run;

static void run_start(Run *run, const char *const *args)
{
        const char *argv[16] = {program};
        int out[2], err[2];

        for (size_t i = 0; args[i]; i++)
                argv[i + 1] = args[i];
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        assert_int_equal(pipe2(err, O_CLOEXEC), 0);
        run->pid = fork();
        if (run->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                dup2(out[1], STDOUT_FILENO);
                dup2(err[1], STDERR_FILENO);
                execv(program, (char *const *) argv);
                _exit(126);
        }
        assert_true(run->pid > 0);
        close(out[1]);
        close(err[1]);
        run->out = out[0];
        run->err = err[0];
}

static void read_all(int fd, char *text, size_t n)
{
        ssize_t r;

        while ((r = read(fd, text, n - 1)) > 0) {
                text += r;
                n -= (size_t) r;
        }
        *text = '\0';
        close(fd);
}

static void run_finish(Run *run)
{
        int status;

        read_all(run->out, run->out_text, sizeof(run->out_text));
        read_all(run->err, run->err_text, sizeof(run->err_text));
        assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
        assert_true(WIFEXITED(status));
        run->status = WEXITSTATUS(status);
}

static void run_kill(Run *run)
{
        kill(run->pid, SIGKILL);
        assert_int_equal(waitpid(run->pid, NULL, 0), run->pid);
        close(run->out);
        close(run->err);
}

static void run_check(const char *const *args, int status, const char *out, const char *err)
{
        static Run run;

        run_start(&run, args);
        run_finish(&run);
        assert_string_equal(run.err_text, err);
        assert_string_equal(run.out_text, out);
        assert_int_equal(run.status, status);
}

/* JSON by libsmartcols: the same but for white space, which differs between its versions. */
static void run_check_json(const char *const *args, const char *expected)
{
        static Run run;
        char *to = run.out_text;
        bool quoted = false;

        run_start(&run, args);
        run_finish(&run);
        for (const char *from = run.out_text; *from; from++) {
                quoted ^= *from == '"';
                if (quoted || (*from != ' ' && *from != '\n'))
                        *to++ = *from;
        }
        *to = '\0';
        assert_string_equal(run.out_text, expected);
        assert_string_equal(run.err_text, "");
        assert_int_equal(run.status, 0);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGS   ((const char *const[]){NULL})

static pid_t daemon_pid;
static int daemon_calls[2] = {-EBADF, -EBADF}; /* a byte for each List and Show */

static void start_daemon(FakeMode mode)
{
        daemon_pid = fake_daemon_start(bus_address, mode, daemon_calls[1]);
        assert_true(daemon_pid > 0);
}

static void stop_daemon(void)
{
        fake_daemon_stop(daemon_pid);
        daemon_pid = 0;
}

static int setup(void **state)
{
        return pipe2(daemon_calls, O_CLOEXEC | O_NONBLOCK);
}

static int teardown(void **state)
{
        stop_daemon();
        close(daemon_calls[0]);
        close(daemon_calls[1]);
        return 0;
}

#define NOT_RUNNING "evertape: evertaped is not running; start it with: systemctl start evertaped\n"
#define NOT_UNDERSTOOD                                                                                       \
        "evertape: evertaped answered in a form not understood here; is it of the same version?\n"

#define LIST                                                                                                 \
        "NAME        KIND    STATE    NODE      SERIAL  PRODUCT        PROFILE\n"                            \
        "lib1        changer present  /dev/sg1  LIB0001 L700           generic\n"                            \
        "lib1-drive1 tape    resuming /dev/nst7 DRV0001 Ultrium 3-SCSI lto\n"                                \
        "lib1-drive2 tape    present  /dev/nst1 DRV0002 Ultrium 3-SCSI lto\n"

static void test_list(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(NO_ARGS, 0, LIST, "");
        run_check(ARGS("list"), 0, LIST, "");
        run_check(ARGS("-n", "-o", "name"), 0, "lib1\nlib1-drive1\nlib1-drive2\n", "");
        run_check(ARGS("list", "DRV0002", "/dev/sg1", "-o", "NAME,OUTAGES", "--noheadings"), 0,
                  "lib1-drive2       0\nlib1              0\n", "");
        run_check(ARGS("list", "lib1-drive1", "-n", "-o", "+held,SINCE"), 0,
                  "lib1-drive1 tape resuming /dev/nst7 DRV0001 Ultrium 3-SCSI lto     yes  2026-11-23 "
                  "14:01:02\n",
                  "");
        run_check(ARGS("list", "-r", "-o", "NAME,PRODUCT,REASON", "lib1-drive1"), 0,
                  "NAME PRODUCT REASON\nlib1-drive1 Ultrium\\x203-SCSI reading\\x20back\\x2012\\x20blocks\n",
                  "");
        run_check(ARGS("list", "-n", "-o", "LINKS", "lib1-drive1"), 0,
                  "/dev/tape/by-name/lib1-drive1-nst\n/dev/tape/by-name/lib1-drive1-sg\n", "");
}

static void test_list_unknown_models(void **state)
{
        static Run run;

        start_daemon(FAKE_UNKNOWN_MODELS);

        run_check(ARGS("list", "-o", "PROFILE", "DRV0002"), 0, "PROFILE\ngeneric\n",
                  "evertape: no entry of tape.inf names lib1-drive2; it works by the generic profile; to add "
                  "one, "
                  "see: evertape inf match lib1-drive2\n");
        run_start(&run, ARGS("list"));
        run_finish(&run);
        assert_non_null(strstr(run.err_text, "names lib1 and others; they work by"));
        /* Not to scripts. */
        run_check(ARGS("list", "-n", "-o", "PROFILE", "DRV0002"), 0, "generic\n", "");
        run_check(ARGS("list", "-r", "-o", "PROFILE", "DRV0002"), 0, "PROFILE\ngeneric\n", "");
        run_check_json(ARGS("-J", "-o", "PROFILE,PROFILE-FROM", "DRV0002"),
                       "{\"devices\":[{\"profile\":\"generic\",\"profile-from\":null}]}");
}

static void test_list_json(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check_json(
                ARGS("-J", "-o", "NAME,HELD,WRITTEN,LAST-OUTAGE,REASON,LINKS", "lib1-drive1", "lib1"),
                "{\"devices\":[{"
                "\"name\":\"lib1-drive1\",\"held\":true,\"written\":1610612736,"
                "\"last-outage\":132500000,\"reason\":\"reading back 12 blocks\","
                "\"links\":[\"/dev/tape/by-name/lib1-drive1-nst\",\"/dev/tape/by-name/lib1-drive1-sg\"]"
                "},{"
                "\"name\":\"lib1\",\"held\":false,\"written\":0,\"last-outage\":0,\"reason\":null,"
                "\"links\":[\"/dev/tape/by-name/lib1-changer\"]}]}");
}

static void test_list_nothing(void **state)
{
        start_daemon(FAKE_EMPTY);

        run_check(ARGS("list"), 0, "", "");
        run_check(ARGS("hold", "--all"), 0, "no device is there that is not held already\n", "");
        run_check(ARGS("release", "--all"), 0, "no device is held\n", "");
}

static void test_status(void **state)
{
        start_daemon(FAKE_LIBRARY);

        /* clang-format off */
        run_check(ARGS("status"), 0,
                  "NAME        STATE    NODE      PROGRAM    PID CARTRIDGE POSITION                RATE JOURNAL OUTAGES LAST-OUTAGE DOING                 REASON\n"
                  "lib1        present  /dev/sg1                                                             0B       0                                   \n"
                  "lib1-drive1 resuming /dev/nst7 bacula-sd 4711 E00001L3  block 1234, file 2 81.2 MB/s    3.0M       2    2min 12s resume, 42 %, compare reading back 12 blocks\n"
                  "lib1-drive2 present  /dev/nst1                                                            0B       0                                   \n",
                  "");
        /* clang-format on */
        run_check(ARGS("status", "-b", "-n", "-o", "WRITTEN,PID,TIMEOUT", "lib1-drive1"), 0,
                  "1610612736 4711   15min\n", "");
}

static void test_show(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("show", "/dev/nst7"), 0,
                  "Name:           lib1-drive1\n"
                  "Kind:           tape\n"
                  "State:          resuming\n"
                  "Reason:         reading back 12 blocks\n"
                  "Held:           yes\n"
                  "Vendor:         HP\n"
                  "Product:        Ultrium 3-SCSI\n"
                  "Revision:       G24W\n"
                  "Serial number:  DRV0001\n"
                  "Identity:       naa.5000e11100000001\n"
                  "Library:        lib1\n"
                  "Bay:            256\n"
                  "Profile:        lto\n"
                  "Profile from:   /usr/share/evertape/tape.inf:57\n"
                  "Node:           /dev/nst7\n"
                  "Generic node:   /dev/sg9\n"
                  "Real node:      /dev/sg3\n"
                  "Path count:     1\n"
                  "Links:          /dev/tape/by-name/lib1-drive1-nst\n"
                  "                /dev/tape/by-name/lib1-drive1-sg\n"
                  "Since:          2026-11-23 14:01:02\n"
                  "Outages:        2\n"
                  "Last outage:    2min 12s\n"
                  "Timeout:        15min\n"
                  "Commands:       48211\n"
                  "Written:        1.5G (1610612736 bytes)\n"
                  "Read:           1023B (1023 bytes)\n"
                  "Position:       block 1234, file 2\n"
                  "Program:        bacula-sd\n"
                  "Process:        4711\n"
                  "Cartridge:      E00001L3\n"
                  "Rate:           81.2 MB/s\n"
                  "Journal:        3.0M (3145728 bytes)\n"
                  "Journal size:   256M (268435456 bytes)\n"
                  "Outage began:   2026-11-23 14:01:02\n"
                  "Outage cause:   the path to the device is gone\n"
                  "Written again:  3\n"
                  "Motion:         resume\n"
                  "Step:           compare\n"
                  "Progress:       42 %\n"
                  "Doing:          resume, 42 %, compare\n"
                  "\n"
                  "NODE     STATE    ADDRESS SINCE               COMMANDS BYTES OUTAGES TRANSPORT    "
                  "LAST-ERROR\n"
                  "/dev/sg3 active   2:0:0:0 2026-11-23 14:01:02    48000  1.0M       0 sas 0x5000c5 \n"
                  "/dev/sg5 flapping 3:0:0:0 2026-11-23 14:01:02        0    0B       7              "
                  "transport disrupted\n"
                  "         failed                                      0    0B       0              \n",
                  "");
        run_check(ARGS("show", "-J", "lib1"), 0,
                  "{\"name\": \"lib1\", \"kind\": \"changer\", \"state\": \"present\", \"reason\": null, "
                  "\"held\": false, \"vendor\": \"STK\", \"product\": \"L700\", \"revision\": \"G24W\", "
                  "\"serial\": \"LIB0001\", \"identity\": \"naa.5000e11100000001\", "
                  "\"library\": null, \"bay\": null, \"note\": null, "
                  "\"profile\": \"generic\", \"profile-from\": \"/usr/share/evertape/tape.inf:57\", "
                  "\"node\": \"/dev/sg1\", "
                  "\"generic\": \"/dev/sg1\", \"changer\": \"/dev/sch0\", \"real\": \"/dev/sg1\", "
                  "\"path-count\": "
                  "1, "
                  "\"links\": [\"/dev/tape/by-name/lib1-changer\"], \"since\": 1795442462000000, "
                  "\"outages\": 0, "
                  "\"last-outage\": 0, \"timeout\": 900000000, \"commands\": 3, \"written\": 0, \"read\": 0, "
                  "\"position\": null, \"program\": null, \"pid\": 0, "
                  "\"cartridge\": null, \"medium-serial\": null, \"rate\": 0, \"waiting\": 0, "
                  "\"journal\": 0, \"journal-size\": 0, \"outage-began\": 0, \"outage-cause\": null, "
                  "\"outage-total\": 0, \"replayed\": 0, \"compared\": 0, \"settled\": 0, \"resets\": 0, "
                  "\"failures\": 0, \"loads\": 0, \"motion\": null, \"step\": null, \"motion-since\": 0, "
                  "\"progress\": null, \"doing\": null, \"paths\": []}\n",
                  "");
}

static void test_hostile_text(void **state)
{
        static Run run;

        start_daemon(FAKE_HOSTILE);

        run_check(ARGS("-o", "NAME,PRODUCT,SERIAL,REASON"), 0,
                  "NAME     PRODUCT SERIAL REASON\n"
                  "лента-2  x       S2     \n"
                  "лента-10 磁带机  a?b    ?[2Jgone??? ?31m\n",
                  "");
        run_check(ARGS("-n", "-o", "LINKS", "a\tb"), 0, "/dev/one?two\n/dev/three\n", "");
        run_check_json(ARGS("-J", "-o", "PRODUCT,REASON", "a\tb"),
                       "{\"devices\":[{\"product\":\"磁带机\",\"reason\":\"?[2Jgone??? ?31m\"}]}");
        run_start(&run, ARGS("show", "-J", "a\tb"));
        run_finish(&run);
        assert_non_null(strstr(run.out_text, "\"vendor\": \"V\\\"\\\\\", \"product\": \"磁带机\","));
        run_check(ARGS("show", "\033[31m"), 1, "",
                  "evertape: no device is called '?[31m'; see: evertape list\n");
}

static void test_large_numbers(void **state)
{
        start_daemon(FAKE_LARGE);

        run_check_json(ARGS("-J", "-o", "LINKS,OUTAGES,LINKS"),
                       "{\"devices\":[{\"links\":[],\"outages\":18446744073709551615}]}");
        run_check(ARGS("-n", "-o", "OUTAGES,LAST-OUTAGE,TIMEOUT,COMMANDS,WRITTEN,READ,PID"), 0,
                  "18446744073709551615    infinity infinity 18446744073709551615   15.9E 1023K 4294967295\n",
                  "");
}

static void test_later_daemon(void **state)
{
        start_daemon(FAKE_FUTURE);

        run_check(ARGS("list"), 0, LIST, "");
}

static void test_replies_of_wrong_form(void **state)
{
        static const FakeMode modes[] = {FAKE_WRONG_REPLY, FAKE_WRONG_TYPE, FAKE_WRONG_LIST,
                                         FAKE_WRONG_VARIANT, FAKE_NAMELESS};

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                start_daemon(modes[i]);
                run_check(ARGS("list"), 1, "", NOT_UNDERSTOOD);
                run_check(ARGS("status", "lib1"), 1, "", NOT_UNDERSTOOD);
                run_check(ARGS("show", "lib1"), 1, "", NOT_UNDERSTOOD);
                run_check(ARGS("hold", "--all"), 1, "", NOT_UNDERSTOOD);
                run_check(ARGS("wait", "lib1"), 1, "", NOT_UNDERSTOOD);
                run_check(ARGS("watch"), 1, "", NOT_UNDERSTOOD);
                stop_daemon();
        }
}

static void test_daemon_dies_in_mid_call(void **state)
{
        start_daemon(FAKE_DIES);

        run_check(ARGS("list"), 1, "",
                  "evertape: evertaped did not answer; see: systemctl status evertaped\n");
}

static void test_not_running(void **state)
{
        static const char *const verbs[] = {"list", "status", "watch"};

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                run_check(ARGS(verbs[i]), 1, "", NOT_RUNNING);
        run_check(ARGS("list", "lib1", "lib1-drive1"), 1, "", NOT_RUNNING);
        run_check(ARGS("show", "lib1"), 1, "", NOT_RUNNING);
        run_check(ARGS("hold", "lib1", "lib1-drive1"), 1, "", NOT_RUNNING);
        run_check(ARGS("release", "--all"), 1, "", NOT_RUNNING);
        run_check(ARGS("wait", "lib1", "-t", "1"), 1, "", NOT_RUNNING);
        run_check(ARGS("rename", "lib1", "x"), 1, "", NOT_RUNNING);
        run_check(ARGS("replace", "lib1", "--with", "x"), 1, "", NOT_RUNNING);
        run_check(ARGS("forget", "lib1", "lib2"), 1, "", NOT_RUNNING);
        run_check(ARGS("history"), 1, "", NOT_RUNNING);
}

static void test_attached(void **state)
{
        start_daemon(FAKE_LIBRARY);
        run_check(ARGS("attach"), 0,
                  "URL                                      STATE   REASON\n"
                  "iscsi://10.0.0.1/iqn.2026-11.example:lib online  \n"
                  "iscsi://10.0.0.2/iqn.2026-11.example:lib offline no route to host\n",
                  "");
}

/* What else doctor finds depends on this machine. */
static void test_doctor_asks_the_daemon(void **state)
{
        static Run run;

        run_start(&run, ARGS("doctor", "--all"));
        run_finish(&run);
        assert_non_null(strstr(run.out_text, "  service: evertaped does not run\n"));
        start_daemon(FAKE_LIBRARY);
        run_start(&run, ARGS("doctor", "--all"));
        run_finish(&run);
        assert_null(strstr(run.out_text, "evertaped does not run"));
        assert_null(strstr(run.out_text, "evertaped does not answer"));
        assert_non_null(strstr(run.out_text, "  iscsi-targets: does not answer, for "));
        assert_non_null(strstr(run.out_text, "      Where: iscsi://10.0.0.2/iqn.2026-11.example:lib\n"));
        assert_null(strstr(run.out_text, "iscsi://10.0.0.1/"));
        stop_daemon();
        start_daemon(FAKE_DIES); /* not when it is asked whether it is there */
        run_start(&run, ARGS("doctor", "--all"));
        run_finish(&run);
        assert_null(strstr(run.out_text, "evertaped does not run"));
        assert_string_equal(run.err_text, "");
}

static void test_no_bus(void **state)
{
        setenv("EVERTAPE_BUS", "unix:path=/nonexistent", 1);
        run_check(ARGS("list"), 1, "",
                  "evertape: cannot reach the bus (unix:path=/nonexistent): No such file or directory\n");
        setenv("EVERTAPE_BUS", bus_address, 1);
}

static void test_not_permitted(void **state)
{
        static const char denied[] =
                "evertape: not permitted to ask evertaped for that; run it as root, or see WHO MAY in "
                "org.evertape1(5)\n";
        static const char challenged[] =
                "evertape: an administrator would have to authenticate for that, and "
                "nobody could be asked; run it as root\n";

        start_daemon(FAKE_DENIES);
        run_check(ARGS("list"), 1, "", denied);
        run_check(ARGS("hold", "lib1"), 1, "", denied);
        stop_daemon();
        start_daemon(FAKE_CHALLENGES);
        run_check(ARGS("hold", "lib1"), 1, "", challenged);
        run_check(ARGS("fail", "lib1"), 1, "", challenged);
        run_check(ARGS("rename", "lib1", "lib2"), 1, "", challenged);
        run_check(ARGS("names", "import", "/dev/null"), 1, "", challenged);
}

static void test_unknown_name(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("show", "drive9"), 1, "",
                  "evertape: no device is called 'drive9'; see: evertape list\n");
        run_check(ARGS("list", "-n", "-o", "NAME", "a", "lib1", "b"), 1, "lib1\n",
                  "evertape: no device is called 'a'; see: evertape list\n"
                  "evertape: no device is called 'b'; see: evertape list\n");
        run_check(ARGS("wait", "drive9"), 1, "",
                  "evertape: no device is called 'drive9'; see: evertape list\n");
}

static void test_usage(void **state)
{
        static const struct {
                const char *args[5];
                const char *err;
        } table[] = {
                {{"frobnicate"}, "evertape: unknown verb 'frobnicate'\nSee: evertape --help\n"},
                {{"list", "--foo"},
                 "evertape list: unrecognized option '--foo'\nSee: evertape list --help\n"},
                {{"--foo"}, "evertape list: unrecognized option '--foo'\nSee: evertape list --help\n"},
                {{"list", "-o"},
                 "evertape list: option requires an argument -- 'o'\nSee: evertape list --help\n"},
                {{"show"}, "evertape: give the NAME of one device\nSee: evertape show --help\n"},
                {{"show", "a", "b"}, "evertape: give the NAME of one device\nSee: evertape show --help\n"},
                {{"hold"},
                 "evertape: give either the NAMEs of devices or --all\nSee: evertape hold --help\n"},
                {{"release", "-a", "x"},
                 "evertape: give either the NAMEs of devices or --all\nSee: evertape release --help\n"},
                {{"status", "-i", "0"},
                 "evertape: '0' is no span of time such as 2s or 500ms\nSee: evertape status --help\n"},
                {{"wait"}, "evertape: give the NAMEs of devices\nSee: evertape wait --help\n"},
                {{"wait", "x", "-t", "soon"},
                 "evertape: 'soon' is no span of time such as 90, 15min or infinity\nSee: evertape wait "
                 "--help\n"},
                {{"wait", "x", "-s", "there"},
                 "evertape: unknown state 'there'; there are: present absent away probing held resuming "
                 "failed\n"
                 "See: evertape wait --help\n"},
                {{"rename", "a"},
                 "evertape: give the NAME of a device and its new name\nSee: evertape rename --help\n"},
                {{"replace", "a"},
                 "evertape: give the NAME of a device, and --with the serial number of the new one\n"
                 "See: evertape replace --help\n"},
                {{"attach", "iscsi://me%secret@10.0.0.1/iqn.x"},
                 "evertape: no password belongs there: it goes into "
                 "iscsi.secrets\n"
                 "See: evertape attach --help\n"},
                {{"attach", "iscsi://10.0.0.1/x"},
                 "evertape: the target's name begins with iqn., eui. or naa.\n"
                 "See: evertape attach --help\n"},
                {{"detach"},
                 "evertape: give the NAME of a device, or the URL that was attached\nSee: evertape detach "
                 "--help\n"},
                {{"discover"}, "evertape: give one HOST[:PORT]\nSee: evertape discover --help\n"},
                {{"forget"}, "evertape: give the NAMEs of devices\nSee: evertape forget --help\n"},
                {{"names"},
                 "evertape: say export [FILE] or import [--dry-run] FILE\nSee: evertape names --help\n"},
                {{"names", "import"},
                 "evertape: say export [FILE] or import [--dry-run] FILE\nSee: evertape names --help\n"},
                {{"names", "export", "-n", "x"},
                 "evertape: say export [FILE] or import [--dry-run] FILE\nSee: evertape names --help\n"},
                {{"history", "a", "b"}, "evertape: give one NAME or none\nSee: evertape history --help\n"},
                {{"history", "-s", "tomorrow"},
                 "evertape: 'tomorrow' is no day, time or span such as 2026-11-23 or 2h\n"
                 "See: evertape history --help\n"},
                {{"watch", "x"}, "evertape: takes no names\nSee: evertape watch --help\n"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                run_check(table[i].args, 2, "", table[i].err);
}

static void test_unknown_column(void **state)
{
        static const char *const columns[] = {"COLOUR",     "NAME,COLOUR", "+COLOUR",
                                              "name,,kind", "NAM",         "NAME,"};
        static Run run;

        for (size_t i = 0; i < ELEMENTSOF(columns); i++) {
                run_start(&run, ARGS("list", "-o", columns[i]));
                run_finish(&run);
                assert_int_equal(run.status, 2);
                assert_string_equal(run.out_text, "");
                assert_non_null(strstr(run.err_text, "unknown column '"));
                assert_non_null(strstr(run.err_text, "there are: NAME KIND STATE "));
                assert_non_null(strstr(run.err_text, " DOING\nSee: evertape list --help\n"));
        }
}

static void test_help(void **state)
{
        static const char *const verbs[] = {"list",    "show",   "hold",   "release", "status", "fail",
                                            "wait",    "watch",  "rename", "replace", "forget", "names",
                                            "history", "doctor", "inf",    "map",     "metrics"};
        static Run run;

        run_start(&run, ARGS("--help"));
        run_finish(&run);
        assert_int_equal(run.status, 0);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                static Run of_verb;
                char begin[64];

                assert_non_null(strstr(run.out_text, verbs[i]));
                run_start(&of_verb, ARGS(verbs[i], "--help"));
                run_finish(&of_verb);
                snprintf(begin, sizeof(begin), "evertape %s ", verbs[i]);
                assert_int_equal(strncmp(of_verb.out_text, begin, strlen(begin)), 0);
                assert_int_equal(of_verb.status, 0);
        }
        run_check(ARGS("--version"), 0, "evertape " EVERTAPE_VERSION "\n", "");
}

static void test_show_paths(void **state)
{
        static Run run;

        start_daemon(FAKE_HOSTILE);
        run_start(&run, ARGS("show", "-J", "a\tb"));
        run_finish(&run);
        assert_non_null(strstr(run.out_text,
                               "\"paths\": [{\"node\": \"/dev/sg3\", \"state\": \"active\", \"address\": "
                               "\"2:0:0:0\", \"since\": 1795442462000000, \"commands\": 48000, \"bytes\": "
                               "1048576, \"outages\": 0, \"transport\": \"sas 0x5000c5\", \"last-error\": "
                               "null}, {\"node\": \"/dev/sg5\", "));
        assert_non_null(strstr(run.out_text, "\"last-error\": \"?[2J\\\"\"}, {\"node\": null, "));
        stop_daemon();
        start_daemon(FAKE_WRONG_PATHS);
        run_check(ARGS("show", "lib1"), 1, "", NOT_UNDERSTOOD);
}

static void test_fail(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("fail", "lib1-drive1"), 0, "lib1-drive1: what waited for it has failed\n", "");
        run_check(ARGS("fail", "--once", "lib1-drive1"), 1, "",
                  "evertape: lib1-drive1: no program waits for it now\n");
        run_check(ARGS("fail", "nobody", "lib1-drive1", "lib1"), 1,
                  "lib1-drive1: what waited for it has failed\n",
                  "evertape: no device is called 'nobody'; see: evertape list\n"
                  "evertape: lib1: no program waits for it\n");
        stop_daemon();
        run_check(ARGS("fail", "lib1", "lib1-drive1"), 1, "", NOT_RUNNING);
}

static void test_hold_and_release(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("hold", "lib1-drive1", "lib1", "nobody", "DRV0002"), 1,
                  "lib1-drive1: already held\nlib1-drive2: held, programs open /dev/nst1\n",
                  "evertape: lib1 is open by mtx (pid 99); end that first\n"
                  "evertape: no device is called 'nobody'; see: evertape list\n");
        run_check(ARGS("list", "-n", "-o", "STATE", "lib1-drive2"), 0, "held\n", "");
        run_check(ARGS("release", "lib1", "lib1-drive2"), 0, "lib1: not held\nlib1-drive2: released\n", "");
        run_check(ARGS("release", "--all"), 0, "lib1-drive1: released\n", "");
        run_check(ARGS("hold", "--all"), 1,
                  "lib1-drive1: held, programs open /dev/nst7\nlib1-drive2: held, programs open /dev/nst1\n",
                  "evertape: lib1 is open by mtx (pid 99); end that first\n");
}

static void test_names_change(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("rename", "lib1-drive2", "lib1"), 1, "", "evertape: lib1-drive2: 'lib1' is taken\n");
        run_check(ARGS("rename", "lib1-drive2", "left"), 0, "lib1-drive2: is called left now\n", "");
        run_check(ARGS("list", "-n", "-o", "NAME,SERIAL", "left"), 0, "left DRV0002\n", "");
        run_check(ARGS("replace", "left", "--with", "NEW"), 0, "left: is the name of NEW now\n", "");
        run_check(ARGS("list", "-n", "-o", "NAME", "NEW"), 0, "left\n", "");
        run_check(ARGS("forget", "lib1", "left"), 1, "left: forgotten\n", "evertape: lib1: is there\n");
}

static void test_history(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("history", "x"), 0,
                  "TIME                NAME EVENT    TEXT\n"
                  "2026-11-23 14:01:02 x    arrived  sg3\n"
                  "2026-11-23 14:01:02      replaced now?[2J B, before A\n",
                  "");
        run_check(ARGS("history", "-n", "--since", "2026-11-23 14:01:02"), 0,
                  "2026-11-23 14:01:02 lib1 arrived  sg3\n"
                  "2026-11-23 14:01:02      replaced now?[2J B, before A\n",
                  "");
        run_check(ARGS("history", "--since", "2026-11-23 14:02"), 0, "", "");
        run_check(ARGS("history", "-s", "2026-11-24"), 0, "", "");
        run_check(ARGS("history", "-s", "today"), 0, "", "");
        run_check(ARGS("history", "-s", "yesterday"), 0, "", "");
        run_check(ARGS("history", "lib1-drive1"), 0,
                  "TIME                NAME        EVENT   TEXT\n"
                  "2026-11-23 14:01:02 lib1-drive1 away    the path is gone\n"
                  "2026-11-23 14:01:14 lib1-drive1 resumed after 12s 400ms, 3 objects written again\n"
                  "2026-11-23 14:01:22 lib1-drive1 reset   29/00\n"
                  "2026-11-23 14:01:23 lib1-drive1 resumed after 1s, 0 objects written again\n"
                  "2026-11-23 14:01:32 lib1-drive1 failed  another cartridge is in the drive\n"
                  "2026-11-23 14:01:33 lib1-drive1 resumed in a form of another version\n"
                  "\n"
                  "lib1-drive1: 3 outages survived, 13s 400ms in all, the longest of 12s 400ms until "
                  "2026-11-23 14:01:14; 1 reset; failed 1 time\n",
                  "");
        run_check(ARGS("history", "nobody"), 1, "", "evertape: nobody: no such device\n");
        run_check_json(ARGS("history", "-J", "-s", "infinity"),
                       "{\"history\":[{\"time\":1795442462000000,\"name\":\"lib1\",\"event\":\"arrived\","
                       "\"text\":\"sg3\"},{\"time\":1795442462000000,\"name\":null,\"event\":\"replaced\","
                       "\"text\":\"now?[2J B, before A\"}]}");
}

static void write_text(const char *path, const char *text)
{
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

#define NAMES                                                                                                \
        "# evertape names, version 1\n"                                                                      \
        "\n[Device \"x\"]\nNumber=3\nType=tape\nRank=naa\nIdentity=naa.5\nVendor=V\nProduct=P\nRevision=1\n" \
        "Serial=S\nHold=no\nFirstSeen=1\nLastSeen=2\n"

/* By evertaped, or without one. */
static void test_names_as_text(void **state)
{
        char dir[] = "/tmp/evertape-names-XXXXXX", file[64], registry[64], bad[64], expected[240];

        assert_non_null(mkdtemp(dir));
        snprintf(file, sizeof(file), "%s/names", dir);
        snprintf(bad, sizeof(bad), "%s/bad", dir);
        snprintf(registry, sizeof(registry), "%s/evertape.db", dir);
        write_text(file, NAMES);

        run_check(ARGS("names", "import", "--registry", registry, "-n", file), 0,
                  "x: added, serial number S\n", "");
        run_check(ARGS("names", "export", "--registry", registry), 0, "# evertape names, version 1\n", "");
        run_check(ARGS("names", "import", "--registry", registry, file), 0, "x: added, serial number S\n",
                  "");
        run_check(ARGS("names", "import", "--registry", registry, file), 0, "x: is there\n", "");
        run_check(ARGS("names", "export", "--registry", registry), 0, NAMES, "");
        run_check(ARGS("names", "export", "--registry", registry, bad), 0, "", "");
        run_check(ARGS("names", "import", "--registry", registry, bad), 0, "x: is there\n", "");
        write_text(bad, "nonsense\n");
        snprintf(expected, sizeof(expected), "evertape: %s: nothing was imported\n", bad);
        run_check(ARGS("names", "import", "--registry", registry, bad), 1,
                  "line 1: this is no export of evertape's names, or of a newer one\n", expected);

        start_daemon(FAKE_LIBRARY);
        run_check(ARGS("names", "export"), 0, "# evertape names, version 1\n", "");
        run_check(ARGS("names", "import", file), 0, "wet: # evertape names, ve\n", "");
        run_check(ARGS("names", "import", "--dry-run", file), 0, "dry: # evertape names, ve\n", "");
        run_check(ARGS("names", "import", bad), 1, "wet: nonsense\n\n", expected);
        unlink(file);
        unlink(bad);
        unlink(registry);
        assert_int_equal(rmdir(dir), 0);
}

/* It is said what is wrong with it, and it is left as it is. */
static void test_names_of_a_spoilt_registry(void **state)
{
        char file[] = "/tmp/evertape-names-XXXXXX", expected[240];
        int fd = mkstemp(file);

        assert_true(fd >= 0);
        close(fd);
        write_text(file, NAMES);
        snprintf(expected, sizeof(expected),
                 "evertape: %s: it is damaged, or no registry; move it away and import the names (evertape "
                 "names "
                 "import)\n",
                 file);
        run_check(ARGS("names", "export", "--registry", file), 1, "", expected);
        run_check(ARGS("names", "import", "--registry", file, file), 1, "", expected);
        unlink(file);
}

static void test_note_is_shown_if_there_is_one(void **state)
{
        start_daemon(FAKE_LARGE);

        run_check(ARGS("list"), 0,
                  "NAME KIND STATE NODE      SERIAL PRODUCT PROFILE NOTE\n"
                  "big  tape held  /dev/nst0 S      P       lto     same serial number as lib1-drive1\n",
                  "");
        run_check(ARGS("list", "-n", "-o", "NAME"), 0, "big\n", "");
}

static void test_wait(void **state)
{
        start_daemon(FAKE_LIBRARY);

        run_check(ARGS("wait", "lib1", "lib1-drive2"), 0, "", "");
        run_check(ARGS("wait", "lib1-drive1", "-s", "resuming"), 0, "", "");
        run_check(ARGS("wait", "lib1-drive1", "lib1", "DRV0002", "--state", "held", "--timeout", "10ms"), 1,
                  "",
                  "evertape: lib1-drive1 is resuming after 10ms: reading back 12 blocks\n"
                  "evertape: lib1 is present after 10ms\n"
                  "evertape: lib1-drive2 is present after 10ms\n");
}

/* Until the daemon has had n calls, so that the next step comes after them. */
static void await_calls(int n)
{
        struct pollfd p = {.fd = daemon_calls[0], .events = POLLIN};

        for (char byte; n > 0; n--) {
                assert_int_equal(poll(&p, 1, 30000), 1);
                assert_int_equal(read(daemon_calls[0], &byte, 1), 1);
        }
}

static void test_wait_sees_the_change(void **state)
{
        static Run waiter;

        start_daemon(FAKE_LIBRARY);
        run_start(&waiter, ARGS("wait", "lib1-drive2", "--state", "held"));
        await_calls(1);
        run_check(ARGS("hold", "lib1-drive2"), 0, "lib1-drive2: held, programs open /dev/nst1\n", "");
        run_finish(&waiter);
        assert_string_equal(waiter.err_text, "");
        assert_int_equal(waiter.status, 0);
}

static void test_wait_survives_a_restart_of_the_daemon(void **state)
{
        static Run waiter;

        start_daemon(FAKE_LIBRARY);
        run_start(&waiter, ARGS("wait", "lib1-drive2", "lib1", "--state", "held"));
        await_calls(2);
        stop_daemon();
        start_daemon(FAKE_ALL_HELD);
        run_finish(&waiter);
        assert_string_equal(waiter.err_text, "");
        assert_int_equal(waiter.status, 0);
}

static void read_line(int fd, char *line, size_t n)
{
        size_t used = 0;

        while (used + 1 < n && read(fd, line + used, 1) == 1 && line[used] != '\n')
                used++;
        line[used] = '\0';
}

static void test_watch(void **state)
{
        static const struct {
                const char *option;
                const char *expected;
        } table[] = {{NULL, "lib1-drive2 held"},
                     {"-J", "\"name\": \"lib1-drive2\", \"kind\": \"tape\", \"state\": \"held\","}};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                static Run watcher;
                char line[4096];

                start_daemon(FAKE_LIBRARY);
                run_start(&watcher, ARGS("watch", table[i].option));
                await_calls(1);
                run_check(ARGS("hold", "lib1-drive2"), 0, "lib1-drive2: held, programs open /dev/nst1\n", "");
                await_calls(1); /* hold asks for the node */
                read_line(watcher.out, line, sizeof(line));
                assert_non_null(strstr(line, table[i].expected));
                assert_non_null(strchr(line, 'T')); /* the time */
                stop_daemon();
                read_line(watcher.err, line, sizeof(line));
                assert_string_equal(line, "evertape: evertaped has stopped");
                run_kill(&watcher);
        }
}

static void test_status_goes_on(void **state)
{
        static Run watcher;
        char line[4096];

        start_daemon(FAKE_LIBRARY);
        run_start(&watcher, ARGS("status", "-n", "-o", "NAME", "lib1", "-i", "1ms"));
        for (int i = 0; i < 5; i++) {
                read_line(watcher.out, line, sizeof(line));
                assert_string_equal(line, "lib1");
        }
        run_kill(&watcher);
}

/* Not a terminal: a line for each device at first, then for each of which something is other than it was.
 * SIGINT ends it in good order. */
static void test_status_follows(void **state)
{
        static Run follower;
        char line[4096];

        start_daemon(FAKE_LIBRARY);
        run_start(&follower, ARGS("status", "--follow", "-o", "NAME,STATE,DOING"));
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, " lib1 present"));
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, " lib1-drive1 resuming resume, 42 %, compare"));
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, " lib1-drive2 present"));
        run_check(ARGS("hold", "lib1-drive2"), 0, "lib1-drive2: held, programs open /dev/nst1\n", "");
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, " lib1-drive2 held"));
        assert_int_equal(kill(follower.pid, SIGINT), 0);
        run_finish(&follower);
        assert_string_equal(follower.out_text, "");
        assert_string_equal(follower.err_text, "");
        assert_int_equal(follower.status, 0);
}

/* One that restarts is told of once, and comes back. */
static void test_status_follows_a_restart(void **state)
{
        static Run follower;
        char line[4096];

        start_daemon(FAKE_LIBRARY);
        run_start(&follower, ARGS("status", "-f", "-J", "-i", "1s", "lib1-drive2"));
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, "\"state\": \"present\""));
        stop_daemon();
        read_line(follower.err, line, sizeof(line));
        assert_string_equal(line,
                            "evertape: evertaped is not running; start it with: systemctl start evertaped");
        start_daemon(FAKE_ALL_HELD);
        read_line(follower.out, line, sizeof(line));
        assert_non_null(strstr(line, "\"state\": \"held\""));
        assert_int_equal(kill(follower.pid, SIGTERM), 0);
        run_finish(&follower);
        assert_string_equal(follower.err_text, "");
        assert_int_equal(follower.status, 0);
}

static void test_output_that_cannot_be_written(void **state)
{
        static char command[1024];

        start_daemon(FAKE_LIBRARY);
        snprintf(command, sizeof(command), "%s list > /dev/full 2> /dev/null", program);
        assert_int_equal(WEXITSTATUS(system(command)), 1);
}

static void set_environment(void)
{
        setenv("EVERTAPE_BUS", bus_address, 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        setenv("TZ", "UTC", 1);
        unsetenv("POSIXLY_CORRECT");
        unsetenv("LIBSMARTCOLS_DEBUG");
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_list, setup, teardown),
                cmocka_unit_test_setup_teardown(test_list_json, setup, teardown),
                cmocka_unit_test_setup_teardown(test_list_unknown_models, setup, teardown),
                cmocka_unit_test_setup_teardown(test_list_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_status, setup, teardown),
                cmocka_unit_test_setup_teardown(test_show, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hostile_text, setup, teardown),
                cmocka_unit_test_setup_teardown(test_large_numbers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_later_daemon, setup, teardown),
                cmocka_unit_test_setup_teardown(test_replies_of_wrong_form, setup, teardown),
                cmocka_unit_test_setup_teardown(test_daemon_dies_in_mid_call, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_running, setup, teardown),
                cmocka_unit_test_setup_teardown(test_attached, setup, teardown),
                cmocka_unit_test_setup_teardown(test_doctor_asks_the_daemon, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_bus, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_permitted, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unknown_name, setup, teardown),
                cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unknown_column, setup, teardown),
                cmocka_unit_test_setup_teardown(test_help, setup, teardown),
                cmocka_unit_test_setup_teardown(test_show_paths, setup, teardown),
                cmocka_unit_test_setup_teardown(test_fail, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hold_and_release, setup, teardown),
                cmocka_unit_test_setup_teardown(test_names_change, setup, teardown),
                cmocka_unit_test_setup_teardown(test_history, setup, teardown),
                cmocka_unit_test_setup_teardown(test_names_as_text, setup, teardown),
                cmocka_unit_test_setup_teardown(test_names_of_a_spoilt_registry, setup, teardown),
                cmocka_unit_test_setup_teardown(test_note_is_shown_if_there_is_one, setup, teardown),
                cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
                cmocka_unit_test_setup_teardown(test_wait_sees_the_change, setup, teardown),
                cmocka_unit_test_setup_teardown(test_wait_survives_a_restart_of_the_daemon, setup, teardown),
                cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
                cmocka_unit_test_setup_teardown(test_status_goes_on, setup, teardown),
                cmocka_unit_test_setup_teardown(test_status_follows, setup, teardown),
                cmocka_unit_test_setup_teardown(test_status_follows_a_restart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_output_that_cannot_be_written, setup, teardown),
        };
        int failed;

        if (argc != 2)
                return EXIT_FAILURE;
        program = argv[1];
        bus_pid = fake_bus_start(bus_address, sizeof(bus_address));
        if (bus_pid < 0)
                return EXIT_SKIP;
        set_environment();
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        kill(bus_pid, SIGTERM);
        waitpid(bus_pid, NULL, 0);
        return failed;
}
