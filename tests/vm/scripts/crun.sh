#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The claims of the runc bench under crun, on cgroup v2.
export ENGINE=crun
exec "$(dirname "$0")/../../engines/runc.sh"
