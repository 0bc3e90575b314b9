#!/bin/bash
# Build yizhan and run all its tests, on a bare Debian 12: what is missing is
# installed first (as root, or with sudo); after that nothing needs a network.
#
# usage: tests/run.sh [--long]     --long adds the suite "long", has the suite
#                                  "patient" under valgrind as well, and fuzzes
#                                  each decoder for 30 s in place of 10
#
# Builds in build-test/, or in $BUILD_ROOT. The last line counts what ran;
# the exit code is 0 only when nothing failed.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_ROOT:-$root/build-test}
without=(--no-suite long)
without_valgrind=(--no-suite native --no-suite patient)
fuzz_seconds=10

for argument in "$@"; do
	case $argument in
	--long)
		without=()
		without_valgrind=(--no-suite native)
		fuzz_seconds=30
		;;
	*)
		echo "usage: tests/run.sh [--long]" >&2
		exit 2
		;;
	esac
done

export LC_ALL=C.UTF-8
export PYTHONDONTWRITEBYTECODE=1
unset LANGUAGE CFLAGS LDFLAGS CPPFLAGS YIZHAN_DIR
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

failed_steps=()
logs=()

finish() {
	local status=$?

	trap - EXIT
	if [ "$status" -ne 0 ] && [ ${#failed_steps[@]} -eq 0 ]; then
		failed_steps+=("this script itself, exit code $status")
	fi
	if ! command -v python3 >/dev/null; then
		printf 'failed step: %s\n' "${failed_steps[@]}" python3
		echo "0 passed, 1 failed"
		exit 1
	fi
	python3 "$root/tests/summary.py" "${logs[@]/#/--log=}" \
		"${failed_steps[@]/#/--failed-step=}" || exit 1
	exit 0
}
trap finish EXIT

step() {
	printf '\n== %s\n' "$1"
}

# configure NAME COMPILER OPTION...: a build folder below $build.
configure() {
	local folder=$build/$1 compiler=$2

	shift 2
	if [ -f "$folder/build.ninja" ]; then
		meson configure "$folder" --werror "$@"
	else
		rm -rf "$folder"
		CC=$compiler meson setup "$folder" "$root" --werror "$@"
	fi
}

# compile NAME COMPILER OPTION...: true when all of it was built.
compile() {
	local output=$build/$1.log

	if { configure "$@" && ninja -C "$build/$1"; } >"$output" 2>&1; then
		if grep -q 'warning: ' "$output"; then
			grep 'warning: ' "$output"
		fi
		return 0
	fi
	cat "$output"
	return 1
}

# run_tests FOLDER LOG OPTION...: meson writes FOLDER/meson-logs/LOG.json. Its
# own verdict is not needed: summary.py reads the log.
run_tests() {
	local folder=$build/$1 log=$build/$1/meson-logs/$2.json

	shift 2
	rm -f "$log"
	meson test -C "$folder" --no-rebuild "$@" || true
	if [ -f "$log" ]; then
		logs+=("$log")
	else
		failed_steps+=("tests that should have written $log")
	fi
}

step "packages"
if ! "$root/packaging/install-deps.sh" --test; then
	failed_steps+=("packages")
	exit 1
fi
mkdir -p "$build"

step "gcc with the address and undefined sanitizers"
if compile sanitize gcc -Dbuildtype=debug -Doptimization=1 \
	-Db_sanitize=address,undefined; then
	step "tests"
	ROUNDS=20 run_tests sanitize testlog --timeout-multiplier 3 \
		--no-suite plain "${without[@]}"
else
	failed_steps+=("build with gcc and sanitizers")
fi

# Each decoder gets new inputs, two of them at a time.
step "clang, every warning an error; every decoder under libFuzzer"
if compile fuzz clang -Dfuzz=true -Dbuildtype=debug -Doptimization=1; then
	YIZHAN_FUZZ_SECONDS=$fuzz_seconds run_tests fuzz testlog-fuzz \
		--logbase testlog-fuzz --suite fuzz --num-processes 2
else
	failed_steps+=("build with clang and libFuzzer")
fi

step "gcc as for users, unit tests under valgrind"
if compile plain gcc; then
	run_tests plain testlog-valgrind --suite unit \
		"${without_valgrind[@]}" --timeout-multiplier 10 \
		--wrapper "valgrind -q --error-exitcode=99 --leak-check=full \
--errors-for-leak-kinds=definite,indirect"
	# Bounds of memory hold where no sanitizer adds its own; and what tries
	# every place does so here, and only some under sanitizers.
	run_tests plain testlog-plain --logbase testlog-plain \
		--suite plain "${without[@]}"
	run_tests plain testlog-all --logbase testlog-all 32-kill-clinic \
		33-kill-hub 60-hostile-peers cut_sim cut_link
else
	failed_steps+=("build with gcc")
fi
