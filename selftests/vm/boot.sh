# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2054,SC2153
# One boot of a kernel with a command in it, shared by run (the test host,
# emulated) and guest (a KVM guest in it). The caller fills EMULATOR, ACCEL, SMP,
# MEM, TIMEOUT, APPEND, QEMU_ARGS, JOB and COMMAND, then calls boot, which exits.
#
# Channels: COMMAND's stdout and stderr and the verdict are virtio-serial
# ports with files behind them. A file takes every byte at once, so whatever
# the VM has sent is there when QEMU ends; tail passes it on meanwhile.
# ioeventfd=off makes a port's write complete before the VM goes on.

# Modules that the initial RAM file system needs to reach the real root.
BOOT_MODULES=(virtio_pci 9pnet_virtio 9p virtio_console overlay)

# What follows "--" of a kernel in the cache; sets KVER, VMLINUZ, MODULES, INITRD.
modules_in_order() {
	local module
	for module in "${BOOT_MODULES[@]}"; do
		/sbin/modprobe -C /dev/null -d "${MODULES%/lib/modules/*}" -S "$KVER" \
			--show-depends "$module" 2>/dev/null
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

copy_modules() {
	local module number=100 to
	for module; do
		number=$((number + 1))
		to=$(basename "$module")
		case $module in
		*.xz) xz -dc "$module" >"$number-${to%.xz}" ;;
		*.zst) zstd -qdc "$module" >"$number-${to%.zst}" ;;
		*) cp "$module" "$number-$to" ;;
		esac || return 1
	done
}

make_initrd() {
	local to=$1 tmp modules=()
	[ ! -f "$to" ] || return 0
	[ -z "$MODULES" ] || mapfile -t modules < <(modules_in_order)
	tmp=$(mktemp -d "$CACHE/.initrd.XXXXXX") || die "$CACHE: cannot be written"
	(
		mkdir "$tmp/root" && cd "$tmp/root" || exit 1
		mkdir bin dev job modules newroot proc sys
		cp /bin/busybox bin/
		cp "$VM_DIR/init" .
		chmod 755 init
		gcc-12 -O2 -static -o bin/hold-kvm "$VM_DIR/hold-kvm.c" || exit 1
		(cd modules && copy_modules "${modules[@]}") || exit 1
		find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 >../initrd
	) || die "$to: cannot be made"
	mv "$tmp/initrd" "$to" || die "$to: cannot be written"
	rm -rf "$tmp"
	find "${to%/*}" -maxdepth 1 -name 'initrd-*' -mtime +7 -delete
}

# Made once per kernel, busybox and what is in it. Not compressed: unpacking is dear
# when emulated.
use_initrd() {
	local dir=$KERNELS/$1 key
	key=$({
		stat -Lc '%s %Y' /bin/busybox "$dir/kver"
		cat "$VM_DIR/init" "$VM_DIR/boot.sh" "$VM_DIR/hold-kvm.c"
	} | cksum)
	INITRD=$dir/initrd-${key%% *}
	[ -f "$INITRD" ] || with_lock "$KERNELS/.initrd.lock" make_initrd "$INITRD"
}

