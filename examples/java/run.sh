#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A leaking Java program under the guard, with its default settings; then its heap dump.
# shellcheck source-path=SCRIPTDIR source=../recipe.sh
. "$(dirname "$0")/../recipe.sh"
need javac openjdk-17-jdk-headless
need python3 python3

javac -d "$WORK" "$HERE/Leaky.java" || die "javac fails"
# A heap that may grow larger than the container is the usual mistake: the kernel comes before Java's own
# OutOfMemoryError.
guarded 192M java -XX:+UseG1GC -Xmx256m -cp "$WORK" Leaky

find_dump 'hotspot-*.hprof*'
gzip -dcf "$DUMP" >"$WORK/heap.hprof"
echo "instances of classes:"
python3 "$TOP/tests/lib/hprof.py" "$WORK/heap.hprof" | head -n 5 | tee "$WORK/classes"
# shellcheck disable=SC2016 # $ of a class's name
expect "it names the class that leaks" grep -q 'Leaky\$Session$' "$WORK/classes"
finish "Open it with: visualvm --openfile heap.hprof, or Eclipse MAT: ParseHeapDump.sh heap.hprof org.eclipse.mat.api:suspects"
