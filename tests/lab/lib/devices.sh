# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Finding real devices and held ones by serial number, and making real ones go and come.

# How the WWN of every held LUN begins (src/tcmu/lun.h).
_held_wwn=naa.3e7e7a9e

# _serial_of DEVICE_FOLDER: unit serial number (VPD 80h) in REPLY. Four bytes of header: type, page, two of length;
# bash reads up to a NUL, of which there is one for the length and one more if the type is 0.
_serial_of() {
    local LC_ALL=C head
    REPLY=
    [[ -r $1/vpd_pg80 ]] || return
    {
        IFS= read -r -d '' head
        [[ $head ]] || IFS= read -r -d '' head
        IFS= read -r -d '' REPLY
    } < "$1/vpd_pg80"
    REPLY=${REPLY:1}
    REPLY=${REPLY%"${REPLY##*[! ]}"}
    REPLY=${REPLY#"${REPLY%%[! ]*}"}
}

# _find real|held SERIAL: H:C:T:L of it in REPLY.
_find() {
    local wanted=$1 serial=$2 file target device kind
    local -A held=()
    for file in /sys/kernel/config/target/loopback/"$_held_wwn"*/tpgt_1/address; do
        [[ -e $file ]] && read -r target < "$file" && held[$target]=1
    done
    for device in /sys/bus/scsi/devices/[0-9]*:*; do
        _serial_of "$device"
        [[ $REPLY == "$serial" ]] || continue
        target=${device##*/}
        kind=real
        [[ ${held[${target%:*}]} ]] && kind=held
        if [[ $kind == "$wanted" ]]; then
            REPLY=$target
            return 0
        fi
    done
    return 1
}

# _node H:C:T:L sg|nst|st|sch: its device node, printed.
_node() {
    local path kind=$2 folder
    case $kind in
        sg) folder=scsi_generic ;;
        st | nst) folder=scsi_tape ;;
        sch) folder=scsi_changer ;;
    esac
    for path in /sys/bus/scsi/devices/"$1/$folder/${kind}"[0-9]*; do
        if [[ ${path##*/} =~ ^$kind[0-9]+$ ]]; then
            echo "/dev/${path##*/}"
            return 0
        fi
    done
    return 1
}

# by_serial SERIAL sg|nst|st|sch: prints the node of the real device; held_by_serial: of the held one.
by_serial() {
    _find real "$1" && _node "$REPLY" "$2"
}

held_by_serial() {
    _find held "$1" && _node "$REPLY" "$2"
}

# node_map: one line that says which serial number is behind which nst node, real and held.
node_map() {
    local path name
    for path in /sys/class/scsi_tape/nst*; do
        name=${path##*/}
        [[ $name =~ ^nst[0-9]+$ ]] || continue
        _serial_of "$path/device"
        printf '%s=%s ' "$name" "$REPLY"
    done
    echo
}

# wait_for_devices SERIAL...: until every real device is there and udev has made its links.
wait_for_devices() {
    local serial
    for serial; do
        wait_until 15 _find real "$serial" || return
    done
    udevadm settle
}

declare -A _pulled=()

# pull [SERIAL...]: the devices are deleted, as when a cable goes and the transport gives up. Without a SERIAL the
# iSCSI session ends, which takes all of its devices.
pull() {
    local serial
    (($#)) || { iscsi_logout; return; }
    for serial; do
        _find real "$serial" || { say "pull: no device $serial"; return 1; }
        _pulled[$serial]=$REPLY
        echo 1 > "/sys/bus/scsi/devices/$REPLY/delete"
    done
}

_rescan() {
    local host channel target lun
    IFS=: read -r host channel target lun <<< "${_pulled[$1]}"
    # tcm_loop says that it has no LUN at all (max_lun 0) and takes only a scan for every one.
    [[ $(< "/sys/class/scsi_host/host$host/proc_name") == tcm_loopback ]] && lun=-
    echo "$channel $target $lun" > "/sys/class/scsi_host/host$host/scan"
    unset "_pulled[$1]"
    wait_for_devices "$1"
}

# return_as_before [SERIAL...]: the same devices at the same addresses, in the order given; without a SERIAL the
# session logs in again.
return_as_before() {
    local serial
    (($#)) || { iscsi_login; return; }
    for serial; do
        _rescan "$serial"
    done
}

# return_swapped SERIAL SERIAL: both are deleted if they are still there, and come back in the other order, so that
# each gets the nodes of the other.
return_swapped() {
    local serial
    for serial; do
        [[ ${_pulled[$serial]} ]] || pull "$serial" || return
    done
    _rescan "$2" && _rescan "$1"
}

# offline SERIAL, online SERIAL: the state of a device whose transport has given up and has not deleted it.
offline() {
    _find real "$1" && echo offline > "/sys/bus/scsi/devices/$REPLY/state"
}

online() {
    _find real "$1" && echo running > "/sys/bus/scsi/devices/$REPLY/state"
}