# Any bytes as one word that every shell reads back.
quote() {
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# What COMMAND gets of the caller's environment, and COMMAND itself. Started by
# the machine's own env and setsid: busybox's would prefer its own applets.
write_command() {
	local name path
	path=$TREE/user/vmswapctl:$VM_DIR:$PATH
	printf 'exec /usr/bin/env -i PATH=%s OUT=%s' "$(quote "$path")" "$(quote "$OUT")"
	for name in HOME TERM LANG "${!VMSWAP_@}"; do
		[ -z "${!name+set}" ] || printf ' %s=%s' "$name" "$(quote "${!name}")"
	done
	printf ' /usr/bin/setsid'
	for name in "${COMMAND[@]}"; do
		printf ' %s' "$(quote "$name")"
	done
	echo
}

# An archive member in the format of initial RAM file systems: a header and the
# name, then the content, each padded to four bytes. Written here, because
# starting cpio takes longer.
cpio_header() {
	local name=$1 size=$2 length
	length=$((${#name} + 1))
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\0' \
		0 $((0100644)) 0 0 1 0 "$size" 0 0 0 0 $length 0 "$name"
	cpio_pad $((110 + length))
}

cpio_pad() {
	local n=$((-$1 & 3))
	while [ $((n--)) -gt 0 ]; do
		printf '\0'
	done
}

cpio_text() {
	local LC_ALL=C
	cpio_header "$1" ${#2}
	printf '%s' "$2"
	cpio_pad ${#2}
}

cpio_file() {
	local size
	size=$(stat -c %s "$2") || return
	cpio_header "$1" "$size"
	cat "$2"
	cpio_pad "$size"
}

job_vars() {
	local name
	for name in "${!JOB[@]}"; do
		printf '%s=' "$name"
		quote "${JOB[$name]}"
		echo
	done
}

# The kernel takes archives one after the other.
write_initrd() {
	cat "$INITRD"
	cpio_text job/vars "$(job_vars)"
	cpio_text job/command "$(write_command)"
	if [ -n "${MODULE:-}" ]; then
		strip -g -o "$TMP/vmswap.ko" "$MODULE" || die "$MODULE: cannot be read"
		cpio_file job/vmswap.ko "$TMP/vmswap.ko"
	fi
	cpio_header 'TRAILER!!!' 0
}

add_port() {
	QEMU+=(-chardev "file,id=$1,path=$TMP/$1,append=on"
		-device "virtserialport,bus=ports.0,chardev=$1,name=vmswap.$1")
	: >"$TMP/$1"
}

# A comma separates QEMU's options; doubled it is one.
escaped() {
	printf '%s' "${1//,/,,}"
}

build_qemu() {
	# qboot: a firmware that does nothing but start a kernel.
	local append="console=ttyS0 loglevel=5 panic=-1 panic_on_warn=1 oops=panic"
	# Leaks: a merged slab cache hides its name. Speed: no mitigations to emulate,
	# and no early walk over all PCI buses, which takes a second each time.
	append+=" slab_nomerge log_buf_len=4M mitigations=off nokaslr pci=noearly"
	# A busy machine lets an emulated CPU stand still for half a minute now and
	# then: what hangs is told after two minutes.
	append+=" rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60"
	# There, too, the timer may seem dead to the code that tests it.
	append+=" no_timer_check"
	# The emulator translates a page of a program again for each address it is mapped at,
	# and keeps every translation: a page with 100,000 of them, freed and cleared, keeps
	# its CPU busy for minutes, without interrupts.
	append+=" norandmaps"
	QEMU=("$EMULATOR" -nodefaults -no-user-config -display none -no-reboot -nic none
		-bios qboot.rom
		"${ACCEL[@]}" -smp "$SMP" "${MEM[@]}"
		-kernel "$VMLINUZ" -initrd "$TMP/initrd" -append "$append${APPEND:+ $APPEND}"
		-chardev "file,id=console,path=$(escaped "$CONSOLE")" -serial chardev:console
		-chardev "pipe,id=monitor,path=$TMP/monitor" -mon chardev=monitor
		-device virtio-serial-pci,id=ports,ioeventfd=off)
	add_port stdout
	add_port stderr
	add_port verdict
	QEMU+=(-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=root,mount_tag=root
		-fsdev "local,id=out,path=$(escaped "$OUT"),security_model=none,multidevs=remap"
		-device virtio-9p-pci,fsdev=out,mount_tag=out
		"${QEMU_ARGS[@]}")
}

# Only processes started here, by their ids.
cleanup() {
	trap - EXIT INT TERM HUP
	[ -z "${QEMU_PID:-}" ] || kill -KILL "$QEMU_PID" 2>/dev/null
	[ -z "${TIMER_PID:-}" ] || kill "$TIMER_PID" 2>/dev/null
	rm -rf "$TMP"
}

make_tmp() {
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/vmswap-vm.XXXXXX") || die "no temporary directory"
	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
}

prepare_out() {
	[ -d "${OUT:=$TREE/out}" ] || mkdir -p "$OUT" || die "OUT $OUT: cannot be made; a directory that can be written is accepted"
	OUT=$(cd "$OUT" && pwd -P)
	[ -w "$OUT" ] || die "OUT $OUT: cannot be written"
	export OUT
	CONSOLE=$OUT/console-$1-$EPOCHSECONDS-$$-$RANDOM.log
	: >"$CONSOLE" || die "$CONSOLE: cannot be written"
}

# Follows a port's file until QEMU is gone, then reads what is left.
relay() {
	tail -c +1 -s 0.05 --pid="$QEMU_PID" -f "$TMP/$1" 2>/dev/null
}

tell_monitor() {
	timeout 1 sh -c "echo '$1' >'$TMP/monitor.in'"
	sleep 0.3
}

# Where it hangs: for the console log all messages, the blocked tasks, every CPU; and,
# as a kernel that hangs whole says nothing, what its CPUs execute.
ask_where() {
	local key
	for key in 8 w l; do
		tell_monitor "sendkey alt-sysrq-$key"
	done
	tell_monitor 'info registers -a'
	WHERE=$(timeout 1 cat "$TMP/monitor.out" | tr -d '\r' | grep -aE '^CPU#|RIP=')
}

start_qemu() {
	mkfifo "$TMP/monitor.in" "$TMP/monitor.out"
	# A VM must not outlive who waits for it, not even after kill -9.
	setpriv --pdeathsig KILL "${QEMU[@]}" </dev/null >"$TMP/qemu.log" 2>&1 &
	QEMU_PID=$!
	relay stdout &
	local out=$!
	relay stderr >&2 &
	RELAYS=("$out" $!)
	setpriv --pdeathsig KILL sleep "$TIMEOUT" &
	TIMER_PID=$!
	STARTED=$SECONDS
	# Who waits for this may find sooner that it hangs.
	trap 'kill "${TIMER_PID:-$$}"' USR1
}

wait_qemu() {
	local first=
	# A signal ends a wait, too; then there is no first.
	until [ -n "${first:-}" ]; do
		QEMU_STATUS=0
		wait -n -p first "$QEMU_PID" "$TIMER_PID" || QEMU_STATUS=$?
	done
	TIMED_OUT='' WHERE=''
	if [ "$first" = "$TIMER_PID" ]; then
		TIMED_OUT=yes QEMU_STATUS=0 TIMED_OUT_AT=$SECONDS
		TIMER_PID=
		grep -q '^boot' "$TMP/verdict" && ask_where
		kill -KILL "$QEMU_PID" 2>/dev/null
		wait "$QEMU_PID" 2>/dev/null
	else
		kill "$TIMER_PID" 2>/dev/null
		wait "$TIMER_PID" 2>/dev/null
		TIMER_PID=
	fi
	QEMU_PID=
	wait "${RELAYS[@]}"
}

show_console() {
	progress "the end of the kernel console ($CONSOLE):"
	tail -n "$1" "$CONSOLE" | tr -d '\r' >&2
}

# The first thing that went wrong says more than the last.  Who sees the end alone of
# what is printed here finds what it was, and where, in the last lines.
show_splat() {
	local first splat
	first=$(grep -naE -m 1 'cut here|WARNING|BUG|Oops|KASAN|INFO:|Kernel panic' "$CONSOLE")
	splat=$(tail -n "+${first%%:*}" "$CONSOLE" | head -n 60 | tr -d '\r')
	progress "from the kernel console ($CONSOLE):"
	printf '%s\n' "$splat" >&2
	grep -aE -m 3 'WARNING|BUG|Oops|KASAN|INFO:|Kernel panic|RIP:' <<<"$splat" >&2
}

panicked() {
	grep -aqE 'Kernel panic|BUG: unable|Oops:' "$CONSOLE"
}

# What the first process wrote to the verdict port, a word and its object a line.
read_verdict() {
	local word rest
	BOOTED='' ENDED='' STATUS='' HARNESS='' FAILED=()
	while read -r word rest; do
		case $word in
		boot) BOOTED=yes ;;
		status) STATUS=$rest ;;
		fail) FAILED+=("$rest") ;;
		harness) HARNESS=$rest ;;
		end) ENDED=yes ;;
		esac
	done <"$TMP/verdict"
}

# The whole verdict is there: COMMAND's status, unless the kernel spoiled it.
judge_end() {
	if [ ${#FAILED[@]} -eq 0 ]; then
		rm -f "$CONSOLE"
		exit "$STATUS"
	fi
	printf "$PROG: %s\n" "${FAILED[@]}" >&2
	progress "the kernel console: $CONSOLE"
	[ "$STATUS" != 0 ] || STATUS=1
	exit "$STATUS"
}

# From the surest sign to the weakest.
judge() {
	read_verdict
	if [ -n "$HARNESS" ]; then
		show_console 15
		die "$HARNESS"
	elif [ -n "$ENDED" ] && [ -n "$STATUS" ]; then
		judge_end
	elif [ "$QEMU_STATUS" != 0 ]; then
		cat "$TMP/qemu.log" >&2
		die "QEMU ended with status $QEMU_STATUS; the kernel console: $CONSOLE"
	elif [ -z "$BOOTED" ]; then
		# COMMAND and vmswap had no part in it, whatever the kernel died of.
		cat "$TMP/qemu.log" >&2
		show_console 15
		die "the kernel $KVER did not reach user space${TIMED_OUT:+ in $TIMEOUT s}"
	elif panicked; then
		show_splat
		progress "the kernel died"
		exit 1
	elif [ -n "$TIMED_OUT" ]; then
		progress "timeout after $((TIMED_OUT_AT - STARTED)) s; the kernel console: $CONSOLE"
		[ -z "$WHERE" ] || printf '%s\n' "$WHERE" >&2
		exit 124
	fi
	cat "$TMP/qemu.log" >&2
	show_console 40
	progress "the VM ended without a verdict"
	exit 1
}

boot() {
	write_initrd >"$TMP/initrd" || die "$TMP: cannot be written"
	build_qemu
	start_qemu
	wait_qemu
	judge
}
