# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Backup programs, configured for two drives and a changer.

# bacula_conf NST0 NST1 CHANGER_SG [DEVICE_DIRECTIVE...]: writes /tmp/bacula/sd.conf, devices Drive-0 and Drive-1 of
# the autochanger Lib.
bacula_conf() {
    local nodes=("$1" "$2") changer=$3 i
    shift 3
    mkdir -p /tmp/bacula/work
    {
        cat << EOF
Storage {
  Name = lab-sd
  SDAddress = 127.0.0.1
  WorkingDirectory = /tmp/bacula/work
  PidDirectory = /tmp/bacula
  Maximum Concurrent Jobs = 4
}
Director {
  Name = lab-dir
  Password = lab
}
Messages {
  Name = Standard
  director = lab-dir = all
}
Autochanger {
  Name = Lib
  Device = Drive-0, Drive-1
  Changer Device = $changer
  Changer Command = "/etc/bacula/scripts/mtx-changer %c %o %S %a %d"
}
EOF
        for i in 0 1; do
            cat << EOF
Device {
  Name = Drive-$i
  Drive Index = $i
  Media Type = LTO
  Archive Device = ${nodes[i]}
  Autochanger = yes
  Automatic Mount = yes
  Always Open = yes
  Removable Media = yes
  Random Access = no
$(printf '  %s\n' "$@")
}
EOF
        done
    } > /tmp/bacula/sd.conf
}

# bacula_full FOLDER [POOL_DIRECTIVE...]: to the storage daemon of bacula_conf a director with its catalog, a file daemon and a console, all
# in /tmp/bacula; job Save dumps FOLDER, and Restore puts it below /tmp/bacula/restored. Storage Lib is the changer, Drive-0 and
# Drive-1 are its drives each alone. Starts nothing.
bacula_full() {
    local b=/tmp/bacula folder=$1
    shift
    cat > $b/fd.conf << EOF
FileDaemon {
  Name = lab-fd
  FDAddress = 127.0.0.1
  WorkingDirectory = $b/work
  PidDirectory = $b
}
Director {
  Name = lab-dir
  Password = lab
}
Messages {
  Name = Standard
  director = lab-dir = all, !skipped
}
EOF
    printf 'Director {\n  Name = lab-dir\n  Address = 127.0.0.1\n  Password = lab\n}\n' > /etc/bacula/bconsole.conf
    {
        cat << EOF
Director {
  Name = lab-dir
  DirAddress = 127.0.0.1
  QueryFile = /etc/bacula/scripts/query.sql
  WorkingDirectory = $b/work
  PidDirectory = $b
  Password = lab
  Messages = Standard
  Maximum Concurrent Jobs = 4
}
Catalog {
  Name = Cat
  dbname = bacula
  dbuser = ""
  dbpassword = ""
}
Messages {
  Name = Standard
  append = $b/bacula.log = all, !skipped
  console = all, !skipped, !saved
}
Client {
  Name = lab-fd
  Address = 127.0.0.1
  Catalog = Cat
  Password = lab
  Maximum Concurrent Jobs = 4
}
Storage {
  Name = Lib
  Address = 127.0.0.1
  Password = lab
  Device = Lib
  Media Type = LTO
  Autochanger = yes
  Maximum Concurrent Jobs = 4
}
Pool {
  Name = Tape
  Pool Type = Backup
$(printf '  %s\n' "$@")
}
Pool {
  Name = Scratch
  Pool Type = Backup
}
FileSet {
  Name = FS
  Include {
    Options {
      signature = SHA1
    }
    File = $folder
  }
}
EOF
        _bacula_drive 0
        _bacula_drive 1
        _bacula_job Save 'Type = Backup' 'Level = Full' 'Prefer Mounted Volumes = no'
        _bacula_job Restore 'Type = Restore' "Where = $b/restored"
    } > $b/dir.conf
    # Bacula's own script makes the catalog, in our folder.
    sed "s#^db_name=.*#db_name=bacula#; s#^bindir=.*#bindir=/usr/bin#; s#/var/lib/bacula#$b/work#g" \
        /usr/share/bacula-director/make_sqlite3_tables > $b/make-tables
    bash $b/make-tables > $b/make-tables.log 2>&1 || cat $b/make-tables.log
}

# A Storage for one drive of Lib.
_bacula_drive() {
    cat << EOF
Storage {
  Name = Drive-$1
  Address = 127.0.0.1
  Password = lab
  Device = Drive-$1
  Media Type = LTO
  Autochanger = yes
  Maximum Concurrent Jobs = 4
}
EOF
}

_bacula_job() {
    printf 'Job {\n  Name = %s\n' "$1"
    shift
    printf '  %s\n' "$@" 'Client = lab-fd' 'FileSet = FS' 'Pool = Tape' 'Storage = Lib' 'Messages = Standard' \
        'Maximum Concurrent Jobs = 4'
    echo '}'
}

bacula_start() {
    bacula-sd -c /tmp/bacula/sd.conf
    bacula-fd -c /tmp/bacula/fd.conf
    bacula-dir -c /tmp/bacula/dir.conf
    wait_until 20 eval 'printf "version\n" | bconsole'
}

# bacula COMMAND...: by the console; prints what it says. A job that waits for an operator ends it after two minutes.
bacula() {
    printf '%s\n' "$@" | timeout 120 bconsole
}

