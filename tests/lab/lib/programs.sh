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
