#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman with crun, on cgroup v2. Every podman command takes more than a second here; what does not
# depend on the kernel is claimed on the host.
export RUNTIME=crun CLAIMS="sequence kernel_kill init stop kube terminal"
exec "$(dirname "$0")/../../engines/podman.sh"
