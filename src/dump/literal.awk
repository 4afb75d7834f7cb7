# SPDX-License-Identifier: Apache-2.0
# A text as a C string literal, for #include.
{
	gsub(/[\\"]/, "\\\\&")
	gsub(/\t/, "\\t")
	print "\"" $0 "\\n\""
}
