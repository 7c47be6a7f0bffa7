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
# in /tmp/bacula; job Save dumps FOLDER, and Restore puts it below /tmp/bacula/restored. Starts nothing.
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
  Storage = Lib
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
        _bacula_job Save 'Type = Backup' 'Level = Full' 'Prefer Mounted Volumes = no'
        _bacula_job Restore 'Type = Restore' "Where = $b/restored"
    } > $b/dir.conf
    # Bacula's own script makes the catalog, in our folder.
    sed "s#^db_name=.*#db_name=bacula#; s#^bindir=.*#bindir=/usr/bin#; s#/var/lib/bacula#$b/work#g" \
        /usr/share/bacula-director/make_sqlite3_tables > $b/make-tables
    bash $b/make-tables > $b/make-tables.log 2>&1 || cat $b/make-tables.log
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

# bacula COMMAND...: by the console; prints what it says.
bacula() {
    printf '%s\n' "$@" | bconsole
}

# bacula_ended JOBID STATUS: the catalog has it with this status: T is OK without a warning.
bacula_ended() {
    [[ $(sqlite3 /tmp/bacula/work/bacula.db "select JobStatus || JobErrors from Job where JobId=$1") == "$2" ]]
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