# bacula_held "MODEL OPTIONS" MIB LABELS [POOL_DIRECTIVE...]: the model's library with two drives, held; Bacula for it, configured
# by `evertape configure` and started, with the first LABELS cartridges labelled. Job Save dumps /tmp/data, MIB of it random.
bacula_held() {
    local options=$1 mib=$2 labels=$3
    shift 3
    hold_model "--drives 2 $options" MDLDRV01 MDLDRV02 MDLLIB01 || return
    wait_until 10 test -e /dev/tape/by-name/lib1-changer
    mkdir -p /tmp/data
    head -c "${mib}M" /dev/urandom > /tmp/data/random
    cp -a /usr/share/doc/tgt /tmp/data/documents
    bacula_conf "$(held_by_serial MDLDRV01 nst)" "$(held_by_serial MDLDRV02 nst)" "$(held_by_serial MDLLIB01 sg)" \
        'Maximum File Size = 8m'
    ok "configured" evertape configure bacula --config /tmp/bacula/sd.conf --write
    cp /tmp/bacula/sd.conf /tmp/sd.written
    bacula_full /tmp/data "$@"
    ok "Bacula starts" bacula_start
    bacula "label barcodes pool=Tape storage=Lib drive=0 slots=1-$labels" yes > "$LAB_OUT/label.log"
    same "$labels cartridges have labels" "$labels" "$(bacula_catalog 'select count(*) from Media')"
}

# bacula_held_done: the end of a scenario that began with bacula_held.
bacula_held_done() {
    cp /tmp/bacula/bacula.log "$LAB_OUT/"
    ok "the configuration is as it was" cmp /tmp/bacula/sd.conf /tmp/sd.written
    lab_done
}

# bacula_catalog SQL: prints what the catalog says.
bacula_catalog() {
    sqlite3 /tmp/bacula/work/bacula.db "$1"
}

# bacula_job JOBID: prints how it ended and its number of errors: T0 is OK without a warning.
bacula_job() {
    bacula_catalog "select JobStatus || JobErrors from Job where JobId=$1"
}

# bacula_ended JOBID [PATTERN]: it has ended, and so.
bacula_ended() {
    # shellcheck disable=SC2053
    [[ $(bacula_job "$1") == ${2:-[!RCFSMm]*} ]]
}

# bacula_last_job, bacula_volumes JOBID...: prints its number; on how many volumes they are.
bacula_last_job() {
    bacula_catalog 'select max(JobId) from Job'
}

bacula_volumes() {
    local IFS=,
    bacula_catalog "select count(distinct MediaId) from JobMedia where JobId in ($*)"
}

# bacula_ends_ok JOBID: waits for all jobs; this one ended OK without a warning.
bacula_ends_ok() {
    bacula wait > /dev/null
    wait_until 10 bacula_ended "$1" T0 || { tail -n 20 /tmp/bacula/bacula.log; return 1; }
}

# bacula_restores JOBID: what it saved is what is in /tmp/data, byte for byte.
bacula_restores() {
    rm -rf /tmp/bacula/restored
    bacula "restore client=lab-fd jobid=$1 all done yes" wait >> "$LAB_OUT/restore.log"
    diff -r /tmp/data /tmp/bacula/restored/tmp/data && return
    tail -n 20 /tmp/bacula/bacula.log
    return 1
}

# bacula_given 1|2: prints how many bytes that drive was given since bacula_note_written. bacula_written BYTES: both together were
# given more than that.
bacula_note_written() {
    _written=("$(field WRITTEN lib1-drive1)" "$(field WRITTEN lib1-drive2)")
}

bacula_given() {
    echo $(($(field WRITTEN "lib1-drive$1") - _written[$1 - 1]))
}

bacula_written() {
    (($(bacula_given 1) + $(bacula_given 2) > $1))
}

# btape ANSWER...: Bacula's tape test program on Drive-0, fed with the answers.
btape() {
    printf '%s\n' "$@" | command btape -c /tmp/bacula/sd.conf Drive-0 2>&1
}

# amanda_conf NST0 NST1 CHANGER_SG TAPE_MB [DATA_FOLDER]: configuration LAB, which dumps DATA_FOLDER with tar.
amanda_conf() {
    mkdir -p /etc/amanda/LAB /tmp/amanda/{log,index,curinfo,hold,restored}
    : > /tmp/amanda/tapelist
    cat > /etc/amanda/LAB/amanda.conf << EOF
org "LAB"
dumpuser "backup"
infofile "/tmp/amanda/curinfo"
logdir "/tmp/amanda/log"
indexdir "/tmp/amanda/index"
tapelist "/tmp/amanda/tapelist"
dumpcycle 0
runspercycle 1
tapecycle 3
runtapes 2
tpchanger "lib"
labelstr "^T[0-9]*L7\$"
autolabel "\$b" any
tapetype LAB
define changer lib {
  tpchanger "chg-robot:$3"
  property "tape-device" "0=tape:$1" "1=tape:$2"
  changerfile "/tmp/amanda/changer"
}
define tapetype LAB {
  length $4 mb
  filemark 0 kb
  part_size 10 mb
}
define dumptype tar {
  program "GNUTAR"
  auth "local"
  index yes
  compress none
  holdingdisk never
  allow_split yes
}
EOF
    echo "localhost ${5:-/usr/share/doc/tgt} tar" > /etc/amanda/LAB/disklist
    chown -R backup:backup /etc/amanda /tmp/amanda
    # With loopback addresses only, getaddrinfo(AI_ADDRCONFIG) finds no localhost.
    ip address add 192.0.2.1/32 dev lo
}

# amanda COMMAND...: as its user.
amanda() {
    (cd /tmp/amanda && exec setpriv --reuid=backup --regid=backup --init-groups env -u LAB_OUT "$@")
}
