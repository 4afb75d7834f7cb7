# SPDX-License-Identifier: Apache-2.0
# The commented manual of the configuration; a unit test keeps it equal to what the program prints.
EXTRA_DIST += conf/oomguard.ini
