# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# lab: -m 768M -t 3600
# [ROUNDS [SEED]]: two libraries with four drives each, one of them with three paths. In every round devices go and
# come back in another order under other numbers, drives change places or are replaced in their bays, paths go, or the
# machine is booted. Then every link must lead to the device with the right serial number. What is right is kept here,
# and read from sysfs by means that are not evertape's.

rounds=${LAB_ARGS[0]:-5} seed=${LAB_ARGS[1]:-$((SRANDOM % 32768))}
RANDOM=$seed
folders=(/run/lab-model /run/lab-model2)
prefixes=(MDL SEC)
declare -A serial=() # of the device that has a name: lib1-drive1
declare -A away=()   # serial numbers that are not there
new_serials=0

library() {
    local n=$1
    shift
    "$LAB_BUILD/tests/model/evertape-model" --ctl "${folders[n - 1]}" "$@" > /dev/null
}

# below N: in REPLY.
below() {
    REPLY=$((RANDOM % $1))
}

# shuffled WORD...: in the array REPLY_WORDS.
shuffled() {
    local k
    REPLY_WORDS=()
    while (($#)); do
        below $#
        k=$((REPLY + 1))
        REPLY_WORDS+=("${!k}")
        set -- "${@:1:REPLY}" "${@:REPLY+2}"
    done
}

# device of NAME: library in LIB, what the model calls it in DEVICE.
model_name() {
    LIB=${1:3:1} DEVICE=changer
    [[ $1 == *-* ]] && DEVICE=${1#*-}
}

# ---- paths: the model's third drive of the first library has two more ----

loopback=/sys/kernel/config/target/loopback

path_up() {
    local host=$loopback/naa.600140500000f00$1
    mkdir -p "$host/tpgt_1" && echo "naa.600140500000e00$1" > "$host/tpgt_1/nexus" && mkdir "$host/tpgt_1/lun/lun_0" &&
        ln -s /sys/kernel/config/target/core/user_3600/model-drive3 "$host/tpgt_1/lun/lun_0/backstore"
}

path_down() {
    local host=$loopback/naa.600140500000f00$1
    rm "$host/tpgt_1/lun/lun_0/backstore" && rmdir "$host/tpgt_1/lun/lun_0" "$host/tpgt_1" "$host"
}

# ---- what happens ----

take_away() {
    local name
    for name; do
        model_name "$name"
        if [[ $name == lib1-drive3 ]]; then path_down 1 && path_down 2 || return; fi
        library "$LIB" pull "$DEVICE" || return
        away[${serial[$name]}]=1
    done
}

bring_back() {
    local name
    for name; do
        model_name "$name"
        library "$LIB" return "$DEVICE" || return
        unset "away[${serial[$name]}]"
        if [[ $name == lib1-drive3 ]]; then path_up 2 && path_up 1 || return; fi
    done
}

some_names() {
    shuffled "${!serial[@]}"
    below $((${#serial[@]} - 1))
    REPLY_WORDS=("${REPLY_WORDS[@]:0:REPLY+2}")
}

away_and_back() {
    some_names
    take_away "${REPLY_WORDS[@]}" || return
    below 2
    ((REPLY)) && { right || return; }
    shuffled "${REPLY_WORDS[@]}"
    bring_back "${REPLY_WORDS[@]}"
}

some_drive() {
    below 2
    NAME=lib$((REPLY + 1))
    below 4
    NAME+=-drive$((REPLY + 1))
}

replaced() {
    some_drive
    take_away "$NAME" || return
    unset "away[${serial[$NAME]}]"
    serial[$NAME]=NEW$((++new_serials))
    model_name "$NAME"
    library "$LIB" swap-serial "$DEVICE" "${serial[$NAME]}" && bring_back "$NAME"
}

# Two drives of one library change places. The names stay with the bays.
swapped() {
    local first second one two
    some_drive
    first=$NAME
    below 3
    second=${first%?}$(((${first: -1} + REPLY) % 4 + 1))
    one=${serial[$first]} two=${serial[$second]}
    take_away "$first" "$second" || return
    unset "away[$one]" "away[$two]"
    serial[$first]=$two serial[$second]=$one
    model_name "$first"
    library "$LIB" swap-serial "$DEVICE" "$two" || return
    model_name "$second"
    library "$LIB" swap-serial "$DEVICE" "$one" || return
    shuffled "$first" "$second"
    bring_back "${REPLY_WORDS[@]}"
}

# One of three paths goes, and comes back when all has been looked at.
path_lost() {
    local path
    below 2
    path=$((REPLY + 1))
    path_down "$path" && right && path_up "$path"
}

# What a new boot finds: other numbers, no udev database, no links, nothing in /run.
booted() {
    evertaped_stop
    shuffled "${!serial[@]}"
    take_away "${REPLY_WORDS[@]}" || return
    udevadm settle
    udevadm control --exit
    rm -rf /run/udev/data /run/udev/links /run/udev/tags /dev/tape /run/evertape
    lab_udev
    shuffled "${!serial[@]}"
    bring_back "${REPLY_WORDS[@]}" && evertaped_start
}

# ---- what is right ----

named() {
    [[ $(busctl get-property org.evertape1 /org/evertape1 org.evertape1.Manager Named) == "b true" ]]
}

# evertaped has seen what there is: state by serial number.
seen() {
    local word state name
    local -A states=()
    while read -r word state; do
        states[$word]=$state
    done < <(evertape list --noheadings --raw -o SERIAL,STATE)
    for name in "${!serial[@]}"; do
        state=present
        [[ ${away[${serial[$name]}]} ]] && state=absent
        [[ ${states[${serial[$name]}]} == "$state" ]] || return
    done
}

# leads_to LINK CLASS PATTERN SERIAL: as find has listed it.
leads_to() {
    local node=${links[$1]}
    [[ $node =~ ^$3[0-9]+$ && -e /dev/$node ]] || { echo "$1 -> '$node'"; return 1; }
    _serial_of "/sys/class/$2/$node/device"
    [[ $REPLY == "$4" ]] || { echo "$1 -> $node, which is '$REPLY' and not '$4'"; return 1; }
}

links_are_right() {
    local name target wrong=0 expected=0
    local -A links=()
    while read -r name target; do
        links[$name]=${target##*/}
    done < <(find /dev/tape/by-name -type l -printf '%f %l\n')
    for name in "${!serial[@]}"; do
        [[ ${away[${serial[$name]}]} ]] && continue
        if [[ $name == *-* ]]; then
            expected=$((expected + 3))
            leads_to "$name" scsi_tape st "${serial[$name]}" || wrong=$((wrong + 1))
            leads_to "$name-nst" scsi_tape nst "${serial[$name]}" || wrong=$((wrong + 1))
            leads_to "$name-sg" scsi_generic sg "${serial[$name]}" || wrong=$((wrong + 1))
        else
            expected=$((expected + 2))
            leads_to "$name-changer" scsi_generic sg "${serial[$name]}" || wrong=$((wrong + 1))
            leads_to "$name-sch" scsi_changer sch "${serial[$name]}" || wrong=$((wrong + 1))
        fi
    done
    n_checked=$((n_checked + expected))
    ((${#links[@]} == expected)) || { echo "${#links[@]} links and not $expected: ${!links[*]}"; return 1; }
    ((wrong == 0))
}

right() {
    udevadm settle
    wait_until 20 seen || { evertape list; return 1; }
    wait_until 20 named || return
    udevadm settle
    links_are_right || { evertape list -o +BAY,REAL; evertape history --since 1min | tail -n 12; return 1; } # all that ok() shows
}

# ---- a storm ----

# stinit is started for every drive that comes, and sets nothing: a sixth of the time that a boot takes here.
mkdir -p /etc/udev/rules.d
: > /etc/udev/rules.d/60-mt-st.rules
lab_udev
lab_dbus
model_up --drives 4 --slots 4 --tapes 0 || lab_done
mkdir -p "${folders[1]}"
"$LAB_BUILD/tests/model/evertape-model" --dir "${folders[1]}" --instance 1 --serial-prefix SEC --drives 4 --slots 4 \
    --tapes 0 --daemonize
path_up 1
path_up 2
for i in 1 2; do
    serial[lib$i]=${prefixes[i - 1]}LIB01
    for k in 1 2 3 4; do serial[lib$i-drive$k]=${prefixes[i - 1]}DRV0$k; done
done
n_checked=0
say "seed $seed"
evertaped_start || { cat "$LAB_OUT/evertaped.log"; lab_done; }
ok "from the start" right
events=(away_and_back replaced path_lost swapped booted)
for ((round = 1; round <= rounds; round++)); do
    event=${events[round - 1]:-${events[RANDOM % 5]}}
    happens() { "$event" && right; }
    ok "round $round: $event" happens
    ((_failed > 3)) && break
done
say "$n_checked links looked at"
ok "no drive has a name of another kind" not prints '^drive' evertape list --noheadings -o NAME
ok "the history has the replacements" prints "replaced +serial number NEW" evertape history
lab_done
