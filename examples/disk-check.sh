#!/bin/sh
# Fails when a disk is fuller than a limit.
#
#   disk-check.sh PATH [PERCENT]
#
# PATH     any file or folder on the disk
# PERCENT  the limit (90)
set -eu

usage="usage: disk-check.sh PATH [PERCENT]"
path=${1:?$usage}
limit=${2:-90}
case $limit in '' | *[!0-9]*) echo "PERCENT must be a number: $limit" >&2 && exit 2 ;; esac

line=$(df -P -- "$path" | tail -n 1)
used=$(printf '%s\n' "$line" | awk '{ sub("%", "", $5); print $5 }')

echo "$line"
case $used in '' | *[!0-9]*) echo "df does not say how full the disk of $path is" >&2 && exit 2 ;; esac
if [ "$used" -gt "$limit" ]; then
  echo "the disk of $path is $used % full; the limit is $limit %" >&2
  exit 1
fi
echo "the disk of $path is $used % full; that is within $limit %"
