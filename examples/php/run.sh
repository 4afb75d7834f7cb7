#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking PHP worker under the guard, with its default settings; then the core that was taken of it.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need php php-cli
need zstd zstd
need strings binutils

guarded 192M php -d memory_limit=-1 "$HERE/leaky.php"

find_dump 'core-*.elf*'
case $DUMP in
*.zst) zstd -dqf -o "$WORK/core" "$DUMP" ;;
*) cp "$DUMP" "$WORK/core" ;;
esac
echo "texts that fill it, digits left out:"
strings -n 16 "$WORK/core" | awk '{ gsub(/[0-9]+/, "N"); n[substr($0, 1, 40)]++ }
	END { for (text in n) print n[text], text }' | sort -rn | head -n 3 | tee "$WORK/top"
expect "they show what was kept" grep -Eq '^[0-9]{5,} item N in the basket of N' "$WORK/top"
finish "Open it with: zstd -d core-PID.elf.zst; gdb php core-PID.elf, and zbacktrace of PHP's .gdbinit"
