# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A virtual tape library behind iSCSI: Debian's tgt. A good source of sessions and paths, a poor judge of tapes: no
# LOCATE, no true READ POSITION, no unit attentions, BSF goes one block too far. The judge is tests/model.

VLIB_TARGET=iqn.2026-11.test:lib1
VLIB_TAPES=/tmp/vlib/tapes

# vlib_up NDRIVES NTAPES SIZE_MB: drives DRV0001.. and the changer LIB0001, cartridges E00001L3.. in its first
# slots, two slots empty; logged in, nodes ready. With VLIB_ON_HOST=1 the cartridges are files of the host, for
# more than fits into the guest's memory.
vlib_up() {
    local n_drives=${1:-2} n_tapes=${2:-4} size=${3:-100} i barcode
    local adm="tgtadm --lld iscsi --mode"
    local unit="$adm logicalunit --tid 1"

    [[ $VLIB_ON_HOST ]] && VLIB_TAPES=$LAB_OUT/tapes
    mkdir -p "$VLIB_TAPES" /tmp/vlib
    tgtd -f > "$LAB_OUT/tgtd.log" 2>&1 &
    _tgtd=$!
    wait_until 10 tgtadm --lld iscsi --mode system --op show || return
    for ((i = 1; i <= n_tapes; i++)); do
        printf -v barcode 'E%05dL3' "$i"
        tgtimg --op new --device-type tape --barcode "$barcode" --size "$size" --type data \
            --file "$VLIB_TAPES/$barcode" > /dev/null
    done
    # A drive must be made with a cartridge in it; the changer's element configuration takes it out again.
    tgtimg --op new --device-type tape --barcode SEED --size 1 --type data --file /tmp/vlib/seed > /dev/null
    $adm target --op new --tid 1 --targetname $VLIB_TARGET
    for ((i = 1; i <= n_drives; i++)); do
        cp /tmp/vlib/seed "/tmp/vlib/seed$i"
        $unit --op new --lun "$i" --backing-store "/tmp/vlib/seed$i" --device-type tape
        $unit --op update --lun "$i" --params "vendor_id=HP,product_id=Ultrium 3-SCSI,product_rev=G24W,$(
            )scsi_sn=DRV000$i,removable=1,sense_format=0,online=0"
    done
    _vlib_changer "$unit" "$n_drives" "$n_tapes"
    $adm target --op bind --tid 1 -I ALL
    VLIB_SERIALS=()
    for ((i = 1; i <= n_drives; i++)); do VLIB_SERIALS+=("DRV000$i"); done
    VLIB_SERIALS+=(LIB0001)
    _iscsi_up
}

# Element types: 1 picker, 2 storage, 3 import/export, 4 drive.
_vlib_changer() {
    local unit=$1 n_drives=$2 n_tapes=$3 lun=$(($2 + 1)) i barcode
    local set="$unit --op update --lun $lun --params"

    : > /tmp/vlib/changer
    $unit --op new --lun "$lun" --backing-store /tmp/vlib/changer --device-type changer
    $set "media_home=$VLIB_TAPES,vendor_id=STK,product_id=L700,product_rev=0001,scsi_sn=LIB0001,removable=1"
    $set "element_type=4,start_address=1,quantity=$n_drives"
    for ((i = 1; i <= n_drives; i++)); do $set "element_type=4,address=$i,tid=1,lun=$i"; done
    $set element_type=1,start_address=16,quantity=1
    $set element_type=3,start_address=768,quantity=1
    $set "element_type=2,start_address=1024,quantity=$((n_tapes + 2))"
    for ((i = 1; i <= n_tapes; i++)); do
        printf -v barcode 'E%05dL3' "$i"
        $set "element_type=2,address=$((1023 + i)),barcode=$barcode,sides=1"
    done
}

_iscsid_listens() {
    grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix
}

_iscsi_up() {
    modprobe iscsi_tcp
    iscsid -f -d 0 > "$LAB_OUT/iscsid.log" 2>&1 &
    wait_until 10 _iscsid_listens || return
    iscsiadm -m discovery -t sendtargets -p 127.0.0.1 > /dev/null || return
    iscsi_login
}

# iscsi_login: returns when every device of the library is there.
iscsi_login() {
    iscsiadm -m node -T $VLIB_TARGET -l > /dev/null || return
    wait_for_devices "${VLIB_SERIALS[@]}"
}

# iscsi_logout: the session ends and its devices are deleted.
iscsi_logout() {
    iscsiadm -m node -T $VLIB_TARGET -u > /dev/null
}

# vlib_freeze, vlib_thaw: the library answers nothing for a while: a dead link, which the initiator notices only by
# its pings (4 s) and gives up after 10 s more.
vlib_freeze() {
    kill -STOP "$_tgtd"
}

vlib_thaw() {
    kill -CONT "$_tgtd"
}
